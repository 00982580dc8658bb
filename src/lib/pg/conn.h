/*
 * conn.h - a connection to a server, and statements on it.
 *
 * Every session is set up in the same way (session.c), whatever the role's own
 * settings are. Every wait includes the leash: when it is pulled, the statement
 * is cancelled and the call fails with FAULT_STOPPED. What the server refuses
 * becomes a fault that says which side it was, with its SQLSTATE; fault.retry is
 * set for what may go well later (lost connection, deadlock, lock timeout).
 */
#ifndef PGHAUL_PG_CONN_H
#define PGHAUL_PG_CONN_H

#include "base/fault.h"
#include "base/lsn.h"
#include "pg/conninfo.h"
#include "proc/leash.h"

#include <stdint.h>

struct conn;

/* One result with its rows. Empty until filled; for scoped(drop_rows). */
struct rows {
    void *result;
};
#define ROWS_NONE \
    {             \
        NULL      \
    }

struct conn_wish {
    const struct conninfo *info;
    const char *application;          /* application_name, at most 63 bytes */
    const char *encoding;             /* client_encoding; NULL, SQL_ASCII: the database's own */
    int64_t lock_timeout_ms;          /* 0: wait for ever */
    const char *maintenance_work_mem; /* "" or NULL: the server's */
    const char *role;                 /* SET ROLE; "" or NULL: what connects */
    bool replication;                 /* served by a walsender (replication.h) */
    bool quote_all; /* quote_all_identifiers, for definitions that are read from it */
    bool kept;      /* that a pooler keeps sessions was found by another connection */
};

/* Connects and sets up the session. FAULT_SOURCE_CONNECT or FAULT_TARGET_CONNECT;
 * FAULT_SOURCE_ROLE or FAULT_TARGET_ROLE when the role cannot be set; FAULT_SOURCE_POOLED or
 * FAULT_TARGET_POOLED behind a pooler that does not keep sessions (pooler.h). */
bool conn_open(struct conn **ret_conn, const struct conn_wish *wish, struct leash *leash,
               struct fault *why);

/* Closes; NULL is allowed. For scoped(). */
void drop_conn(struct conn **conn);

enum side conn_side(const struct conn *conn);
int conn_version(const struct conn *conn); /* server_version_num */
const char *conn_version_text(const struct conn *conn);
const char *conn_database_encoding(const struct conn *conn);
int conn_backend_pid(const struct conn *conn);
const char *conn_backend_start(const struct conn *conn); /* identifies the backend with its pid */
const char *conn_user(const struct conn *conn);          /* current_user: the role, if one is set */
const char *conn_database(const struct conn *conn);
bool conn_is_superuser(const struct conn *conn);
bool conn_encrypted(const struct conn *conn); /* TLS or GSS */

/* Only who has connected may look at and end the other backends of that user: until
 * conn_be_role() the session is that user again. Both do nothing where no role is set. */
bool conn_be_user(struct conn *conn, struct fault *why);
bool conn_be_role(struct conn *conn, struct fault *why);

/* Adds the statement that sets the role anew, if one is set: RESET SESSION AUTHORIZATION takes it
 * away. */
void conn_add_role(struct strbuf *sql, const struct conn *conn);

/* True when the connection can take no more statements. */
bool conn_broken(const struct conn *conn);

/* Runs one or more statements whose rows, if any, are not wanted. */
bool conn_run(struct conn *conn, const char *sql, struct fault *why);
bool conn_runf(struct conn *conn, struct fault *why, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Runs one or more statements; the last one that returns rows gives *ret_rows. */
bool conn_query(struct conn *conn, const char *sql, struct rows *ret_rows, struct fault *why);

/* One statement with text parameters (NULL is null). */
bool conn_query_params(struct conn *conn, const char *sql, int count, const char *const *values,
                       struct rows *ret_rows, struct fault *why);

/* Streams the rows of one statement: `each` is called with one row at a time (row 0
 * of `row`); when it fails the statement is cancelled. Memory is one row. */
typedef bool conn_each(void *arg, const struct rows *row, struct fault *why);
bool conn_stream(struct conn *conn, const char *sql, conn_each *each, void *arg, struct fault *why);

/* Waits until the leash is pulled or the worker is woken, the time is over (-1: never; all these:
 * *ret_lost false), or the idle connection is lost. */
bool conn_wait_idle(struct conn *conn, int timeout_ms, bool *ret_lost, struct fault *why);

/* Is an idle connection still there, as far as the server has told? */
bool conn_is_alive(struct conn *conn);

/* What the server said when it ended the idle connection. False: nothing. */
bool conn_last_words(const struct conn *conn, struct fault *why);

int rows_count(const struct rows *rows);
const char *rows_text(const struct rows *rows, int row, int column); /* "" for NULL */
bool rows_null(const struct rows *rows, int row, int column);
int64_t rows_int(const struct rows *rows, int row, int column);
bool rows_bool(const struct rows *rows, int row, int column);
bool rows_lsn(const struct rows *rows, int row, int column, lsn_t *ret_lsn, struct fault *why);
int rows_columns(const struct rows *rows);
uint32_t rows_type(const struct rows *rows, int column); /* oid */
int rows_typmod(const struct rows *rows, int column);
int rows_origin(const struct rows *rows, int column); /* its number in its table; 0: none */

/* For scoped(); empties the struct. */
void drop_rows(struct rows *rows);

/* Fills a fault from a server's message: the right id for its side and SQLSTATE. */
struct server_error;
bool server_fault(enum side side, const struct server_error *error, struct fault *why);

#endif
