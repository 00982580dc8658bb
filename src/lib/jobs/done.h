/*
 * done.h - the table pghaul.done on the target: what is done, said by the target itself.
 *
 * A transaction that does an item, or a step of one, begins with the insert of
 * its row and commits it with its effect. So a row that is there means done, one
 * that is not means rolled back. A backend of a dead worker that is still about to
 * commit makes a second insert wait, and then fail: done, too.
 * Step 0 says that the whole item is done, other steps are parts of the way.
 */
#ifndef PGHAUL_JOBS_DONE_H
#define PGHAUL_JOBS_DONE_H

#include "jobs/job.h"

/* Makes schema and table, or, when they are there, removes the rows of runs that this
 * one has taken the place of. */
bool done_prepare(struct job *job, struct fault *why);

/* Adds "BEGIN; INSERT …;" for a step of the job's item. `in_snapshot`: the effect is
 * that of this snapshot only (rows copied). */
void done_add_begin(struct strbuf *sql, const struct job *job, int step, bool in_snapshot);

/* Adds "UPDATE …;" which notes what was copied. */
void done_add_counts(struct strbuf *sql, const struct job *job, int64_t rows, int64_t bytes);

/* True when a statement failed because the row was there already. The transaction is
 * rolled back then. */
bool done_already(struct job *job, const struct fault *why);

/* Runs statements as one step: BEGIN, row, statements, COMMIT in one round trip. True
 * also when the step was done before. */
bool done_run(struct job *job, int step, const char *statements, struct fault *why);

/* The highest step of the job's item that is done; -1: none. *ret_whole: step 0 is. */
bool done_last_step(struct job *job, int *ret_step, bool *ret_whole, struct fault *why);

/* Has this run any row on the target, but those of the item `except` (0: none is excepted)? */
bool done_any(const struct run *run, struct conn *target, int64_t except, bool *ret_any,
              struct fault *why);

/* Removes all rows of the run: its plan is about to be made anew. */
bool done_forget(const struct run *run, struct conn *target, struct fault *why);

/* Adds statements that remove the run's rows, and the table and its schema when no
 * other run needs them. */
void done_add_remove(struct strbuf *sql, const struct job *job);

/* Does that alone, with the rows of runs that this one has taken the place of. */
bool done_leave(struct job *job, struct fault *why);

/* Makes the catalog follow the target: marks items done that it says are done, and refuses
 * (FAULT_TARGET_LACKS) when it does not have what was done. */
bool done_follow(struct db *db, const struct run *run, struct conn *target, struct fault *why);

#endif
