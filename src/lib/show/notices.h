/*
 * notices.h - what of a run is worth telling somebody who does not look; and telling it.
 *
 * It is a process of its own that reads the catalog: nothing of the run waits for it or fails with
 * it.
 */
#ifndef PGHAUL_SHOW_NOTICES_H
#define PGHAUL_SHOW_NOTICES_H

#include "base/fault.h"
#include "store/db.h"

struct json_t;

/* What was seen of one run. All 0 at first. */
struct notices {
    bool begun;
    bool stalled, lags, endangered; /* it was told */
    char state[16];
    char phase[16];
    uint64_t moved;   /* a hash of what would change if anything moved, */
    int64_t moved_ms; /* … and when it did last */
};

struct notice_bounds {
    int64_t stall_ms, lag_ms; /* 0: not told */
};

/* Compares a status (status.h) with what was seen before, and calls `tell` for each event: begun,
 * phase, stall, moves, lag, caught_up, slot_danger, slot_safe, ended. `text` is a sentence for
 * people. Pure but for that; `now_ms` is of the monotonic clock. */
typedef void notice_tell(void *arg, const char *event, const char *text);
void notices_look(struct notices *seen, const struct json_t *status,
                  const struct notice_bounds *bounds, int64_t now_ms, notice_tell *tell, void *arg);

/* What holds of the status by now was told already. */
void notices_know(struct notices *seen, const struct json_t *status);

/* Is it an address for POST, and not a command? */
bool notify_is_url(const char *whom);

/* The program that posts. FAULT_NOTIFY_TOOL when it is not in PATH. */
bool notify_check(const char *whom, struct fault *why);

/* Looks every second until SIGTERM or SIGINT, and then until the run has ended; tells of what it
 * finds. `whom` is a command for sh, which has the event in its environment, or a URL, to which it
 * is posted as JSON. What cannot be told is a warning in the log. */
struct notify {
    struct db *db;
    const char *dir;
    const char *whom;
    struct notice_bounds bounds;
    bool again; /* one before it has told of the beginning */
};
bool notify(const struct notify *what, struct fault *why);

#endif
