/*
 * relay.h - one COPY from the source to the target: the hot loop.
 *
 * The source's CopyData messages are forwarded as they come, without looking at
 * rows. On plain connections they go from socket to socket in large pieces and
 * libpq is by-passed between two ReadyForQuery; on encrypted ones they go
 * through libpq. Memory is one buffer; each side is read and written only as
 * fast as the other goes.
 *
 * A connection that fails in the middle is marked broken and must be closed.
 * After a failure of the other side it is brought back to idle if possible.
 */
#ifndef PGHAUL_PG_RELAY_H
#define PGHAUL_PG_RELAY_H

#include "pg/conn.h"
#include "proc/throttle.h"

struct relay {
    /* One or more statements; exactly one is a COPY … TO STDOUT. A query after it may
     * return one value, which goes to `after`. */
    const char *out_sql;
    /* One or more statements; the last is a COPY … FROM STDIN. */
    const char *in_sql;
    /* Called a few times a second with the bytes so far; may be NULL. */
    void (*moved)(void *arg, int64_t bytes);
    void *arg;
    /* What is read from the source is taken from it; NULL: as fast as both sides go. Nothing is
     * read, either, while the leash says that the run is paused. */
    struct throttle *throttle;

    /* Results. */
    int64_t bytes;        /* contents moved */
    int64_t rows_read;    /* as the source counted */
    int64_t rows_written; /* as the target counted */
    char after[128];      /* "" when there was no value */

    struct throttle_turn turn; /* private to relay*.c */
};

/* Runs both COPYs to their end. The target's transaction is left open. */
bool relay_run(struct relay *relay, struct conn *source, struct conn *target, struct fault *why);

#endif
