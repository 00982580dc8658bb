#include "cdc/spool_read.h"

#include "base/scoped.h"
#include "base/strbuf.h"
#include "cdc/spool_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>

struct spool_reader {
    struct spool_place place; /* owned copies */
    lsn_t from;
    int dir;                /* -1 until it is there */
    int watch;              /* inotify; -1: not watched */
    struct segment segment; /* closed until it is known where to begin */
    uint64_t next;          /* offset of the next block */
    uint64_t offset;        /* of the block in hand */
    struct block_buffer buffer;
};

void spool_reader_open(struct spool_reader **ret_reader, const struct spool_place *place,
                       lsn_t from)
{
    struct spool_reader *reader = new_memory(1, sizeof *reader);
    reader->place.dir = copy_string(place->dir);
    reader->place.run = copy_string(place->run);
    reader->from = from;
    reader->dir = reader->watch = -1;
    reader->segment.fd = -1;
    *ret_reader = reader;
}

void drop_spool_reader(struct spool_reader **reader)
{
    if (*reader == NULL)
        return;
    drop_segment(&(*reader)->segment);
    drop_fd(&(*reader)->dir);
    drop_fd(&(*reader)->watch);
    drop_block_buffer(&(*reader)->buffer);
    drop_memory(&(*reader)->place.dir);
    drop_memory(&(*reader)->place.run);
    free(*reader);
    *reader = NULL;
}

static void enter(struct spool_reader *reader, struct segment segment)
{
    drop_segment(&reader->segment);
    reader->segment = segment;
    reader->next = SPOOL_SEGMENT_HEADER;
}

/* Opens the segment to begin with, if it is there; else segment.fd stays -1. */
static bool find_place(struct spool_reader *reader, struct fault *why)
{
    uint64_t number;
    struct segment segment = SEGMENT_NONE;
    enum segment_found found;
    if (reader->dir < 0)
        reader->dir = open(reader->place.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (reader->dir < 0)
        return errno == ENOENT || fault_errno(why, FAULT_DIR_UNUSABLE,
                                              "cannot open directory \"%s\"", reader->place.dir);
    if (!spool_seek(&reader->place, reader->dir, reader->from, &number, why))
        return false;
    if (number == 0)
        return true;
    if (!segment_open(&segment, &reader->place, reader->dir, number, O_RDONLY, &found, why))
        return false;
    if (found == SEGMENT_FOUND)
        enter(reader, segment);
    return true;
}

/* Reads the block at reader->next. */
static bool read_here(struct spool_reader *reader, enum block_state *ret_state, struct fault *why)
{
    if (!segment_read(&reader->segment, reader->next, &reader->buffer, ret_state, why))
        return false;
    if (*ret_state == BLOCK_GOOD) {
        reader->offset = reader->next;
        reader->next += SPOOL_BLOCK_HEADER + (uint64_t)reader->buffer.block.stored;
    }
    return true;
}

/* There was no good block. Looks again when what is here cannot change any more: because of
 * the segment that comes next, or of a later block. Then it is a good block after all,
 * or the end of the segment, or damage. */
static bool look_again(struct spool_reader *reader, enum block_state *state, struct segment *next,
                       struct fault *why)
{
    enum segment_found found;
    bool final = false;
    uint64_t number = reader->segment.header.number;
    if (!segment_open(next, &reader->place, reader->dir, number + 1, O_RDONLY, &found, why) ||
        (found != SEGMENT_FOUND && *state == BLOCK_BAD &&
         !segment_was_synced(&reader->segment, reader->next, &final, why)))
        return false;
    if (found != SEGMENT_FOUND && !final)
        return true;
    if (!read_here(reader, state, why))
        return false;
    if (*state == BLOCK_BAD || *state == BLOCK_PART)
        return segment_damaged(&reader->place, number, reader->next, "no good block", why);
    return true;
}

/* Reads the next block into the buffer, if it is there. */
static bool next_block(struct spool_reader *reader, bool *ret_found, struct fault *why)
{
    *ret_found = false;
    if (reader->segment.fd < 0 && !find_place(reader, why))
        return false;
    while (reader->segment.fd >= 0 && !*ret_found) {
        scoped(drop_segment) struct segment next = SEGMENT_NONE;
        enum block_state state;
        if (!read_here(reader, &state, why) ||
            (state != BLOCK_GOOD && !look_again(reader, &state, &next, why)))
            return false;
        *ret_found = state == BLOCK_GOOD;
        if (*ret_found)
            break;
        if (next.fd < 0)
            return true;
        enter(reader, next);
        next.fd = -1;
    }
    return true;
}

bool spool_next(struct spool_reader *reader, bool *ret_found, struct spool_entry *ret_entry,
                struct fault *why)
{
    struct spool_entry entry;
    bool found = true;
    while (!spool_take_record(&reader->buffer.records, &entry.record)) {
        /* A block that fails must not leave records of half of it behind. */
        reader->buffer.records = (struct spool_records){0};
        if (!next_block(reader, &found, why))
            return false;
        if (!found)
            break;
    }
    *ret_found = found;
    if (!found)
        return true;
    entry.segment = reader->segment.header.number;
    entry.offset = reader->offset;
    entry.settled = reader->buffer.block.settled;
    *ret_entry = entry;
    return true;
}

/* ---- waiting ---- */

int spool_reader_watch(struct spool_reader *reader)
{
    if (reader->watch >= 0)
        return reader->watch;
    scoped(drop_fd) int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch >= 0 &&
        inotify_add_watch(watch, reader->place.dir, IN_MODIFY | IN_CREATE | IN_MOVED_TO) >= 0)
        reader->watch = give_fd(watch);
    return reader->watch;
}

void spool_reader_seen(struct spool_reader *reader)
{
    char events[4096];
    while (reader->watch >= 0 && read(reader->watch, events, sizeof events) > 0)
        ;
}
