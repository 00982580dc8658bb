#include "base/file.h"

#include "base/scoped.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

bool make_directories(const char *path, struct fault *why)
{
    scoped(drop_memory) char *at = copy_string(path);
    for (char *slash = strchr(at + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash != NULL)
            *slash = '\0';
        if (mkdir(at, 0700) != 0 && errno != EEXIST)
            return fault_errno(why, FAULT_DIR_UNUSABLE, "cannot create directory \"%s\"", at);
        if (slash == NULL)
            return true;
        *slash = '/';
    }
}

ssize_t full_read(int fd, void *to, size_t length, uint64_t offset)
{
    size_t have = 0;
    while (have < length) {
        ssize_t got = pread(fd, (uint8_t *)to + have, length - have, (off_t)(offset + have));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

bool full_write(int fd, const void *from, size_t length, uint64_t offset)
{
    size_t done = 0;
    while (done < length) {
        ssize_t put =
            pwrite(fd, (const uint8_t *)from + done, length - done, (off_t)(offset + done));
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        done += (size_t)put;
    }
    return true;
}

bool put_file(const char *draft, const char *path, struct fault *why)
{
    scoped(drop_memory) char *copy = copy_string(path);
    char *slash = strrchr(copy, '/');
    if (slash != NULL)
        *slash = '\0';
    scoped(drop_fd) int dir = open(slash == NULL ? "." : copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 || rename(draft, path) != 0 || fsync(dir) != 0)
        return fault_errno(why, FAULT_DIR_UNUSABLE, "cannot write \"%s\"", path);
    return true;
}

bool write_file(const char *path, const char *text, size_t length, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf draft = STRBUF_EMPTY;
    strbuf_addf(&draft, "%s.new", path);
    scoped(drop_fd) int fd =
        open(draft.text, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0 || !full_write(fd, text, length, 0) || fsync(fd) != 0)
        return fault_errno(why, FAULT_DIR_UNUSABLE, "cannot write \"%s\"", path);
    return put_file(draft.text, path, why);
}

static void drop_file(FILE **file)
{
    if (*file != NULL && *file != stdin)
        fclose(*file);
}

bool read_file(const char *path, struct strbuf *text, struct fault *why)
{
    scoped(drop_file) FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char piece[4096];
    size_t got;
    if (file == NULL)
        return fault_errno(why, FAULT_SYSTEM, "cannot open \"%s\"", path);
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        strbuf_add_bytes(text, piece, got);
    return ferror(file) == 0 || fault_errno(why, FAULT_SYSTEM, "cannot read \"%s\"", path);
}
