/*
 * pulse.h - of a run: how fast it is, how long it will take, how far behind it is, what it waits
 * for.
 *
 * The first functions are pure; pulse_collect() reads the catalog.
 */
#ifndef PGHAUL_SHOW_PULSE_H
#define PGHAUL_SHOW_PULSE_H

#include "base/strbuf.h"
#include "catalog/position.h"
#include "catalog/pulse.h"
#include "catalog/run.h"

struct json_t;

/* How far the target is behind the source in time. Times are microseconds by our clock, but
 * commit_us, which is by the source's. */
struct lag_facts {
    bool behind;          /* something is received and not applied */
    int64_t now_us;       /* when it is looked at */
    int64_t commit_us;    /* commit of the last transaction applied; 0: none was */
    int64_t skew_us;      /* the source's clock is so far before ours */
    int64_t caught_up_us; /* when nothing was behind last; 0: not known */
};

/* Milliseconds, -1: not known. A source that wrote nothing for an hour does not make it an hour: it
 * is never more than the time since all was applied. */
int64_t pulse_lag_ms(const struct lag_facts *facts);

/* What is left of a copy, and how fast that kind of work went. */
struct eta_facts {
    int64_t bytes_left;  /* of rows */
    int64_t bytes_rate;  /* a second; 0: not known */
    int64_t rate_ms;     /* the time over which that was measured */
    int64_t build_left;  /* bytes of indexes on the source that are to be built, */
    int64_t build_bytes; /* … that were built, */
    int64_t build_ms;    /* … in this time, of all workers together, */
    int64_t build_jobs;  /* … of which so many worked at once */
};

/* Milliseconds, -1: nothing to base it on. `basis` says in words what it is made of. Rows and
 * indexes are done side by side, so it is the longer of the two. */
int64_t pulse_eta_ms(const struct eta_facts *facts, struct strbuf *basis);

/* Until what is behind is applied; rates are bytes of WAL a second. -1: never at this rate. */
int64_t pulse_catch_up_ms(int64_t behind, int64_t received_rate, int64_t applied_rate,
                          struct strbuf *basis);

/* What a process waits for, by what its backends do. */
enum wait_for {
    WAIT_NOTHING,
    WAIT_LOCK,
    WAIT_SOURCE_READ,
    WAIT_TARGET_WRITE,
    WAIT_NETWORK, /* or pghaul itself: both servers wait for it */
    WAIT_BOTH,    /* both servers are at work */
    WAITS
};
const char *wait_word(enum wait_for wait);
const char *wait_sentence(enum wait_for wait);

/* What pg_stat_activity says of a backend; state "": there is none on that side. */
struct backend_state {
    char state[40];
    char type[40];
    char event[64];
};
enum wait_for wait_classify(const struct backend_state *source, const struct backend_state *target);

/* Adds substate, tables, rates, eta, lag, spool, waits and counts to the status of a run, which has
 * its steps, progress and position already. `position` is NULL for a run that does not follow. */
bool pulse_collect(struct db *db, const char *dir, const struct run *run,
                   const struct position *position, struct json_t *status, struct fault *why);

#endif
