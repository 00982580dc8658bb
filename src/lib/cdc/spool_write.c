#include "cdc/spool_write.h"

#include "base/failpoint.h"
#include "base/file.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "cdc/spool_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

struct spool {
    struct spool_place place; /* owned copies */
    int dir;
    int64_t segment_size;
    struct segment segment; /* the newest one */
    uint64_t end;           /* bytes of it: behind the last good block */
    uint64_t synced;        /* bytes of it that are on disk for certain */
    bool untidy;            /* there may be a part of a block behind `end` */
    bool broken;            /* a sync failed: nobody knows what is on disk */

    uint8_t *raw; /* the open block: records */
    size_t raw_room;
    uint32_t length;
    uint32_t records;
    uint8_t *packed; /* room for it when it is compressed */
    size_t packed_room;

    lsn_t settled;
    lsn_t written;  /* settled, as the last block in the file says */
    uint64_t begun; /* where the oldest transaction that may be incomplete begins; 0: none */
};

void drop_spool(struct spool **spool)
{
    if (*spool == NULL)
        return;
    drop_segment(&(*spool)->segment);
    drop_fd(&(*spool)->dir);
    free((*spool)->raw);
    free((*spool)->packed);
    drop_memory(&(*spool)->place.dir);
    drop_memory(&(*spool)->place.run);
    free(*spool);
    *spool = NULL;
}

lsn_t spool_settled(const struct spool *spool)
{
    return spool->settled;
}

uint64_t spool_segment_number(const struct spool *spool)
{
    return spool->segment.header.number;
}

void spool_settle(struct spool *spool, lsn_t settled, bool between)
{
    if (settled > spool->settled)
        spool->settled = settled;
    if (between)
        spool->begun = 0;
}

static bool is_broken(const struct spool *spool, struct fault *why)
{
    if (!spool->broken)
        return false;
    fault_set(why, FAULT_DIR_UNUSABLE, "\"%s\" cannot be written to since a sync failed",
              spool->place.dir);
    return true;
}

/* After a sync that failed the kernel may call the lost pages clean: a second one proves nothing.
 */
static bool sync_failed(struct spool *spool, uint64_t number, struct fault *why)
{
    spool->broken = true;
    segment_errno(&spool->place, number, "sync", why);
    why->retry = false;
    return false;
}

static bool sync_segment(struct spool *spool, struct fault *why)
{
    if (is_broken(spool, why))
        return false;
    if (spool->synced == spool->end)
        return true;
    if (fdatasync(spool->segment.fd) != 0)
        return sync_failed(spool, spool->segment.header.number, why);
    spool->synced = spool->end;
    return true;
}

/* Makes the file of a segment, whose header is on disk when this returns true. */
static bool make_segment(struct spool *spool, struct spool_segment *header, struct fault *why)
{
    char name[SEGMENT_NAME];
    uint8_t bytes[SPOOL_SEGMENT_HEADER];
    segment_name(name, header->number);
    scoped(drop_fd) int fd =
        openat(spool->dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return segment_errno(&spool->place, header->number, "create", why);
    spool_put_segment(bytes, header);
    if (!full_write(fd, bytes, sizeof bytes, 0)) {
        segment_errno(&spool->place, header->number, "write", why);
        unlinkat(spool->dir, name, 0);
        return false;
    }
    if (fsync(fd) != 0 || fsync(spool->dir) != 0)
        return sync_failed(spool, header->number, why);
    FAILPOINT("spool.segment_made", why);
    drop_segment(&spool->segment);
    spool->segment = (struct segment){.fd = give_fd(fd), .header = *header};
    spool->end = spool->synced = SPOOL_SEGMENT_HEADER;
    spool->untidy = false;
    spool->written = header->start;
    return true;
}

/* Begins the segment `number`. Everything that was added is in the ones before it. */
static bool begin_segment(struct spool *spool, uint64_t number, struct fault *why)
{
    struct spool_segment header = {
        .number = number,
        .start = spool->settled,
        .oldest = spool->begun == 0 ? number : spool->begun,
    };
    strlcpy(header.run, spool->place.run, sizeof header.run);
    return make_segment(spool, &header, why);
}

/* A new block may begin a new segment. Older segments are on disk, always: only
 * the newest can have a torn tail. */
static bool begin_block(struct spool *spool, struct fault *why)
{
    if ((int64_t)spool->end < spool->segment_size || spool->end == SPOOL_SEGMENT_HEADER)
        return true;
    return sync_segment(spool, why) && begin_segment(spool, spool->segment.header.number + 1, why);
}

static bool append(struct spool *spool, const struct spool_record *record, struct fault *why)
{
    size_t need = SPOOL_RECORD_HEADER + (size_t)record->length;
    if (is_broken(spool, why))
        return false;
    if (spool->length == 0) {
        if (!begin_block(spool, why))
            return false;
        block_room(&spool->raw, &spool->raw_room, need);
    }
    spool_put_record(spool->raw + spool->length, record);
    if (record->length > 0)
        memcpy(spool->raw + spool->length + SPOOL_RECORD_HEADER, record->bytes, record->length);
    spool->length += (uint32_t)need;
    spool->records++;
    return true;
}

/* What a failed write left behind must not be taken for a block one day. */
static bool tidy(struct spool *spool, struct fault *why)
{
    if (spool->untidy && ftruncate(spool->segment.fd, (off_t)spool->end) != 0)
        return segment_errno(&spool->place, spool->segment.header.number, "truncate", why);
    spool->untidy = false;
    return true;
}

static bool write_failed(struct spool *spool, struct fault *why)
{
    struct fault ignored; /* the next write tries it again */
    segment_errno(&spool->place, spool->segment.header.number, "write", why);
    tidy(spool, &ignored);
    return false;
}

static bool write_block(struct spool *spool, const struct spool_block *block, const void *stored,
                        struct fault *why)
{
    uint8_t header[SPOOL_BLOCK_HEADER];
    struct segment *segment = &spool->segment;
    if (!tidy(spool, why))
        return false;
    spool_put_block(header, block, stored, spool_block_place(&segment->header, spool->end));
    spool->untidy = true;
    if (!full_write(segment->fd, header, sizeof header, spool->end))
        return write_failed(spool, why);
    FAILPOINT("spool.half_written", why);
    if (!full_write(segment->fd, stored, block->stored, spool->end + sizeof header))
        return write_failed(spool, why);
    spool->untidy = false;
    spool->end += sizeof header + block->stored;
    return true;
}

static bool write_open_block(struct spool *spool, struct fault *why)
{
    struct spool_block block = {
        .stored = spool->length,
        .raw = spool->length,
        .records = spool->records,
        .settled = spool->settled,
        .synced = spool->synced,
    };
    block_room(&spool->packed, &spool->packed_room, spool->length);
    block.packed = spool_pack(spool->raw, spool->length, spool->packed, &block.stored);
    if (!write_block(spool, &block, block.packed ? spool->packed : spool->raw, why))
        return false;
    spool->length = spool->records = 0;
    spool->written = block.settled;
    return true;
}

bool spool_flush(struct spool *spool, struct fault *why)
{
    const struct spool_record position = {.kind = SPOOL_POSITION, .lsn = spool->settled};
    if (is_broken(spool, why))
        return false;
    if (spool->length == 0 && spool->settled == spool->written)
        return true;
    return (spool->length > 0 || append(spool, &position, why)) && write_open_block(spool, why);
}

bool spool_add(struct spool *spool, const struct spool_record *record, struct fault *why)
{
    if (record->length > SPOOL_RECORD_MOST)
        return fault_set(why, FAULT_BUG, "a record of %u bytes for the spool", record->length);
    size_t length = spool->length + SPOOL_RECORD_HEADER + (size_t)record->length;
    if (spool->length > 0 && length > SPOOL_BLOCK_USUAL && !spool_flush(spool, why))
        return false;
    if (!append(spool, record, why))
        return false;
    if (record->kind == SPOOL_CONNECTION)
        spool->begun = 0;
    else if (record->kind == SPOOL_CHANGE && spool->begun == 0)
        spool->begun = spool->segment.header.number;
    return true;
}

bool spool_sync(struct spool *spool, lsn_t *ret_durable, struct fault *why)
{
    if (!spool_flush(spool, why) || !sync_segment(spool, why))
        return false;
    *ret_durable = spool->written;
    return true;
}

bool spool_close_segment(struct spool *spool, struct fault *why)
{
    if (!spool_flush(spool, why))
        return false;
    return spool->end == SPOOL_SEGMENT_HEADER ||
           (sync_segment(spool, why) &&
            begin_segment(spool, spool->segment.header.number + 1, why));
}

bool spool_measure(const struct spool *spool, struct spool_measure *ret_measure, struct fault *why)
{
    struct spool_span span;
    struct statvfs disk;
    if (!spool_span(&spool->place, &span, why))
        return false;
    if (fstatvfs(spool->dir, &disk) != 0)
        return fault_errno(why, FAULT_DIR_UNUSABLE, "cannot ask how much room \"%s\" has",
                           spool->place.dir);
    *ret_measure = (struct spool_measure){
        .bytes = span.bytes,
        .first = span.first,
        .begun = spool->begun,
        .disk_size = (int64_t)disk.f_blocks * (int64_t)disk.f_frsize,
        .disk_free = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize,
    };
    return true;
}

/* ---- opening ---- */

/* Goes through a segment's blocks: *ret_end is behind the last good one, *ret_state what is there.
 */
static bool read_through(const struct segment *segment, lsn_t *settled, uint64_t *ret_end,
                         enum block_state *ret_state, struct fault *why)
{
    scoped(drop_block_buffer) struct block_buffer buffer = BLOCK_BUFFER_EMPTY;
    *ret_end = SPOOL_SEGMENT_HEADER;
    if (segment->header.start > *settled)
        *settled = segment->header.start;
    for (;;) {
        if (!segment_read(segment, *ret_end, &buffer, ret_state, why))
            return false;
        if (*ret_state != BLOCK_GOOD)
            return true;
        if (buffer.block.settled > *settled)
            *settled = buffer.block.settled;
        *ret_end += SPOOL_BLOCK_HEADER + (uint64_t)buffer.block.stored;
    }
}

/* Reads the newest segment that has a header. `closed`: another was begun after it, so that all
 * of it was on disk. */
static bool read_newest(struct spool *spool, bool closed, struct fault *why)
{
    struct segment *segment = &spool->segment;
    uint64_t number = segment->header.number;
    enum block_state state;
    /* Written by a process that may have died before its sync: what counts is what the disk has. */
    if (fdatasync(segment->fd) != 0)
        return sync_failed(spool, number, why);
    posix_fadvise(segment->fd, 0, 0, POSIX_FADV_DONTNEED);
    if (!read_through(segment, &spool->settled, &spool->end, &state, why))
        return false;
    bool was_synced = closed && state != BLOCK_END;
    if (state == BLOCK_BAD && !was_synced &&
        !segment_was_synced(segment, spool->end, &was_synced, why))
        return false;
    if (was_synced)
        return segment_damaged(&spool->place, number, spool->end, "no good block", why);
    spool->untidy = state != BLOCK_END;
    return true;
}

/* The source may have dropped what is missing: nothing is cut off that shows what happened. */
static bool ends_early(const struct spool *spool, lsn_t promised, struct fault *why)
{
    char have[LSN_TEXT], want[LSN_TEXT];
    segment_damaged(&spool->place, spool->segment.header.number, spool->end,
                    "the good part of the spool ends here", why);
    return fault_detail(why, "It has what commits before %s. Before %s was promised.",
                        lsn_text(have, spool->settled), lsn_text(want, promised));
}

/* The headers of all segments: their blocks are looked at by the one who reads them. */
static bool check_headers(struct spool *spool, const struct spool_span *span, bool *ret_unfinished,
                          struct fault *why)
{
    for (uint64_t number = span->first; number <= span->last; number++) {
        struct segment segment = SEGMENT_NONE;
        enum segment_found found;
        if (!segment_open(&segment, &spool->place, spool->dir, number, O_RDWR, &found, why))
            return false;
        /* The newest may have been in the making when a crash came, but not without another. */
        bool may_be = number == span->last && (number == 1 || number > span->first);
        *ret_unfinished = found == SEGMENT_UNFINISHED;
        if (found == SEGMENT_UNFINISHED && !may_be)
            return segment_damaged(&spool->place, number, 0, "the header is not whole", why);
        if (found != SEGMENT_FOUND)
            continue; /* or it was removed meanwhile */
        drop_segment(&spool->segment);
        spool->segment = segment;
    }
    return true;
}

/* Removes the file of a segment whose header is not whole, and makes it anew. */
static bool make_again(struct spool *spool, uint64_t number, struct fault *why)
{
    char name[SEGMENT_NAME];
    if (unlinkat(spool->dir, segment_name(name, number), 0) != 0)
        return segment_errno(&spool->place, number, "remove", why);
    return begin_segment(spool, number, why);
}

static bool open_newest(struct spool *spool, lsn_t promised, struct fault *why)
{
    struct spool_span span;
    bool unfinished = false;
    if (!spool_span(&spool->place, &span, why) ||
        (span.first > 0 && !check_headers(spool, &span, &unfinished, why)))
        return false;
    if (spool->segment.fd < 0)
        spool->settled = promised;
    else if (!read_newest(spool, unfinished, why))
        return false;
    if (spool->settled < promised)
        return ends_early(spool, promised, why);
    if (unfinished)
        return make_again(spool, span.last, why);
    if (spool->segment.fd < 0)
        return begin_segment(spool, 1, why);
    if (!tidy(spool, why))
        return false;
    spool->written = spool->settled;
    return sync_segment(spool, why);
}

bool spool_open(struct spool **ret_spool, const struct spool_place *place, int64_t segment_size,
                lsn_t promised, struct fault *why)
{
    if (!make_directories(place->dir, why))
        return false;
    scoped(drop_spool) struct spool *spool = new_memory(1, sizeof *spool);
    spool->segment.fd = -1;
    spool->segment_size = segment_size;
    spool->place.dir = copy_string(place->dir);
    spool->place.run = copy_string(place->run);
    spool->dir = open(place->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    scoped(drop_fd) int above =
        spool->dir < 0 ? -1 : openat(spool->dir, "..", O_RDONLY | O_CLOEXEC);
    if (above < 0 || fsync(spool->dir) != 0 || fsync(above) != 0)
        return fault_errno(why, FAULT_DIR_UNUSABLE, "cannot open directory \"%s\"", place->dir);
    if (!open_newest(spool, promised, why))
        return false;
    *ret_spool = give(spool);
    return true;
}
