/*
 * refusals.h - what keeps a run from beginning: all of it, where the first would do to end it.
 *
 * A step of the planning that refuses is passed over when its caller collects refusals, so that the
 * user hears of all at once. What comes of it is no plan: whoever collects looks at the count
 * before anything is done.
 */
#ifndef PGHAUL_PLAN_REFUSALS_H
#define PGHAUL_PLAN_REFUSALS_H

#include "pg/conn.h"

#include <stddef.h>

struct refusals {
    struct conn *source; /* after a statement that it refused it goes back to the savepoint
                            pghaul_item; borrowed, NULL: there is none */
    struct fault *list;
    size_t count;
};

/* For scoped(). */
void drop_refusals(struct refusals *refusals);

/* Adds one, whatever it is. */
void refusals_add(struct refusals *refusals, const struct fault *why);

/* Did a step go well, or was it refused and that is noted? False without `refusals` (NULL), and for
 * what is no refusal: stopped, a connection that is lost, an error of ours. What a server refuses
 * after something was noted is taken for a consequence of that, and forgotten. */
bool refusals_pass(struct refusals *refusals, bool good, const struct fault *why);

/* At the end of all steps, of which the last one went so: false when there are refusals; *why is
 * the first then, with the others as its detail. */
bool refusals_end(const struct refusals *refusals, bool good, struct fault *why);

#endif
