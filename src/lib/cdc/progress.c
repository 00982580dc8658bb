/*
 * progress.c - pghaul.progress on the target: how far each run's changes are applied there.
 */
#include "base/scoped.h"
#include "cdc/apply.h"
#include "pg/helper.h"

static bool is_there(struct conn *target, bool *ret_there, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!conn_query(target, "SELECT pg_catalog.to_regclass('pghaul.progress')", &rows, why))
        return false;
    *ret_there = !rows_null(&rows, 0, 0);
    return true;
}

bool apply_look(struct conn *target, const char *run, lsn_t *ret_applied, bool *ret_found,
                struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    const char *const values[] = {run};
    if (!is_there(target, ret_found, why))
        return false;
    if (!*ret_found)
        return true;
    if (!conn_query_params(target, "SELECT applied FROM pghaul.progress WHERE run = $1", 1, values,
                           &rows, why))
        return false;
    *ret_found = rows_count(&rows) > 0;
    return !*ret_found || rows_lsn(&rows, 0, 0, ret_applied, why);
}

bool apply_prepare(struct conn *target, const char *run, lsn_t start, struct fault *why)
{
    char lsn[LSN_TEXT];
    bool there;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!is_there(target, &there, why))
        return false;
    if (!there) {
        helper_add_quiet(&sql);
        strbuf_add(&sql, "CREATE SCHEMA IF NOT EXISTS pghaul;"
                         "CREATE TABLE IF NOT EXISTS pghaul.progress ("
                         " run pg_catalog.text CONSTRAINT pghaul_progress_pkey PRIMARY KEY,"
                         " applied pg_catalog.pg_lsn NOT NULL,"
                         " at pg_catalog.timestamptz NOT NULL,"
                         " handed_over pg_catalog.timestamptz);");
    }
    strbuf_add(&sql, "INSERT INTO pghaul.progress (run, applied, at) VALUES (");
    strbuf_add_literal(&sql, run);
    strbuf_addf(&sql, ", '%s', pg_catalog.now()) ON CONFLICT (run) DO NOTHING",
                lsn_text(lsn, start));
    return conn_run(target, sql.text, why);
}

bool apply_forget(struct conn *target, const char *run, struct fault *why)
{
    bool there;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!is_there(target, &there, why))
        return false;
    if (!there)
        return true;
    strbuf_add(&sql, "BEGIN;");
    helper_add_quiet(&sql);
    strbuf_add(&sql, "DELETE FROM pghaul.progress WHERE run = ");
    strbuf_add_literal(&sql, run);
    strbuf_add(&sql, ";");
    helper_add_drop_if_empty(&sql, "progress");
    strbuf_add(&sql, "COMMIT");
    return conn_run(target, sql.text, why);
}
