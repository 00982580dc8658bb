/*
 * existing.h - what the target has already, for a run that brings no schema of its own.
 *
 * Rows, values of sequences, indexes and constraints go to tables that somebody else has
 * made. So these must be there, with the columns, and without rows; indexes and constraints
 * that are there already must be the source's. What the target's foreign keys say is
 * verified after the rows, because no key and no trigger may fire for them.
 */
#ifndef PGHAUL_PLAN_EXISTING_H
#define PGHAUL_PLAN_EXISTING_H

#include "pg/conn.h"
#include "store/db.h"

struct existing {
    struct db *db; /* with what plan_source() has read */
    struct conn *source;
    struct conn *target;
    const char *chosen; /* relations (ask.h) */
    int64_t contents;   /* enum content */
    bool truncate;      /* rows that are there are removed */
    bool same_version;  /* both servers print definitions alike */
};

/* Compares, and notes in the catalog what jobs must know. FAULT_TARGET_LACKS_RELATION,
 * FAULT_TARGET_NOT_COMPUTED, FAULT_TARGET_HAS_ROWS, FAULT_TARGET_TRIGGERS, FAULT_TARGET_NOT_EMPTY
 * (an index or constraint of the same name that is another). In a write transaction of the catalog,
 * before plan_work(). */
bool existing_match(struct existing *existing, struct fault *why);

/* Reads all indexes and constraints of the target into found_index and found_constraint; forgets
 * them. In a write transaction of the catalog. */
bool existing_read_built(struct db *db, struct conn *target, struct fault *why);
bool existing_forget_built(struct db *db, struct fault *why);

#endif
