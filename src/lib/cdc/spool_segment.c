#include "cdc/spool_segment.h"

#include "base/file.h"
#include "base/scoped.h"
#include "base/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

const char *segment_name(char to[SEGMENT_NAME], uint64_t number)
{
    snprintf(to, SEGMENT_NAME, "%016" PRIu64 ".seg", number);
    return to;
}

void drop_segment(struct segment *segment)
{
    drop_fd(&segment->fd);
    segment->fd = -1;
}

void drop_block_buffer(struct block_buffer *buffer)
{
    free(buffer->stored);
    free(buffer->raw);
    *buffer = (struct block_buffer)BLOCK_BUFFER_EMPTY;
}

bool segment_damaged(const struct spool_place *place, uint64_t number, uint64_t offset,
                     const char *what, struct fault *why)
{
    char name[SEGMENT_NAME];
    return fault_set(why, FAULT_SPOOL_DAMAGED, "\"%s/%s\" at offset %" PRIu64 ": %s", place->dir,
                     segment_name(name, number), offset, what);
}

bool segment_errno(const struct spool_place *place, uint64_t number, const char *verb,
                   struct fault *why)
{
    char name[SEGMENT_NAME];
    bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
    fault_errno(why, full ? FAULT_SPOOL_FULL : FAULT_DIR_UNUSABLE, "cannot %s \"%s/%s\"", verb,
                place->dir, segment_name(name, number));
    why->retry = full;
    return false;
}

bool segment_open(struct segment *ret_segment, const struct spool_place *place, int dir,
                  uint64_t number, int flags, enum segment_found *ret_found, struct fault *why)
{
    char name[SEGMENT_NAME];
    /* One byte more tells whether anything is behind the header. */
    uint8_t bytes[SPOOL_SEGMENT_HEADER + 1];
    struct spool_segment header;
    scoped(drop_fd) int fd = openat(dir, segment_name(name, number), flags | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        *ret_found = SEGMENT_ABSENT;
        return true;
    }
    ssize_t got = fd < 0 ? -1 : full_read(fd, bytes, sizeof bytes, 0);
    if (got < 0)
        return segment_errno(place, number, "read", why);
    if (!spool_get_segment(bytes, (size_t)got, &header)) {
        *ret_found = SEGMENT_UNFINISHED;
        return got <= SPOOL_SEGMENT_HEADER ||
               segment_damaged(place, number, 0, "this is not the header of a segment", why);
    }
    if (strcmp(header.run, place->run) != 0)
        return segment_damaged(place, number, 0, "the segment belongs to another run", why);
    if (header.number != number)
        return segment_damaged(place, number, 0, "the segment has another number", why);
    *ret_segment = (struct segment){.fd = give_fd(fd), .header = header};
    *ret_found = SEGMENT_FOUND;
    return true;
}

void block_room(uint8_t **buffer, size_t *room, size_t wanted)
{
    size_t size = wanted > SPOOL_BLOCK_USUAL ? wanted : SPOOL_BLOCK_USUAL;
    /* What one huge value needed is not kept. */
    if (*buffer != NULL && *room >= size && (*room == size || size > SPOOL_BLOCK_USUAL))
        return;
    free(*buffer);
    *buffer = new_memory(size, 1);
    *room = size;
}

/* The stored bytes are there and were checked: what do they hold? */
static bool open_block(struct block_buffer *buffer)
{
    const struct spool_block *block = &buffer->block;
    if (!block->packed)
        return spool_records_over(block, buffer->stored, &buffer->records);
    block_room(&buffer->raw, &buffer->raw_room, block->raw);
    return spool_unpack(block, buffer->stored, buffer->raw) &&
           spool_records_over(block, buffer->raw, &buffer->records);
}

bool segment_read(const struct segment *segment, uint64_t offset, struct block_buffer *buffer,
                  enum block_state *ret_state, struct fault *why)
{
    uint8_t header[SPOOL_BLOCK_HEADER];
    struct spool_block *block = &buffer->block;
    ssize_t got = full_read(segment->fd, header, sizeof header, offset);
    if (got < 0)
        return fault_errno(why, FAULT_DIR_UNUSABLE, "cannot read the spool");
    if (got < SPOOL_BLOCK_HEADER) {
        *ret_state = got == 0 ? BLOCK_END : BLOCK_PART;
        return true;
    }
    if (!spool_get_block(header, spool_block_place(&segment->header, offset), block)) {
        *ret_state = BLOCK_BAD;
        return true;
    }
    block_room(&buffer->stored, &buffer->stored_room, block->stored);
    got = full_read(segment->fd, buffer->stored, block->stored, offset + SPOOL_BLOCK_HEADER);
    if (got < 0)
        return fault_errno(why, FAULT_DIR_UNUSABLE, "cannot read the spool");
    if ((size_t)got < block->stored)
        *ret_state = BLOCK_PART;
    else
        *ret_state =
            spool_block_whole(block, buffer->stored) && open_block(buffer) ? BLOCK_GOOD : BLOCK_BAD;
    return true;
}

/* Is there, among bytes that stand at an offset of the segment, a block's header that says that
 * more than `upto` bytes were on disk before it? */
static bool says_synced(const struct segment *segment, const uint8_t *bytes, size_t length,
                        uint64_t offset, uint64_t upto)
{
    static const uint8_t magic[] = "PGHB";
    const uint8_t *at = bytes, *end = bytes + length;
    struct spool_block block;
    while ((at = memmem(at, (size_t)(end - at), magic, 4)) != NULL &&
           end - at >= SPOOL_BLOCK_HEADER) {
        uint64_t here = offset + (uint64_t)(at - bytes);
        if (spool_get_block(at, spool_block_place(&segment->header, here), &block) &&
            block.synced > upto && block.synced <= here)
            return true;
        at++;
    }
    return false;
}

bool segment_was_synced(const struct segment *segment, uint64_t offset, bool *ret_synced,
                        struct fault *why)
{
    /* Pieces overlap by a header less a byte, so that none is missed. */
    enum { PIECE = 1024 * 1024, OVERLAP = SPOOL_BLOCK_HEADER - 1 };
    scoped(drop_memory) uint8_t *piece = new_memory(PIECE, 1);
    for (uint64_t at = offset + 1;; at += PIECE - OVERLAP) {
        ssize_t got = full_read(segment->fd, piece, PIECE, at);
        if (got < 0)
            return fault_errno(why, FAULT_DIR_UNUSABLE, "cannot read the spool");
        *ret_synced = says_synced(segment, piece, (size_t)got, at, offset);
        if (*ret_synced || got < PIECE)
            return true;
    }
}
