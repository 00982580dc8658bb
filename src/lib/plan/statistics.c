/*
 * statistics.c - two queries, however many tables there are: which tables, and what is known of
 * columns.
 *
 * The number of rows is what the source's planner expects today, the number of pages that of the
 * target: so its planner expects as many rows as the source's, though the copy has no bloat. What
 * is said of pages (all-visible, all-frozen) and of indexes belongs to files, and theirs are new.
 */
#include "plan/statistics.h"

#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/sql.h"
#include "plan/ask.h"

/* What a column's statistics are called, and their types: in the order of ASK_STATISTICS. */
static const struct {
    const char *name;
    const char *type;
} facts[] = {
    {"null_frac", "float4"},
    {"avg_width", "int4"},
    {"n_distinct", "float4"},
    {"most_common_vals", "text"},
    {"most_common_freqs", "float4[]"},
    {"histogram_bounds", "text"},
    {"correlation", "float4"},
    {"most_common_elems", "text"},
    {"most_common_elem_freqs", "float4[]"},
    {"elem_count_histogram", "float4[]"},
    {"range_length_histogram", "text"},
    {"range_empty_frac", "float4"},
    {"range_bounds_histogram", "text"},
};

static void add_fact(struct strbuf *call, const char *name, const char *value, const char *type)
{
    strbuf_addf(call, ", '%s', ", name);
    strbuf_add_literal(call, value);
    strbuf_addf(call, "::pg_catalog.%s", type);
}

static void begin_call(struct strbuf *call, const char *function, const char *nspname,
                       const char *relname, int version)
{
    char number[16];
    snprintf(number, sizeof number, "%d", version);
    strbuf_addf(call, "pg_catalog.%s('schemaname', ", function);
    strbuf_add_literal(call, nspname);
    strbuf_add(call, "::pg_catalog.text");
    add_fact(call, "relname", relname, "text");
    add_fact(call, "version", number, "int4");
}

/* oid, schema, name, kind, rows, pages, children, why not */
static void add_relation(struct strbuf *call, const struct rows *row, int version)
{
    const char *nspname = rows_text(row, 0, 1), *relname = rows_text(row, 0, 2);
    begin_call(call, "pg_restore_relation_stats", nspname, relname, version);
    add_fact(call, "reltuples", rows_text(row, 0, 4), "float4");
    if (rows_text(row, 0, 3)[0] == 'p') {
        add_fact(call, "relpages", rows_text(row, 0, 5), "int4");
    } else {
        scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
        strbuf_add_qualified(&name, nspname, relname);
        strbuf_add(call, ", 'relpages', (pg_catalog.pg_relation_size(");
        strbuf_add_literal(call, name.text);
        strbuf_add(call, "::pg_catalog.regclass) / "
                         "pg_catalog.current_setting('block_size')::pg_catalog.int8)"
                         "::pg_catalog.int4");
    }
    strbuf_add(call, ")");
}

static bool keep(struct plan *plan, int64_t table, int64_t index, const struct strbuf *call,
                 struct fault *why)
{
    return db_run(plan->db, why, SQL_STATISTIC_INSERT, "isi", table, call->text, index);
}

static bool on_table(void *arg, const struct rows *row, struct fault *why)
{
    struct plan *plan = arg;
    scoped(drop_strbuf) struct strbuf call = STRBUF_EMPTY;
    int64_t oid = rows_int(row, 0, 0);
    add_relation(&call, row, conn_version(plan->source));
    return db_run(plan->db, why, SQL_CARRY_TABLE, "si",
                  rows_null(row, 0, 7) ? NULL : rows_text(row, 0, 7), oid) &&
           db_run(plan->db, why, SQL_CARRY_MISSES_CHILDREN, "ii", oid, rows_int(row, 0, 6)) &&
           keep(plan, oid, 0, &call, why);
}

/* table, index or 0, schema, name, column, its number, inherited, facts. Columns of an index have
 * names of the server's choice, so they go by number. */
static bool on_column(void *arg, const struct rows *row, struct fault *why)
{
    enum { FIRST_FACT = 7 };
    struct plan *plan = arg;
    scoped(drop_strbuf) struct strbuf call = STRBUF_EMPTY;
    int64_t index = rows_int(row, 0, 1);
    begin_call(&call, "pg_restore_attribute_stats", rows_text(row, 0, 2), rows_text(row, 0, 3),
               conn_version(plan->source));
    if (index != 0)
        add_fact(&call, "attnum", rows_text(row, 0, 5), "int2");
    else
        add_fact(&call, "attname", rows_text(row, 0, 4), "text");
    add_fact(&call, "inherited", rows_text(row, 0, 6), "bool");
    for (int i = 0; i < (int)(sizeof facts / sizeof facts[0]); i++)
        if (!rows_null(row, 0, FIRST_FACT + i))
            add_fact(&call, facts[i].name, rows_text(row, 0, FIRST_FACT + i), facts[i].type);
    strbuf_add(&call, ")");
    return keep(plan, rows_int(row, 0, 0), index, &call, why);
}

static bool stream(struct plan *plan, enum ask ask, conn_each *each, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    ask_add(&sql, ask, conn_version(plan->source), plan->selection->chosen);
    return conn_stream(plan->source, sql.text, each, plan, why);
}

bool statistics_read(struct plan *plan, struct fault *why)
{
    if (!stream(plan, ASK_CARRIED_TABLES, on_table, why) ||
        !db_run(plan->db, why, SQL_CARRY_NO_SHARES, "") ||
        !db_run(plan->db, why, SQL_CARRY_MISSES_ROWS, "") ||
        !stream(plan, ASK_STATISTICS, on_column, why))
        return fault_during(why, "reading the source's statistics");
    return true;
}
