/*
 * described.h - what a table of the source was like when its changes last went to the target.
 *
 * The stream tells what a table is like, and not what it was like before. Who compares the two
 * needs a memory that outlives a process: what the plan had, until that is known better.
 */
#ifndef PGHAUL_CATALOG_DESCRIBED_H
#define PGHAUL_CATALOG_DESCRIBED_H

#include "base/strbuf.h"
#include "store/db.h"

struct described {
    bool found; /* else nothing is known, and all is empty */
    struct strbuf nspname, relname;
    struct strbuf columns; /* "a", "b": quoted, in any order, without generated ones */
    int64_t target;        /* oid of the target's table; 0: not known */
    bool gone;             /* the source has the table no more */
};

/* For scoped(). */
void drop_described(struct described *described);

/* `described` is empty before. */
bool described_get(struct db *db, uint32_t oid, struct described *described, struct fault *why);

/* `durable`: it is on the disk when this returns true. */
bool described_put(struct db *db, uint32_t oid, const struct described *described, bool durable,
                   struct fault *why);

/* The source has this table of the plan no more. */
bool described_gone(struct db *db, uint32_t oid, struct fault *why);

/* Is a quoted name in the list? */
bool described_has(const char *columns, const char *quoted);

#endif
