#include "jobs/done.h"

#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/work.h"

#include <inttypes.h>

/* Named, so that its violation can be told from others in whatever language. */
#define DONE_KEY "pghaul_done_pkey"

static bool forget_given_up(struct job *job, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf given_up = STRBUF_EMPTY;
    bool found;
    if (!setting_get(job->db, SETTING_GIVEN_UP, &given_up, &found, why))
        return false;
    return !found ||
           conn_runf(job->target, why, "DELETE FROM pghaul.done WHERE run IN (%s)", given_up.text);
}

bool done_prepare(struct job *job, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!conn_query(job->target, "SELECT pg_catalog.to_regclass('pghaul.done')", &rows, why))
        return false;
    if (!rows_null(&rows, 0, 0))
        return forget_given_up(job, why);
    return conn_run(job->target,
                    "CREATE SCHEMA IF NOT EXISTS pghaul;"
                    "CREATE TABLE IF NOT EXISTS pghaul.done ("
                    " run pg_catalog.text NOT NULL,"
                    " item pg_catalog.int8 NOT NULL,"
                    " step pg_catalog.int4 NOT NULL,"
                    " snapshot pg_catalog.text NOT NULL,"
                    " rows pg_catalog.int8,"
                    " bytes pg_catalog.int8,"
                    " CONSTRAINT " DONE_KEY " PRIMARY KEY (run, item, step, snapshot))",
                    why);
}

void done_add_begin(struct strbuf *sql, const struct job *job, int step, bool in_snapshot)
{
    strbuf_addf(sql,
                "BEGIN; INSERT INTO pghaul.done (run, item, step, snapshot)"
                " VALUES ('%s', %" PRId64 ", %d, '%s');",
                job->run->uuid, job->work->id, step, in_snapshot ? job->snapshot : "");
}

void done_add_counts(struct strbuf *sql, const struct job *job, int64_t rows, int64_t bytes)
{
    strbuf_addf(sql,
                "UPDATE pghaul.done SET rows = %" PRId64 ", bytes = %" PRId64
                " WHERE run = '%s' AND item = %" PRId64 " AND step = 0 AND snapshot = '%s';",
                rows, bytes, job->run->uuid, job->work->id, job->snapshot);
}

bool done_already(struct job *job, const struct fault *why)
{
    struct fault ignored;
    if (strcmp(why->sqlstate, "23505") != 0 || strstr(why->text, DONE_KEY) == NULL)
        return false;
    return conn_run(job->target, "ROLLBACK", &ignored);
}

bool done_run(struct job *job, int step, const char *statements, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    done_add_begin(&sql, job, step, false);
    strbuf_add(&sql, statements);
    strbuf_add(&sql, ";COMMIT");
    return conn_run(job->target, sql.text, why) || done_already(job, why);
}

bool done_last_step(struct job *job, int *ret_step, bool *ret_whole, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    strbuf_addf(&sql,
                "SELECT coalesce(max(step), -1), coalesce(min(step), -1) = 0 FROM pghaul.done"
                " WHERE run = '%s' AND item = %" PRId64,
                job->run->uuid, job->work->id);
    if (!conn_query(job->target, sql.text, &rows, why))
        return false;
    *ret_step = (int)rows_int(&rows, 0, 0);
    *ret_whole = rows_bool(&rows, 0, 1);
    return true;
}

bool done_any(struct job *job, bool *ret_any, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_rows) struct rows table = ROWS_NONE;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    *ret_any = false;
    if (!conn_query(job->target, "SELECT pg_catalog.to_regclass('pghaul.done')", &table, why))
        return false;
    if (rows_null(&table, 0, 0))
        return true;
    strbuf_addf(&sql, "SELECT EXISTS (SELECT FROM pghaul.done WHERE run = '%s')", job->run->uuid);
    if (!conn_query(job->target, sql.text, &rows, why))
        return false;
    *ret_any = rows_bool(&rows, 0, 0);
    return true;
}

void done_add_remove(struct strbuf *sql, const struct job *job)
{
    strbuf_addf(sql,
                "DELETE FROM pghaul.done WHERE run = '%s';"
                "DO $pghaul$BEGIN"
                " IF NOT EXISTS (SELECT FROM pghaul.done) THEN"
                " DROP TABLE pghaul.done; DROP SCHEMA pghaul RESTRICT;"
                " END IF; END$pghaul$;",
                job->run->uuid);
}

static bool on_done(void *arg, const struct rows *row, struct fault *why)
{
    return work_found_done(arg, rows_int(row, 0, 0),
                           rows_null(row, 0, 1) ? -1 : rows_int(row, 0, 1),
                           rows_null(row, 0, 2) ? -1 : rows_int(row, 0, 2), why);
}

bool done_follow(struct db *db, const struct run *run, struct conn *target, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_rows) struct rows table = ROWS_NONE;
    if (!conn_query(target, "SELECT pg_catalog.to_regclass('pghaul.done')", &table, why))
        return false;
    if (rows_null(&table, 0, 0))
        return true;
    strbuf_addf(&sql, "SELECT item, rows, bytes FROM pghaul.done WHERE run = '%s' AND step = 0",
                run->uuid);
    return conn_stream(target, sql.text, on_done, db, why);
}
