/*
 * copy.c - rows of a table, or of a part of it, from the source to the target.
 *
 * The source's transaction is that of the worker's whole life, in the snapshot. A
 * savepoint lets go of the lock on one table when the next one comes; parts of one
 * table keep it. A relation may change under a snapshot (TRUNCATE, VACUUM FULL,
 * ALTER TABLE): then an old snapshot reads too little without any error. So ACCESS
 * SHARE is taken first, and then the relation compared with the plan; and once
 * more after the rows were read, before the target commits.
 */
#include "jobs/copy.h"

#include "base/failpoint.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "jobs/ddl.h"
#include "jobs/done.h"
#include "jobs/job.h"
#include "jobs/show.h"
#include "jobs/statistics.h"
#include "pg/relay.h"
#include "pg/snapshot.h"
#include "plan/check.h"

#include <inttypes.h>

/* TRUNCATE makes new files: more than a millisecond, as long as 256 kB take to copy. A table
 * smaller than that is emptied with DELETE (it is empty anyway) and not frozen. */
enum { TINY_TABLE = 256 * 1024 };

#define NOT_EMPTY "pghaul: not empty"

static void add_table(struct strbuf *sql, const struct table *table)
{
    strbuf_add_qualified(sql, table->nspname, table->relname);
}

/* On the target. Of a partitioned one the rows are all its partitions'. */
static void add_only_table(struct strbuf *sql, const struct table *table)
{
    strbuf_add(sql, table->is_root ? "" : "ONLY ");
    add_table(sql, table);
}

/* ---- the source's relation is the one that was planned ---- */

static void add_check(struct strbuf *sql, const struct table *table)
{
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    add_table(&name, table);
    strbuf_addf(sql, "SELECT pg_catalog.pg_relation_filenode(%" PRId64 "::pg_catalog.oid),",
                table->oid);
    strbuf_add_literal(sql, name.text);
    strbuf_add(sql, "::pg_catalog.regclass::pg_catalog.oid");
}

static void append_types(struct strbuf *types, const struct rows *rows, int from)
{
    for (int column = from; column < rows_columns(rows); column++)
        strbuf_addf(types, "%s%u/%d/%d", column == from ? "" : ",",
                    (unsigned)rows_type(rows, column), rows_typmod(rows, column),
                    rows_origin(rows, column));
}

static bool changed(const struct table *table, const char *what, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    strbuf_add_name(&name, table->nspname, table->relname);
    return fault_set(why, FAULT_TABLE_CHANGED, "table %s on the source %s", name.text, what);
}

/* In another snapshot it can be read: a run that follows has use for one, and begins with what was
 * rewritten, as it may be again. */
static bool rewritten(const struct job *job, const struct table *table, struct fault *why)
{
    if (job->settings->follow && !db_run(job->db, why, SQL_WORK_COPY_FIRST, "i", job->work->object))
        return false;
    changed(table,
            "was rewritten after the snapshot (TRUNCATE, VACUUM FULL, CLUSTER or ALTER TABLE)",
            why);
    why->retry = job->settings->follow;
    return false;
}

static bool is_same(const struct job *job, const struct table *table, const struct rows *rows,
                    struct fault *why)
{
    enum { OWN_COLUMNS = 2 };
    if (rows_null(rows, 0, 0) || rows_int(rows, 0, 1) != table->oid)
        return changed(table, "was dropped or replaced after the snapshot", why);
    if (rows_int(rows, 0, 0) != table->filenode)
        return rewritten(job, table, why);
    scoped(drop_strbuf) struct strbuf types = STRBUF_EMPTY;
    append_types(&types, rows, OWN_COLUMNS);
    if (strcmp(strbuf_text(&types), table->column_types) != 0)
        return changed(table, "has other columns than in the snapshot", why);
    return true;
}

/* Lets go of the last item's locks, takes this table's, compares. */
static bool hold_table(struct job *job, const struct table *table, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (job->held_table != table->oid)
        strbuf_add(&sql, SNAPSHOT_LET_GO);
    job->held_table = table->oid;
    strbuf_add(&sql, "LOCK TABLE ONLY ");
    add_table(&sql, table);
    strbuf_add(&sql, " IN ACCESS SHARE MODE;");
    /* One row with what is compared, and no value of the columns, only their types. */
    strbuf_add(&sql, "SELECT * FROM (");
    add_check(&sql, table);
    strbuf_add(&sql, ") pghaul_check");
    if (*table->columns != '\0') {
        strbuf_addf(&sql, " LEFT JOIN (SELECT %s FROM ONLY ", table->columns);
        add_table(&sql, table);
        strbuf_add(&sql, " LIMIT 0) pghaul_columns ON true");
    }
    if (conn_query(job->source, sql.text, &rows, why))
        return is_same(job, table, &rows, why);

    struct fault ignored;
    job->held_table = 0;
    if (!conn_broken(job->source))
        snapshot_let_go(job->source, &ignored);
    if (why->id == FAULT_TABLE_LOCKED) {
        check_name_lockers(job->source, why);
        return fault_during(why, "waiting for a lock on the source");
    }
    /* undefined_table, undefined_column, invalid_schema_name */
    if (strcmp(why->sqlstate, "42P01") == 0 || strcmp(why->sqlstate, "3F000") == 0)
        why->id = FAULT_TABLE_GONE;
    else if (strcmp(why->sqlstate, "42703") == 0)
        why->id = FAULT_TABLE_CHANGED;
    return false;
}

/* ---- the two COPY statements ---- */

static bool is_whole(const struct work *work)
{
    return work->kind == WORK_TABLE || work->kind == WORK_SMALL;
}

static void add_range(struct strbuf *sql, const struct job *job, const struct table *table,
                      const char *word)
{
    const struct work *work = job->work;
    bool ctid = strcmp(table->split_by, "ctid") == 0;
    const char *column = ctid ? "ctid" : table->split_key;
    const char *type = ctid ? "::pg_catalog.tid" : "";
    strbuf_addf(sql, " %s ", word);
    if (work->low != NULL)
        strbuf_addf(sql, "%s >= '%s'%s%s", column, work->low, type,
                    work->high != NULL ? " AND " : "");
    if (work->high != NULL) {
        /* Rows without a key belong to the first part. */
        bool nulls = !ctid && work->low == NULL;
        strbuf_addf(sql, "%s%s < '%s'%s", nulls ? "(" : "", column, work->high, type);
        if (nulls)
            strbuf_addf(sql, " OR %s IS NULL)", column);
    }
}

void copy_add_whole(struct strbuf *sql, const struct table *table)
{
    bool columns = *table->columns != '\0';
    strbuf_add(sql, columns ? "COPY " : "COPY (SELECT FROM ONLY ");
    add_table(sql, table);
    if (columns)
        strbuf_addf(sql, " (%s)", table->columns);
    strbuf_addf(sql, "%s TO STDOUT (FORMAT %s)", columns ? "" : ")", table->format);
}

static void add_out(struct strbuf *sql, const struct job *job, const struct table *table)
{
    bool ranged = job->work->low != NULL || job->work->high != NULL;
    if (!ranged && job->work->kind != WORK_CONFIG && table->condition == NULL) {
        copy_add_whole(sql, table);
    } else {
        strbuf_addf(sql, "COPY (SELECT %s FROM ONLY ", table->columns);
        add_table(sql, table);
        strbuf_addf(sql, " %s", table->condition == NULL ? "" : table->condition);
        if (ranged)
            add_range(sql, job, table, table->condition == NULL ? "WHERE" : "AND");
        strbuf_addf(sql, ") TO STDOUT (FORMAT %s)", table->format);
    }
    strbuf_add(sql, ";");
}

/* The run has not made the table, nor an extension that it brings. */
static bool was_there(const struct job *job, const struct table *table)
{
    int64_t makes = CONTENT_SCHEMA | (table->is_config ? CONTENT_EXTENSIONS : 0);
    return (job->settings->contents & makes) == 0;
}

/* Fails with NOT_EMPTY in its text when somebody has put rows there. A split table that begins
 * again in another snapshot has those that this run put there. */
static void add_must_be_empty(struct strbuf *sql, const struct job *job, const struct table *table)
{
    strbuf_add(sql, "UPDATE pghaul.done SET rows = ('" NOT_EMPTY " ' || item)::pg_catalog.int8"
                    " WHERE EXISTS (SELECT FROM ");
    add_only_table(sql, table);
    strbuf_addf(sql,
                " %s) AND run = '%s' AND item = %" PRId64 " AND snapshot = %" PRId64
                " AND NOT EXISTS (SELECT FROM pghaul.done e WHERE e.run = done.run"
                " AND e.item = done.item AND e.snapshot <> done.snapshot);",
                table->condition == NULL ? "" : table->condition, job->run->uuid, job->work->id,
                job->snapshot->seq);
}

static void add_lock(struct strbuf *sql, const struct table *table)
{
    strbuf_add(sql, "LOCK TABLE ");
    add_only_table(sql, table);
    strbuf_add(sql, ";");
}

/* Of a table that was there a condition means a share of the rows: others stay. */
static bool may_truncate(const struct job *job, const struct table *table)
{
    return !table->no_truncate && !(was_there(job, table) && table->condition != NULL);
}

/* Between the look at the rows that are there and the end of the transaction nobody else may add
 * any: they would be removed, or be the same ones again, of another run. A role that may only
 * insert can take no such lock, and removes nothing. */
static void add_lock_out(struct strbuf *sql, const struct table *table)
{
    scoped(drop_strbuf) struct strbuf block = STRBUF_EMPTY;
    strbuf_add(&block, "BEGIN LOCK TABLE ");
    add_only_table(&block, table);
    strbuf_add(&block, " IN SHARE ROW EXCLUSIVE MODE;"
                       " EXCEPTION WHEN insufficient_privilege THEN NULL; END");
    strbuf_add(sql, "DO ");
    strbuf_add_literal(sql, block.text);
    strbuf_add(sql, ";");
}

/* TRUNCATE ONLY, because plain TRUNCATE empties loaded children too. */
static void add_emptying(struct strbuf *sql, const struct job *job, const struct table *table,
                         bool truncate)
{
    if (was_there(job, table) && truncate)
        add_lock(sql, table);
    else if (was_there(job, table))
        add_lock_out(sql, table);
    if (was_there(job, table) && !job->settings->truncate)
        add_must_be_empty(sql, job, table);
    if (truncate) {
        strbuf_add(sql, "TRUNCATE ");
        add_only_table(sql, table);
        strbuf_add(sql, ";");
    } else if (!was_there(job, table) || job->settings->truncate || job->work->kind == WORK_EMPTY ||
               job->work->kind == WORK_CONFIG) {
        bool share = was_there(job, table) || job->work->kind == WORK_CONFIG;
        strbuf_add(sql, "DELETE FROM ");
        add_only_table(sql, table);
        strbuf_addf(sql, " %s;", share && table->condition != NULL ? table->condition : "");
    }
}

/* Neither triggers, rules nor keys of a table that was there may fire; keys are verified later. */
static void add_silence(struct strbuf *sql, const struct table *table)
{
    if (table->is_guarded)
        strbuf_add(sql, "SET LOCAL session_replication_role = replica;");
}

void copy_add_in(struct strbuf *sql, const struct table *from, const struct table *to, bool frozen)
{
    strbuf_add(sql, "COPY ");
    add_table(sql, to);
    if (*from->columns != '\0')
        strbuf_addf(sql, " (%s)", from->columns);
    /* A table truncated in the same transaction may be written frozen: no VACUUM later. */
    strbuf_addf(sql, " FROM STDIN (FORMAT %s%s)", from->format, frozen ? ", FREEZE" : "");
}

/* `from` is the table of the source, `table` the one that its rows go to. */
static void add_in(struct strbuf *sql, const struct job *job, const struct table *from,
                   const struct table *table)
{
    bool tiny = table->bytes <= TINY_TABLE;
    bool asked = was_there(job, table) && job->settings->truncate;
    bool truncate = is_whole(job->work) && (!tiny || asked) && may_truncate(job, table);
    add_silence(sql, table);
    if (is_whole(job->work) && tiny && !was_there(job, table))
        add_lock(sql, table);
    if (job->work->kind != WORK_PART)
        add_emptying(sql, job, table, truncate);
    copy_add_in(sql, from, table, truncate && !table->is_root);
}

/* ---- the job ---- */

static void on_moved(void *arg, int64_t bytes)
{
    struct job *job = arg;
#ifdef PGHAUL_FAILPOINTS
    struct fault ignored;
    (void)failpoint_visit("copy.moving", &ignored);
#endif
    job->moved(job, bytes);
}

bool copy_check_rows(const struct relay *relay, struct fault *why)
{
    if (relay->rows_read == relay->rows_written)
        return true;
    return fault_set(why, FAULT_ROW_COUNT,
                     "the source sent %" PRId64 " rows, the target counted %" PRId64,
                     relay->rows_read, relay->rows_written);
}

static bool compare_counts(const struct table *table, const struct relay *relay, struct fault *why)
{
    if (strtoll(relay->after, NULL, 10) != table->filenode)
        return changed(table, "was rewritten while it was copied", why);
    return copy_check_rows(relay, why);
}

/* A small table gets its indexes, keys and statistics in the same transaction. */
static bool add_rest(struct strbuf *sql, struct job *job, const struct table *table,
                     struct fault *why)
{
    strbuf_add(sql, "SET LOCAL max_parallel_maintenance_workers = 0;");
    if (!ddl_add_all(sql, job, table->oid, why))
        return false;
    return !table->is_analyzed || table->is_carried || statistics_add(sql, job, table, why);
}

/* These may fail without harm, so they are a step of their own. */
static bool carry(struct job *job, const struct table *table, struct strbuf *sql, struct fault *why)
{
    if (!table->is_analyzed || !table->is_carried)
        return true;
    if (!conn_run(job->target, strbuf_text(sql), why) || !statistics_carry(job, table, why))
        return false;
    strbuf_clear(sql);
    return true;
}

/* The table whose rows are copied, and the one that they go to. */
static bool get_tables(struct job *job, struct table *ret_from, struct table *ret_to,
                       struct fault *why)
{
    const struct work *work = job->work;
    return table_get(job->db, work->leaf != 0 ? work->leaf : work->object, ret_from, why) &&
           table_get(job->db, work->object, ret_to, why);
}

bool show_copy(struct job *job, struct shown *shown, struct fault *why)
{
    scoped(drop_table) struct table from = {.owned = NULL};
    scoped(drop_table) struct table table = {.owned = NULL};
    if (!get_tables(job, &from, &table, why))
        return false;
    add_out(&shown->source, job, &from);
    add_in(&shown->target, job, &from, &table);
    strbuf_add(&shown->target, ";");
    return job->work->kind != WORK_SMALL || (add_rest(&shown->target, job, &table, why) &&
                                             (!table.is_analyzed || !table.is_carried ||
                                              statistics_add(&shown->target, job, &table, why)));
}

static bool commit(struct job *job, const struct table *table, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    FAILPOINT("copy.before_commit", why);
    if (job->work->kind == WORK_SMALL &&
        (!add_rest(&sql, job, table, why) || !carry(job, table, &sql, why)))
        return false;
    done_add_counts(&sql, job, job->rows, job->bytes);
    strbuf_add(&sql, "COMMIT");
    if (!conn_run(job->target, sql.text, why))
        return false;
    FAILPOINT("copy.after_commit", why);
    return true;
}

/* On the target somebody has written to a table that was empty when it was planned. */
static bool refused(struct job *job, const struct table *table, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    if (done_already(job, why))
        return true;
    if (strstr(why->text, NOT_EMPTY) == NULL)
        return false;
    strbuf_add_name(&name, table->nspname, table->relname);
    return fault_set(why, FAULT_TARGET_HAS_ROWS, "table %s on the target has rows", name.text);
}

bool job_copy(struct job *job, struct fault *why)
{
    scoped(drop_table) struct table from = {.owned = NULL};
    scoped(drop_table) struct table table = {.owned = NULL};
    scoped(drop_strbuf) struct strbuf out = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf in = STRBUF_EMPTY;
    if (!get_tables(job, &from, &table, why) || !hold_table(job, &from, why))
        return false;
    add_out(&out, job, &from);
    add_check(&out, &from);
    done_add_begin(&in, job, 0, true);
    add_in(&in, job, &from, &table);
    FAILPOINT("copy.begun", why);
    struct relay relay = {.out_sql = out.text,
                          .in_sql = in.text,
                          .moved = on_moved,
                          .arg = job,
                          .throttle = job->throttle};
    if (!relay_run(&relay, job->source, job->target, why)) {
        /* The source's transaction is aborted up to the savepoint, too. */
        job->held_table = 0;
        return refused(job, &table, why);
    }
    job->rows = relay.rows_written;
    job->bytes = relay.bytes;
    return compare_counts(&from, &relay, why) && commit(job, &table, why);
}

static void add_empty(struct strbuf *sql, const struct job *job, const struct table *table)
{
    add_silence(sql, table);
    add_emptying(sql, job, table, may_truncate(job, table));
}

bool show_empty(struct job *job, struct shown *shown, struct fault *why)
{
    scoped(drop_table) struct table table = {.owned = NULL};
    if (!table_get(job->db, job->work->object, &table, why))
        return false;
    add_empty(&shown->target, job, &table);
    return true;
}

/* Split tables are emptied once, before their first part. */
bool job_empty(struct job *job, struct fault *why)
{
    scoped(drop_table) struct table table = {.owned = NULL};
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!table_get(job->db, job->work->object, &table, why))
        return false;
    done_add_begin(&sql, job, 0, true);
    add_empty(&sql, job, &table);
    strbuf_add(&sql, "COMMIT");
    if (!conn_run(job->target, sql.text, why) && !refused(job, &table, why))
        return false;
    FAILPOINT("empty.after_commit", why);
    return true;
}
