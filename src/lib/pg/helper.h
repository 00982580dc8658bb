/*
 * helper.h - the schema pghaul on the target, which is there as long as a run has tables in it.
 */
#ifndef PGHAUL_PG_HELPER_H
#define PGHAUL_PG_HELPER_H

#include "base/strbuf.h"

/* Adds a statement that keeps the target's event triggers away from the rest of the transaction:
 * they have nothing to do with our tables. Not every role may say so. */
void helper_add_quiet(struct strbuf *sql);

/* Adds a statement that drops this table of the schema, and then the schema, where they are empty.
 * A row that another run has not committed yet is seen once the table is locked; a run that keeps
 * us waiting for that will drop the table itself. */
void helper_add_drop_if_empty(struct strbuf *sql, const char *table);

#endif
