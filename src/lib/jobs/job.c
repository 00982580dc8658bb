#include "jobs/job.h"

#include "base/log.h"

#include <string.h>

static job_function *const functions[WORK_KIND_COUNT] = {
    [WORK_PLAN] = job_plan,
    [WORK_RENEW] = job_renew,
    [WORK_DUMP] = job_dump,
    [WORK_SCHEMA] = job_schema,
    [WORK_TABLES] = job_tables,
    [WORK_VIEWS] = job_views,
    [WORK_EMPTY] = job_empty,
    [WORK_TABLE] = job_copy,
    [WORK_PART] = job_copy,
    [WORK_SMALL] = job_copy,
    [WORK_CONFIG] = job_copy,
    [WORK_BLOBS] = job_blobs,
    [WORK_SEQUENCES] = job_sequences,
    [WORK_INDEX] = job_index,
    [WORK_KEYS] = job_keys,
    [WORK_EXCLUSION] = job_exclusion,
    [WORK_ANALYZE] = job_analyze,
    [WORK_FOREIGN_KEYS] = job_foreign_keys,
    [WORK_POST] = job_post,
    [WORK_REFRESH] = job_refresh,
    [WORK_CHECK] = job_check,
    [WORK_FINAL] = job_final,
    [WORK_ROLES] = job_roles,
    [WORK_RESTORE] = job_restore,
    [WORK_LAST_SEQUENCES] = job_last_sequences,
    [WORK_LAST_UNLOGGED] = job_last_unlogged,
    [WORK_LAST_BLOBS] = job_last_blobs,
};

bool job_run(struct job *job, struct fault *why)
{
    job->rows = job->bytes = -1;
    if (functions[job->work->kind](job, why))
        return true;
    const char *name = job->work->name;
    fault_during(why, "%s%s%s", work_kind_sentence(job->work->kind), *name == '\0' ? "" : ", ",
                 name);
    /* The source's transaction may be aborted: the next item goes back to its savepoint. */
    job->held_table = 0;
    struct fault ignored;
    if (job->target != NULL && !conn_broken(job->target))
        conn_run(job->target, "ROLLBACK", &ignored);
    return false;
}

static bool warn(struct db *db, const char *text, struct fault *why)
{
    log_warning("%s", text);
    return event_add(db, "warning", 0, text, why);
}

bool job_warn(const struct job *job, const char *text, struct fault *why)
{
    return warn(job->db, text, why);
}

bool warn_lines(struct db *db, char *text, struct fault *why)
{
    char *line;
    while ((line = strsep(&text, "\n")) != NULL)
        if (*line != '\0' && !warn(db, line, why))
            return false;
    return true;
}

/* undefined_object, invalid_parameter_value */
bool fault_may_be_left_out(const struct fault *why)
{
    return strcmp(why->sqlstate, "42704") == 0 || strcmp(why->sqlstate, "22023") == 0;
}
