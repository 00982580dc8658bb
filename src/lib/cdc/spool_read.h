/*
 * spool_read.h - taking changes out of the spool, while more are put in.
 *
 * A reader needs memory for one block, raw and as it is stored. It never gives
 * out bytes that are not as they were written.
 */
#ifndef PGHAUL_CDC_SPOOL_READ_H
#define PGHAUL_CDC_SPOOL_READ_H

#include "cdc/spool_segment.h"

struct spool_reader;

struct spool_entry {
    struct spool_record record; /* its bytes are borrowed until the next call */
    uint64_t segment;           /* where its block is: number of the segment, */
    uint64_t offset;            /* offset in its file */
    lsn_t settled; /* a transaction with commit_lsn < settled is wholly in the spool up to the last
                      record of this block */
};

/* A reader of every transaction with commit_lsn >= from: it begins with the first
 * segment that can hold anything of them, so that parts of others come, too; 0 reads all that is
 * there. The spool need not be there yet; spool_next looks for it. */
void spool_reader_open(struct spool_reader **ret_reader, const struct spool_place *place,
                       lsn_t from);

/* For scoped(): NULL is allowed. */
void drop_spool_reader(struct spool_reader **reader);

/* The next record; *ret_found is false when there is none yet: call it again when the
 * spool has grown. FAULT_SPOOL_DAMAGED, FAULT_SPOOL_GONE (the segments for `from` were removed).
 * A bad block that may be the tail of a crash is "none yet" until a later one says that it
 * had been on disk, or a new segment begins: spool_open cuts such a tail off. */
bool spool_next(struct spool_reader *reader, bool *ret_found, struct spool_entry *ret_entry,
                struct fault *why);

/* A descriptor that becomes readable when the spool may have grown since spool_next found nothing;
 * -1 when there is none, as long as there is no spool. spool_reader_seen empties it: before the
 * next spool_next. */
int spool_reader_watch(struct spool_reader *reader);
void spool_reader_seen(struct spool_reader *reader);

#endif
