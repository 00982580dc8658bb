#include "jobs/done.h"

#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/work.h"
#include "pg/helper.h"

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
    bool there;
    if (!helper_has(job->target, "done", &there, why))
        return false;
    if (there)
        return forget_given_up(job, why);
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    helper_add_quiet(&sql);
    strbuf_add(&sql, "CREATE SCHEMA IF NOT EXISTS pghaul;"
                     "CREATE TABLE IF NOT EXISTS pghaul.done ("
                     " run pg_catalog.text NOT NULL,"
                     " item pg_catalog.int8 NOT NULL,"
                     " step pg_catalog.int4 NOT NULL,"
                     " snapshot pg_catalog.int8 NOT NULL,"
                     " rows pg_catalog.int8,"
                     " bytes pg_catalog.int8,"
                     " CONSTRAINT " DONE_KEY " PRIMARY KEY (run, item, step, snapshot))");
    return conn_run(job->target, sql.text, why);
}

/* Ids of snapshots repeat after a restart of the source; our numbers of them do not. */
static int64_t number(const struct job *job, bool in_snapshot)
{
    return in_snapshot ? job->snapshot->seq : 0;
}

void done_add_begin(struct strbuf *sql, const struct job *job, int step, bool in_snapshot)
{
    strbuf_addf(sql,
                "BEGIN; INSERT INTO pghaul.done (run, item, step, snapshot)"
                " VALUES ('%s', %" PRId64 ", %d, %" PRId64 ");",
                job->run->uuid, job->work->id, step, number(job, in_snapshot));
}

void done_add_counts(struct strbuf *sql, const struct job *job, int64_t rows, int64_t bytes)
{
    strbuf_addf(sql,
                "UPDATE pghaul.done SET rows = %" PRId64 ", bytes = %" PRId64
                " WHERE run = '%s' AND item = %" PRId64 " AND step = 0 AND snapshot = %" PRId64 ";",
                rows, bytes, job->run->uuid, job->work->id, number(job, true));
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

bool done_any(const struct run *run, struct conn *target, int64_t except, bool *ret_any,
              struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!helper_has(target, "done", ret_any, why))
        return false;
    if (!*ret_any)
        return true;
    strbuf_addf(&sql,
                "SELECT EXISTS (SELECT FROM pghaul.done WHERE run = '%s' AND item <> %" PRId64 ")",
                run->uuid, except);
    if (!conn_query(target, sql.text, &rows, why))
        return false;
    *ret_any = rows_bool(&rows, 0, 0);
    return true;
}

bool done_forget(const struct run *run, struct conn *target, struct fault *why)
{
    bool there;
    return helper_has(target, "done", &there, why) &&
           (!there ||
            conn_runf(target, why, "DELETE FROM pghaul.done WHERE run = '%s'", run->uuid));
}

void done_add_remove(struct strbuf *sql, const struct job *job)
{
    helper_add_quiet(sql);
    strbuf_addf(sql, "DELETE FROM pghaul.done WHERE run = '%s';", job->run->uuid);
    helper_add_drop_if_empty(sql, "done");
}

bool done_leave(struct job *job, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    bool there;
    if (!helper_has(job->target, "done", &there, why))
        return false;
    strbuf_add(&sql, "BEGIN;");
    done_add_remove(&sql, job);
    strbuf_add(&sql, "COMMIT");
    return !there || (forget_given_up(job, why) && conn_run(job->target, sql.text, why));
}

struct following {
    struct db *db;
    int64_t current; /* number of the run's snapshot */
};

/* Parts of a table belong together: those of an older snapshot are of no use unless the catalog
 * says that the whole table was done in it. */
static bool on_done(void *arg, const struct rows *row, struct fault *why)
{
    struct following *following = arg;
    struct work_found found = {
        .id = rows_int(row, 0, 0),
        .rows = rows_null(row, 0, 1) ? -1 : rows_int(row, 0, 1),
        .bytes = rows_null(row, 0, 2) ? -1 : rows_int(row, 0, 2),
        .snapshot = rows_int(row, 0, 3),
    };
    return work_found_done(following->db, &found, following->current, why);
}

/* What the catalog calls done must be there: a target that was restored, failed over, or crashed
 * without having written what it committed, may lack it. After the last item there are no rows. */
static bool refuse_losses(struct db *db, bool rows_there, struct fault *why)
{
    bool ended;
    int64_t lost;
    if (!work_kind_was_tried(db, WORK_FINAL, &ended, why) || !work_unconfirmed(db, &lost, why))
        return false;
    return lost == 0 || (ended && !rows_there) ||
           fault_set(why, FAULT_TARGET_LACKS,
                     "the target lacks %" PRId64
                     " items that were done (tables, parts, indexes or keys)",
                     lost);
}

bool done_follow(struct db *db, const struct run *run, struct conn *target, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    struct following following = {.db = db, .current = run->snapshot};
    bool any;
    if (!work_unconfirm(db, why) || !done_any(run, target, 0, &any, why))
        return false;
    strbuf_addf(&sql,
                "SELECT item, rows, bytes, snapshot FROM pghaul.done WHERE run = '%s' AND step = 0",
                run->uuid);
    return (!any || conn_stream(target, sql.text, on_done, &following, why)) &&
           refuse_losses(db, any, why);
}
