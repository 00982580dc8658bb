/*
 * spool_dir.h - the directory of the spool: which segments there are.
 *
 * Segments have successive numbers. New ones come at the upper end, made by the
 * process that receives; they go at the lower end, removed by the one that
 * applies. So what is there is always one range.
 */
#ifndef PGHAUL_CDC_SPOOL_DIR_H
#define PGHAUL_CDC_SPOOL_DIR_H

#include "cdc/spool_segment.h"

/* Numbers of the oldest and the newest segment; 0 and 0 when there is none. */
struct spool_span {
    uint64_t first, last;
    int64_t bytes; /* of all segments */
};

/* What there is. A directory that is not there is an empty one. FAULT_SPOOL_DAMAGED
 * when a number is missing in between. */
bool spool_span(const struct spool_place *place, struct spool_span *ret_span, struct fault *why);

/* Where to begin to read in order to see every transaction with commit_lsn >= from wholly:
 * the number of a segment, 0 when there is none yet. `from` 0: the oldest there is.
 * FAULT_SPOOL_GONE when that was removed. `dir` is the opened directory. */
bool spool_seek(const struct spool_place *place, int dir, lsn_t from, uint64_t *ret_number,
                struct fault *why);

/* Bytes that the spool takes on disk: for --spool-limit. */
bool spool_size(const struct spool_place *place, int64_t *ret_bytes, struct fault *why);

/* Removes the segments that hold nothing of a transaction with commit_lsn >= lsn,
 * oldest first, and never the newest. */
bool spool_remove_before(const struct spool_place *place, lsn_t lsn, struct fault *why);

#endif
