/*
 * sides.h - the checks that are asked of the servers, all of one server's in one statement.
 *
 * When that is refused, each is asked by itself, and those that are refused again are named: so one
 * missing privilege hides no other finding.
 */
#ifndef PGHAUL_CHECK_SIDES_H
#define PGHAUL_CHECK_SIDES_H

#include "base/strbuf.h"
#include "catalog/settings.h"
#include "check/check.h"
#include "pg/conn.h"

/* Texts of check/sql/checks.sql. */
enum check_sql {
#define SQL(name, scan_ok, text) name,
#include "gen/check_sql.inc"
#undef SQL
    CHECK_SQLS
};

/* Adds the text for a server of this version, with the pieces of plan/ask.h. */
void check_sql_add(struct strbuf *sql, enum check_sql which, int server_version,
                   const char *chosen);

struct check_sides {
    struct conn *source; /* in a transaction with the savepoint pghaul_item */
    struct conn *target; /* NULL: there is none */
    const struct settings *settings;
    const char *chosen;                         /* relations (ask.h); NULL: all */
    bool everything;                            /* what belongs to no schema comes, too */
    const char *slot;                           /* the run's own; "": none */
    int source_connections, target_connections; /* that the run needs at most */
};

/* Asks all checks that apply; `errors_only`: those that surely end a run. */
bool check_ask(const struct check_sides *sides, bool errors_only, struct findings *findings,
               struct fault *why);

/* Names objects and statements of the findings that say of themselves how that is done. */
bool check_mend(const struct check_sides *sides, struct findings *findings, struct fault *why);

/* The errors of check_ask(), for a run that is about to begin: the first one is the fault. */
bool check_errors(const struct check_sides *sides, struct fault *why);

#endif
