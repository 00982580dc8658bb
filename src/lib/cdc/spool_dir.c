#include "cdc/spool_dir.h"

#include "base/failpoint.h"
#include "base/scoped.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

static void drop_dir(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

static bool dir_fault(const struct spool_place *place, struct fault *why)
{
    return fault_errno(why, FAULT_DIR_UNUSABLE, "cannot read directory \"%s\"", place->dir);
}

/* The number in a segment's name, 0 for any other file. */
static uint64_t number_of(const char *name)
{
    char same[SEGMENT_NAME];
    uint64_t number = strtoull(name, NULL, 10);
    return strcmp(segment_name(same, number), name) == 0 ? number : 0;
}

/* Lists once; *ret_count is the number of segments that were seen. */
static bool list(const struct spool_place *place, struct spool_span *span, uint64_t *ret_count,
                 struct fault *why)
{
    *span = (struct spool_span){0};
    *ret_count = 0;
    scoped(drop_dir) DIR *dir = opendir(place->dir);
    if (dir == NULL)
        return errno == ENOENT || dir_fault(place, why);
    errno = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL; errno = 0) {
        struct stat stat;
        uint64_t number = number_of(entry->d_name);
        if (number == 0)
            continue;
        if (fstatat(dirfd(dir), entry->d_name, &stat, 0) != 0) {
            if (errno == ENOENT)
                continue; /* removed meanwhile */
            return dir_fault(place, why);
        }
        span->first = span->first == 0 || number < span->first ? number : span->first;
        span->last = number > span->last ? number : span->last;
        span->bytes += stat.st_size;
        (*ret_count)++;
    }
    return errno == 0 || dir_fault(place, why);
}

bool spool_span(const struct spool_place *place, struct spool_span *ret_span, struct fault *why)
{
    struct spool_span span, before = {0};
    uint64_t count;
    for (;;) {
        if (!list(place, &span, &count, why))
            return false;
        if (count == 0 || span.last - span.first + 1 == count)
            break;
        /* A listing may have holes where files come and go meanwhile; one that stays is real. */
        if (span.first == before.first && span.last == before.last)
            return fault_set(why, FAULT_SPOOL_DAMAGED,
                             "\"%s\" has segments %016" PRIu64 " to %016" PRIu64
                             ", but only %" PRIu64 " of them",
                             place->dir, span.first, span.last, count);
        before = span;
    }
    *ret_span = span;
    return true;
}

/* The newest segment with start <= from, looked for from the newest on. */
static bool find_start(const struct spool_place *place, int dir, const struct spool_span *span,
                       lsn_t from, struct spool_segment *ret_header, struct fault *why)
{
    for (uint64_t number = span->last; number > 0 && number >= span->first; number--) {
        scoped(drop_segment) struct segment segment = SEGMENT_NONE;
        enum segment_found found;
        if (!segment_open(&segment, place, dir, number, O_RDONLY, &found, why))
            return false;
        if (found == SEGMENT_UNFINISHED && number != span->last)
            return segment_damaged(place, number, 0, "the header of the segment is not whole", why);
        if (found == SEGMENT_FOUND && segment.header.start <= from) {
            *ret_header = segment.header;
            return true;
        }
    }
    *ret_header = (struct spool_segment){0};
    return true;
}

/* A spool whose only segment is being made has nothing to read. */
static bool has_begun(const struct spool_place *place, int dir, const struct spool_span *span,
                      bool *ret_begun, struct fault *why)
{
    scoped(drop_segment) struct segment segment = SEGMENT_NONE;
    enum segment_found found = SEGMENT_ABSENT;
    if (span->first != 0 && !segment_open(&segment, place, dir, span->first, O_RDONLY, &found, why))
        return false;
    *ret_begun = span->first != span->last || found == SEGMENT_FOUND;
    return true;
}

bool spool_seek(const struct spool_place *place, int dir, lsn_t from, uint64_t *ret_number,
                struct fault *why)
{
    struct spool_span span = {0};
    struct spool_segment header = {0};
    char text[LSN_TEXT];
    bool begun;
    if (!spool_span(place, &span, why) || !has_begun(place, dir, &span, &begun, why))
        return false;
    if (!begun || from == 0) {
        *ret_number = begun ? span.first : 0;
        return true;
    }
    if (!find_start(place, dir, &span, from, &header, why))
        return false;
    if (header.oldest < span.first)
        return fault_set(why, FAULT_SPOOL_GONE,
                         "the spool \"%s\" begins with segment %016" PRIu64
                         ", behind what is wanted from %s on",
                         place->dir, span.first, lsn_text(text, from));
    *ret_number = header.oldest;
    return true;
}

bool spool_size(const struct spool_place *place, int64_t *ret_bytes, struct fault *why)
{
    struct spool_span span;
    uint64_t count;
    if (!list(place, &span, &count, why))
        return false;
    *ret_bytes = span.bytes;
    return true;
}

bool spool_remove_before(const struct spool_place *place, lsn_t lsn, struct fault *why)
{
    struct spool_span span = {0};
    struct spool_segment header = {0};
    char name[SEGMENT_NAME];
    scoped(drop_fd) int dir = open(place->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return errno == ENOENT || dir_fault(place, why);
    if (!spool_span(place, &span, why) || !find_start(place, dir, &span, lsn, &header, why))
        return false;
    for (uint64_t number = span.first; number < header.oldest; number++) {
        if (unlinkat(dir, segment_name(name, number), 0) != 0 && errno != ENOENT)
            return segment_errno(place, number, "remove", why);
        FAILPOINT("spool.segment_removed", why);
    }
    return true;
}
