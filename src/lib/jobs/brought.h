/*
 * brought.h - the table pghaul.large_objects on the target: which objects a run that follows has
 * brought, so that later ones of the source are told from those that were there before.
 *
 * A row is written with the objects that it names, in their transaction. The row whose `low` is 0
 * names none: it says up to where the source's objects were compared (`seen`). All of it stays
 * until the run is cleaned up, since a run may follow on from its end.
 */
#ifndef PGHAUL_JOBS_BROUGHT_H
#define PGHAUL_JOBS_BROUGHT_H

#include "base/strbuf.h"
#include "pg/conn.h"
#include "store/db.h"

/* Makes schema and table where they are not, and removes the rows of runs that this one has taken
 * the place of. */
bool brought_prepare(struct db *db, struct conn *target, struct fault *why);

/* Has this run any row there? */
bool brought_any(struct conn *target, const char *run, bool *ret_any, struct fault *why);

/* Adds an INSERT of those in pg_temp.pghaul_blob that the run has not brought yet. */
void brought_add_new(struct strbuf *sql, const char *run);

/* Adds an UPDATE that takes these ("1,2") away. */
void brought_add_gone(struct strbuf *sql, const char *run, const char *oids);

/* All transactions of the source before this one (xid with its epoch) were compared; 0: nothing is
 * known. */
bool brought_seen(struct conn *target, const char *run, int64_t *ret_seen, struct fault *why);
bool brought_set_seen(struct conn *target, const char *run, int64_t seen, struct fault *why);

/* Removes the run's rows, and what is then empty. */
bool brought_forget(struct conn *target, const char *run, struct fault *why);

#endif
