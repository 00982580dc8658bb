/*
 * newcomers.h - what becomes of the source's tables after the run was planned: some come, some are
 * not what they were.
 */
#ifndef PGHAUL_PLAN_NEWCOMERS_H
#define PGHAUL_PLAN_NEWCOMERS_H

#include "base/listing.h"
#include "pg/conn.h"
#include "store/db.h"

/* Tables that were not found so before. */
struct newcomers {
    char mark[240];        /* of the tables that there are: while it is the same, nothing is new */
    struct strbuf seen[4]; /* ",1,2,": oids of those that were told of */
    struct listing come;   /* the run's filters would choose them; the plan does not know them */
    struct listing attached;    /* partitions of what is published, with rows from before */
    struct listing gone;        /* published, and dropped */
    struct listing unpublished; /* … and not published any more */
    struct listing keyless;     /* … and without a replica identity */
};

/* For scoped(). */
void drop_newcomers(struct newcomers *newcomers);

/* Fills the listings anew. Temporary and unlogged tables do not come, nor an extension's, nor ours.
 * `publication` "": none. Those that are gone are noted in the catalog (catalog/described.h). */
bool newcomers_look(struct newcomers *newcomers, struct db *db, struct conn *source,
                    const char *publication, struct fault *why);

#endif
