/*
 * index.c - builds one index, or one exclusion constraint, which is built like one.
 */
#include "jobs/job.h"

#include "base/failpoint.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "jobs/ddl.h"
#include "jobs/done.h"
#include "jobs/show.h"

typedef bool add_definition(struct strbuf *sql, struct job *job, int64_t oid, struct fault *why);

static bool build(struct job *job, add_definition *add, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    bool crowded;
    if (!work_crowded(job->db, LANE_BUILD, job->settings->index_jobs, &crowded, why))
        return false;
    /* While other builds keep the jobs busy, parallel workers would only add to the load. */
    if (crowded)
        strbuf_add(&sql, "SET LOCAL max_parallel_maintenance_workers = 0;");
    if (!add(&sql, job, job->work->object, why))
        return false;
    FAILPOINT("index.begun", why);
    if (!done_run(job, 0, sql.text, why))
        return false;
    FAILPOINT("index.built", why);
    return true;
}

bool job_index(struct job *job, struct fault *why)
{
    return build(job, ddl_add_index, why);
}

bool job_exclusion(struct job *job, struct fault *why)
{
    return build(job, ddl_add_constraint, why);
}

bool show_index(struct job *job, struct shown *shown, struct fault *why)
{
    return ddl_add_index(&shown->target, job, job->work->object, why);
}

bool show_exclusion(struct job *job, struct shown *shown, struct fault *why)
{
    return ddl_add_constraint(&shown->target, job, job->work->object, why);
}
