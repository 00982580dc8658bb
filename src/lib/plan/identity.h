/*
 * identity.h - replica identities of the source that a run changes, and puts back.
 *
 * What a table had stands durably in the catalog before it is changed, by run, also of runs that
 * were given up.
 */
#ifndef PGHAUL_PLAN_IDENTITY_H
#define PGHAUL_PLAN_IDENTITY_H

#include "base/strbuf.h"
#include "pg/conn.h"
#include "store/db.h"

/* Gives REPLICA IDENTITY FULL to the published tables that have none. `patience_ms`: how long to
 * wait for a table's lock, 0: for ever. FAULT_ALTER_LOCKED names who has it, FAULT_PUBLICATION a
 * table that is not ours. */
bool identities_make_full(struct db *db, struct conn *source, struct leash *leash,
                          int64_t patience_ms, struct fault *why);

/* A table that a run has changed. */
struct identity_change {
    int64_t oid;
    char nspname[256], relname[256];
    char given[16]; /* what it had: DEFAULT, NOTHING */
};

/* Calls `each` with all of them; it may forget the one that it is called with. */
typedef bool identity_each(void *arg, const struct identity_change *change, struct fault *why);
bool identities_list(struct db *db, const char *run, identity_each *each, void *arg,
                     struct fault *why);

/* Adds the statement that puts it back; nothing when the table is not there any more, or somebody
 * has given it another identity. On the target tables are found by their names. */
bool identity_add_back(struct strbuf *sql, struct conn *conn, const struct identity_change *change,
                       struct fault *why);

/* Runs a statement that alters the table, trying again while it is locked (alter.h). */
bool identity_alter(struct conn *conn, struct leash *leash, const struct identity_change *change,
                    const char *sql, int64_t patience_ms, struct fault *why);

/* The source's table is as it was. */
bool identity_forget(struct db *db, const char *run, const struct identity_change *change,
                     struct fault *why);

/* Puts back all that a run has changed on the source. */
bool identities_restore(struct db *db, struct conn *source, struct leash *leash, const char *run,
                        int64_t patience_ms, struct fault *why);

#endif
