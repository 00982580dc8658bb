/*
 * restore.c - a file of schema statements, which somebody may have edited, on the target.
 *
 * The run has a copy of its own, as it was when it began. On a resume the file as it is then
 * comes in its place, if what the target has done of it is still the same.
 */
#include "jobs/job.h"

#include "base/failpoint.h"
#include "base/file.h"
#include "jobs/done.h"
#include "jobs/script.h"
#include "plan/check.h"

/* For a resume, which must find the same database. */
static bool note_target(struct job *job, struct fault *why)
{
    struct identity identity;
    return check_identity(job->target, &identity, why) &&
           run_set_sides(job->db, "", identity.id, conn_version(job->target), why);
}

static bool take_edited(struct job *job, const char *edited, const char *path, int done,
                        struct fault *why)
{
    if (done > 0 && !script_goes_on(job, path, edited, done, why))
        return false;
    FAILPOINT("restore.before_taken", why);
    if (!put_file(edited, path, why))
        return false;
    FAILPOINT("restore.after_taken", why);
    return true;
}

/* An index may take hours, so what is done of post-data is not rolled back with what fails. */
static int batch_of(const struct job *job)
{
    return strcmp(job->work->name, "post-data") == 0 ? 1 : 0;
}

bool job_restore(struct job *job, struct fault *why)
{
    char path[PATH_MAX], edited[PATH_MAX];
    int done;
    bool whole;
    script_path(path, job, job->work->name, ".sql");
    script_path(edited, job, job->work->name, ".sql" SCRIPT_EDITED);
    bool again = access(edited, F_OK) == 0;
    if (!check_rights(job->target, why) || !note_target(job, why) ||
        (again && !script_check(job, edited, why)) || !done_prepare(job, why) ||
        !done_last_step(job, &done, &whole, why))
        return false;
    if (whole)
        return true;
    if (again && !take_edited(job, edited, path, done, why))
        return false;
    if (script_run(job, path, batch_of(job), true, why))
        return true;
    if (why->id == FAULT_SCHEMA_RESTORE)
        fault_hint(why,
                   "Mend schema/%s.sql or the target, then go on with --resume: what is done "
                   "stays, and must stay in the file.",
                   job->work->name);
    return false;
}
