/*
 * spool_segment.h - one segment file of the spool: its header, its blocks.
 *
 * For the writer and the reader of the spool. What is told apart here, once, is
 * a tail that was being written when a process or the machine stopped, and damage.
 */
#ifndef PGHAUL_CDC_SPOOL_SEGMENT_H
#define PGHAUL_CDC_SPOOL_SEGMENT_H

#include "base/fault.h"
#include "wire/spool_format.h"

#include <stddef.h>
#include <sys/types.h>

/* Which spool. A writer and a reader copy both texts. */
struct spool_place {
    const char *dir; /* path of the spool's own directory */
    const char *run; /* uuid of the run */
};

enum { SEGMENT_NAME = 32 };

/* "0000000000000001.seg". Returns `to`. */
const char *segment_name(char to[SEGMENT_NAME], uint64_t number);

struct segment {
    int fd;
    struct spool_segment header;
};

#define SEGMENT_NONE \
    {                \
        .fd = -1     \
    }

/* For scoped(): closes the file. */
void drop_segment(struct segment *segment);

enum segment_found {
    SEGMENT_FOUND,
    SEGMENT_ABSENT,     /* no such file */
    SEGMENT_UNFINISHED, /* no whole header, and nothing behind it: it is being made */
};

/* Opens a segment (flags: O_RDONLY or O_RDWR) of the directory `dir` and reads its
 * header; *ret_segment is filled when it is found. FAULT_SPOOL_DAMAGED when the header is bad,
 * of another number or of another run. */
bool segment_open(struct segment *ret_segment, const struct spool_place *place, int dir,
                  uint64_t number, int flags, enum segment_found *ret_found, struct fault *why);

/* Memory for one block. */
struct block_buffer {
    struct spool_block block;
    struct spool_records records; /* of the last good block, borrowed from the buffers */
    uint8_t *stored, *raw;
    size_t stored_room, raw_room;
};

#define BLOCK_BUFFER_EMPTY \
    {                      \
        .stored = NULL     \
    }

/* For scoped(). */
void drop_block_buffer(struct block_buffer *buffer);

/* Makes room for `wanted` bytes, or for a usual block; what was in it is lost. */
void block_room(uint8_t **buffer, size_t *room, size_t wanted);

enum block_state {
    BLOCK_GOOD,
    BLOCK_END,  /* the file ends at this offset */
    BLOCK_PART, /* the file ends within the block */
    BLOCK_BAD,  /* these bytes are no block, or not the ones that were written */
};

/* Reads and checks the block at an offset. */
bool segment_read(const struct segment *segment, uint64_t offset, struct block_buffer *buffer,
                  enum block_state *ret_state, struct fault *why);

/* What stands at `offset` is no good block. Was there one, and on disk, as a later
 * block says (spool_block.synced)? Then it is damaged; else it may be what a crash of the machine
 * left behind, where a later block can be on disk and an earlier one not. */
bool segment_was_synced(const struct segment *segment, uint64_t offset, bool *ret_synced,
                        struct fault *why);

/* FAULT_SPOOL_DAMAGED, naming file and offset. Returns false. */
bool segment_damaged(const struct spool_place *place, uint64_t number, uint64_t offset,
                     const char *what, struct fault *why);

/* Fills *why from errno: FAULT_SPOOL_FULL, to be tried again, when the disk or a
 * quota is full, else FAULT_DIR_UNUSABLE. `verb`: "write". Returns false. */
bool segment_errno(const struct spool_place *place, uint64_t number, const char *verb,
                   struct fault *why);

#endif
