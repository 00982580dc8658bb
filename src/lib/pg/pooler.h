/*
 * pooler.h - does what stands between us and the server keep our session?
 */
#ifndef PGHAUL_PG_POOLER_H
#define PGHAUL_PG_POOLER_H

#include "pg/conn.h"

/* For a connection that is not the server's own, which has the backend conn_backend_pid(): is that
 * still so after a transaction, while others want backends? Else a pooler gives each transaction or
 * statement to another one: FAULT_SOURCE_POOLED, FAULT_TARGET_POOLED. Sets nothing anywhere. */
bool pooler_check(struct conn *conn, const struct conninfo *info, struct fault *why);

/* That fault. */
bool pooler_refuse(const struct conn *conn, struct fault *why);

#endif
