/*
 * worker.h - the life of a worker process.
 *
 * A worker connects, tells the supervisor that it is ready, and does work items of
 * its lanes until there are none or it is told to end; some roles do something
 * else as well. It never gives back an item by itself: what its backends did is only
 * known when they are gone, so its replacement sees to that first (reap.h).
 */
#ifndef PGHAUL_RUN_WORKER_H
#define PGHAUL_RUN_WORKER_H

#include "catalog/run.h"
#include "catalog/settings.h"
#include "pg/conn.h"
#include "proc/leash.h"
#include "proc/throttle.h"

enum role {
    ROLE_RESUME,
    ROLE_SNAPSHOT,
    ROLE_SCHEMA,
    ROLE_COPY,
    ROLE_BUILD,
    ROLE_WATCH,
    ROLE_RECEIVE,
    ROLE_APPLY,
    ROLE_GUARD,
    ROLE_CUTOVER,
    ROLES
};

enum { LANES_OF_ROLE = 3, NO_LANE = -1 };

struct role_entry {
    const char *name;
    const char *purpose; /* for the docs */
    bool has_source;
    bool has_target;
    /* What it claims from, in this order; NO_LANE fills up. The first is its own; in a small
     * run, where it would cost more to start another worker, it is told to help in others. */
    int lanes[LANES_OF_ROLE];
};
const struct role_entry *role_entry(enum role role);

/* False when there is no role of this name. */
bool role_parse(const char *name, enum role *ret_role);

struct worker {
    enum role role;
    int number;
    bool alone; /* nobody waits for messages of it, and it ends when it finds nothing to do */
    const char *dir;
    struct leash *leash;
    struct db *db;
    const struct settings *settings;
    const struct conninfo *source_info;
    const struct conninfo *target_info;
    struct throttle *throttle; /* of what the run copies; NULL: none */
    /* Reads from the catalog what of the settings may change while the run goes on. */
    bool (*renew)(void *arg, struct fault *why);
    void *renew_arg;

    /* Filled by worker_run(). */
    int64_t process; /* process.id */
    struct run run;
    struct snapshot snapshot; /* seq 0: not known yet */
    bool entered;             /* the source's transaction is in it */
    bool handed_over;         /* only the target is of interest */
    bool target_matches;      /* the target's client_encoding is the source's */
    struct conn *source;
    struct conn *target;
};

/* Runs until the work is done or the worker is told to end. FAULT_STOPPED and
 * FAULT_ORPHANED are faults like others here; the caller decides about the exit. */
bool worker_run(struct worker *worker, struct fault *why);

/* Sends to the supervisor; does nothing for a worker that has none. */
bool worker_say(struct worker *worker, int type, int64_t work, struct fault *why);

/* Takes or enters the run's snapshot on worker->source, and says which it is. */
bool worker_take_snapshot(struct worker *worker, struct fault *why);

/* Keeps the snapshot alive until woken or told to end. */
bool worker_keep_snapshot(struct worker *worker, struct fault *why);

/* The roles that do no items. */
bool worker_resume(struct worker *worker, struct fault *why);
bool worker_watch(struct worker *worker, struct fault *why);

/* Reads settings anew if they may be others now. */
bool worker_renew(struct worker *worker, struct fault *why);

/* Reads worker->run anew. */
bool worker_load_run(struct worker *worker, struct fault *why);

/* Notes in the catalog which databases the two sides are. FAULT_SAME_DATABASE. */
bool worker_note_sides(struct worker *worker, struct fault *why);

/* Connects a side as this worker, and notes the backend in the catalog. */
bool worker_connect(struct worker *worker, enum side side, struct fault *why);

#endif
