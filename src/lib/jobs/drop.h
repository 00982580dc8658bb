/*
 * drop.h - dropping what is in the way on the target (--drop-if-exists).
 */
#ifndef PGHAUL_JOBS_DROP_H
#define PGHAUL_JOBS_DROP_H

#include "jobs/job.h"

/* Drops the target's relations that have names of the source's, and the objects that the
 * DROP … IF EXISTS statements in `script` (of pg_restore --clean) name. Never anything
 * else: an object of the target's own that depends on one of them is an error. */
bool drop_objects(struct job *job, const char *script, struct fault *why);

#endif
