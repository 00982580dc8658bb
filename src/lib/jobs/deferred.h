/*
 * deferred.h - keys of the target that are not checked while changes are applied: those that are
 * deferrable, since triggers check them. The source's rows are unique; what somebody else writes to
 * the target may not be.
 */
#ifndef PGHAUL_JOBS_DEFERRED_H
#define PGHAUL_JOBS_DEFERRED_H

#include "jobs/job.h"

/* Names them in a warning. */
bool deferred_warn(struct job *job, struct fault *why);

/* Looks for rows that break one. FAULT_KEY_DOUBLED. */
bool deferred_check(struct job *job, struct fault *why);

#endif
