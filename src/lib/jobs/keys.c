/*
 * keys.c - what a table's indexes are for, when all of them are built.
 *
 * Changes of the catalogs only, in one transaction for each table: together,
 * because each takes an exclusive lock on the table for a moment.
 */
#include "jobs/job.h"

#include "base/failpoint.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "jobs/ddl.h"
#include "jobs/done.h"
#include "jobs/show.h"

bool job_keys(struct job *job, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!ddl_add_keys(&sql, job, job->work->object, why))
        return false;
    FAILPOINT("keys.begun", why);
    if (!done_run(job, 0, strbuf_text(&sql), why))
        return false;
    FAILPOINT("keys.added", why);
    return true;
}

bool show_keys(struct job *job, struct shown *shown, struct fault *why)
{
    return ddl_add_keys(&shown->target, job, job->work->object, why);
}
