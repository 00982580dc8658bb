/*
 * helper.h - the schema pghaul on the target, which is there as long as a run has tables in it.
 */
#ifndef PGHAUL_PG_HELPER_H
#define PGHAUL_PG_HELPER_H

#include "base/strbuf.h"
#include "pg/conn.h"

/* Adds a statement that keeps the target's event triggers away from the rest of the transaction:
 * they have nothing to do with our tables. Not every role may say so. */
void helper_add_quiet(struct strbuf *sql);

/* Of a transaction that writes for the source's sake, and not by applying changes: no way back
 * takes it there (cdc/mirrored.h). Keeps nobody waiting who applies, and leaves no row. Does
 * nothing where no run follows, or we may not. */
bool helper_mark(struct conn *target, struct fault *why);

/* Adds a statement that drops this table of the schema, and then the schema, where they are empty.
 * A row that another run has not committed yet is seen once the table is locked; a run that keeps
 * us waiting for that will drop the table itself. */
void helper_add_drop_if_empty(struct strbuf *sql, const char *table);

/* Is this table of the schema there? */
bool helper_has(struct conn *target, const char *table, bool *ret_there, struct fault *why);

/* Removes the run's rows of it, and table and schema when nobody else needs them. */
bool helper_forget(struct conn *target, const char *table, const char *run, struct fault *why);

#endif
