/*
 * statistics.h - the planner's statistics of the source, for a target that can take them.
 */
#ifndef PGHAUL_PLAN_STATISTICS_H
#define PGHAUL_PLAN_STATISTICS_H

#include "plan/plan.h"

/* Decides for each table of the catalog whether its statistics are carried, and keeps the calls
 * that restore them. */
bool statistics_read(struct plan *plan, struct fault *why);

#endif
