/*
 * databases.h - several databases of one server: which there are, and making them on the other one.
 */
#ifndef PGHAUL_PLAN_DATABASES_H
#define PGHAUL_PLAN_DATABASES_H

#include "base/strbuf.h"
#include "pg/conn.h"
#include "store/db.h"

struct databases_wish {
    const char *const *names; /* of databases; none: all but templates */
    int count;
    const char *const *patterns; /* of databases that are left out of these */
    int pattern_count;
    bool strict; /* each pattern must match something */
};

/* Called with the largest first. */
typedef bool databases_each(void *arg, const char *name, int64_t bytes, struct fault *why);

/* Which databases the user means. FAULT_NOT_ON_SOURCE, FAULT_NO_MATCH, FAULT_BAD_VALUE, and
 * FAULT_DATABASE_CONNECT when we may not connect to one of them. */
bool databases_choose(struct conn *source, const struct databases_wish *wish, databases_each *each,
                      void *arg, struct fault *why);

/* Does the target have it? When not, may it be made there: FAULT_DATABASE_MISSING without
 * `create`, FAULT_CREATEDB. `target` is a connection to any database of the server. */
bool database_check(struct conn *target, const char *name, bool create, bool *ret_there,
                    struct fault *why);

struct database_making {
    struct db *db;       /* with the user's mappings; is told of an owner who is still to come */
    struct conn *source; /* to the database that it is made after */
    struct conn *target; /* to another database of the server, outside of a transaction */
    const char *name;
    bool owner;       /* it gets the source's */
    bool tablespaces; /* it goes to the source's tablespace, as mapped */
    bool roles;       /* the source's come later on: the owner may be one of these */
};

/* Makes an empty database with encoding, locale, owner and tablespace of the source's. Nothing when
 * it is there by now. FAULT_DATABASE_CREATE, FAULT_ROLE_MISSING, FAULT_TABLESPACE_MISSING. */
bool database_make(const struct database_making *making, struct fault *why);

#endif
