/*
 * conn_internal.h - what the files of this room share about a connection.
 */
#ifndef PGHAUL_PG_CONN_INTERNAL_H
#define PGHAUL_PG_CONN_INTERNAL_H

#include "pg/conn.h"

#include <libpq-fe.h>

struct conn {
    PGconn *pq;
    struct leash *leash;
    enum side side;
    bool broken;
    bool superuser;
    int notices;             /* received so far */
    char *message;           /* of a stream, read last (replication.h) */
    struct fault last_words; /* said by the server when it ended the idle connection */
    int pid;
    char start[64];
    char encoding[32];
    char user[64 * 2];
    char role[64 * 2]; /* set by SET ROLE; "none" */
    char database[64 * 2];
    char version_text[64];
};

/* Connects, and sets nothing. */
bool conn_open_bare(struct conn **ret_conn, const struct conninfo *info, struct leash *leash,
                    struct fault *why);

void drop_result(PGresult **result);

/* Waits for the socket (POLLIN, POLLOUT); FAULT_STOPPED when the leash is pulled. */
bool conn_await(struct conn *conn, short events, struct fault *why);

/* Sends what libpq has buffered. */
bool conn_flush(struct conn *conn, struct fault *why);

/* The next result of what was sent; *ret_result NULL after the last one. */
bool conn_next(struct conn *conn, PGresult **ret_result, struct fault *why);

/* Sends what is buffered and takes all results; *ret_rows (NULL: not wanted) gets the last one that
 * has rows. */
bool conn_take(struct conn *conn, struct rows *ret_rows, struct fault *why);

/* Reads and forgets results until the connection is idle. */
bool conn_drain(struct conn *conn, struct fault *why);

/* Fault from an error result, or from the connection when `result` is NULL. */
bool conn_fault(struct conn *conn, const PGresult *result, struct fault *why);

/* Asks the server to cancel what the connection is doing. Errors are ignored: the
 * caller waits for the end of the statement, or closes the connection. A server that does not
 * answer within a second leaves the connection broken. */
void conn_cancel(struct conn *conn);

#endif
