/*
 * follow.h - what a run that follows does beside copying: its beginning on the source, receiving,
 * applying.
 *
 * The order is what loses nothing: the publication is committed before the slot is made, the copy
 * reads in the snapshot of the slot's beginning, and what is made on the source stands in the
 * catalog before it is made.
 */
#ifndef PGHAUL_RUN_FOLLOW_H
#define PGHAUL_RUN_FOLLOW_H

#include "jobs/job.h"
#include "run/worker.h"

/* Makes publication and slot, and leaves the worker's source connection in the snapshot of the
 * slot's beginning, which is exported and noted. Before that both sides are checked as the plan
 * does it, so that nothing is made in vain. What an earlier attempt has left is dropped first. */
bool follow_begin(struct worker *worker, struct snapshot *ret_snapshot, struct fault *why);

/* A start that comes to nothing: drops what it has made on the source, unless there is a plan. */
void follow_undo(struct worker *worker);

/* Drops what the run has made on the source: it follows no more. */
bool follow_drop(struct worker *worker, struct fault *why);

/* The same, but for the identities that tables were given: the source's WAL need not be kept any
 * more, and the rest is left to pghaul cleanup. May be done again. */
bool follow_release(struct worker *worker, struct fault *why);

/* The role that receives, until the end is reached or it is told to end. */
bool worker_receive(struct worker *worker, struct fault *why);

/* A plain snapshot on the worker's source connection instead of the slot's, noted with all that it
 * sees; what it sees had committed before *ret_settled. It must see all that committed before the
 * place where the stream begins. */
bool follow_take_later(struct worker *worker, struct snapshot *ret_snapshot, lsn_t *ret_settled,
                       struct fault *why);

/* The same when the snapshot is gone, for the tables that are not finished. */
bool follow_renew(struct worker *worker, struct snapshot *ret_snapshot, struct fault *why);

/* The role that looks after the slot and the source's tables while others follow. */
bool worker_guard(struct worker *worker, struct fault *why);

/* What all jobs of a worker have in common. */
struct job worker_job(const struct worker *worker);

/* The role that keeps sequences near the source's and hands over when somebody asks for it. */
bool worker_cutover(struct worker *worker, struct fault *why);

/* Once a process was cut off: the source writes again, unless it was handed over. */
bool follow_recover(struct worker *worker, struct fault *why);

/* Does a WORK_HAND_OVER item. */
bool follow_hand_over(struct job *job, struct fault *why);

/* Does a WORK_FOLLOW item: true when the end is reached and applied. */
bool worker_follow(struct worker *worker, struct job *job, struct fault *why);

/* Does a WORK_SETTLE item: true when all tables are of one moment, whatever they were copied in. */
bool worker_settle(struct worker *worker, struct job *job, struct fault *why);

#endif
