/*
 * spool_write.h - putting received changes into the spool.
 *
 * One process writes. Records gather in a block in memory, which is compressed
 * and written when it is full or flushed, and is safe once it is synced.
 *
 *   spool_open    whatever transaction was incomplete is void: the first record is a
 *                 SPOOL_CONNECTION, the source is asked for everything from `settled` on
 *   spool_add     for each message; after a COMMIT, spool_settle
 *   spool_sync    before the source is told that something is safe
 *
 * The messages that describe relations come once in a connection, but a reader
 * may begin with any segment: whoever adds must repeat them as soon as
 * spool_segment_number tells that a new one has begun.
 *
 * When the disk is full (FAULT_SPOOL_FULL) nothing is lost: what is in memory stays
 * there, and the same call may be made again. After any other fault of a
 * call that writes, the spool must be dropped and opened again.
 */
#ifndef PGHAUL_CDC_SPOOL_WRITE_H
#define PGHAUL_CDC_SPOOL_WRITE_H

#include "cdc/spool_segment.h"

struct spool;

/* Opens a spool, which it makes when there is none, and cuts off what a crash left
 * half written at its end. A new segment begins when one has `segment_size` bytes.
 * `promised` is the highest LSN that anybody was told is durable (0: not known): a spool
 * that ends before it is damaged, a new one begins there. FAULT_SPOOL_DAMAGED names file and
 * offset; then nothing was changed. */
bool spool_open(struct spool **ret_spool, const struct spool_place *place, int64_t segment_size,
                lsn_t promised, struct fault *why);

/* For scoped(): NULL is allowed. What was not flushed is lost. */
void drop_spool(struct spool **spool);

/* Every transaction with commit_lsn < this was added wholly. After spool_open that
 * much is on disk, and the source may be asked to go on there. */
lsn_t spool_settled(const struct spool *spool);

/* Adds a record, whose bytes are copied; a full block is written first. False: it
 * was not added. */
bool spool_add(struct spool *spool, const struct spool_record *record, struct fault *why);

/* Every transaction with commit_lsn < settled was added wholly; a lower LSN than before
 * changes nothing. `between`: nothing was added of any other transaction, as is
 * the case after each COMMIT unless transactions are streamed. Segments before
 * such a point can be removed. */
void spool_settle(struct spool *spool, lsn_t settled, bool between);

/* Writes the open block. Where nothing but `settled` has changed it is a SPOOL_POSITION. */
bool spool_flush(struct spool *spool, struct fault *why);

/* Flushes, and waits until all is on disk. *ret_durable is what is settled there. */
bool spool_sync(struct spool *spool, lsn_t *ret_durable, struct fault *why);

/* The segment that the next record goes to, unless adding it begins a new one. */
uint64_t spool_segment_number(const struct spool *spool);

/* Begins a new segment, unless there is nothing in the newest one: what has been added can be
 * removed then as soon as it is applied. */
bool spool_close_segment(struct spool *spool, struct fault *why);

struct spool_measure {
    int64_t bytes;  /* of all segments */
    uint64_t first; /* the oldest segment, */
    uint64_t begun; /* … and the one in which the transaction begins that is incomplete; 0: none */
    int64_t disk_size, disk_free;
};
bool spool_measure(const struct spool *spool, struct spool_measure *ret_measure, struct fault *why);

#endif
