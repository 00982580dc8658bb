/*
 * settings.h - how the user wants a run to be done.
 *
 * Filled from the command line by the option book (src/bin/pghaul/book*.c), which
 * also keeps them in the catalog's table `setting` for workers and for a resume.
 */
#ifndef PGHAUL_CATALOG_SETTINGS_H
#define PGHAUL_CATALOG_SETTINGS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

enum { ROLE_NAME = 64 }; /* what a server keeps of a name, with a NUL */

struct settings {
    int64_t table_jobs;        /* copy workers */
    int64_t index_jobs;        /* build workers */
    int64_t split_larger_than; /* bytes; 0: auto */
    int64_t split_by;          /* enum split_method */
    int64_t copy_format;       /* enum copy_format */
    int64_t statistics;        /* enum statistics_wish */
    int64_t lock_timeout_ms;   /* on the source; 0: wait for ever */
    int64_t retry_for_ms;      /* how long a fault that may heal is retried */
    bool no_strict_names;      /* a filter may match nothing */
    bool schema_only;
    bool skip_forbidden; /* leave out what only a superuser could create */
    bool drop_if_exists;
    bool no_owner;
    bool no_acl;
    bool no_comments;
    bool no_tablespaces;
    char role[ROLE_NAME];          /* on the target; "": what connects */
    char source_role[ROLE_NAME];   /* on the source */
    char maintenance_work_mem[32]; /* as the server reads it; "": the server's own */
    char pg_bindir[PATH_MAX];      /* "": look for it */
};

#endif
