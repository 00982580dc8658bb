/*
 * statistics.h - the planner's statistics of one table on the target.
 */
#ifndef PGHAUL_JOBS_STATISTICS_H
#define PGHAUL_JOBS_STATISTICS_H

#include "catalog/objects.h"
#include "jobs/job.h"

/* Adds the statement that makes them: ANALYZE, or, for a table whose statistics are carried, the
 * calls that restore the source's. Before version 18 ANALYZE reads the partitions of a partitioned
 * table too, so those have none of their own (see the plan). */
bool statistics_add(struct strbuf *sql, const struct job *job, const struct table *table,
                    struct fault *why);

/* Restores the source's, inside of a transaction on the target. When the server does not take them,
 * the table is analyzed instead, with a warning. */
bool statistics_carry(struct job *job, const struct table *table, struct fault *why);

#endif
