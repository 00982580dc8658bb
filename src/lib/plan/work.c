/*
 * work.c - work items and their order, from what the catalog knows of the source.
 *
 * Items of tables, indexes and keys are made by set-based statements; so are the
 * edges between them. See catalog/sql/objects.sql for what waits for what.
 */
#include "plan/plan.h"

#include "base/listing.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/back.h"
#include "catalog/filter.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "catalog/work.h"
#include "plan/ask.h"
#include "plan/split.h"

#include <inttypes.h>

enum {
    BLOBS_IN_BATCH = 500,
    SMALL_TABLE = 16 << 20, /* bytes, indexes included */
    MANY_TABLES = 500,      /* half a second's work for one session */
    TABLES_IN_SCRIPT = 100, /* at least, on average */
};

static bool add(struct db *db, enum phase stage, enum lane lane, enum work_kind kind,
                struct fault *why)
{
    struct work_new item = {.stage = stage, .lane = lane, .kind = kind};
    return work_add(db, &item, why);
}

bool plan_first_items(struct db *db, int64_t contents, struct fault *why)
{
    int64_t filters;
    if (!add(db, PHASE_PLAN, LANE_PLAN, WORK_PLAN, why))
        return false;
    if ((contents & CONTENT_DUMPED) == 0)
        return true;
    return add(db, PHASE_PLAN, LANE_SCHEMA, WORK_DUMP, why) &&
           filter_count(db, FILTER_KINDS, &filters, why) &&
           (filters == 0 ||
            (db_run(db, why, SQL_PLAN_BEFORE_DUMP, "") && work_count_waits(db, why)));
}

bool plan_restore(struct db *db, const char *name, struct fault *why)
{
    struct work_new item = {
        .stage = PHASE_SCHEMA, .lane = LANE_SCHEMA, .kind = WORK_RESTORE, .name = name};
    return work_add(db, &item, why) && add(db, PHASE_CLOSE, LANE_SCHEMA, WORK_FINAL, why);
}

bool plan_forget(struct db *db, struct fault *why)
{
    static const int statements[] = {
        SQL_FORGET_WORK,      SQL_FORGET_EDGES,       SQL_FORGET_STAND_INS, SQL_FORGET_SCHEMAS,
        SQL_FORGET_RELATIONS, SQL_FORGET_TABLES,      SQL_FORGET_INHERITS,  SQL_FORGET_LANDING,
        SQL_FORGET_INDEXES,   SQL_FORGET_CONSTRAINTS, SQL_FORGET_SEQUENCES, SQL_FORGET_STATISTICS,
    };
    return db_run_all(db, statements, sizeof statements / sizeof statements[0], why);
}

/* ---- large objects: batches of neighbours ---- */

struct batch {
    struct plan *plan;
    int number, count;
    char low[24];
    char last[24];
    struct listing unreadable;
};

static void drop_batch(struct batch *batch)
{
    drop_listing(&batch->unreadable);
}

static bool end_batch(struct batch *batch, const char *high, struct fault *why)
{
    char name[80];
    if (batch->count == 0)
        return true;
    snprintf(name, sizeof name, "large objects %s to %s", batch->low, batch->last);
    struct work_new item = {
        .stage = PHASE_COPY,
        .lane = LANE_COPY,
        .kind = WORK_BLOBS,
        .part = ++batch->number,
        .name = name,
        .low = batch->low,
        .high = high,
    };
    batch->count = 0;
    return work_add(batch->plan->db, &item, why);
}

static bool on_large_object(void *arg, const struct rows *row, struct fault *why)
{
    struct batch *batch = arg;
    const char *oid = rows_text(row, 0, 0);
    if (!rows_bool(row, 0, 1))
        listing_add(&batch->unreadable, oid);
    batch->plan->large_objects++;
    if (batch->count == BLOBS_IN_BATCH && !end_batch(batch, oid, why))
        return false;
    if (batch->count++ == 0)
        strlcpy(batch->low, oid, sizeof batch->low);
    strlcpy(batch->last, oid, sizeof batch->last);
    return true;
}

static bool refuse_unreadable(struct batch *batch, struct fault *why)
{
    return batch->unreadable.count == 0 ||
           fault_set(why, FAULT_LARGE_OBJECT_UNREADABLE,
                     "role \"%s\" may not read large objects: %s", conn_user(batch->plan->source),
                     listing_end(&batch->unreadable));
}

static bool brings_objects(const struct plan *plan)
{
    return plan->selection->everything && (plan->contents & CONTENT_LARGE_OBJECTS) != 0;
}

static bool add_blobs(struct plan *plan, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_batch) struct batch batch = {.plan = plan};
    if (!brings_objects(plan))
        return true;
    ask_add(&sql, ASK_LARGE_OBJECTS, conn_version(plan->source), NULL);
    return conn_stream(plan->source, sql.text, on_large_object, &batch, why) &&
           refuse_unreadable(&batch, why) && end_batch(&batch, NULL, why);
}

/* ---- the rest ---- */

static bool add_sequences(struct plan *plan, struct fault *why)
{
    int64_t count;
    if (!db_int(plan->db, why, &count, 0, SQL_SEQUENCE_COUNT, ""))
        return false;
    return count == 0 || add(plan->db, PHASE_COPY, LANE_COPY, WORK_SEQUENCES, why);
}

static bool on_config_key(void *arg, const struct rows *row, struct fault *why)
{
    return db_run(arg, why, SQL_CONFIG_EDGE_INSERT, "ii", rows_int(row, 0, 1), rows_int(row, 0, 0));
}

static bool add_config_edges(struct plan *plan, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    ask_add(&sql, ASK_CONFIG_KEYS, conn_version(plan->source), NULL);
    return conn_stream(plan->source, sql.text, on_config_key, plan->db, why);
}

/* What changes do not bring comes at the end, whether or not there is any of it now. */
static bool add_last(const struct plan *plan, struct fault *why)
{
    struct db *db = plan->db;
    bool back;
    if (!back_has_objects(db, &back, why))
        return false;
    return add(db, PHASE_FOLLOW, LANE_APPLY, WORK_FOLLOW, why) &&
           add(db, PHASE_FOLLOW, LANE_APPLY, WORK_LAST_SEQUENCES, why) &&
           ((plan->contents & (CONTENT_ROWS | CONTENT_CHANGES)) == 0 ||
            add(db, PHASE_FOLLOW, LANE_APPLY, WORK_LAST_UNLOGGED, why)) &&
           (!(back || brings_objects(plan)) ||
            add(db, PHASE_FOLLOW, LANE_APPLY, WORK_LAST_BLOBS, why)) &&
           add(db, PHASE_CLOSE, LANE_SCHEMA, WORK_HAND_OVER, why);
}

/* Done by who has both connections. */
static bool add_roles(struct db *db, struct fault *why)
{
    int64_t any;
    return db_int(db, why, &any, 0, SQL_ROLE_ANY, "") &&
           (any == 0 || add(db, PHASE_SCHEMA, LANE_COPY, WORK_ROLES, why));
}

/* Many tables are created by several workers. With filters, one script brings what the others need
 * for a while. */
static bool add_tables(const struct plan *plan, struct fault *why)
{
    int64_t tables, filters;
    if (!db_int(plan->db, why, &tables, 0, SQL_PLAN_TABLE_COUNT, "") ||
        !filter_count(plan->db, FILTER_KINDS, &filters, why))
        return false;
    if (tables < MANY_TABLES || filters > 0 || (plan->contents & CONTENT_SCHEMA) == 0)
        return true;
    for (int part = 1; part <= plan->index_jobs && part <= tables / TABLES_IN_SCRIPT; part++) {
        struct work_new item = {
            .stage = PHASE_SCHEMA, .lane = LANE_BUILD, .kind = WORK_TABLES, .part = part};
        if (!work_add(plan->db, &item, why))
            return false;
    }
    return add(plan->db, PHASE_SCHEMA, LANE_SCHEMA, WORK_VIEWS, why);
}

static bool add_scripts(const struct plan *plan, struct fault *why)
{
    struct db *db = plan->db;
    bool dumped = (plan->contents & CONTENT_DUMPED) != 0;
    return add_roles(db, why) &&
           (!dumped || (add(db, PHASE_SCHEMA, LANE_SCHEMA, WORK_SCHEMA, why) &&
                        add_tables(plan, why) && add(db, PHASE_POST, LANE_SCHEMA, WORK_POST, why) &&
                        add(db, PHASE_REFRESH, LANE_SCHEMA, WORK_REFRESH, why))) &&
           (!plan->follow || add_last(plan, why)) &&
           add(db, PHASE_CLOSE, LANE_SCHEMA, WORK_CHECK, why) &&
           add(db, PHASE_CLOSE, LANE_SCHEMA, WORK_FINAL, why);
}

static bool add_items(struct plan *plan, struct fault *why)
{
    struct db *db = plan->db;
    const int copy = PHASE_COPY, refresh = PHASE_REFRESH;
    const int data = LANE_COPY, build = LANE_BUILD;
    /* From 18 on, ANALYZE ONLY keeps a partitioned table apart from its partitions. */
    int only = plan->target_version >= 180000;
    /* What exists already is not built together with the rows. */
    bool small = (plan->contents & CONTENT_SCHEMA) != 0;
    int rows = (plan->contents & CONTENT_ROWS) != 0;
    int filled = (plan->contents & CONTENT_REFRESH) != 0;
    return (!small || db_run(db, why, SQL_PLAN_SMALL_TABLES, "d", SMALL_TABLE)) &&
           (plan->statistics == STATISTICS_NONE ||
            db_run(db, why, SQL_PLAN_ANALYZED, "ddd", rows, filled, only)) &&
           db_run(db, why, SQL_PLAN_EMPTY_ITEMS, "dd", copy, data) &&
           db_run(db, why, SQL_PLAN_TABLE_ITEMS, "dd", copy, data) &&
           db_run(db, why, SQL_PLAN_LEAF_ITEMS, "dd", copy, data) &&
           db_run(db, why, SQL_PLAN_PART_PRIORITY, "") &&
           db_run(db, why, SQL_PLAN_INDEX_ITEMS, "ddd", refresh, copy, build) &&
           db_run(db, why, SQL_PLAN_KEY_ITEMS, "ddd", refresh, copy, build) &&
           db_run(db, why, SQL_PLAN_EXCLUSION_ITEMS, "dd", copy, build) &&
           db_run(db, why, SQL_PLAN_ANALYZE_ITEMS, "ddd", refresh, copy, build) &&
           db_run(db, why, SQL_PLAN_FOREIGN_KEY_ITEMS, "dd", copy, build);
}

bool plan_settle(struct db *db, struct fault *why)
{
    const int copy = PHASE_COPY, apply = LANE_APPLY;
    return db_run(db, why, SQL_WORK_SETTLE_PUT_BACK, "d", copy) &&
           db_run(db, why, SQL_WORK_SETTLE_ADD, "dd", copy, apply) &&
           db_run(db, why, SQL_WORK_SETTLE_EDGES, "");
}

static bool add_edges(struct plan *plan, struct fault *why)
{
    static const int statements[] = {
        SQL_PLAN_EDGES_EMPTY,     SQL_PLAN_EDGES_INDEX,   SQL_PLAN_EDGES_KEYS,
        SQL_PLAN_EDGES_EXCLUSION, SQL_PLAN_EDGES_ANALYZE, SQL_PLAN_EDGES_FOREIGN_KEYS,
        SQL_PLAN_EDGES_REFRESH,   SQL_PLAN_EDGES_FINAL,   SQL_PLAN_EDGES_ROLES,
        SQL_PLAN_EDGES_TABLES,    SQL_PLAN_EDGES_FOLLOW,
    };
    return db_run_all(plan->db, statements, sizeof statements / sizeof statements[0], why) &&
           ((plan->statistics != STATISTICS_NONE && (plan->contents & CONTENT_ROWS) != 0) ||
            db_run(plan->db, why, SQL_PLAN_EDGES_FOREIGN_KEYS_ALONE, "")) &&
           add_config_edges(plan, why) && (!plan->settles || plan_settle(plan->db, why)) &&
           work_count_waits(plan->db, why);
}

/* Both sides have all that is there: only what comes is brought. */
static bool add_changes(struct plan *plan, struct fault *why)
{
    static const int edges[] = {SQL_PLAN_EDGES_FINAL, SQL_PLAN_EDGES_FOLLOW};
    return add_scripts(plan, why) &&
           db_run_all(plan->db, edges, sizeof edges / sizeof edges[0], why) &&
           work_count_waits(plan->db, why);
}

bool plan_work(struct plan *plan, struct fault *why)
{
    if ((plan->contents & CONTENT_CHANGES) != 0)
        return add_changes(plan, why) || fault_during(why, "planning the work");
    if (!split_tables(plan, why) || !add_scripts(plan, why) || !add_items(plan, why) ||
        !add_blobs(plan, why) || !add_sequences(plan, why) || !add_edges(plan, why))
        return fault_during(why, "planning the work");
    return true;
}
