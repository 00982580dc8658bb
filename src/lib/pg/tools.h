/*
 * tools.h - pg_dump and pg_restore: which of those installed, and how they are called.
 */
#ifndef PGHAUL_PG_TOOLS_H
#define PGHAUL_PG_TOOLS_H

#include "base/fault.h"
#include "base/strbuf.h"
#include "pg/conninfo.h"
#include "proc/leash.h"

#include <limits.h>

struct tools {
    char pg_dump[PATH_MAX];
    char pg_restore[PATH_MAX];
    int version; /* major version of both; 0: not chosen yet */
};

/* Chooses among --pg-bindir (when given, only that), the directories of PATH and
 * /usr/lib/postgresql/N/bin: not older than the source, then as close to the
 * target as there is. FAULT_TOOL_MISSING, FAULT_TOOL_OLD. Versions are
 * server_version_num. */
bool tools_choose(struct tools *tools, const char *bindir, int source_version, int target_version,
                  struct leash *leash, struct fault *why);

/* The major version that a line like "pg_dump (PostgreSQL) 15.4 (Debian …)" names; 0: none. */
int tools_version_parse(const char *line);

/* Runs pg_dump against the database, with these arguments after the connection. */
bool tools_dump(const struct tools *tools, const struct conninfo *info, const char *const *args,
                struct leash *leash, struct fault *why);

/* Runs pg_restore without a connection, and adds what it prints to `output`. */
bool tools_restore(const struct tools *tools, const char *const *args, struct leash *leash,
                   struct strbuf *output, struct fault *why);

#endif
