/*
 * analyze.c - statistics of one table: ANALYZE, or the source's own.
 */
#include "jobs/job.h"

#include "base/failpoint.h"
#include "base/scoped.h"
#include "catalog/objects.h"
#include "jobs/show.h"
#include "jobs/statistics.h"

bool show_analyze(struct job *job, struct shown *shown, struct fault *why)
{
    scoped(drop_table) struct table table = {.owned = NULL};
    return table_get(job->db, job->work->object, &table, why) &&
           statistics_add(&shown->target, job, &table, why);
}

bool job_analyze(struct job *job, struct fault *why)
{
    scoped(drop_table) struct table table = {.owned = NULL};
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!table_get(job->db, job->work->object, &table, why))
        return false;
    FAILPOINT("analyze.begun", why);
    if (table.is_carried)
        return conn_run(job->target, "BEGIN", why) && statistics_carry(job, &table, why) &&
               conn_run(job->target, "COMMIT", why);
    return statistics_add(&sql, job, &table, why) && conn_run(job->target, sql.text, why);
}
