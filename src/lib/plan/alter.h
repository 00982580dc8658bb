/*
 * alter.h - statements that need locks of tables which an application is using.
 *
 * Everybody who comes to a table waits behind whoever waits for its lock: so each try is short, and
 * shorter than the time after which a server looks for deadlocks, lest the application's
 * transaction is the one that it ends.
 */
#ifndef PGHAUL_PLAN_ALTER_H
#define PGHAUL_PLAN_ALTER_H

#include "pg/conn.h"

struct alteration {
    const char *sql;     /* one transaction, without BEGIN and COMMIT */
    const char *what;    /* for people: "table public.a" */
    int64_t relation;    /* the oid of that table; 0: many tables, locked SHARE UPDATE EXCLUSIVE */
    int64_t patience_ms; /* how long to try; 0: for ever */
};

/* FAULT_ALTER_LOCKED names who has the locks; else what the server says. */
bool alter_patiently(struct conn *conn, struct leash *leash, const struct alteration *alteration,
                     struct fault *why);

#endif
