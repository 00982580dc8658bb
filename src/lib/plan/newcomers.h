/*
 * newcomers.h - tables that came to the source after the run was planned.
 */
#ifndef PGHAUL_PLAN_NEWCOMERS_H
#define PGHAUL_PLAN_NEWCOMERS_H

#include "base/strbuf.h"
#include "pg/conn.h"
#include "store/db.h"

struct newcomers {
    char mark[64];      /* of the tables that there are: while it is the same, none has come */
    struct strbuf seen; /* ",1,2,": oids of those that were told of */
};

/* For scoped(). */
void drop_newcomers(struct newcomers *newcomers);

/* Adds the names of the tables that the run's filters would choose, but the plan does not know,
 * each once. Neither temporary nor unlogged ones, nor an extension's, nor ours. *ret_names is ""
 * when there are none. */
bool newcomers_look(struct newcomers *newcomers, struct db *db, struct conn *source,
                    struct strbuf *ret_names, struct fault *why);

#endif
