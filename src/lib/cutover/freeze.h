/*
 * freeze.h - keeping the source from taking writes, and letting it write again.
 *
 * default_transaction_read_only is a default, not a barrier: roles and sessions override it. So
 * what overrides it for a role is overridden again, sessions from before are ended, and at last,
 * where that can be had, nobody can connect at all; whoever writes all the same is found in the
 * stream of changes (quiet.h). What the source was stands in the catalog before it is changed.
 */
#ifndef PGHAUL_CUTOVER_FREEZE_H
#define PGHAUL_CUTOVER_FREEZE_H

#include "base/strbuf.h"
#include "catalog/cutover.h"
#include "pg/conn.h"

struct freeze {
    struct db *db;
    struct leash *leash;
    const struct conninfo *info; /* of the source, */
    const char *role;            /* … where this is set; "": none */
    enum freeze_mode mode;
    bool open;           /* somebody of ours must be able to connect afterwards */
    struct conn *source; /* on the database; the caller's */
    struct conn
        *beside; /* on another one of the server; NULL: none, nobody is kept from connecting */
    struct conn *locker;  /* holds locks on tables; NULL: there are none */
    bool closed;          /* nobody can connect */
    struct conn *thawer;  /* on the database, for thaw(): later nobody may find room to connect */
    struct leash deaf;    /* … which nothing but a deadline pulls */
    int64_t begun_ms;     /* clock_ms */
    struct strbuf blocks; /* who keeps it from being still, for people */
};

/* For scoped(): lets go of the locks; what is lasting stays. */
void drop_freeze(struct freeze *freeze);

/* May it be frozen in this way? FAULT_CUTOVER_RIGHTS. Opens what will be needed. */
bool freeze_prepare(struct freeze *freeze, struct fault *why);

/* Opens `thawer` if it is not; where there is no room to connect, it stays NULL. */
void freeze_keep_thawer(struct freeze *freeze);

/* From when it returns true on, nobody begins to write who respects it. */
bool freeze_begin(struct freeze *freeze, struct fault *why);

/* Makes what frees itself (locks) last; from then on it is FREEZE_READONLY. */
bool freeze_last(struct freeze *freeze, struct fault *why);

/* Nobody can connect from here on, where that can be had: freeze->closed. Only who owns the
 * database can change that, from another one. */
bool freeze_close(struct freeze *freeze, struct fault *why);

/* Ends sessions of others; those that write at the moment have a moment to end by themselves.
 * *ret_left: some are there still; freeze->blocks says who. */
bool freeze_end_sessions(struct freeze *freeze, bool *ret_left, struct fault *why);

/* What the source was, from the catalog, if it was frozen: over `at_hand`, which is on the database
 * and idle, or (NULL) by connections of its own, whatever else is told to stop. What is not any
 * more as we have set it is left alone. Ends the sessions that may only read. Can be done again
 * after a failure. FAULT_RUN_DIFFERS. */
bool thaw(struct db *db, const struct conninfo *info, const char *role, struct conn *at_hand,
          struct fault *why);

/* The same over the connection that was opened for it, which is closed then. False without a word
 * of why where there is none, or it does not answer any more. */
bool thaw_at_once(struct freeze *freeze);

/* Connections are allowed again; it stays read-only. */
bool thaw_connections(struct db *db, const struct conninfo *info, const char *role,
                      struct fault *why);

/* The statements for people. */
bool thaw_show(struct db *db, struct strbuf *sql, struct fault *why);

#endif
