/*
 * recopied.h - of a run that follows: the tables that are not copied in its slot's snapshot.
 */
#ifndef PGHAUL_RUN_RECOPIED_H
#define PGHAUL_RUN_RECOPIED_H

#include "cdc/copied.h"
#include "store/db.h"

struct recopied {
    struct db *db;
    struct copied *list;
    size_t count;
};

/* Reads the snapshots: no more of them than the run had resumes. */
bool recopied_read(struct recopied *recopied, struct fault *why);

/* The one that a table of the source was copied in; NULL: the slot's. */
bool recopied_find(const struct recopied *recopied, uint32_t relation,
                   const struct copied **ret_copied, struct fault *why);

/* FAULT_END_PASSED: at `end` the tables would not be of one moment, as they are from `settled` on.
 * Always false. */
bool recopied_refuse_end(lsn_t end, lsn_t settled, struct fault *why);

/* For scoped(). */
void drop_recopied(struct recopied *recopied);

#endif
