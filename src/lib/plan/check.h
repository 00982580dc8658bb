/*
 * check.h - what must hold on both servers before anything is changed.
 */
#ifndef PGHAUL_PLAN_CHECK_H
#define PGHAUL_PLAN_CHECK_H

#include "base/listing.h"
#include "base/strbuf.h"
#include "pg/conn.h"
#include "plan/refusals.h"
#include "store/db.h"

/* Who a server and database are, whatever name they were reached by. */
struct identity {
    char id[160];     /* system identifier, oid and name of the database */
    char started[64]; /* when the server was */
    bool in_recovery;
};
bool check_identity(struct conn *conn, struct identity *ret_identity, struct fault *why);

/* Is it the same database as before, whatever its server's address and start time are now? */
bool identity_is_same(const char *before, const char *now);

/* The same of who is connected, or FAULT_RUN_DIFFERS. `before` is "" when it is not known. */
bool check_same(struct conn *conn, const char *before, struct fault *why);

/* Who both are. FAULT_SAME_DATABASE when they are one and the same. */
bool check_sides(struct conn *source, struct conn *target, struct identity *ret_source,
                 struct identity *ret_target, struct fault *why);

/* Tables and sequences that we may not read, tables of which we would not see all rows: of the
 * chosen relations (ask.h). `refusals` may be NULL. */
bool check_source(struct conn *source, const char *chosen, struct refusals *refusals,
                  struct fault *why);

/* May we create anything on the target at all? */
bool check_rights(struct conn *target, struct fault *why);

struct check_target {
    struct db *db; /* holds the plan */
    struct conn *source;
    struct conn *target;
    const char *chosen;        /* relations (ask.h) */
    int64_t contents;          /* enum content (settings.h) */
    bool replace;              /* relations of the same names will be dropped */
    bool owners;               /* are restored */
    bool privileges;           /* are restored */
    bool tablespaces;          /* tablespaces are kept */
    struct refusals *refusals; /* may be NULL */
};

/* May changes be applied there, without triggers and foreign keys? FAULT_TARGET_TRIGGERS. */
bool check_may_apply(struct conn *target, struct fault *why);

/* Relations of the same names, missing roles and tablespaces, owners that cannot be set. */
bool check_target(struct check_target *check, struct fault *why);

/* Do the user's mappings name what the source has? FAULT_NOT_ON_SOURCE. */
bool check_mappings(struct db *db, struct conn *source, struct fault *why);

/* Adds a name of each row; `columns`: 1, or 2 with the schema. */
void check_add_names(struct listing *names, const struct rows *rows, int columns);

/* After the source refused with a lock timeout: names the holders of exclusive locks
 * in the fault's detail. */
void check_name_lockers(struct conn *source, struct fault *why);

#endif
