/*
 * analyze.c - statistics of one table.
 */
#include "jobs/job.h"

#include "base/failpoint.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/objects.h"
#include "jobs/ddl.h"
#include "jobs/show.h"

bool show_analyze(struct job *job, struct shown *shown, struct fault *why)
{
    scoped(drop_table) struct table table = {.owned = NULL};
    if (!table_get(job->db, job->work->object, &table, why))
        return false;
    ddl_add_analyze(&shown->target, job, table.nspname, table.relname);
    return true;
}

bool job_analyze(struct job *job, struct fault *why)
{
    scoped(drop_shown) struct shown shown = SHOWN_NOTHING;
    if (!show_analyze(job, &shown, why))
        return false;
    FAILPOINT("analyze.begun", why);
    return conn_run(job->target, shown.target.text, why);
}
