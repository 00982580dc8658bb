/*
 * write.h - changes into a transaction of the target.
 *
 * Changes come in chunks; a transaction of the target has one or many of them, and ends between two
 * transactions of the source. A chunk is written as sets (fold.h), of which each must change just
 * as many rows as it has; when one does not, or the server refuses it, the chunk is undone and
 * written again change by change, so that the one that does not fit is known.
 */
#ifndef PGHAUL_CDC_WRITE_H
#define PGHAUL_CDC_WRITE_H

#include "base/arena.h"
#include "cdc/apply.h"
#include "cdc/change.h"
#include "cdc/write_queue.h"

struct writer {
    struct conn *target;
    const char *run;
    enum conflict_policy on_conflict;
    lsn_t applied;               /* as the target has it: what a transaction must find */
    bool open;                   /* a transaction of the target is */
    struct apply_counts counts;  /* of what is committed */
    struct apply_counts pending; /* of the open transaction */
    struct arena arena;          /* of the chunk that is being written */
    struct strbuf sql, values[4];
    struct write_queue queue;
};

/* Writes a chunk, in the order of the list. After a failure the open transaction is to be given up.
 * FAULT_APPLY_CONFLICT, FAULT_APPLY_REFUSED, FAULT_APPLY_OVERTAKEN. */
bool write_chunk(struct writer *writer, struct change *first, struct fault *why);

/* Empties these tables, and no other. */
bool write_truncate(struct writer *writer, struct destination *const *tables, size_t count,
                    struct fault *why);

/* Ends the open transaction, or one without changes: all that committed before `applied` is there.
 * `flush`: wait until it is on disk. */
bool write_commit(struct writer *writer, lsn_t applied, bool flush, struct fault *why);

/* Gives up the open transaction. */
bool write_rollback(struct writer *writer, struct fault *why);

/* For scoped(). */
void drop_writer(struct writer *writer);

#endif
