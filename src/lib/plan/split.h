/*
 * split.h - cutting large tables into parts.
 */
#ifndef PGHAUL_PLAN_SPLIT_H
#define PGHAUL_PLAN_SPLIT_H

#include "plan/plan.h"

/* Decides for each table whether and how it is split, and adds the items of the parts. */
bool split_tables(struct plan *plan, struct fault *why);

/* The size above which a table is split. wish 0: auto, which splits a table only when
 * it is larger than a worker's share of the whole and worth it. */
int64_t split_limit(int64_t wish, int64_t total, int workers);

/* How many parts: of at most `limit` bytes each, more than workers, none empty. */
int split_count(int64_t bytes, int64_t blocks, int64_t limit, int workers);

#endif
