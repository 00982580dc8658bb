/*
 * source.c - reading what the source holds into the catalog.
 *
 * One query for each kind of object, streamed row by row into one prepared
 * statement of SQLite.
 */
#include "plan/plan.h"

#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "catalog/work.h"
#include "plan/ask.h"
#include "plan/back.h"
#include "plan/portion.h"
#include "plan/statistics.h"

#include <inttypes.h>

static bool stream(struct plan *plan, enum ask ask, conn_each *each, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (plan->names_only)
        ask_add_unlocked(&sql, ask, conn_version(plan->source), plan->selection->chosen);
    else
        ask_add(&sql, ask, conn_version(plan->source), plan->selection->chosen);
    return conn_stream(plan->source, sql.text, each, plan, why);
}

static const char *text_or_null(const struct rows *row, int column)
{
    return rows_null(row, 0, column) ? NULL : rows_text(row, 0, column);
}

static bool on_schema(void *arg, const struct rows *row, struct fault *why)
{
    struct plan *plan = arg;
    return db_run(plan->db, why, SQL_SCHEMA_INSERT, "is", rows_int(row, 0, 0),
                  rows_text(row, 0, 1));
}

static bool on_relation(void *arg, const struct rows *row, struct fault *why)
{
    struct plan *plan = arg;
    return db_run(plan->db, why, SQL_RELATION_INSERT, "isss", rows_int(row, 0, 0),
                  rows_text(row, 0, 1), rows_text(row, 0, 2), rows_text(row, 0, 3));
}

/* Binary where both ends are known to agree on it: an older server may read what it does not know.
 */
static const char *choose_format(const struct plan *plan, bool types_agree)
{
    if (plan->format == FORMAT_TEXT)
        return "text";
    bool versions_agree = plan->target_version / 10000 >= conn_version(plan->source) / 10000 &&
                          conn_version(plan->source) >= 100000;
    return types_agree && (versions_agree || plan->format == FORMAT_BINARY) ? "binary" : "text";
}

static bool on_table(void *arg, const struct rows *row, struct fault *why)
{
    struct plan *plan = arg;
    char kind = rows_text(row, 0, 3)[0];
    if (kind == 'r' && rows_null(row, 0, 5))
        return fault_set(why, FAULT_TABLE_GONE, "table %s.%s vanished while it was planned",
                         rows_text(row, 0, 1), rows_text(row, 0, 2));
    struct table table = {
        .oid = rows_int(row, 0, 0),
        .nspname = rows_text(row, 0, 1),
        .relname = rows_text(row, 0, 2),
        .kind = kind,
        .filenode = rows_int(row, 0, 4),
        .bytes = rows_int(row, 0, 5),
        .blocks = rows_int(row, 0, 6),
        .rows_estimate = rows_int(row, 0, 7),
        .access_method = rows_text(row, 0, 8),
        .columns = rows_text(row, 0, 9),
        .column_types = rows_text(row, 0, 10),
        .format = choose_format(plan, rows_bool(row, 0, 11)),
        .condition = text_or_null(row, 12),
        .is_config = rows_bool(row, 0, 13),
        .signature = rows_text(row, 0, 14),
        .has_data = kind == 'r',
    };
    return table_add(plan->db, &table, why);
}

static bool on_inherits(void *arg, const struct rows *row, struct fault *why)
{
    struct plan *plan = arg;
    return db_run(plan->db, why, SQL_INHERITS_INSERT, "ii", rows_int(row, 0, 0),
                  rows_int(row, 0, 1));
}

static bool on_index(void *arg, const struct rows *row, struct fault *why)
{
    struct plan *plan = arg;
    struct catalog_index index = {
        .oid = rows_int(row, 0, 0),
        .table_oid = rows_int(row, 0, 1),
        .nspname = rows_text(row, 0, 2),
        .relname = rows_text(row, 0, 3),
        .definition = rows_text(row, 0, 4),
        .tablespace = text_or_null(row, 5),
        .bytes = rows_int(row, 0, 6),
        .parent = rows_int(row, 0, 7),
        .partitioned = rows_bool(row, 0, 8),
        .marks = text_or_null(row, 9),
        .is_valid = rows_bool(row, 0, 8) || rows_bool(row, 0, 10),
    };
    return index_add(plan->db, &index, why);
}

static bool on_constraint(void *arg, const struct rows *row, struct fault *why)
{
    struct plan *plan = arg;
    struct constraint constraint = {
        .oid = rows_int(row, 0, 0),
        .table_oid = rows_int(row, 0, 1),
        .conname = rows_text(row, 0, 2),
        .kind = rows_text(row, 0, 3),
        .index_oid = rows_int(row, 0, 4),
        .by_index = rows_bool(row, 0, 5),
        .definition = rows_text(row, 0, 6),
        .suffix = rows_text(row, 0, 7),
        .ref_table = rows_int(row, 0, 8),
        .validated = rows_bool(row, 0, 9),
    };
    return constraint_add(plan->db, &constraint, why);
}

static bool on_sequence(void *arg, const struct rows *row, struct fault *why)
{
    struct plan *plan = arg;
    return db_run(plan->db, why, SQL_SEQUENCE_INSERT, "iss", rows_int(row, 0, 0),
                  rows_text(row, 0, 1), rows_text(row, 0, 2));
}

/* Forgets what is not to be copied. */
static bool keep_contents(const struct plan *plan, struct fault *why)
{
    struct db *db = plan->db;
    int64_t contents = plan->contents;
    int configuration = (contents & CONTENT_EXTENSIONS) != 0;
    int constraints = (contents & CONTENT_CONSTRAINTS) != 0;
    bool indexes = (contents & CONTENT_INDEXES) != 0;
    const int64_t rows = CONTENT_ROWS | CONTENT_CHANGES;
    const int64_t sequences = CONTENT_SEQUENCES | CONTENT_CHANGES;
    return ((contents & rows) != 0 || db_run(db, why, SQL_CONTENT_NO_ROWS, "d", configuration)) &&
           ((contents & sequences) != 0 ||
            db_run(db, why, SQL_CONTENT_NO_SEQUENCES, "d", configuration)) &&
           (indexes || db_run(db, why, SQL_CONTENT_NO_INDEXES, "d", constraints)) &&
           (constraints || (db_run(db, why, SQL_CONTENT_NO_CONSTRAINTS_INDEXES, "") &&
                            db_run(db, why, SQL_CONTENT_NO_CONSTRAINTS, "")));
}

/* pg_get_indexdef and the like open the table, too; and changes alone need neither. */
static bool is_read(const struct plan *plan, enum ask ask)
{
    bool all = !plan->names_only && (plan->contents & CONTENT_CHANGES) == 0;
    return all || (ask != ASK_INDEXES && ask != ASK_CONSTRAINTS);
}

bool plan_source(struct plan *plan, struct fault *why)
{
    static const struct {
        enum ask ask;
        conn_each *each;
        const char *what;
    } steps[] = {
        {ASK_SCHEMAS, on_schema, "schemas"},       {ASK_RELATIONS, on_relation, "relations"},
        {ASK_TABLES, on_table, "tables"},          {ASK_INHERITS, on_inherits, "inheritance"},
        {ASK_INDEXES, on_index, "indexes"},        {ASK_CONSTRAINTS, on_constraint, "constraints"},
        {ASK_SEQUENCES, on_sequence, "sequences"},
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (is_read(plan, steps[i].ask) && !stream(plan, steps[i].ask, steps[i].each, why)) {
            /* pg_get_indexdef and the like look at what is there now, not at the snapshot. */
            if (strcmp(why->sqlstate, "XX000") == 0) {
                why->id = FAULT_TABLE_CHANGED;
                fault_during(why,
                             "an object on the source was dropped or replaced after the snapshot");
            }
            return fault_during(why, "reading the source's %s", steps[i].what);
        }
    return selection_apply(plan->db, plan->selection, why) &&
           ((plan->contents & CONTENT_CHANGES) == 0 || back_keep_brought(plan->db, why)) &&
           keep_contents(plan, why) &&
           portion_apply(plan->db, plan->source, plan->selection->strict, why) &&
           db_run(plan->db, why, SQL_INDEXES_MAP_TABLESPACES, "") &&
           (plan->statistics != STATISTICS_CARRY || statistics_read(plan, why));
}

static bool on_filenode(void *arg, const struct rows *row, struct fault *why)
{
    return db_run(arg, why, SQL_TABLE_SET_FILENODE, "ii", rows_int(row, 0, 1), rows_int(row, 0, 0));
}

bool plan_renew(struct db *db, struct conn *source, bool follow, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    ask_add(&sql, ASK_FILENODES, conn_version(source), NULL);
    return conn_stream(source, sql.text, on_filenode, db, why) &&
           (!follow || plan_settle(db, why)) && db_run(db, why, SQL_WORK_BEGIN_AGAIN_WAITS, "") &&
           db_run(db, why, SQL_WORK_BEGIN_AGAIN_PARTS, "");
}
