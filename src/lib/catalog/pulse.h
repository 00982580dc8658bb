/*
 * pulse.h - how fast a run is, and what it waits for, as its own processes note it.
 *
 * It is for who looks at the run: nothing of the run relies on it. There is a bounded number of
 * rows, and what is old is overwritten.
 */
#ifndef PGHAUL_CATALOG_PULSE_H
#define PGHAUL_CATALOG_PULSE_H

#include "base/lsn.h"
#include "store/db.h"

enum {
    SAMPLES_KEPT = 128, /* seconds */
    NEWS_US = 15000000, /* what was said or seen longer ago is no news */
};

/* What was done by then. Times are microseconds since 1970 by our clock. */
struct sample {
    int64_t at_us;
    int64_t bytes; /* copied, as the plan counts them: of the source's disk */
    int64_t rows;  /* of finished items */
    int64_t transactions, inserts, updates, deletes;
    lsn_t received, applied; /* 0: not known */
    int64_t caught_up_us;    /* when all that was received was applied last; 0: not seen */
};

/* Once a second at most: a second one overwrites the first. */
bool sample_put(struct db *db, const struct sample *sample, struct fault *why);

/* The first sample since then, and the last one that is not of the future, as some are when the
 * clock was set back. *ret_found: there are both, of two moments. */
struct sample_wish {
    int64_t since_us, now_us;
};
bool sample_span(struct db *db, const struct sample_wish *wish, struct sample *ret_first,
                 struct sample *ret_last, bool *ret_found, struct fault *why);

/* What the source last said of itself. at_us 0: nothing yet. */
struct source_seen {
    int64_t at_us;
    lsn_t wal_end;   /* what is written from then on is behind it */
    int64_t skew_us; /* its clock is so far before ours */
};
bool source_seen_put(struct db *db, const struct source_seen *seen, struct fault *why);
bool source_seen_get(struct db *db, struct source_seen *ret_seen, struct fault *why);

/* What a backend was found doing; texts are pg_stat_activity's, never NULL. A backend of no live
 * process of ours is left out. */
struct backend_seen {
    bool on_source;
    int pid;
    const char *state;
    const char *type;
    const char *event;
    const char *object; /* of a lock: the relation, quoted; "": something else */
    const char *holder; /* who has it, for people */
};
bool backend_seen(struct db *db, const struct backend_seen *seen, struct fault *why);

#endif
