/*
 * planning.h - a plan from its beginning to its end: what a run does before it touches the target,
 * and what `pghaul list` and `pghaul plan` do without a run.
 */
#ifndef PGHAUL_PLAN_PLANNING_H
#define PGHAUL_PLAN_PLANNING_H

#include "base/strbuf.h"
#include "catalog/settings.h"
#include "plan/refusals.h"
#include "plan/selection.h"

struct planning {
    struct db *db;       /* with the filters; the plan goes there */
    struct conn *source; /* in a transaction that reads in one snapshot, with the savepoint
                            pghaul_item */
    struct conn *target; /* NULL: there is none */
    const struct settings *settings;
    bool unchecked;             /* only to look at: what would end a run is not looked for */
    bool names_only;            /* only which relations there are: nobody's lock is waited for */
    struct refusals *refusals;  /* NULL: the first one is the end */
    struct selection selection; /* filled by the first step */
    struct strbuf warnings;     /* a line each, by the first step */
    int64_t large_objects;      /* counted by the second step */
};

/* Checks the rights on both sides and resolves the filters. */
bool planning_choose(struct planning *planning, struct fault *why);

/* Fills the catalog, in one write transaction. When a table on the source is locked, the fault
 * names who locks it. */
bool planning_fill(struct planning *planning, struct fault *why);

/* Is the target fit for the plan? Nothing without a target. */
bool planning_check(struct planning *planning, struct fault *why);

/* Frees what was filled; what was given is the caller's. For scoped(). */
void drop_planning(struct planning *planning);

#endif
