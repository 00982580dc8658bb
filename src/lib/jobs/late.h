/*
 * late.h - what replication does not carry, brought to the target at the end: large objects and
 * unlogged tables.
 *
 * Both connections are in no transaction, and in none afterwards, also when it failed (unless they
 * broke). All of it may be done at any time after the copy, as often as one likes, and be killed
 * anywhere: each transaction on the target leaves it as the source was at some time since. There is
 * no row of it in pghaul.done, which would keep the next time from bringing what has changed since.
 * Where the run's filters and options leave all of it out, nothing is done and all numbers are 0.
 */
#ifndef PGHAUL_JOBS_LATE_H
#define PGHAUL_JOBS_LATE_H

#include "jobs/job.h"

struct late {
    struct db *db; /* the run's catalog */
    const struct settings *settings;
    const struct run *run;
    struct conn *source;
    struct conn *target;
    void (*moved)(void *arg, int64_t bytes); /* contents so far; NULL: nobody asks */
    void *arg;
};

/* Guesses, for who must promise a time. */
struct late_estimate {
    int64_t count; /* objects, tables */
    int64_t bytes; /* on the source's disk, what is dead included */
    int64_t milliseconds;
};

/* ---- large objects ---- */

/* Nothing tells which large objects have changed. Each is compared by a hash that both servers
 * compute. Where the source lets us read pg_largeobject itself (a superuser, or who was granted
 * SELECT on it), only those with a row of a transaction that the last pass, or the copy, has not
 * seen. So a pass before the freeze makes the one after it short; it may be repeated, until the
 * estimate suits. */
struct late_blobs_counts {
    int64_t objects;    /* on the source */
    int64_t compared;   /* whose contents were read */
    int64_t written;    /* new ones, and those with other contents */
    int64_t properties; /* of those that were there: other owner, privileges, comment or labels */
    int64_t removed;    /* brought by the run, and gone from the source */
    int64_t bytes;      /* sent, as COPY has them */
    int64_t milliseconds;
    int64_t looking_ms; /* of these: finding out what differs */
};

/* Counts on the source. The guess is that of the last pass, how long it looked; without one, that
 * of a usual server. */
bool late_blobs_estimate(const struct late *late, struct late_estimate *ret_estimate,
                         struct fault *why);

/* Makes the target's large objects equal to the source's: contents, and, as the settings wish,
 * owners, privileges (not with --no-owner), comments, labels. An object that only the target has
 * stays, unless the run has brought it. FAULT_LATE_OBJECT_TAKEN: the source has a new one of the
 * oid of one that was on the target before. FAULT_LARGE_OBJECT_UNREADABLE,
 * FAULT_LATE_OBJECT_DENIED: of missing rights on the source, on the target. */
bool late_blobs_pass(const struct late *late, struct late_blobs_counts *ret_counts,
                     struct fault *why);

/* ---- unlogged tables ---- */

struct late_unlogged_counts {
    int64_t tables; /* copied anew */
    int64_t rows;
    int64_t bytes;
    int64_t left; /* named in warnings: the plan does not know them, or other tables' rows are with
                     theirs in one table of the target */
    int64_t milliseconds;
};

bool late_unlogged_estimate(const struct late *late, struct late_estimate *ret_estimate,
                            struct fault *why);

/* Copies all that are chosen and have rows in the run anew, each in one transaction of the target
 * that empties it before: whether they have changed cannot be known. On the source they are read
 * under ACCESS SHARE, 500 at a time in one snapshot. FAULT_LATE_TABLE_MISSING: the target does not
 * have one (any more, or under that name). */
bool late_unlogged_copy(const struct late *late, struct late_unlogged_counts *ret_counts,
                        struct fault *why);

#endif
