/*
 * job.h - doing a work item: one function for each kind.
 *
 * A job is written so that it can be run again at any time. What it does to the
 * target commits together with its row in pghaul.done (done.h), so the target
 * always says what is done. Jobs know nothing of each other.
 */
#ifndef PGHAUL_JOBS_JOB_H
#define PGHAUL_JOBS_JOB_H

#include "catalog/run.h"
#include "catalog/settings.h"
#include "catalog/work.h"
#include "pg/conn.h"
#include "pg/tools.h"
#include "proc/leash.h"
#include "proc/throttle.h"

struct job {
    /* Set for the life of a worker. */
    struct db *db;
    struct leash *leash;
    const struct settings *settings;
    const struct run *run;
    const char *dir;           /* work directory */
    struct throttle *throttle; /* of what is copied; NULL: none */
    const struct conninfo *source_info;
    const struct conninfo *target_info;
    struct conn *source; /* in the snapshot's transaction; NULL where the role has none */
    struct conn *target; /* idle, no transaction; NULL where the role has none */
    const struct snapshot *snapshot; /* that of the run now; seq 0: none yet */
    struct tools tools;              /* filled when first needed (script_tools) */
    int64_t held_table;              /* oid of the table that the source's savepoint keeps locked */
    void (*moved)(struct job *job, int64_t bytes); /* reports progress */

    /* Set for each item. */
    const struct work *work;

    /* Results; -1: not known or without meaning. */
    int64_t rows;
    int64_t bytes;
};

typedef bool job_function(struct job *job, struct fault *why);

/* Does job->work. After a failure the connections are usable again, unless broken. */
bool job_run(struct job *job, struct fault *why);

/* Says and notes what the user should know of, though the run goes on. */
bool job_warn(const struct job *job, const char *text, struct fault *why);

/* The same for each line of a text; the text is cut into its lines. NULL: nothing. */
bool warn_lines(struct db *db, char *text, struct fault *why);

/* Is the fault that this server does not know, accept or have what the source's has? */
bool fault_may_be_left_out(const struct fault *why);

/* The functions, one file each. */
job_function job_plan, job_renew, job_dump, job_roles, job_schema, job_tables, job_views,
    job_restore, job_empty, job_copy, job_blobs, job_sequences, job_last_sequences,
    job_refresh_sequences, job_last_unlogged, job_last_blobs, job_index, job_keys, job_exclusion,
    job_foreign_keys, job_analyze, job_post, job_refresh, job_check, job_final;

#endif
