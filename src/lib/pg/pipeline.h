/*
 * pipeline.h - statements sent one after the other, without waiting for each one's result.
 *
 *   pipeline_begin, (pipeline_prepare | pipeline_execute | pipeline_run)…, pipeline_sync,
 *   pipeline_next for each of them and for the sync, …, pipeline_end
 *
 * When the server refuses one, it skips the others up to the next sync. Nothing but these functions
 * may be called on the connection in between.
 */
#ifndef PGHAUL_PG_PIPELINE_H
#define PGHAUL_PG_PIPELINE_H

#include "pg/conn.h"

#include <stddef.h>

/* A value for $1, $2, … */
struct param {
    const void *bytes; /* NULL: null. A text ends with a NUL, which is not counted. */
    uint32_t length;
    bool binary;
};

bool pipeline_begin(struct conn *conn, struct fault *why);

/* `types`: oids of the parameters, 0 where the server is to find out; NULL: all of them. */
bool pipeline_prepare(struct conn *conn, const char *name, const char *sql, int count,
                      const uint32_t *types, struct fault *why);

/* A prepared statement; its rows, if any, are only counted. */
bool pipeline_execute(struct conn *conn, const char *name, int count, const struct param *params,
                      struct fault *why);

/* One statement without parameters. */
bool pipeline_run(struct conn *conn, const char *sql, struct fault *why);

/* Ends what belongs together, and sends it all. */
bool pipeline_sync(struct conn *conn, struct fault *why);

enum pipeline_found {
    PIPELINE_DONE,
    PIPELINE_SKIPPED, /* because of an earlier refusal */
    PIPELINE_SYNCED,
};

/* The next result, in the order of the calls. False when the server refused the statement, then
 * the next one may be asked for; or when the connection is lost (conn_broken). *ret_rows: rows that
 * the statement changed or gave; -1 when that has no meaning. */
bool pipeline_next(struct conn *conn, enum pipeline_found *ret_found, int64_t *ret_rows,
                   struct fault *why);

/* Takes what is left up to the sync and forgets it; false when the connection is lost. */
bool pipeline_skip(struct conn *conn, struct fault *why);

/* All results have been taken. */
bool pipeline_end(struct conn *conn, struct fault *why);

/* One statement outside of a pipeline, with parameters of any format. */
bool conn_query_typed(struct conn *conn, const char *sql, int count, const uint32_t *types,
                      const struct param *params, struct rows *ret_rows, struct fault *why);

#endif
