/*
 * forbidden.h - what the target's role may not create, because it is no superuser.
 */
#ifndef PGHAUL_PLAN_FORBIDDEN_H
#define PGHAUL_PLAN_FORBIDDEN_H

#include "base/strbuf.h"
#include "pg/conn.h"
#include "store/db.h"

struct forbidden {
    struct db *db;
    struct conn *source;
    struct conn *target;
    const char
        *scope[3];   /* of ASK_PRIVILEGED: are tables asked for, schemas that are, and are not */
    bool comments;   /* are restored */
    bool privileges; /* are restored */
    bool owners;     /* are restored: then we become members of the roles that are coming */
    bool skip;       /* leave out, instead of refusing with FAULT_NEEDS_SUPERUSER */
};

/* Notes each such object in the catalog as left out, and adds its system catalog and oid to two
 * lists
 * ("1,2"). A superuser may do everything. */
bool forbidden_find(const struct forbidden *forbidden, struct strbuf *catalogs, struct strbuf *oids,
                    struct fault *why);

#endif
