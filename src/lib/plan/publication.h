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

/* May a slot of this name be made, and a publication if `publishes`? FAULT_SLOT_TAKEN. */
bool publication_check_names(struct conn *source, const char *name, bool publishes,
                             struct fault *why);

/* FAULT_NO_FAILOVER_SLOT when one is wanted of a source that has none. */
bool publication_check_failover(struct conn *source, bool wanted, struct fault *why);

/* Opens a connection to the source's walsender as the user that connects: a role that is set may
 * lack the attribute. `replicates`: as publication_check_source() said; FAULT_REPLICATION_ROLE when
 * it is refused and that is false. `wish` needs no more than info and application. */
bool publication_open_walsender(struct conn **ret_conn, const struct conn_wish *wish,
                                bool replicates, struct leash *leash, struct fault *why);

/* Tables whose rows cannot be told apart, so that their updates and deletes cannot follow. */
enum identity_policy {
    IDENTITY_STOP,        /* FAULT_NO_IDENTITY names them */
    IDENTITY_FULL,        /* they are given REPLICA IDENTITY FULL for as long (identity.h) */
    IDENTITY_INSERT_ONLY, /* inserts and TRUNCATE follow, by a second publication */
    IDENTITY_EXCLUDE,     /* nothing follows: copied once */
};

/* Takes the tables of the plan that is in the catalog whose rows are copied. `chosen`: as for the
 * plan (ask.h). What the user should know of is added to `warnings`, a line each. *ret_second: are
 * there tables for a second publication? */
bool publication_choose(struct db *db, struct conn *source, const char *chosen,
                        enum identity_policy policy, struct strbuf *warnings, bool *ret_second,
                        struct fault *why);

/* FAULT_PLUGIN_UNFIT: there are numbers that the plugin could only tell as NULL. */
bool publication_refuse_numbers(struct db *db, struct fault *why);

/* Are changes of this table of the source followed, as they would be of one in the publication?
 * `oid` 0: there is none of that name any more; `above`: the oids of what it is a partition of,
 * each between two spaces. FAULT_TABLE_UNDESCRIBED: it is not the one of this name that was chosen.
 */
bool publication_covers(struct db *db, uint32_t oid, const char *schema, const char *name,
                        const char *above, bool *ret_covers, struct fault *why);

/* Makes it, and the one for inserts only if it has a name ("": none), in a transaction of their
 * own, patiently (alter.h). FAULT_PUBLICATION, FAULT_SLOT_TAKEN, FAULT_ALTER_LOCKED. */
bool publication_make(struct db *db, struct conn *source, struct leash *leash, const char *name,
                      const char *inserts, int64_t patience_ms, struct fault *why);

/* *ret_oid is 0 when there is none. */
bool publication_look(struct conn *source, const char *name, int64_t *ret_oid, struct fault *why);
/* Does nothing for the name "". */
bool publication_drop(struct conn *source, const char *name, struct fault *why);

/* After the plan that is for good: do the publications have all their tables?
 * FAULT_TABLE_UNPUBLISHED. Then one of them is left out of what comes to the target. */
bool publication_check_plan(struct db *db, struct fault *why);
bool publication_leave_out(struct db *db, struct conn *source, const char *name, struct fault *why);

/* Can the values of all that it publishes come in binary form, so that any server reads the same in
 * them? FAULT_BINARY_UNFIT. */
bool publication_check_binary(struct conn *source, const char *name, struct fault *why);

#endif
