/*
 * reap.h - ending the backends that dead processes have left.
 *
 * The dead may still commit: a backend goes on with its statement, or has just
 * received COMMIT. Before an item of a dead worker is given out again, its
 * backends are ended on both servers and waited for.
 */
#ifndef PGHAUL_RUN_REAP_H
#define PGHAUL_RUN_REAP_H

#include "run/worker.h"

/* Ends what other processes of a role and number left (role NULL: of all roles; number 0:
 * of all numbers), if they were started before this time (0: at any time), and gives
 * their items back. The worker must be connected to the sides they had. */
bool reap(struct worker *worker, const char *role, int number, int64_t before_us,
          struct fault *why);

#endif
