/*
 * hand_over.h - the steps of a cutover, up to the hand-over; and what comes of one that was cut
 * off.
 *
 * All before the hand-over can be taken back: whatever fails, is cancelled or takes too long lets
 * the source write again, and the run follows on. The hand-over stands in the catalog before
 * anything is made of it; after it the run only ends, however often it has to be resumed.
 */
#ifndef PGHAUL_CUTOVER_HAND_OVER_H
#define PGHAUL_CUTOVER_HAND_OVER_H

#include "catalog/cutover.h"
#include "jobs/job.h"

/* What a run has to do with its way back, by who knows of that (run/back.h). All may be done again
 * after a failure. */
struct ways {
    bool (*prepare)(struct job *job, struct fault *why);
    bool (*undo)(struct job *job, struct fault *why);
    bool (*open)(struct job *job, struct fault *why);
    /* Of a way back: its target, which was frozen when it was the source, is to take writes. */
    bool (*arrive)(struct job *job, struct fault *why);
};

/* The fault of a cutover that was given up is its own, in the catalog; false is for what keeps this
 * process from going on. `job` is idle, with both connections outside a transaction; they may be
 * broken afterwards. */
bool hand_over(struct job *job, const struct ways *ways, int64_t cutover, struct fault *why);

/* After a process died, of which no connection is needed: before the hand-over the source writes
 * again, for as long as it takes to reach it; what was asked for is given up. After it nothing is
 * to be done. */
bool hand_over_recover(struct job *job, const struct ways *ways, struct fault *why);

/* What comes last, when the run has ended what is to be ended on the target: the record there, the
 * command, and the source's writes if they are wanted. Does nothing for a run that was not handed
 * over. */
bool hand_over_finish(struct job *job, const struct ways *ways, struct fault *why);

#endif
