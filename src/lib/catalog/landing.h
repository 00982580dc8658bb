/*
 * landing.h - tables of the source whose rows go to a partitioned table above them.
 *
 * The target may have other partitions than the source, or none. Then what a partition of the
 * source has goes to its root there; the plan notes which these are, and who looks after a run that
 * follows those that come later.
 */
#ifndef PGHAUL_CATALOG_LANDING_H
#define PGHAUL_CATALOG_LANDING_H

#include "base/strbuf.h"
#include "store/db.h"

struct landing {
    uint32_t root; /* oid on the source; 0: the table's rows go to itself */
    struct strbuf nspname, relname;
};

/* For scoped(). */
void drop_landing(struct landing *landing);

/* `landing` is empty before. */
bool landing_get(struct db *db, uint32_t leaf, struct landing *landing, struct fault *why);

/* How many tables that the source still has go to this one? */
bool landing_leaves(struct db *db, uint32_t root, int64_t *ret_count, struct fault *why);

/* The source does not have it any more. */
bool landing_gone(struct db *db, int64_t leaf, struct fault *why);

/* A new table of the source, below those whose oids are in `above` (" 1  2 "): if others below one
 * of these go to it, so does this one. */
bool landing_add(struct db *db, int64_t leaf, const char *above, struct fault *why);

#endif
