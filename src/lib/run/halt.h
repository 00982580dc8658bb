/*
 * halt.h - stopping a run from another process.
 */
#ifndef PGHAUL_RUN_HALT_H
#define PGHAUL_RUN_HALT_H

#include "proc/leash.h"
#include "run/workdir.h"

/* Stops what works in the directory and takes its lock: asks the supervisor to end at once, and
 * when that takes too long kills all processes of the run. Says what it does. What the run's
 * backends do on the servers may go on for a moment. FAULT_NOT_STOPPED. */
bool halt(struct workdir *dir, const char *path, struct leash *leash, struct fault *why);

#endif
