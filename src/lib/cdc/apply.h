/*
 * apply.h - from the spool to the target: whole transactions, in the order of their commits.
 *
 * What is applied and how far commit together: the row of this run in pghaul.progress moves in the
 * transaction that has the changes. So an apply may be killed at any time and begun again, by
 * anybody: it goes on where the target says, and one that still lives cannot commit any more.
 */
#ifndef PGHAUL_CDC_APPLY_H
#define PGHAUL_CDC_APPLY_H

#include "cdc/copied.h"
#include "cdc/spool_segment.h"
#include "pg/conn.h"
#include "store/db.h"

/* An insert that finds a row, an update or a delete that finds none. */
enum conflict_policy {
    CONFLICT_STOP,      /* FAULT_APPLY_CONFLICT: nothing of the transaction is applied */
    CONFLICT_OVERWRITE, /* what the source has is written, what it deleted is gone; counted */
    CONFLICT_LOG,       /* the change is left out, with a line in the log; counted */
};

/* A table whose columns on the source are not those on the target any more. */
enum ddl_policy {
    DDL_STOP, /* FAULT_APPLY_DDL before the first change of it */
    DDL_WARN, /* goes on as long as what comes fits into the columns that are there */
};

struct apply_counts {
    int64_t transactions; /* with changes */
    int64_t inserts, updates, deletes, truncates;
    int64_t conflicts; /* overwritten or logged */
};

struct apply_position {
    lsn_t applied;       /* what committed before it on the source is committed on the target, */
    lsn_t flushed;       /* … and on the target's disk */
    int64_t commit_time; /* of the last transaction that was applied: microseconds since
                            PostgreSQL's epoch, by the source's clock; 0: none yet */
    struct apply_counts counts; /* of this call of apply_run */
};

struct apply_wish {
    struct conn *target; /* idle, its client_encoding the source's; for apply alone, for good */
    struct spool_place spool;
    struct db *db;   /* the run's catalog, where it stands what the source's tables were like */
    const char *run; /* its uuid: the key of its row in pghaul.progress */
    lsn_t start;     /* where a run begins that has no such row yet */
    lsn_t end;       /* apply what committed before it, then end; 0: until told to stop */
    const char *mirrored; /* uuid of a run whose changes the source got from here: they are dropped
                             (mirrored.h); NULL: there is none */
    enum conflict_policy on_conflict;
    enum ddl_policy on_ddl;

    /* Called at least every TICK_MS (apply.c) and before apply_run returns true: to note how far it
     * is, and to set *end anew. */
    bool (*tick)(void *arg, const struct apply_position *position, lsn_t *end, struct fault *why);

    /* What a relation of the source was copied in, if not where the stream begins: else NULL. What
     * that sees is left out of the stream. Asked once for a relation; good until apply_run returns.
     * NULL: all were copied where it begins. */
    bool (*copied_in)(void *arg, uint32_t relation, const struct copied **ret_copied,
                      struct fault *why);

    /* Has the source this relation no more? Asked when the target lacks its table: then its changes
     * are nothing to anybody. If it has, it is noted whether its rows go to another one
     * (catalog/landing.h). NULL: nobody knows. */
    bool (*is_gone)(void *arg, uint32_t relation, bool *ret_gone, struct fault *why);
    void *arg;
};

/* Makes what apply needs on the target: schema pghaul, table progress, the run's row. Does nothing
 * when they are there. */
bool apply_prepare(struct conn *target, const char *run, lsn_t start, struct fault *why);

/* Where the run is, as the target says; *ret_found is false when it has no row. */
bool apply_look(struct conn *target, const char *run, lsn_t *ret_applied, bool *ret_found,
                struct fault *why);

/* Removes the run's row, and table and schema when nobody else needs them. */
bool apply_forget(struct conn *target, const char *run, struct fault *why);

/* Applies until the end is reached, the leash is pulled (true in both cases), or something fails.
 * Removes segments of the spool whose effect is on the target's disk. After a failure the
 * connection is to be closed. Where a table's definition does not fit (FAULT_APPLY_DDL), all
 * transactions before that one are applied: so the same can be done to the target just there. */
bool apply_run(const struct apply_wish *wish, struct leash *leash,
               struct apply_position *ret_position, struct fault *why);

#endif
