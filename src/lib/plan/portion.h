/*
 * portion.h - tables of which only some rows or columns are copied (--where, --columns).
 */
#ifndef PGHAUL_PLAN_PORTION_H
#define PGHAUL_PLAN_PORTION_H

#include "pg/conn.h"
#include "store/db.h"

/* Takes --where and --columns from the filters in the catalog to the tables that match, and to the
 * partitions of these. A condition is tried on the source. FAULT_BAD_VALUE for what cannot be read,
 * a column that is not there, a second condition or list for one table; FAULT_NO_MATCH when nothing
 * matches and `strict`. In a plan's transaction, when its tables are there. */
bool portion_apply(struct db *db, struct conn *source, bool strict, struct fault *why);

#endif
