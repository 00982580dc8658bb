/*
 * subscriptions.h - the source's subscriptions, which come only when they are asked for.
 */
#ifndef PGHAUL_PLAN_SUBSCRIPTIONS_H
#define PGHAUL_PLAN_SUBSCRIPTIONS_H

#include "base/strbuf.h"
#include "pg/conn.h"
#include "store/db.h"

struct subscriptions_wish {
    struct db *db;
    struct conn *source;
    struct conn *target; /* NULL: there is none */
    bool wanted;
    bool owners; /* are restored */
};

/* Adds a line to the warnings for each that stays behind, if it may be seen. Of wanted ones:
 * FAULT_SUBSCRIPTIONS_UNREADABLE when pg_dump could not read them, FAULT_SUBSCRIPTION or
 * FAULT_ROLE_MISSING when the target could not have one. */
bool subscriptions_check(const struct subscriptions_wish *wish, struct strbuf *warnings,
                         struct fault *why);

#endif
