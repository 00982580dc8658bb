/*
 * database.h - what belongs to the database itself: settings, also those of roles in it, connection
 * limit, comment, security labels, privileges. Not its owner, encoding and locale.
 */
#ifndef PGHAUL_PLAN_DATABASE_H
#define PGHAUL_PLAN_DATABASE_H

#include "base/strbuf.h"
#include "pg/conn.h"
#include "store/db.h"

struct database_wish {
    struct db *db;
    struct conn *source; /* in the snapshot */
    struct conn *target;
    bool wanted;
    bool comments;   /* are restored */
    bool privileges; /* are restored */
    bool skip;       /* leave out what we may not set, instead of refusing */
};

/* Notes the properties of the source's database in the catalog, or none. What the target does not
 * know or, with `skip`, does not let us set is left out, with a line in `warnings`.
 * FAULT_PROPERTIES, FAULT_NEEDS_SUPERUSER, FAULT_ROLE_MISSING. */
bool database_plan(const struct database_wish *wish, struct strbuf *warnings, struct fault *why);

/* Adds the statement that gives a database such a property; the words are those of the catalog. */
void database_add_property(struct strbuf *sql, const char *database, const char *kind,
                           const char *role, const char *text);

/* For people: "setting work_mem of role app". */
void database_add_description(struct strbuf *text, const char *kind, const char *role,
                              const char *value);

#endif
