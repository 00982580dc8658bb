/*
 * analyze.c - statistics of one table.
 */
#include "jobs/job.h"

#include "base/failpoint.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/objects.h"
#include "jobs/ddl.h"

bool job_analyze(struct job *job, struct fault *why)
{
    scoped(drop_table) struct table table = {.owned = NULL};
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!table_get(job->db, job->work->object, &table, why))
        return false;
    FAILPOINT("analyze.begun", why);
    ddl_add_analyze(&sql, job, table.nspname, table.relname);
    return conn_run(job->target, sql.text, why);
}
