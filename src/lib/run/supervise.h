/*
 * supervise.h - the supervisor: starts workers, follows the phases, ends the run.
 *
 * It has no connection to PostgreSQL and does no work itself: one poll() over a
 * signalfd, a pidfd and a channel for each worker, and the nearest deadline.
 */
#ifndef PGHAUL_RUN_SUPERVISE_H
#define PGHAUL_RUN_SUPERVISE_H

#include "base/log.h"
#include "catalog/run.h"
#include "catalog/settings.h"
#include "run/budget.h"
#include "run/workdir.h"

struct supervise {
    struct workdir *dir;
    struct db *db;
    const struct settings *settings;
    const char *source; /* connection strings as given: for the workers only */
    const char *target;
    bool resume;
    bool again;            /* set when a run that follows has lost its snapshot and goes on */
    bool not_consistent;   /* a new snapshot may be taken for unfinished tables */
    bool show_progress;    /* draw or print how far the run is */
    struct budget *budget; /* workers shared with other runs; NULL: all are our own */
    const char *rate_file; /* of the throttle of what is copied; made by the caller */
    /* Reads from the catalog what of the settings may change while the run goes on. */
    bool (*renew)(void *arg, struct fault *why);
    void *renew_arg;
    int channel; /* of who started us: when it is closed, all end at once; -1: none */
    void (*each_second)(void *arg); /* about once a second, until the end; NULL: nothing */
    void *each_second_arg;
};

/* Works until the run is done, has failed or was stopped; the state is then in the
 * catalog. True when it is done. */
bool supervise(struct supervise *what, struct fault *why);

#endif
