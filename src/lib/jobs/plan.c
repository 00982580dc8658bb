/*
 * plan.c - the job that checks both sides and fills the catalog.
 */
#include "jobs/job.h"

#include "base/failpoint.h"
#include "base/scoped.h"
#include "catalog/objects.h"
#include "catalog/position.h"
#include "catalog/sql.h"
#include "check/sides.h"
#include "jobs/brought.h"
#include "jobs/done.h"
#include "pg/snapshot.h"
#include "plan/marks.h"
#include "plan/plan.h"
#include "plan/planning.h"
#include "plan/publication.h"

static bool on_invalid_index(void *arg, const struct stmt *row, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    strbuf_addf(&text, "index %s is invalid on the source: left out", stmt_text(row, 0));
    return job_warn(arg, text.text, why);
}

static bool on_left_out(void *arg, const struct stmt *row, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    strbuf_addf(&text, "%s is left out: %s", stmt_text(row, 0), stmt_text(row, 1));
    return job_warn(arg, text.text, why);
}

static bool on_not_carried(void *arg, const struct stmt *row, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    strbuf_addf(&text, "statistics of table %s are not carried but made by ANALYZE: %s",
                stmt_text(row, 0), stmt_text(row, 1));
    return job_warn(arg, text.text, why);
}

struct notes {
    struct job *job;
    struct planning *planning;
};

/* In a write transaction from the start: a read that turns into a write may fail at once. */
static bool note_what_is_missing(struct db *db, void *arg, struct fault *why)
{
    const struct notes *notes = arg;
    struct job *job = notes->job;
    return warn_lines(job->db, notes->planning->warnings.text, why) &&
           catalog_list(db, SQL_INDEX_INVALID, 0, on_invalid_index, job, why) &&
           catalog_list(db, SQL_LEFT_OUT_LIST, 0, on_left_out, job, why) &&
           catalog_list(db, SQL_STATISTICS_NOT_CARRIED, 0, on_not_carried, job, why);
}

static bool check_published(struct job *job, struct fault *why)
{
    bool found;
    struct position position;
    if (!job->settings->follow)
        return true;
    return position_get(job->db, &position, &found, why) && publication_check_plan(job->db, why) &&
           publication_leave_out(job->db, job->source, position.publication, why) &&
           publication_leave_out(job->db, job->source, position.insert_publication, why);
}

/* A run that follows has looked before it made its slot. */
static bool check_more(const struct job *job, const struct planning *planning, struct fault *why)
{
    struct check_sides sides = {
        .source = job->source,
        .target = job->target,
        .settings = job->settings,
        .chosen = planning->selection.chosen,
        .everything = planning->selection.everything,
        .slot = "",
    };
    return job->settings->skip_check || job->settings->follow ||
           refusals_pass(planning->refusals, check_errors(&sides, why), why);
}

/* What is refused is collected, for all of it to be told at once. */
static bool make_plan(struct job *job, struct planning *planning, struct fault *why)
{
    if (!planning_choose(planning, why))
        return false;
    FAILPOINT("plan.begun", why);
    if (!check_more(job, planning, why) || !planning_fill(planning, why))
        return false;
    FAILPOINT("plan.made", why);
    return check_published(job, why) && planning_check(planning, why);
}

/* What comes of these later does not follow: a cutover tells. */
static bool note_marks(struct job *job, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf marks = STRBUF_EMPTY;
    return !job->settings->follow || (marks_read(job->source, &marks, why) &&
                                      setting_put(job->db, SETTING_MARKS, marks.text, why));
}

static bool prepare_objects(struct job *job, const struct planning *planning, struct fault *why)
{
    return !job->settings->follow || planning->large_objects == 0 ||
           brought_prepare(job->db, job->target, why);
}

/* The target is looked at before it is touched, the catalog filled before that. The transaction
 * lives as long as the run reads, and a lock on a catalog would as well: DROP SUBSCRIPTION, in any
 * database, would wait for that, and our pg_dump behind it. */
bool job_plan(struct job *job, struct fault *why)
{
    scoped(drop_refusals) struct refusals refusals = {.source = job->source};
    scoped(drop_planning) struct planning planning = {
        .db = job->db,
        .source = job->source,
        .target = job->target,
        .settings = job->settings,
        .refusals = &refusals,
    };
    struct notes notes = {job, &planning};
    /* A way back leaves nothing on its target before it is begun. */
    bool leaves = (job->settings->contents & CONTENT_CHANGES) == 0;
    return refusals_end(&refusals, make_plan(job, &planning, why), why) &&
           (!leaves || (done_prepare(job, why) && prepare_objects(job, &planning, why))) &&
           db_write(job->db, note_what_is_missing, &notes, why) && note_marks(job, why) &&
           snapshot_let_go(job->source, why);
}

static bool renew_in_write(struct db *db, void *arg, struct fault *why)
{
    struct job *job = arg;
    return plan_renew(db, job->source, job->settings->follow, why);
}

bool job_renew(struct job *job, struct fault *why)
{
    return db_write(job->db, renew_in_write, job, why) && snapshot_let_go(job->source, why);
}
