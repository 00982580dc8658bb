/*
 * throttle.h - a rate that several processes keep together: one token bucket in a file that all of
 * them have mapped.
 *
 * Each takes what it has moved from the bucket and is told until when it is to move nothing more.
 * Nobody waits for anybody else, and who dies leaves nothing locked. A rate of 0 is no limit, and
 * costs a look at one number.
 */
#ifndef PGHAUL_PROC_THROTTLE_H
#define PGHAUL_PROC_THROTTLE_H

#include "base/fault.h"

#include <stddef.h>
#include <stdint.h>

struct throttle {
    struct throttle_bucket *bucket; /* mapped; NULL: there is no limit, ever */
};

/* What is moved between two looks at the bucket is worth so much time at the most, if that is not
 * less than THROTTLE_LEAST bytes. */
enum { THROTTLE_MS = 50, THROTTLE_LEAST = 4096 };

/* Maps the file, which is made if it is not there; then its rate is 0. FAULT_DIR_UNUSABLE. */
bool throttle_open(struct throttle *throttle, const char *path, struct fault *why);

/* Makes the file anew for a run that begins, and maps it: what processes of an earlier one may
 * still have mapped is another file. */
bool throttle_make(struct throttle *throttle, const char *path, struct fault *why);

/* For scoped(). */
void drop_throttle(struct throttle *throttle);

/* Bytes a second from now on, 0: no limit. What was taken at another rate is forgotten. */
void throttle_set(struct throttle *throttle, int64_t rate);

/* Bytes that may be moved before the next take, of `most`. */
size_t throttle_portion(const struct throttle *throttle, size_t most);

/* What one who moves has to wait for. Zeroed: nothing. */
struct throttle_turn {
    int64_t due_us; /* monotonic; 0: now */
    int64_t epoch;  /* of the rate that it was calculated with */
};

/* So many bytes were moved. */
void throttle_take(struct throttle *throttle, size_t bytes, struct throttle_turn *turn);

/* May more be moved? If not, *ret_wait_ms is how long to wait; a rate that is set meanwhile may
 * make it shorter. */
bool throttle_may(const struct throttle *throttle, struct throttle_turn *turn, int *ret_wait_ms);

#endif
