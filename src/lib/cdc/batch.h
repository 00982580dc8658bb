/*
 * batch.h - changes that are read from the spool and not yet written.
 *
 * Whole transactions wait in one list, until it is worth to write them; what has come of the
 * transaction that is not over yet is in another.
 */
#ifndef PGHAUL_CDC_BATCH_H
#define PGHAUL_CDC_BATCH_H

#include "base/arena.h"
#include "cdc/change.h"
#include "cdc/relation.h"

struct change_list {
    struct change *first, *last;
};

struct batch {
    struct change_list whole;
    struct change_list open;
    struct transaction *transaction; /* the open one; NULL between transactions */
    int64_t transactions;            /* with changes, among the whole */
    int64_t commit_time;             /* of the last whole one */
    struct arena arenas[2];
    int arena; /* which is in use */
};

/* Memory that the batch takes. */
size_t batch_size(const struct batch *batch);

void batch_begin(struct batch *batch, uint32_t xid, lsn_t commit_lsn);
void batch_commit(struct batch *batch, const struct pgoutput_commit *commit);

/* Adds a change of the open transaction. `bytes`: the message, of which all is copied.
 * FAULT_STREAM_UNKNOWN when it does not fit the relation. */
bool batch_add(struct batch *batch, struct relation *relation, const uint8_t *bytes, size_t length,
               struct fault *why);

/* The whole transactions are written: forgets them, keeps what is open. */
void batch_written(struct batch *batch);

/* What is open is written, or void: it is gone. The whole ones must be written. */
void batch_clear(struct batch *batch);

/* For scoped(). */
void drop_batch(struct batch *batch);

#endif
