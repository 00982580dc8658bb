/*
 * steer.h - a run that somebody else works on, opened to change what it does: it is paused, or its
 * settings are others.
 */
#ifndef PGHAUL_BIN_STEER_H
#define PGHAUL_BIN_STEER_H

#include "book.h"
#include "catalog/members.h"
#include "catalog/run.h"
#include "catalog/steering.h"

struct steer {
    char path[PATH_MAX]; /* work directory */
    struct db *db;
    struct run run;
    struct members members; /* of a run over several databases */
    bool running;           /* its supervisor, or a worker, is there */
};

/* Opens the run that the options name. FAULT_DIR_NO_RUN, FAULT_CANCELLED. */
bool steer_open(struct steer *steer, const struct options *options, enum db_mode mode,
                struct fault *why);

/* For scoped(). */
void drop_steer(struct steer *steer);

/* FAULT_NOT_RUNNING. */
bool steer_check_running(const struct steer *steer, struct fault *why);

/* Does it to the run's catalog, then to those of the runs that it consists of, as far as they are
 * made: each in a transaction. */
bool steer_change(struct steer *steer, bool (*change)(struct db *db, void *arg, struct fault *why),
                  void *arg, struct fault *why);

/* Waits for a moment until the supervisors have taken what was changed. *ret_taken is false when
 * they are busy: they will as soon as they can. */
bool steer_await(struct steer *steer, bool *ret_taken, struct fault *why);

#endif
