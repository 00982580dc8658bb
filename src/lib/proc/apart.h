/*
 * apart.h - a call of a library that blocks, and could not be interrupted, without being deaf.
 *
 * The call is made in a thread of its own, while ours listens to the leash. When that is pulled to
 * end now, or its deadline is over, the thread is left alone: what it works on is its own from then on. So this is for calls
 * like PQconnectdb, which depend on nothing of ours but what they were given.
 */
#ifndef PGHAUL_PROC_APART_H
#define PGHAUL_PROC_APART_H

#include "proc/leash.h"

struct apart_call {
    void (*run)(void *arg);
    void (*forget)(void *arg); /* frees what a call that was left alone has made, and `arg` */
    void *arg;
};

/* True when the call has ended: `arg` is the caller's again. False, with FAULT_STOPPED,
 * FAULT_ORPHANED or FAULT_LATE, when it was left alone, or could not be begun: `arg` is gone. A
 * leash that hears nothing and has no deadline does not need it: then the call is made at once. */
bool apart_run(struct leash *leash, const struct apart_call *call, struct fault *why);

#endif
