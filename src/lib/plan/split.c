/*
 * split.c - cutting large tables into parts.
 *
 * A part is a range of blocks (ctid), where the source can scan such a range (from
 * version 14 on) and stores the table as a heap; else a range of an integer key,
 * with bounds at equal numbers of rows in a sample. The first part is open below
 * and the last one above; a part by key takes the rows without a key as well when
 * it is the first. So every row is in exactly one part, whatever the bounds.
 */
#include "plan/split.h"

#include "base/scoped.h"
#include "base/size.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "catalog/work.h"
#include "plan/ask.h"

#include <inttypes.h>

enum {
    PARTS_PER_WORKER = 3,
    MOST_PARTS = 4096,
    SAMPLE_BLOCKS = 2000,
    TID_RANGE_SCAN = 140000,
};

/* Below this, auto does not split: a single stream is done in seconds. */
static const int64_t auto_smallest = INT64_C(2) << 30;

int split_count(int64_t bytes, int64_t blocks, int64_t limit, int workers)
{
    int64_t by_size = (bytes + limit - 1) / limit;
    int64_t least = workers < 2 ? 2 : (int64_t)workers * 2;
    int64_t parts = by_size > least ? by_size : least;
    parts = parts > MOST_PARTS ? MOST_PARTS : parts;
    return (int)(parts > blocks ? blocks : parts);
}

int64_t split_limit(int64_t wish, int64_t total, int workers)
{
    if (wish > 0)
        return wish;
    int64_t share = total / workers;
    return workers < 2 ? INT64_MAX : share > auto_smallest ? share : auto_smallest;
}

struct splitting {
    struct plan *plan;
    int64_t limit;
};

static bool add_part(struct plan *plan, const struct table *table, int part, int64_t bytes,
                     const char *low, const char *high, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    strbuf_add_name(&name, table->nspname, table->relname);
    strbuf_addf(&name, " part %d", part);
    struct work_new item = {
        .stage = PHASE_COPY,
        .lane = LANE_COPY,
        .kind = WORK_PART,
        .object = table->lands != 0 ? table->lands : table->oid,
        .part = part,
        .leaf = table->lands != 0 ? table->oid : 0,
        .name = name.text,
        .bytes = bytes,
        .low = low,
        .high = high,
    };
    return work_add(plan->db, &item, why);
}

static bool split_by_ctid(struct splitting *s, const struct table *table, struct fault *why)
{
    struct plan *plan = s->plan;
    int64_t limit = s->limit;
    /* auto: enough parts that the last ones end together */
    if (plan->split_larger_than == 0)
        limit = table->bytes / ((int64_t)plan->table_jobs * PARTS_PER_WORKER) + 1;
    int parts = split_count(table->bytes, table->blocks, limit, plan->table_jobs);
    for (int part = 1; part <= parts; part++) {
        char low[32], high[32];
        int64_t from = table->blocks * (part - 1) / parts, to = table->blocks * part / parts;
        snprintf(low, sizeof low, "(%" PRId64 ",0)", from);
        snprintf(high, sizeof high, "(%" PRId64 ",0)", to);
        if (!add_part(plan, table, part, table->bytes * (to - from) / table->blocks,
                      part == 1 ? NULL : low, part == parts ? NULL : high, why))
            return false;
    }
    return true;
}

/* The bounds between parts: distinct keys at equal shares of a sample of the rows. */
static bool key_bounds(struct plan *plan, const struct table *table, const char *key, int parts,
                       struct rows *ret_bounds, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    double share =
        table->blocks <= SAMPLE_BLOCKS ? 100.0 : 100.0 * SAMPLE_BLOCKS / (double)table->blocks;
    strbuf_add(&sql, "SELECT DISTINCT bound FROM pg_catalog.unnest((SELECT"
                     " pg_catalog.percentile_disc(ARRAY[");
    for (int part = 1; part < parts; part++)
        strbuf_addf(&sql, "%s%.8f", part == 1 ? "" : ",", (double)part / parts);
    strbuf_addf(&sql, "]::pg_catalog.float8[]) WITHIN GROUP (ORDER BY %s::bigint) FROM ", key);
    strbuf_add_qualified(&sql, table->nspname, table->relname);
    strbuf_addf(&sql,
                " TABLESAMPLE SYSTEM (%.6f) REPEATABLE (1) WHERE %s IS NOT NULL)) bound"
                " ORDER BY bound",
                share, key);
    return conn_query(plan->source, sql.text, ret_bounds, why);
}

static bool find_key(struct plan *plan, const struct table *table, struct rows *ret_key,
                     struct fault *why)
{
    char oid[24];
    const char *const values[] = {oid};
    snprintf(oid, sizeof oid, "%" PRId64, table->oid);
    return ask_with(plan->source, ASK_SPLIT_KEY, 1, values, ret_key, why);
}

static bool set_split(struct plan *plan, const struct table *table, const char *by,
                      const char *reason, const char *key, struct fault *why)
{
    return db_run_one(plan->db, why, SQL_TABLE_SET_SPLIT, "sssi", by, reason, key, table->oid);
}

static bool split_by_key(struct splitting *s, const struct table *table, const char *reason,
                         struct fault *why)
{
    struct plan *plan = s->plan;
    scoped(drop_rows) struct rows key = ROWS_NONE;
    scoped(drop_rows) struct rows bounds = ROWS_NONE;
    char text[256];
    if (!find_key(plan, table, &key, why))
        return false;
    if (rows_count(&key) == 0) {
        snprintf(text, sizeof text, "not split: %s, and it has no unique integer column", reason);
        return set_split(plan, table, NULL, text, NULL, why);
    }
    int parts = split_count(table->bytes, table->blocks, s->limit, plan->table_jobs);
    if (!key_bounds(plan, table, rows_text(&key, 0, 0), parts, &bounds, why))
        return fault_during(why, "sampling %s.%s", table->nspname, table->relname);
    parts = rows_count(&bounds) + 1;
    if (parts < 2) {
        snprintf(text, sizeof text, "not split: a sample of %s found no two keys",
                 rows_text(&key, 0, 0));
        return set_split(plan, table, NULL, text, NULL, why);
    }
    for (int part = 1; part <= parts; part++)
        if (!add_part(plan, table, part, table->bytes / parts,
                      part == 1 ? NULL : rows_text(&bounds, part - 2, 0),
                      part == parts ? NULL : rows_text(&bounds, part - 1, 0), why))
            return false;
    snprintf(text, sizeof text, "by key: %s", reason);
    return set_split(plan, table, "key", text, rows_text(&key, 0, 0), why);
}

static bool split_table(void *arg, const struct table *table, struct fault *why)
{
    struct splitting *s = arg;
    bool heap = strcmp(table->access_method, "heap") == 0;
    if (!heap) {
        char text[256];
        snprintf(text, sizeof text, "not split: its access method is %s", table->access_method);
        return set_split(s->plan, table, NULL, text, NULL, why);
    }
    if (s->plan->split_by == SPLIT_KEY)
        return split_by_key(s, table, "--split-by key", why);
    if (s->plan->split_by == SPLIT_AUTO && conn_version(s->plan->source) < TID_RANGE_SCAN)
        return split_by_key(s, table, "the source has no ctid range scan (before version 14)", why);
    char size[32], text[128];
    snprintf(text, sizeof text, "by ctid: larger than %s", size_text(size, sizeof size, s->limit));
    return set_split(s->plan, table, "ctid", text, NULL, why) && split_by_ctid(s, table, why);
}

bool split_tables(struct plan *plan, struct fault *why)
{
    int64_t total;
    char size[32], text[128];
    if (plan->split_by == SPLIT_NONE)
        return db_run(plan->db, why, SQL_TABLE_NOT_SPLIT, "s", "not split: --split-by none");
    if (!db_int(plan->db, why, &total, 0, SQL_TABLE_TOTAL_BYTES, ""))
        return false;
    struct splitting s = {
        .plan = plan,
        .limit = split_limit(plan->split_larger_than, total, plan->table_jobs),
    };
    if (!table_each_larger(plan->db, s.limit, split_table, &s, why))
        return false;
    if (s.limit == INT64_MAX)
        snprintf(text, sizeof text, "not split: one worker copies");
    else
        snprintf(text, sizeof text, "not split: not larger than %s",
                 size_text(size, sizeof size, s.limit));
    return db_run(plan->db, why, SQL_TABLE_NOT_SPLIT, "s", text);
}
