/*
 * budget.h - workers that several runs share: so many may copy and so many may build, in all of
 * them together.
 *
 * The budget is a file, of which each byte stands for a worker. A supervisor locks one before it
 * starts a worker and unlocks it when that has ended; the kernel unlocks what a dead one held.
 */
#ifndef PGHAUL_RUN_BUDGET_H
#define PGHAUL_RUN_BUDGET_H

#include "base/fault.h"
#include "catalog/settings.h"
#include "run/worker.h"

enum { BUDGET_JOBS = 128, BUDGET_PLACES = 1 + 2 * BUDGET_JOBS };

struct budget {
    int file;
    const struct settings *settings;
    bool ours[BUDGET_PLACES]; /* a lock does not keep out the process that has it */
};

/* FAULT_DIR_UNUSABLE. */
bool budget_open(struct budget *budget, const char *path, const struct settings *settings,
                 struct fault *why);

/* For scoped(). */
void drop_budget(struct budget *budget);

/* Takes a place for a worker of this role. *ret_place is 0 when all are taken; without a budget
 * (NULL), and for roles that each run needs, it is -1. */
bool budget_take(struct budget *budget, enum role role, int *ret_place, struct fault *why);

/* Is that place among the first `jobs` of its role? True of one that is not shared. */
bool budget_is_within(enum role role, int place, int jobs);

/* Gives it back. */
void budget_give(struct budget *budget, int place);

#endif
