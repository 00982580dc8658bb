/*
 * plan.h - from the source's catalogs to work items in ours.
 *
 * plan_source() reads what the source holds, plan_work() makes items and their
 * order from it. Both belong into one transaction of the catalog, which their
 * caller opens: a plan is there as a whole or not at all. Rows are streamed, so
 * memory does not grow with the number of relations.
 */
#ifndef PGHAUL_PLAN_PLAN_H
#define PGHAUL_PLAN_PLAN_H

#include "catalog/settings.h"
#include "pg/conn.h"
#include "plan/selection.h"
#include "store/db.h"

enum copy_format { FORMAT_AUTO, FORMAT_TEXT, FORMAT_BINARY };
enum statistics_wish { STATISTICS_ANALYZE, STATISTICS_NONE, STATISTICS_CARRY };
enum split_method { SPLIT_AUTO, SPLIT_CTID, SPLIT_KEY, SPLIT_NONE };

struct plan {
    struct db *db;
    struct conn *source; /* in the snapshot's transaction */
    const struct selection *selection;
    int target_version; /* server_version_num; the source's where there is no target */
    int table_jobs;
    int index_jobs;
    int64_t split_larger_than; /* bytes; 0: auto */
    enum split_method split_by;
    enum copy_format format;
    enum statistics_wish statistics;
    int64_t contents;      /* enum content */
    bool follow;           /* changes are applied when all else is there */
    bool settles;          /* … and some of them before, as by plan_settle() */
    int64_t large_objects; /* found by plan_work() */
    bool names_only;       /* which relations there are; waits for no lock of theirs */
};

/* Reads relations, tables, indexes, constraints, sequences; with plan->names_only neither sizes nor
 * indexes and constraints. */
bool plan_source(struct plan *plan, struct fault *why);

/* Splits tables; makes items and edges. */
bool plan_work(struct plan *plan, struct fault *why);

/* Forgets an earlier plan that was not acted upon. */
bool plan_forget(struct db *db, struct fault *why);

/* The item that dumps the schema runs beside the planning itself, so these two are
 * made before; there is no dump when nothing of `contents` comes from it. With filters,
 * which are in the catalog then, the dump waits for the plan: it must know what stays
 * behind. */
bool plan_first_items(struct db *db, int64_t contents, struct fault *why);

/* The items of a run that restores one script, "pre-data" or "post-data". */
bool plan_restore(struct db *db, const char *name, struct fault *why);

/* Changes are applied up to the last snapshot that tables are copied in before anything needs all
 * tables to be of one moment. What items wait for is to be counted anew then. */
bool plan_settle(struct db *db, struct fault *why);

/* Prepares the unfinished tables for another snapshot, which the connection is in:
 * takes their present files, and lets split tables begin again; with `follow` they settle. */
bool plan_renew(struct db *db, struct conn *source, bool follow, struct fault *why);

#endif
