/*
 * firing.h - what fires on replicated changes as well: triggers and rules that are enabled ALWAYS
 * or for REPLICA. The source's have fired already, so the target's are off while changes are
 * applied.
 */
#ifndef PGHAUL_JOBS_FIRING_H
#define PGHAUL_JOBS_FIRING_H

#include "jobs/job.h"

/* Notes those on the run's tables in the catalog, durably, then disables them; may be done again.
 */
bool firing_switch_off(struct job *job, struct fault *why);

/* Enables what was noted as it was, then forgets it. */
bool firing_switch_on(struct job *job, struct fault *why);

/* The statements of firing_switch_on, for people; nothing when all is on. */
bool firing_show(struct db *db, struct strbuf *sql, struct fault *why);

#endif
