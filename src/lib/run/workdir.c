#include "run/workdir.h"

#include "base/file.h"
#include "base/log.h"
#include "base/scoped.h"
#include "proc/spawn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <time.h>

enum { PEEKS = 20, PEEK_NS = 10000000 };

void workdir_path(char *to, const char *dir, const char *name)
{
    snprintf(to, PATH_MAX, "%s/%s", dir, name);
}

bool workdir_state_home(char *to, size_t size, struct fault *why)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (state != NULL && *state == '/') {
        snprintf(to, size, "%s/pghaul", state);
        return true;
    }
    if (home == NULL || *home != '/') {
        const struct passwd *user = getpwuid(getuid());
        home = user == NULL ? NULL : user->pw_dir;
    }
    if (home == NULL)
        return fault_set(why, FAULT_DIR_UNUSABLE, "there is no home directory: give --dir");
    snprintf(to, size, "%s/.local/state/pghaul", home);
    return true;
}

bool workdir_default(char *to, size_t size, const char *name, struct fault *why)
{
    char home[PATH_MAX];
    if (!workdir_state_home(home, sizeof home, why))
        return false;
    size_t used = (size_t)snprintf(to, size, "%s/", home);
    /* A name may hold what a file name may not. */
    for (const char *at = name; *at != '\0' && used + 1 < size; at++) {
        bool awkward = *at == '/' || (*at == '.' && at == name);
        to[used++] = (char)(awkward ? '_' : *at);
    }
    to[used < size ? used : size - 1] = '\0';
    return true;
}

bool workdir_make(const char *path, struct fault *why)
{
    static const char *const below[] = {"schema", "log"};
    char sub[PATH_MAX];
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
        workdir_path(sub, path, below[i]);
        if (!make_directories(sub, why))
            return false;
    }
    if (access(path, W_OK | X_OK) != 0)
        return fault_errno(why, FAULT_DIR_UNUSABLE, "cannot write to work directory \"%s\"", path);
    return true;
}

static bool try_lock(struct workdir *dir)
{
    /* Who only looks whether it is locked holds it for a moment. */
    int error = EWOULDBLOCK;
    for (int turn = 0; turn < PEEKS && error == EWOULDBLOCK; turn++) {
        if (flock(dir->lock, LOCK_EX | LOCK_NB) == 0)
            return true;
        error = errno;
        nanosleep(&(struct timespec){0, PEEK_NS}, NULL);
    }
    errno = error;
    return false;
}

static bool not_lockable(const struct workdir *dir, struct fault *why)
{
    return fault_errno(why, FAULT_DIR_UNUSABLE, "cannot lock work directory \"%s\"", dir->path);
}

static pid_t holder_of(const struct workdir *dir)
{
    char text[32] = "";
    ssize_t got = pread(dir->lock, text, sizeof text - 1, 0);
    return got > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

static bool lock_or_explain(struct workdir *dir, struct fault *why)
{
    if (try_lock(dir))
        return true;
    if (errno != EWOULDBLOCK)
        return not_lockable(dir, why);
    pid_t holder = holder_of(dir);
    if (holder <= 0 || process_is_alive(holder))
        return fault_set(why, FAULT_DIR_BUSY, "work directory \"%s\" is in use by process %d",
                         dir->path, (int)holder);
    log_info("waiting for the workers of process %d, which is gone, to end", (int)holder);
    return flock(dir->lock, LOCK_EX) == 0 || not_lockable(dir, why);
}

static bool open_lock(struct workdir *dir, const char *path, const char *name, struct fault *why)
{
    char lock[PATH_MAX];
    strlcpy(dir->path, path, sizeof dir->path);
    workdir_path(lock, path, name);
    dir->lock = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return dir->lock >= 0 || fault_errno(why, FAULT_DIR_UNUSABLE, "cannot open \"%s\"", lock);
}

static bool note_holder(struct workdir *dir, struct fault *why)
{
    return (ftruncate(dir->lock, 0) == 0 && dprintf(dir->lock, "%d\n", (int)getpid()) > 0) ||
           fault_errno(why, FAULT_DIR_UNUSABLE, "cannot write to the lock of \"%s\"", dir->path);
}

bool workdir_lock(struct workdir *dir, const char *path, const char *name, struct fault *why)
{
    if (open_lock(dir, path, name, why) && lock_or_explain(dir, why) && note_holder(dir, why))
        return true;
    drop_workdir(dir);
    return false;
}

bool workdir_try_lock(struct workdir *dir, const char *path, const char *name, bool *ret_locked,
                      pid_t *ret_holder, struct fault *why)
{
    if (dir->lock < 0 && !open_lock(dir, path, name, why))
        return false;
    *ret_locked = try_lock(dir);
    if (*ret_locked)
        return note_holder(dir, why);
    if (errno != EWOULDBLOCK)
        return not_lockable(dir, why);
    *ret_holder = holder_of(dir);
    return true;
}

bool workdir_is_locked(const char *path)
{
    char lock[PATH_MAX];
    workdir_path(lock, path, "lock");
    scoped(drop_fd) int fd = open(lock, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

void drop_workdir(struct workdir *dir)
{
    drop_fd(&dir->lock);
}

/* Those of pghaul dump schema are the user's, who may have edited them. */
static bool is_users(const char *name)
{
    return strcmp(name, "schema.dump") == 0 || strcmp(name, "pre-data.sql") == 0 ||
           strcmp(name, "post-data.sql") == 0;
}

static bool is_nobodys(const char *name)
{
    (void)name;
    return false;
}

static bool wipe(const char *path, const char *name, bool (*is_kept)(const char *name),
                 struct fault *why)
{
    char inner[PATH_MAX];
    const struct dirent *entry;
    workdir_path(inner, path, name);
    DIR *dir = opendir(inner);
    if (dir == NULL)
        return errno == ENOENT ||
               fault_errno(why, FAULT_DIR_UNUSABLE, "cannot open directory \"%s\"", inner);
    bool good = true;
    while (good && (entry = readdir(dir)) != NULL)
        if (entry->d_name[0] != '.' && !is_kept(entry->d_name) &&
            unlinkat(dirfd(dir), entry->d_name, 0) != 0)
            good = fault_errno(why, FAULT_DIR_UNUSABLE, "cannot remove \"%s/%s\"", inner,
                               entry->d_name);
    closedir(dir);
    return good;
}

bool workdir_wipe_schema(const char *path, struct fault *why)
{
    return wipe(path, "schema", is_users, why);
}

bool workdir_wipe_spool(const char *path, struct fault *why)
{
    return wipe(path, "spool", is_nobodys, why);
}
