/*
 * check.c - is everything there that the plan has?
 *
 * Before the run is called done, indexes and constraints of the target are read
 * once and compared with the plan, by name, table, validity, and (between servers
 * of one version) by definition. After following, what the source itself has no
 * more as it was planned is no difference: its definitions may have changed, and
 * the target's with them.
 */
#include "jobs/job.h"

#include "base/failpoint.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "plan/existing.h"

static bool read_target(struct db *db, void *arg, struct fault *why)
{
    struct job *job = arg;
    return existing_read_built(db, job->target, why);
}

static bool forget_changed(struct db *db, void *arg, struct fault *why)
{
    static const int changed[] = {SQL_CONSTRAINTS_CHANGED, SQL_INDEXES_CHANGED};
    struct job *job = arg;
    return existing_read_built(db, job->source, why) &&
           db_run_all(db, changed, sizeof changed / sizeof changed[0], why);
}

static bool on_difference(void *arg, const struct stmt *row, struct fault *why)
{
    struct strbuf *text = arg;
    (void)why;
    strbuf_addf(text, "%s%s %s", text->length == 0 ? "" : "; ", stmt_text(row, 0),
                stmt_text(row, 1));
    return true;
}

static bool refuse_differences(struct job *job, int statement, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    bool same = job->run->source_version / 10000 == job->run->target_version / 10000;
    return catalog_list(job->db, statement, same, on_difference, &text, why) &&
           (text.length == 0 || fault_set(why, FAULT_TARGET_DIFFERS, "%s", text.text));
}

static bool compare(struct job *job, struct fault *why)
{
    return db_write(job->db, read_target, job, why) &&
           refuse_differences(job, SQL_FOUND_INDEX_DIFFERENCES, why) &&
           refuse_differences(job, SQL_FOUND_CONSTRAINT_DIFFERENCES, why);
}

/* Definitions are compared as text, so all names must be quoted as the plan's are. */
static bool quote_all(struct conn *conn, struct fault *why)
{
    return conn_run(conn, "SET search_path = ''; SET quote_all_identifiers = on", why);
}

bool job_check(struct job *job, struct fault *why)
{
    FAILPOINT("check.begun", why);
    if (!quote_all(job->target, why))
        return false;
    bool same = compare(job, why);
    if (!same && why->id == FAULT_TARGET_DIFFERS && job->settings->follow && job->source != NULL)
        same = quote_all(job->source, why) && db_write(job->db, forget_changed, job, why) &&
               compare(job, why);
    return same && existing_forget_built(job->db, why);
}
