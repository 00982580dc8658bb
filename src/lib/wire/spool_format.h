/*
 * spool_format.h - the bytes of the spool's segments.
 *
 *   segment = header, block, block, …
 *   block   = header, stored bytes; unpacked, these are records, one after the other
 *   record  = length u32, kind u8, lsn u64, bytes
 *
 * Integers are little-endian. A segment's header says whose it is and which
 * one; its checksum and the offset of a block are part of the block's checksums
 * (`place`), so that a block is good only where it was written. A block's header
 * has a checksum of its own: its lengths can be believed before the rest is there.
 */
#ifndef PGHAUL_WIRE_SPOOL_FORMAT_H
#define PGHAUL_WIRE_SPOOL_FORMAT_H

#include "base/lsn.h"

#include <stddef.h>

enum {
    SPOOL_SEGMENT_HEADER = 80, /* bytes */
    SPOOL_BLOCK_HEADER = 48,
    SPOOL_RECORD_HEADER = 13,
    SPOOL_RUN = 40,                   /* room for a run's uuid as text, with its NUL */
    SPOOL_BLOCK_USUAL = 256 * 1024,   /* raw bytes of a block that holds more than one record */
    SPOOL_RECORD_MOST = 0x44000000,   /* bytes of a record: 1 GiB for a value, 64 MiB around it */
    SPOOL_BLOCK_MAGIC = 0x42484750,   /* "PGHB" */
    SPOOL_SEGMENT_MAGIC = 0x53484750, /* "PGHS" */
    SPOOL_VERSION = 1,
};

struct spool_segment {
    char run[SPOOL_RUN]; /* uuid of the run */
    uint64_t number;     /* 1, 2, … */
    lsn_t start;         /* a transaction with commit_lsn < start is wholly in earlier segments */
    uint64_t oldest; /* a transaction with commit_lsn >= start begins in this segment or later */
    uint64_t check;  /* filled by both functions below */
};

/* Fills *segment's check and writes the header's bytes. */
void spool_put_segment(uint8_t to[SPOOL_SEGMENT_HEADER], struct spool_segment *segment);

/* False unless these are the bytes of a header, whole and of this version. */
bool spool_get_segment(const uint8_t *from, size_t length, struct spool_segment *ret_segment);

struct spool_block {
    uint32_t stored;  /* bytes behind the header */
    uint32_t raw;     /* bytes of the records */
    uint32_t records; /* their number */
    bool packed;      /* stored is LZ4; else it is raw */
    lsn_t settled;   /* a transaction with commit_lsn < settled is wholly in the spool up to here */
    uint64_t synced; /* bytes of the segment that were on disk when this block was written */
    uint64_t check;  /* of header and stored bytes */
    uint64_t seed;   /* of that checksum: filled by spool_get_block */
};

/* Where a block is: for the checksums. */
static inline uint64_t spool_block_place(const struct spool_segment *segment, uint64_t offset)
{
    return segment->check + offset;
}

/* Writes the header's bytes. block->check and seed are not looked at. */
void spool_put_block(uint8_t to[SPOOL_BLOCK_HEADER], const struct spool_block *block,
                     const void *stored, uint64_t place);

/* False unless these are the bytes of a block's header, and possible. */
bool spool_get_block(const uint8_t from[SPOOL_BLOCK_HEADER], uint64_t place,
                     struct spool_block *ret_block);

/* Do the stored bytes belong to the header? */
bool spool_block_whole(const struct spool_block *block, const void *stored);

/* Compresses. False when that makes it no shorter: store it as it is. `to` has
 * room for `length` bytes. */
bool spool_pack(const void *raw, uint32_t length, void *to, uint32_t *ret_length);

/* Decompresses a packed block into block->raw bytes; false when it does not yield them. */
bool spool_unpack(const struct spool_block *block, const void *stored, void *raw);

enum spool_kind {
    SPOOL_CHANGE = 1, /* a message of the output plugin as it came; lsn: its WAL start */
    SPOOL_CONNECTION, /* a new connection to the source, which sends whole transactions from lsn
                         on: any that is incomplete before this record is void */
    SPOOL_POSITION,   /* nothing before lsn is missing */
};

struct spool_record {
    enum spool_kind kind;
    lsn_t lsn;
    const uint8_t *bytes; /* borrowed from the block */
    uint32_t length;
};

/* Writes what stands before a record's bytes. */
void spool_put_record(uint8_t to[SPOOL_RECORD_HEADER], const struct spool_record *record);

/* The records of a block that are still to be taken. */
struct spool_records {
    const uint8_t *at;
    const uint8_t *end;
};

/* The records of a block's raw bytes, which it borrows. False unless they are
 * whole, of known kinds, and as many as the header says. */
bool spool_records_over(const struct spool_block *block, const void *raw,
                        struct spool_records *ret_records);

/* The next record; false after the last one. */
bool spool_take_record(struct spool_records *records, struct spool_record *ret_record);

#endif
