/*
 * relay_internal.h - the two ways of moving a COPY.
 */
#ifndef PGHAUL_PG_RELAY_INTERNAL_H
#define PGHAUL_PG_RELAY_INTERNAL_H

#include "pg/conn_internal.h"
#include "pg/relay.h"

/* From socket to socket. Not for encrypted connections. */
bool relay_raw(struct relay *relay, struct conn *source, struct conn *target, struct fault *why);

/* Through libpq's buffers. */
bool relay_by_libpq(struct relay *relay, struct conn *source, struct conn *target,
                    struct fault *why);

/* Begins a COPY, in or out as wanted. After a failure the connection is idle, unless broken. */
bool copy_start(struct conn *conn, const char *sql, ExecStatusType wanted, struct fault *why);

/* May the source be read? If not, *ret_wait_ms is how long to wait, -1: until the leash says
 * something else. */
bool relay_may_read(struct relay *relay, const struct leash *leash, int *ret_wait_ms);

/* Bytes that may be read at once, of `most`; and that so many were. */
size_t relay_portion(const struct relay *relay, size_t most);
void relay_took(struct relay *relay, size_t bytes);

/* Calls relay->moved if it is time to. */
void relay_report(struct relay *relay, int64_t *last_ms);

#endif
