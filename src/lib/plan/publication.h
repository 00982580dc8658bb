/*
 * publication.h - which changes of the source a run follows, and the publication that says so.
 *
 * A table is published only when its rows can be told apart: else the application's own updates and
 * deletes of it would fail. The publication names each table, or the partitioned one above it.
 */
#ifndef PGHAUL_PLAN_PUBLICATION_H
#define PGHAUL_PLAN_PUBLICATION_H

#include "base/strbuf.h"
#include "pg/conn.h"
#include "store/db.h"

/* Could changes be followed at all? FAULT_NOT_FOLLOWED, FAULT_WAL_LEVEL. *ret_replicates is false
 * when the role lacks an attribute, which some servers do without. */
bool publication_check_source(struct conn *source, bool *ret_replicates, struct fault *why);

/* Takes the tables of the plan that is in the catalog whose rows are copied. `chosen`: as for the
 * plan (ask.h). FAULT_NO_IDENTITY names those that cannot be followed. What the user should know of
 * is added to `warnings`, a line each. */
bool publication_choose(struct db *db, struct conn *source, const char *chosen,
                        struct strbuf *warnings, struct fault *why);

/* FAULT_PLUGIN_UNFIT: there are numbers that the plugin could only tell as NULL. */
bool publication_refuse_numbers(struct db *db, struct fault *why);

/* Are changes of this table of the source followed, as they would be of one in the publication?
 * `oid` 0: there is none of that name any more; `above`: the oids of what it is a partition of,
 * each between two spaces. FAULT_TABLE_UNDESCRIBED: it is not the one of this name that was chosen.
 */
bool publication_covers(struct db *db, uint32_t oid, const char *schema, const char *name,
                        const char *above, bool *ret_covers, struct fault *why);

/* Makes it, in a transaction of its own. FAULT_PUBLICATION, FAULT_SLOT_TAKEN. */
bool publication_make(struct db *db, struct conn *source, const char *name, struct fault *why);

/* *ret_oid is 0 when there is none. */
bool publication_look(struct conn *source, const char *name, int64_t *ret_oid, struct fault *why);
bool publication_drop(struct conn *source, const char *name, struct fault *why);

/* After the plan that is for good: does the publication have all its tables?
 * FAULT_TABLE_UNPUBLISHED. Then leaves it out of what comes to the target. */
bool publication_check_plan(struct db *db, struct conn *source, const char *name,
                            struct fault *why);

/* Can the values of all that it publishes come in binary form, so that any server reads the same in
 * them? FAULT_BINARY_UNFIT. */
bool publication_check_binary(struct conn *source, const char *name, struct fault *why);

#endif
