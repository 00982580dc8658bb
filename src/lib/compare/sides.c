/*
 * sides.c - what both sides have, and what of it is compared with what.
 *
 * Tables meet by name. Partitions do, too, unless they are named otherwise on the other side: then
 * the whole partitioned table is one pair, whose sums are those of its partitions.
 */
#include "compare/compare.h"
#include "compare/find.h"
#include "compare/pool.h"
#include "compare/row.h"

#include "base/scoped.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "plan/ask.h"

#include <inttypes.h>

enum { FIRST_OLD = 120000 };

const char *compare_encoding(const char *source, const char *target)
{
    /* A server that does not know what its bytes mean turns them into nothing else. */
    static const char unknown[] = "SQL_ASCII";
    return strcmp(source, unknown) == 0 || strcmp(target, unknown) == 0 ? unknown : "UTF8";
}

bool compare_one_encoding(const struct compare *compare)
{
    return strcmp(conn_database_encoding(compare->sides[SIDE_SOURCE].holder),
                  conn_database_encoding(compare->sides[SIDE_TARGET].holder)) == 0;
}

struct reading {
    struct db *db;
    enum side side;
};

static bool on_relation(void *arg, const struct rows *row, struct fault *why)
{
    const struct reading *r = arg;
    return db_run(r->db, why, SQL_SIDE_RELATION_INSERT, "disssiiiidssd", (int)r->side,
                  rows_int(row, 0, 0), rows_text(row, 0, 1), rows_text(row, 0, 2),
                  rows_text(row, 0, 3), rows_int(row, 0, 4), rows_int(row, 0, 5),
                  rows_int(row, 0, 6), rows_int(row, 0, 7), (int)rows_bool(row, 0, 8),
                  rows_text(row, 0, 9), rows_text(row, 0, 10), (int)rows_bool(row, 0, 11));
}

/* Sizes tell how to part what is read. Those of tables that are locked are not looked at; of one
 * that is locked just then, none are. */
static bool read_side(struct compare *compare, enum side side, struct fault *why)
{
    struct reading reading = {compare->db, side};
    struct conn *conn = compare->sides[side].holder;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf unlocked = STRBUF_EMPTY;
    ask_add(&sql, ASK_COMPARED, conn_version(conn), NULL);
    ask_add_unlocked(&unlocked, ASK_COMPARED, conn_version(conn), NULL);
    return conn_stream(conn, sql.text, on_relation, &reading, why) ||
           (pool_locked_out(why) && snapshot_let_go(conn, why) &&
            db_run(compare->db, why, SQL_SIDE_FORGET, "d", (int)side) &&
            conn_stream(conn, unlocked.text, on_relation, &reading, why)) ||
           fault_during(why, "reading the relations of the %s", side_word(side));
}

/* ---- pairs ---- */

static bool pair_all(const struct compare *compare, struct fault *why)
{
    static const int choosing[] = {SQL_SIDE_CHOOSE_TABLES, SQL_SIDE_CHOOSE_SEQUENCES};
    static const int pairing[] = {SQL_PAIR_INSERT_PARTITIONED, SQL_PAIR_TAKE_PARTITIONS,
                                  SQL_PAIR_INSERT_TABLES, SQL_PAIR_TAKE_TABLES,
                                  SQL_PAIR_TAKE_PARTITIONS};
    static const int marking[] = {SQL_PAIR_MARK_MISSING, SQL_PAIR_MARK_UNPOPULATED};
    struct db *db = compare->db;
    return db_run_all(db, choosing, sizeof choosing / sizeof choosing[0], why) &&
           (!compare->live || db_run(db, why, SQL_SIDE_CHOOSE_FOLLOWED, "")) &&
           db_run_all(db, pairing, sizeof pairing / sizeof pairing[0], why) &&
           (!compare->everything || db_run(db, why, SQL_PAIR_INSERT_EXTRA, "")) &&
           db_run_all(db, marking, sizeof marking / sizeof marking[0], why);
}

struct columns {
    struct db *db;
    enum row_hash hash;
    bool old, other_lengths;
};

static bool on_pair(void *arg, const struct stmt *row, struct fault *why)
{
    const struct columns *c = arg;
    scoped(drop_row_sql) struct row_sql sql = {.row = STRBUF_EMPTY};
    int64_t id = stmt_int(row, 0);
    if (strcmp(stmt_text(row, 1), "sequence") == 0)
        return db_run(c->db, why, SQL_PAIR_SET_SQL, "sssssssi", "ROW(last_value, is_called)",
                      "ROW(pg_catalog.int8send(last_value), is_called)", "", "",
                      "last_value, is_called", "", "", id);
    struct row_wish wish = {
        .source = stmt_text(row, 2),
        .key = stmt_text(row, 3),
        .target = stmt_text(row, 4),
        .share = stmt_text(row, 6),
        .old = c->old,
        .other_lengths = c->other_lengths,
    };
    row_make(&sql, &wish);
    return db_run(c->db, why, SQL_PAIR_SET_SQL, "sssssssi", sql.row.text,
                  c->hash == ROW_HASH_VALUES ? sql.values.text : sql.row.text,
                  strbuf_text(&sql.seed), strbuf_text(&sql.key), strbuf_text(&sql.columns),
                  stmt_text(row, 5), strbuf_text(&sql.note), id);
}

static bool set_columns(const struct compare *compare, struct fault *why)
{
    struct columns columns = {.db = compare->db, .hash = compare->hash};
    columns.other_lengths =
        strcmp(compare->encoding, "SQL_ASCII") == 0 && !compare_one_encoding(compare);
    for (int side = 0; side < SIDES; side++)
        columns.old = columns.old || conn_version(compare->sides[side].holder) < FIRST_OLD;
    return catalog_list(compare->db, SQL_PAIR_LIST_COLUMNS, 0, on_pair, &columns, why);
}

/* ---- large objects ---- */

static bool add_objects(struct compare *compare, int64_t pair, int64_t low, int64_t high,
                        struct fault *why)
{
    for (int side = 0; side < SIDES; side++)
        if (!db_run(compare->db, why, SQL_PART_INSERT, "diiiii", side, pair, INT64_C(0), low, high,
                    INT64_C(0)))
            return false;
    return true;
}

bool compare_make_object_parts(struct compare *compare, int64_t pair, struct fault *why)
{
    scoped(drop_rows) struct rows bounds = ROWS_NONE;
    int64_t low = 0;
    if (!ask_chosen(compare->sides[SIDE_SOURCE].holder, ASK_COMPARED_LARGE_OBJECTS, NULL, &bounds,
                    why))
        return false;
    for (int row = 0; row < rows_count(&bounds); row++) {
        if (!add_objects(compare, pair, low, rows_int(&bounds, row, 0), why))
            return false;
        low = rows_int(&bounds, row, 0);
    }
    return add_objects(compare, pair, low, 0, why);
}

static bool add_large_objects(struct compare *compare, struct fault *why)
{
    return db_run(compare->db, why, SQL_PAIR_INSERT_LARGE_OBJECTS, "sss",
                  "ROW(loid, content::pg_catalog.text)",
                  "ROW(loid, content::pg_catalog.text COLLATE pg_catalog.\"C\")", "ROW(loid)") &&
           compare_make_object_parts(compare, db_last_id(compare->db), why);
}

static bool read_in_write(struct db *db, void *arg, struct fault *why)
{
    struct compare *compare = arg;
    (void)db;
    return read_side(compare, SIDE_SOURCE, why) && read_side(compare, SIDE_TARGET, why) &&
           pair_all(compare, why) && set_columns(compare, why) &&
           (!compare->large_objects || add_large_objects(compare, why));
}

bool compare_read_sides(struct compare *compare, struct fault *why)
{
    return compare_choose_hash(compare, why) && db_write(compare->db, read_in_write, compare, why);
}
