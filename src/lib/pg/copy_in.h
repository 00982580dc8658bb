/*
 * copy_in.h - COPY … FROM STDIN through libpq, from memory.
 */
#ifndef PGHAUL_PG_COPY_IN_H
#define PGHAUL_PG_COPY_IN_H

#include "pg/conn.h"

#include <stddef.h>

/* After a failure of any of these the connection is idle, unless broken. */
bool copy_in_begin(struct conn *conn, const char *sql, struct fault *why);

/* Data in pieces of any size. */
bool copy_in_put(struct conn *conn, const void *bytes, size_t length, struct fault *why);

/* The end of the data, or with `failure` its end without effect. *ret_rows: rows written. */
bool copy_in_end(struct conn *conn, const char *failure, int64_t *ret_rows, struct fault *why);

#endif
