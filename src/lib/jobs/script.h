/*
 * script.h - running a script of schema statements on the target, exactly once.
 */
#ifndef PGHAUL_JOBS_SCRIPT_H
#define PGHAUL_JOBS_SCRIPT_H

#include "jobs/job.h"

/* Behind the name of a script: a newer one, which is not taken yet. */
#define SCRIPT_EDITED ".edited"

/* The path of a file in the directory schema/ of the run; `to` has PATH_MAX bytes. */
void script_path(char *to, const struct job *job, const char *name, const char *ending);

/* Chooses the pg_dump and pg_restore that make the scripts: job->tools. */
bool script_tools(struct job *job, struct fault *why);

/* Runs the statements of the file in batches of `batch` (0: as many as the target's
 * lock table allows), each batch one transaction with its step in pghaul.done, so
 * that a run that was cut off goes on behind the last batch. The file must stay the
 * same until then. A failing statement is named in the fault. `whole`: with the end of
 * the script the job's item is done. */
bool script_run(struct job *job, const char *path, int batch, bool whole, struct fault *why);

/* Adds the statements of a short script to `sql`, for a transaction of the caller's. */
bool script_add(struct job *job, const char *path, struct strbuf *sql, struct fault *why);

/* May a script that people have edited be run? FAULT_SCRIPT_UNFIT names the line that may not: one
 * that would end our transactions, that only psql knows, or that a session after a break would
 * lack. */
bool script_check(struct job *job, const char *path, struct fault *why);

/* Are the first `done` statements, which the target has, the same in a script as it is now as in
 * the one that was begun? FAULT_SCRIPT_CHANGED. */
bool script_goes_on(struct job *job, const char *before, const char *now, int done,
                    struct fault *why);

#endif
