/*
 * progress.c - pghaul.progress on the target: how far each run's changes are applied there.
 */
#include "base/scoped.h"
#include "cdc/apply.h"
#include "pg/helper.h"

bool apply_look(struct conn *target, const char *run, lsn_t *ret_applied, bool *ret_found,
                struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    const char *const values[] = {run};
    if (!helper_has(target, "progress", ret_found, why))
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
    if (!helper_has(target, "progress", &there, why))
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
    return helper_forget(target, "progress", run, why);
}
