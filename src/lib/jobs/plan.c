/*
 * plan.c - the job that checks both sides and fills the catalog.
 */
#include "jobs/job.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "jobs/done.h"
#include "plan/check.h"
#include "plan/extensions.h"
#include "plan/plan.h"

struct planning {
    struct job *job;
    struct selection selection;
};

static void drop_planning(struct planning *planning)
{
    drop_selection(&planning->selection);
}

static bool plan_in_write(struct db *db, void *arg, struct fault *why)
{
    struct planning *planning = arg;
    const struct job *job = planning->job;
    struct plan plan = {
        .db = db,
        .source = job->source,
        .selection = &planning->selection,
        .target_version = conn_version(job->target),
        .table_jobs = (int)job->settings->table_jobs,
        .split_larger_than = job->settings->split_larger_than,
        .split_by = (enum split_method)job->settings->split_by,
        .format = (enum copy_format)job->settings->copy_format,
        .statistics = job->settings->schema_only ? STATISTICS_NONE
                                                 : (enum statistics_wish)job->settings->statistics,
        .schema_only = job->settings->schema_only,
    };
    return plan_forget(db, why) && plan_source(&plan, why) && plan_work(&plan, why);
}

static bool warn(struct job *job, const char *text, struct fault *why)
{
    log_warning("%s", text);
    return event_add(job->db, "warning", 0, text, why);
}

static bool on_invalid_index(void *arg, const struct stmt *row, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    strbuf_addf(&text, "index %s is invalid on the source: left out", stmt_text(row, 0));
    return warn(arg, text.text, why);
}

static bool on_left_out(void *arg, const struct stmt *row, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    strbuf_addf(&text, "%s is left out: %s", stmt_text(row, 0), stmt_text(row, 1));
    return warn(arg, text.text, why);
}

/* In a write transaction from the start: a read that turns into a write may fail at once. */
static bool note_what_is_missing(struct db *db, void *arg, struct fault *why)
{
    return catalog_list(db, SQL_INDEX_INVALID, 0, on_invalid_index, arg, why) &&
           catalog_list(db, SQL_LEFT_OUT_LIST, 0, on_left_out, arg, why);
}

/* A plan must not be lost when the power fails: the target will be filled according to it. */
static bool make_plan(struct planning *planning, struct fault *why)
{
    struct job *job = planning->job;
    struct fault ignored;
    bool good = db_durable(job->db, true, why) && db_write(job->db, plan_in_write, planning, why) &&
                db_durable(job->db, false, why);
    if (!good && why->id == FAULT_TABLE_LOCKED) {
        conn_run(job->source, "ROLLBACK TO SAVEPOINT pghaul_item", &ignored);
        check_name_lockers(job->source, why);
    }
    return good;
}

static bool check_and_plan(struct planning *planning, struct fault *why)
{
    struct job *job = planning->job;
    struct selection_wish wish = {
        .db = job->db,
        .source = job->source,
        .target = job->target,
        .strict = !job->settings->no_strict_names,
        .privileges = !job->settings->no_acl,
        .skip_forbidden = job->settings->skip_forbidden,
    };
    if (!check_rights(job->target, why) || !check_mappings(job->db, job->source, why) ||
        !selection_resolve(&wish, &planning->selection, why) ||
        !check_extensions(job->db, job->source, job->target, planning->selection.everything, why) ||
        !check_source(job->source, planning->selection.chosen, why))
        return false;
    FAILPOINT("plan.begun", why);
    return make_plan(planning, why);
}

/* The target is looked at before it is touched, the catalog filled before that. */
bool job_plan(struct job *job, struct fault *why)
{
    scoped(drop_planning) struct planning planning = {.job = job};
    if (!check_and_plan(&planning, why))
        return false;
    FAILPOINT("plan.made", why);
    struct check_target check = {
        .db = job->db,
        .source = job->source,
        .target = job->target,
        .chosen = planning.selection.chosen,
        .replace = job->settings->drop_if_exists,
        .owners = !job->settings->no_owner,
        .privileges = !job->settings->no_acl,
        .tablespaces = !job->settings->no_tablespaces,
    };
    return check_target(&check, why) && done_prepare(job, why) &&
           db_write(job->db, note_what_is_missing, job, why);
}

static bool renew_in_write(struct db *db, void *arg, struct fault *why)
{
    struct job *job = arg;
    return plan_renew(db, job->source, why);
}

bool job_renew(struct job *job, struct fault *why)
{
    return db_write(job->db, renew_in_write, job, why);
}
