/*
 * beside.h - statements that run beside each other, on several connections of one process.
 *
 *   beside_send on each, then beside_wait until beside_is_ready on one, beside_take its result, …
 */
#ifndef PGHAUL_PG_BESIDE_H
#define PGHAUL_PG_BESIDE_H

#include "pg/conn.h"

enum { BESIDE_MOST = 256 }; /* connections */

/* Sends statements and does not wait for what comes of them. The first of them that returns rows
 * tells when the result is ready: what follows it should be short. */
bool beside_send(struct conn *conn, const char *sql, struct fault *why);

/* Waits until one of the connections has something, or the time is over (-1: never), or the leash
 * is pulled: then all are cancelled and it fails with FAULT_STOPPED. */
bool beside_wait(struct conn *const *conns, int count, struct leash *leash, int timeout_ms,
                 struct fault *why);

/* Would beside_take() return without waiting for long? Also when the connection is lost. */
bool beside_is_ready(struct conn *conn);

/* The result, as conn_query() would have given it. */
bool beside_take(struct conn *conn, struct rows *ret_rows, struct fault *why);

#endif
