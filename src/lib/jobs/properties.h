/*
 * properties.h - what belongs to the database itself, on the target.
 */
#ifndef PGHAUL_JOBS_PROPERTIES_H
#define PGHAUL_JOBS_PROPERTIES_H

#include "jobs/job.h"

/* Sets them, in the transaction that is open. What the target does not accept is left out, with a
 * warning: a value, a provider of labels. */
bool properties_set(struct job *job, struct fault *why);

#endif
