#include "plan/planning.h"

#include "plan/check.h"
#include "plan/plan.h"

void drop_planning(struct planning *planning)
{
    drop_selection(&planning->selection);
}

/* The functions that take statistics are new in 18. */
static bool check_statistics(const struct planning *planning, struct fault *why)
{
    enum { CARRIED_SINCE = 180000 };
    bool target = planning->target != NULL;
    const struct conn *conn = target ? planning->target : planning->source;
    if (planning->settings->statistics != STATISTICS_CARRY || conn_version(conn) >= CARRIED_SINCE)
        return true;
    return fault_set(why, FAULT_STATISTICS_TARGET,
                     "--statistics carry needs a target of version 18 or later, and %s is %s",
                     target ? "this one" : "what is planned for without --target",
                     conn_version_text(conn));
}

bool planning_choose(struct planning *planning, struct fault *why)
{
    const struct settings *settings = planning->settings;
    struct selection_wish wish = {
        .db = planning->db,
        .source = planning->source,
        .target = planning->target,
        .strict = !settings->no_strict_names,
        .privileges = !settings->no_acl,
        .skip_forbidden = settings->skip_forbidden || planning->unchecked,
    };
    if (!planning->unchecked &&
        (!check_statistics(planning, why) ||
         (planning->target != NULL && !check_rights(planning->target, why))))
        return false;
    return selection_resolve(&wish, &planning->selection, why) &&
           (planning->unchecked || check_source(planning->source, planning->selection.chosen, why));
}

static bool fill_in_write(struct db *db, void *arg, struct fault *why)
{
    struct planning *planning = arg;
    const struct settings *settings = planning->settings;
    struct plan plan = {
        .db = db,
        .source = planning->source,
        .selection = &planning->selection,
        .target_version =
            conn_version(planning->target != NULL ? planning->target : planning->source),
        .table_jobs = (int)settings->table_jobs,
        .split_larger_than = settings->split_larger_than,
        .split_by = (enum split_method)settings->split_by,
        .format = (enum copy_format)settings->copy_format,
        .statistics =
            settings->schema_only ? STATISTICS_NONE : (enum statistics_wish)settings->statistics,
        .schema_only = settings->schema_only,
    };
    if (!plan_forget(db, why) || !plan_source(&plan, why) || !plan_work(&plan, why))
        return false;
    planning->large_objects = plan.large_objects;
    return true;
}

/* A plan must not be lost when the power fails: the target will be filled according to it. */
bool planning_fill(struct planning *planning, struct fault *why)
{
    struct db *db = planning->db;
    struct fault ignored;
    bool good = db_durable(db, true, why) && db_write(db, fill_in_write, planning, why) &&
                db_durable(db, false, why);
    if (!good && why->id == FAULT_TABLE_LOCKED) {
        conn_run(planning->source, "ROLLBACK TO SAVEPOINT pghaul_item", &ignored);
        check_name_lockers(planning->source, why);
    }
    return good;
}

bool planning_check(struct planning *planning, struct fault *why)
{
    const struct settings *settings = planning->settings;
    struct check_target check = {
        .db = planning->db,
        .source = planning->source,
        .target = planning->target,
        .chosen = planning->selection.chosen,
        .replace = settings->drop_if_exists,
        .owners = !settings->no_owner,
        .privileges = !settings->no_acl,
        .tablespaces = !settings->no_tablespaces,
    };
    return planning->target == NULL || check_target(&check, why);
}
