/*
 * repair.c - the source's rows for those that differ.
 *
 * For a table, in one transaction: the keys that differ go to a temporary table, the target's rows
 * of these keys are deleted, and the source's are copied. Nothing fires meanwhile, or it is not
 * done. The target's rows must be those that were compared, else somebody else has written there,
 * and it is undone.
 */
#include "compare/compare.h"
#include "compare/find.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/text.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "pg/copy_in.h"
#include "pg/helper.h"
#include "pg/relay.h"
#include "plan/ask.h"

#include <inttypes.h>

enum { BATCH = 50000, PIECE = 1 << 20 };

struct repair {
    struct compare *compare;
    struct pool *pool;
    struct conn *target;
    const struct pair *pair;
    const char *columns; /* that are written: without generated ones */
    bool part;           /* only some of its rows or columns are compared */
    int64_t source_rows;
    struct sum expected; /* the target's rows that are to go, as they were compared */
    int64_t keys;
};

static bool refuse(struct fault *why, const char *reason)
{
    return fault_set(why, FAULT_COMPARE_NOT_REPAIRED, "%s", reason);
}

/* ---- what would fire ---- */

/* Without the right to switch triggers off, rows may go only where nothing fires. */
static bool keep_quiet(struct repair *r, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    const char *const values[] = {r->pair->nspname.text, r->pair->relname.text};
    struct fault denied;
    if (!conn_run(r->target, "SAVEPOINT pghaul_quiet", why))
        return false;
    bool quiet = conn_run(r->target, "SET LOCAL session_replication_role = replica", &denied);
    if (!quiet && (conn_broken(r->target) ||
                   !conn_run(r->target, "ROLLBACK TO SAVEPOINT pghaul_quiet", why))) {
        *why = denied;
        return false;
    }
    if (!ask_with(r->target, ASK_COMPARED_FIRING, 2, values, &rows, why))
        return false;
    const char *firing = rows_text(&rows, 0, quiet ? 1 : 2);
    return *firing == '\0' || fault_set(why, FAULT_COMPARE_NOT_REPAIRED, "%s would fire", firing);
}

/* ---- the keys ---- */

static bool put_key(void *arg, const struct found *found, struct fault *why)
{
    struct repair *r = arg;
    char line[128];
    int length = snprintf(line, sizeof line, "%" PRId64 "\t%s\t%c\n", r->keys++, found->id,
                          found->source > 0 ? 't' : 'f');
    r->source_rows += found->source;
    sum_add(&r->expected, found->target_sum);
    return copy_in_put(r->target, line, (size_t)length, why);
}

static bool put_keys(struct repair *r, struct fault *why)
{
    int64_t put;
    if (!conn_run(r->target,
                  "CREATE TEMPORARY TABLE pghaul_repair (n pg_catalog.int8, id pg_catalog.uuid,"
                  " written pg_catalog.bool) ON COMMIT DROP",
                  why) ||
        !copy_in_begin(r->target, "COPY pg_temp.pghaul_repair FROM STDIN", why))
        return false;
    if (!find_each_row(r->compare, r->pool, r->pair->id, put_key, r, why)) {
        struct fault ignored; /* the first one tells */
        copy_in_end(r->target, "pghaul: stopped", &put, &ignored);
        return false;
    }
    return copy_in_end(r->target, NULL, &put, why) &&
           conn_run(r->target, "ANALYZE pg_temp.pghaul_repair", why);
}

/* ---- the rows ---- */

struct names {
    struct strbuf *sql;
    const char *before; /* each name */
    const char *after;
};

static bool add_each(struct repair *r, enum side side, const struct names *names,
                     const char *between, struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(r->compare->db, SQL_PAIR_RELATIONS, why);
    bool row = true;
    if (stmt == NULL || !stmt_bind(stmt, why, "id", r->pair->id, (int)side))
        return false;
    for (int count = 0; row; count++) {
        if (!stmt_step(stmt, &row, why))
            return false;
        if (!row)
            break;
        strbuf_addf(names->sql, "%s%s", count == 0 ? "" : between, names->before);
        strbuf_add_qualified(names->sql, stmt_text(stmt, 0), stmt_text(stmt, 1));
        strbuf_add(names->sql, names->after);
    }
    return true;
}

/* Each relation on its own, so that children of a table by inheritance stay. */
static bool delete_rows(struct repair *r, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf after = STRBUF_EMPTY;
    struct names names = {&sql, "DELETE FROM ONLY ", NULL};
    strbuf_add(&after, " WHERE ");
    pair_add_id(&after, r->pair);
    strbuf_add(&after, " IN (SELECT k.id FROM pg_temp.pghaul_repair k);");
    names.after = after.text;
    return add_each(r, SIDE_TARGET, &names, "", why) &&
           (sql.length == 0 || conn_run(r->target, sql.text, why));
}

/* The target may have changed since it was compared. The table is locked by now. */
static bool check_rows(struct repair *r, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf before = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf after = STRBUF_EMPTY;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    struct sum found;
    strbuf_add(&before, " UNION ALL SELECT ");
    hash_add_md5(&before, r->pair->row_sql.text);
    strbuf_add(&before, " FROM ONLY ");
    strbuf_add(&after, " WHERE ");
    pair_add_id(&after, r->pair);
    strbuf_add(&after, " IN (SELECT k.id FROM pg_temp.pghaul_repair k)");
    struct names names = {&sql, before.text, after.text};
    strbuf_add(&sql,
               "SELECT " HASH_MD5_SUMS " FROM (SELECT NULL::pg_catalog.bit(128) AS h WHERE false");
    if (!add_each(r, SIDE_TARGET, &names, "", why))
        return false;
    strbuf_add(&sql, ") x");
    return conn_query(r->target, sql.text, &rows, why) && sum_read(&rows, 0, &found, why) &&
           (sum_is_same(&found, &r->expected) ||
            refuse(why, "somebody has written to its rows since they were compared"));
}

static bool copy_batch(struct repair *r, const char *ids, int64_t *ret_rows, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf out = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf in = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf before = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf after = STRBUF_EMPTY;
    struct names names = {.sql = &out};
    strbuf_addf(&before, "SELECT %s FROM ONLY ", r->columns);
    strbuf_add(&after, " WHERE ");
    pair_add_id(&after, r->pair);
    strbuf_addf(&after, " IN (SELECT pg_catalog.unnest('{%s}'::pg_catalog.uuid[]))", ids);
    names.before = before.text;
    names.after = after.text;
    strbuf_add(&out, "COPY (");
    if (!add_each(r, SIDE_SOURCE, &names, " UNION ALL ", why))
        return false;
    strbuf_add(&out, ") TO STDOUT");
    strbuf_add(&in, "COPY ");
    strbuf_add_qualified(&in, r->pair->nspname.text, r->pair->relname.text);
    strbuf_addf(&in, " (%s) FROM STDIN", r->columns);
    struct relay relay = {.out_sql = out.text, .in_sql = in.text};
    if (!relay_run(&relay, r->compare->sides[SIDE_SOURCE].holder, r->target, why))
        return false;
    *ret_rows += relay.rows_written;
    return true;
}

static bool copy_rows(struct repair *r, struct fault *why)
{
    int64_t copied = 0;
    for (int64_t at = 0; at < r->keys; at += BATCH) {
        scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
        scoped(drop_rows) struct rows ids = ROWS_NONE;
        strbuf_addf(&sql,
                    "SELECT pg_catalog.string_agg(id::pg_catalog.text, ',') FROM"
                    " pg_temp.pghaul_repair WHERE written AND n >= %" PRId64 " AND n < %" PRId64,
                    at, at + BATCH);
        if (!conn_query(r->target, sql.text, &ids, why))
            return false;
        if (!rows_null(&ids, 0, 0) && !copy_batch(r, rows_text(&ids, 0, 0), &copied, why))
            return false;
    }
    return copied == r->source_rows ||
           fault_set(why, FAULT_COMPARE_NOT_REPAIRED,
                     "the source gave %" PRId64 " rows where %" PRId64 " were compared", copied,
                     r->source_rows);
}

static bool lock_table(struct repair *r, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    strbuf_add(&sql, "LOCK TABLE ");
    strbuf_add_qualified(&sql, r->pair->nspname.text, r->pair->relname.text);
    strbuf_add(&sql, " IN SHARE ROW EXCLUSIVE MODE");
    return conn_run(r->target, sql.text, why);
}

/* What the target does not compute would be lost, were it not copied. */
static bool is_fit(struct repair *r, struct fault *why)
{
    const char *const values[] = {r->pair->nspname.text, r->pair->relname.text};
    scoped(drop_rows) struct rows source = ROWS_NONE;
    scoped(drop_rows) struct rows target = ROWS_NONE;
    struct conn *holder = r->compare->sides[SIDE_SOURCE].holder;
    if (!ask_with(holder, ASK_COMPARED_COMPUTED, 2, values, &source, why) ||
        !snapshot_let_go(holder, why) ||
        !ask_with(r->target, ASK_COMPARED_COMPUTED, 2, values, &target, why))
        return false;
    if (rows_count(&source) == 0 || rows_count(&target) == 0)
        return refuse(why, "it is not there any more");
    if (*rows_text(&target, 0, 0) == 'm')
        return refuse(why, "it is a materialized view: REFRESH MATERIALIZED VIEW fills it");
    return strcmp(rows_text(&source, 0, 1), rows_text(&target, 0, 1)) == 0 ||
           fault_set(why, FAULT_COMPARE_NOT_REPAIRED,
                     "not the same columns are generated on both sides: source (%s), target (%s)",
                     rows_text(&source, 0, 1), rows_text(&target, 0, 1));
}

static bool replace_rows(struct repair *r, bool dry, struct fault *why)
{
    if (r->pair->note.length > 0)
        return refuse(why, r->pair->note.text);
    if (r->part)
        return refuse(why, "only a part of it is compared");
    if (*r->columns == '\0')
        return refuse(why, "it has no column that could be written");
    return is_fit(r, why) && keep_quiet(r, why) &&
           (dry || (lock_table(r, why) && put_keys(r, why) && check_rows(r, why) &&
                    delete_rows(r, why) && copy_rows(r, why)));
}

/* ---- sequences ---- */

static bool set_sequence(struct repair *r, bool dry, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_rows) struct rows value = ROWS_NONE;
    struct conn *source = r->compare->sides[SIDE_SOURCE].holder;
    strbuf_add_qualified(&name, r->pair->nspname.text, r->pair->relname.text);
    strbuf_addf(&sql, "SELECT last_value, is_called FROM %s", name.text);
    if (!conn_query(source, sql.text, &value, why) || !snapshot_let_go(source, why))
        return false;
    strbuf_clear(&sql);
    strbuf_add(&sql, "SELECT pg_catalog.setval(");
    strbuf_add_literal(&sql, name.text);
    strbuf_addf(&sql, ", %s, %s)", rows_text(&value, 0, 0),
                rows_bool(&value, 0, 1) ? "true" : "false");
    return dry || conn_run(r->target, sql.text, why);
}

/* ---- large objects ---- */

static bool copy_object(struct repair *r, const char *oid, struct fault *why)
{
    struct conn *source = r->compare->sides[SIDE_SOURCE].holder;
    for (int64_t at = 0;; at += PIECE) {
        char from[24], size[24];
        scoped(drop_rows) struct rows piece = ROWS_NONE;
        snprintf(from, sizeof from, "%" PRId64, at);
        snprintf(size, sizeof size, "%d", PIECE);
        const char *const wanted[] = {oid, from, size};
        if (!conn_query_params(source, "SELECT pg_catalog.lo_get($1::pg_catalog.oid, $2, $3)", 3,
                               wanted, &piece, why))
            return false;
        const char *const put[] = {oid, from, rows_text(&piece, 0, 0)};
        if (strlen(put[2]) <= 2)
            return true;
        if (!conn_query_params(r->target, "SELECT pg_catalog.lo_put($1::pg_catalog.oid, $2, $3)", 3,
                               put, NULL, why))
            return false;
    }
}

/* What is there stays the same object, with its owner and privileges. */
static bool replace_object(void *arg, const struct found *found, struct fault *why)
{
    struct repair *r = arg;
    char oid[16];
    snprintf(oid, sizeof oid, "%.*s", (int)strspn(found->shown + 1, "0123456789"),
             found->shown + 1);
    const char *const values[] = {oid};
    const char *sql = found->source == 0   ? "SELECT pg_catalog.lo_unlink($1::pg_catalog.oid)"
                      : found->target == 0 ? "SELECT pg_catalog.lo_create($1::pg_catalog.oid)"
                                           : "SELECT pg_catalog.lo_truncate64(pg_catalog.lo_open("
                                             "$1::pg_catalog.oid, 131072), 0)";
    return conn_query_params(r->target, sql, 1, values, NULL, why) &&
           (found->source == 0 || copy_object(r, oid, why));
}

/* ---- one after the other ---- */

static bool replace_any(struct repair *r, bool dry, struct fault *why)
{
    const char *kind = r->pair->kind.text;
    if (strcmp(kind, "sequence") == 0)
        return set_sequence(r, dry, why);
    if (strcmp(kind, "large objects") == 0)
        return dry || find_each_row(r->compare, r->pool, r->pair->id, replace_object, r, why);
    return replace_rows(r, dry, why);
}

static bool columns_of(struct compare *compare, int64_t pair, struct strbuf *columns,
                       bool *ret_part, struct fault *why)
{
    scoped(drop_stmt) struct stmt *row = db_stmt(compare->db, SQL_PAIR_WRITTEN_COLUMNS, why);
    bool found;
    if (row == NULL || !stmt_bind(row, why, "i", pair) || !stmt_step(row, &found, why))
        return false;
    strbuf_add(columns, found ? stmt_text(row, 0) : "");
    *ret_part = found && stmt_int(row, 1) != 0;
    return true;
}

static bool in_transaction(struct repair *r, bool dry, struct fault *why)
{
    struct fault ignored; /* the first one tells */
    if (!conn_run(r->target, "BEGIN", why))
        return false;
    if ((dry || helper_mark(r->target, why)) && replace_any(r, dry, why)) {
        FAILPOINT("compare.before_repaired", why);
        return conn_run(r->target, dry ? "ROLLBACK" : "COMMIT", why);
    }
    if (!conn_broken(r->target))
        conn_run(r->target, "ROLLBACK", &ignored);
    if (!conn_broken(r->compare->sides[SIDE_SOURCE].holder))
        snapshot_let_go(r->compare->sides[SIDE_SOURCE].holder, &ignored);
    return false;
}

static bool note_refused(struct compare *compare, int64_t pair, const char *reason,
                         struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    strbuf_addf(&text, "not repaired: %s", reason);
    return db_run(compare->db, why, SQL_PAIR_SET_NOTE, "si", text.text, pair);
}

struct repairing {
    struct compare *compare;
    struct pool *pool;
    struct conn *target;
    bool dry;
};

static bool repair_pair(void *arg, int64_t id, struct fault *why)
{
    const struct repairing *r = arg;
    struct compare *compare = r->compare;
    struct conn *target = r->target;
    bool dry = r->dry;
    scoped(drop_pair) struct pair pair = {.id = 0};
    scoped(drop_strbuf) struct strbuf columns = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    bool part;
    if (!pair_get(compare->db, id, &pair, why) || !columns_of(compare, id, &columns, &part, why))
        return false;
    pair_add_name(&name, &pair);
    if (strcmp(pair.kind.text, "sequence") == 0)
        strbuf_clear(&pair.note);
    struct repair repair = {
        .compare = compare,
        .pool = r->pool,
        .target = target,
        .pair = &pair,
        .columns = strbuf_text(&columns),
        .part = part,
    };
    if (in_transaction(&repair, dry, why)) {
        log_info(dry ? "would repair %s" : "repaired %s", name.text);
        return dry || db_run(compare->db, why, SQL_PAIR_SET_REPAIRED, "i", id);
    }
    if (conn_broken(target) || conn_broken(compare->sides[SIDE_SOURCE].holder) ||
        compare->leash->wish != LEASH_GO)
        return fault_during(why, "repairing %s", name.text);
    log_warning("%s is not repaired: %s", name.text, why->text);
    return note_refused(compare, id, why->text, why);
}

bool compare_repair(struct compare *compare, struct conn *target, bool dry, struct fault *why)
{
    scoped(drop_pool) struct pool *pool = pool_new(compare);
    struct repairing repairing = {compare, pool, target, dry};
    return pair_each_different(compare->db, repair_pair, &repairing, why);
}
