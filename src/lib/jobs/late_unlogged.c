/*
 * late_unlogged.c - unlogged tables, copied anew at the end: WAL has nothing of what changes there.
 *
 * Which tables these are and what columns they have is asked of the source as it is then. Some
 * hundreds at a time are locked, and only then is the snapshot taken that all of them are read in:
 * what was truncated or rewritten under an older one would read empty, without any error.
 */
#include "jobs/late.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "catalog/filter.h"
#include "catalog/landing.h"
#include "catalog/position.h"
#include "jobs/copy.h"
#include "plan/ask.h"
#include "plan/selection.h"

#include <inttypes.h>

enum {
    TABLES = 500, /* locked at once */
    /* Of a usual server, for a guess: */
    BYTES_IN_MS = 50000,
    MS_FOR_TABLE = 5,
};

struct copying {
    const struct late *late;
    struct late_unlogged_counts *counts;
    struct selection selection;
    struct strbuf oids;  /* "{1,2}" of the tables that are copied now */
    struct strbuf names; /* … for LOCK TABLE */
    int chosen;
};

static void drop_copying(struct copying *copying)
{
    drop_selection(&copying->selection);
    drop_strbuf(&copying->oids);
    drop_strbuf(&copying->names);
}

static bool is_wanted(const struct late *late, bool *ret_wanted, struct fault *why)
{
    int64_t items;
    if (!work_kind_count(late->db, WORK_LAST_UNLOGGED, &items, why))
        return false;
    *ret_wanted = items > 0;
    return true;
}

/* Columns of ASK_UNLOGGED_NOW. */
enum { OID, SCHEMA, NAME, BYTES };

enum { CLASS_RELATION = 1259 };

static void add_tables(struct strbuf *sql, const struct late *late,
                       const struct selection *selection, int64_t after)
{
    ask_add(sql, ASK_UNLOGGED_NOW, conn_version(late->source), selection->chosen);
    strbuf_addf(sql, " AND c.oid > %" PRId64 " AND c.oid <> ALL ('{%s}'::pg_catalog.oid[])", after,
                selection->no_data == NULL ? "" : selection->no_data);
}

/* ---- which of them are copied ---- */

static bool leave(struct copying *c, const struct rows *rows, int row, const char *reason,
                  struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    strbuf_add(&text, "unlogged table ");
    strbuf_add_name(&text, rows_text(rows, row, SCHEMA), rows_text(rows, row, NAME));
    strbuf_addf(&text, " is not copied anew: %s", reason);
    c->counts->left++;
    return warn_lines(c->late->db, text.text, why);
}

static bool choose(struct copying *c, const struct rows *rows, int row, struct fault *why)
{
    bool known, left_out;
    int64_t oid = rows_int(rows, row, OID);
    scoped(drop_landing) struct landing landing = {.root = 0};
    if (!position_knows_relation(c->late->db, oid, &known, why) ||
        !left_out_has(c->late->db, CLASS_RELATION, oid, &left_out, why) ||
        !landing_get(c->late->db, (uint32_t)oid, &landing, why))
        return false;
    /* Of a way back: what the run has not brought. */
    if (left_out)
        return true;
    if (!known)
        return leave(c, rows, row, "it has come to the source after the run was planned", why);
    if (landing.root != 0)
        return leave(c, rows, row,
                     "on the target its rows are in one table with those of other partitions", why);
    strbuf_addf(&c->oids, "%s%" PRId64, c->chosen == 0 ? "{" : ",", oid);
    strbuf_add(&c->names, c->chosen == 0 ? "LOCK TABLE ONLY " : ", ONLY ");
    strbuf_add_qualified(&c->names, rows_text(rows, row, SCHEMA), rows_text(rows, row, NAME));
    c->chosen++;
    return true;
}

/* ---- one table ---- */

/* Columns of ASK_TABLES. */
enum { NOW_OID = 0, NOW_SCHEMA = 1, NOW_NAME = 2, NOW_COLUMNS = 9, NOW_TYPES = 10 };

/* What was planned as binary is so as long as both sides' columns are as they were. */
static void take_over(struct table *table, const struct rows *now, int row)
{
    table->nspname = rows_text(now, row, NOW_SCHEMA);
    table->relname = rows_text(now, row, NOW_NAME);
    table->columns = rows_text(now, row, NOW_COLUMNS);
    if (strcmp(table->column_types, rows_text(now, row, NOW_TYPES)) != 0)
        table->format = "text";
}

/* Columns of ASK_UNLOGGED_TARGET. */
enum { MAY_TRUNCATE, SWITCH_OFF, SWITCH_ON };

static bool look_at_target(const struct late *late, const struct table *table,
                           struct rows *ret_rows, struct fault *why)
{
    const char *const values[] = {table->nspname, table->relname};
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    if (!ask_with(late->target, ASK_UNLOGGED_TARGET, 2, values, ret_rows, why))
        return false;
    strbuf_add_name(&name, table->nspname, table->relname);
    return rows_count(ret_rows) > 0 || fault_set(why, FAULT_LATE_TABLE_MISSING,
                                                 "the target has no table %s, which is unlogged on "
                                                 "the source",
                                                 name.text);
}

static void add_in(struct strbuf *sql, const struct table *table, const struct rows *target)
{
    bool truncate = rows_bool(target, 0, MAY_TRUNCATE);
    strbuf_addf(sql, "BEGIN; SET LOCAL session_replication_role = replica;%s%s",
                rows_text(target, 0, SWITCH_OFF),
                truncate ? "TRUNCATE TABLE ONLY " : "DELETE FROM ONLY ");
    strbuf_add_qualified(sql, table->nspname, table->relname);
    strbuf_add(sql, ";");
    copy_add_in(sql, table, table, truncate);
}

static void on_moved(void *arg, int64_t bytes)
{
    const struct copying *c = arg;
    if (c->late->moved != NULL)
        c->late->moved(c->late->arg, c->counts->bytes + bytes);
}

static bool copy_table(struct copying *c, const struct table *table, struct fault *why)
{
    scoped(drop_rows) struct rows target = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf out = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf in = STRBUF_EMPTY;
    if (!look_at_target(c->late, table, &target, why))
        return false;
    copy_add_whole(&out, table);
    add_in(&in, table, &target);
    struct relay relay = {.out_sql = out.text, .in_sql = in.text, .moved = on_moved, .arg = c};
    if (!relay_run(&relay, c->late->source, c->late->target, why) || !copy_check_rows(&relay, why))
        return false;
    FAILPOINT("late_unlogged.before_commit", why);
    if (!conn_runf(c->late->target, why, "%sCOMMIT", rows_text(&target, 0, SWITCH_ON)))
        return false;
    FAILPOINT("late_unlogged.after_commit", why);
    c->counts->tables++;
    c->counts->rows += relay.rows_written;
    c->counts->bytes += relay.bytes;
    return true;
}

static bool copy_named(struct copying *c, const struct rows *now, int row, struct fault *why)
{
    scoped(drop_table) struct table table = {.owned = NULL};
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    if (!table_get(c->late->db, rows_int(now, row, NOW_OID), &table, why))
        return false;
    take_over(&table, now, row);
    if (copy_table(c, &table, why))
        return true;
    strbuf_add_name(&name, table.nspname, table.relname);
    return fault_during(why, "table %s", name.text);
}

/* ---- some hundreds ---- */

static bool copy_chosen(struct copying *c, struct fault *why)
{
    struct conn *source = c->late->source;
    scoped(drop_rows) struct rows now = ROWS_NONE;
    strbuf_add(&c->oids, "}");
    strbuf_add(&c->names, " IN ACCESS SHARE MODE");
    if (!conn_runf(source, why, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; %s",
                   c->names.text)) {
        /* undefined_table: it was dropped or renamed meanwhile, and is not named so next time. */
        why->retry = why->retry || strcmp(why->sqlstate, "42P01") == 0;
        return false;
    }
    FAILPOINT("late_unlogged.locked", why);
    if (!ask_chosen(source, ASK_TABLES, c->oids.text, &now, why))
        return false;
    if (rows_count(&now) != c->chosen) {
        fault_set(why, FAULT_TABLE_CHANGED,
                  "unlogged tables were dropped or made while they were to be read");
        why->retry = true;
        return false;
    }
    for (int row = 0; row < rows_count(&now); row++)
        if (!copy_named(c, &now, row, why))
            return false;
    return conn_run(source, "COMMIT", why);
}

static bool copy_some(struct copying *c, int64_t *after, bool *ret_end, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    add_tables(&sql, c->late, &c->selection, *after);
    strbuf_addf(&sql, " ORDER BY c.oid LIMIT %d", TABLES);
    if (!conn_query(c->late->source, sql.text, &rows, why))
        return false;
    strbuf_clear(&c->oids);
    strbuf_clear(&c->names);
    c->chosen = 0;
    for (int row = 0; row < rows_count(&rows); row++) {
        *after = rows_int(&rows, row, OID);
        if (!choose(c, &rows, row, why))
            return false;
    }
    *ret_end = rows_count(&rows) < TABLES;
    return c->chosen == 0 || copy_chosen(c, why);
}

static bool copy_all(struct copying *c, struct fault *why)
{
    int64_t after = 0;
    if (!selection_now(c->late->db, c->late->source, &c->selection, why))
        return false;
    for (bool end = false; !end;)
        if (!copy_some(c, &after, &end, why))
            return false;
    return true;
}

bool late_unlogged_copy(const struct late *late, struct late_unlogged_counts *ret_counts,
                        struct fault *why)
{
    bool wanted;
    int64_t begun = clock_ms();
    struct fault ignored;
    struct late_unlogged_counts counts = {.tables = 0};
    scoped(drop_copying) struct copying copying = {.late = late, .counts = &counts};
    *ret_counts = counts;
    if (!is_wanted(late, &wanted, why))
        return false;
    if (wanted && !copy_all(&copying, why)) {
        if (!conn_broken(late->source))
            conn_run(late->source, "ROLLBACK", &ignored);
        if (!conn_broken(late->target))
            conn_run(late->target, "ROLLBACK", &ignored);
        return false;
    }
    counts.milliseconds = clock_ms() - begun;
    *ret_counts = counts;
    return true;
}

bool late_unlogged_estimate(const struct late *late, struct late_estimate *ret_estimate,
                            struct fault *why)
{
    bool wanted;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_selection) struct selection selection = {.chosen = NULL};
    *ret_estimate = (struct late_estimate){.count = 0};
    if (!is_wanted(late, &wanted, why))
        return false;
    if (!wanted)
        return true;
    if (!selection_now(late->db, late->source, &selection, why))
        return false;
    strbuf_add(&sql, "SELECT pg_catalog.count(*), coalesce(pg_catalog.sum(bytes), 0) FROM (");
    add_tables(&sql, late, &selection, 0);
    strbuf_add(&sql, ") q");
    if (!conn_query(late->source, sql.text, &rows, why))
        return false;
    ret_estimate->count = rows_int(&rows, 0, 0);
    ret_estimate->bytes = rows_int(&rows, 0, 1);
    ret_estimate->milliseconds =
        ret_estimate->bytes / BYTES_IN_MS + ret_estimate->count * MS_FOR_TABLE;
    return true;
}
