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

enum { ROLE_SIZE = 64 }; /* what a server keeps of a name, with a NUL */
/* What a run copies: bits of settings.contents. */
enum content {
    CONTENT_SCHEMA = 1 << 0, /* all that rows need: schemas, types, functions, tables, views, … */
    CONTENT_EXTENSIONS = 1 << 1, /* extensions alone, with the rows of their configuration */
    CONTENT_ROWS = 1 << 2,
    CONTENT_LARGE_OBJECTS = 1 << 3,
    CONTENT_SEQUENCES = 1 << 4, /* their values */
    CONTENT_INDEXES = 1 << 5,   /* those of keys included */
    CONTENT_CONSTRAINTS = 1 << 6,
    CONTENT_REST = 1 << 7,    /* triggers, rules, policies, publications, event triggers, … */
    CONTENT_REFRESH = 1 << 8, /* materialized views are filled */
    CONTENT_ROLES = 1 << 9,   /* nothing else; else roles come when struct settings says so */
    CONTENT_SCRIPT = 1 << 10, /* nothing else: statements of a file, and there is no source */
    CONTENT_CHANGES =
        1 << 11, /* nothing else: a way back, where both sides have all that is there */

    CONTENT_DATA = CONTENT_ROWS | CONTENT_LARGE_OBJECTS | CONTENT_SEQUENCES,
    CONTENT_POST_DATA = CONTENT_INDEXES | CONTENT_CONSTRAINTS | CONTENT_REST | CONTENT_REFRESH,
    CONTENT_DUMPED = CONTENT_SCHEMA | CONTENT_EXTENSIONS | CONTENT_POST_DATA, /* from pg_dump */
    CONTENT_ALL = CONTENT_SCHEMA | CONTENT_DATA | CONTENT_POST_DATA,
};

struct settings {
    int64_t table_jobs;        /* copy workers */
    int64_t index_jobs;        /* build workers */
    int64_t max_rate;          /* bytes a second that are read for the copy; 0: no limit */
    int64_t split_larger_than; /* bytes; 0: auto */
    int64_t split_by;          /* enum split_method */
    int64_t copy_format;       /* enum copy_format */
    int64_t statistics;        /* enum statistics_wish */
    int64_t lock_timeout_ms;   /* on the source; 0: wait for ever */
    int64_t retry_for_ms;      /* how long a fault that may heal is retried */
    bool no_strict_names;      /* a filter may match nothing */
    int64_t contents;    /* enum content; without CONTENT_SCHEMA the target has the relations */
    bool truncate;       /* rows that the target's tables have already are removed */
    bool skip_forbidden; /* leave out what only a superuser could create */
    bool roles;          /* those of the source that the target lacks are created */
    bool no_role_passwords;
    bool subscriptions;      /* come, disabled and not connected */
    bool follow;             /* changes since the snapshot are applied, until told to stop */
    int64_t plugin;          /* enum plugin_wish */
    int64_t no_identity;     /* enum identity_policy */
    bool failover_slot;      /* standbys of the source keep it */
    int64_t on_ddl;          /* enum ddl_policy */
    int64_t on_conflict;     /* enum conflict_policy */
    int64_t slot_timeout_ms; /* how long to wait for transactions until the slot is there; 0: for
                                ever */
    int64_t spool_limit;     /* bytes; 0: none */
    int64_t spool_reserve;   /* bytes of the disk that stay free; 0: the usual number */
    bool skip_check;         /* what would end the run later is not looked for */
    bool drop_if_exists;
    bool no_owner;
    bool no_acl;
    bool no_comments;
    bool no_tablespaces;
    bool create;                   /* the target's database, if it is not there */
    bool skip_db_properties;       /* settings, comment, privileges, … of the database itself */
    char role[ROLE_SIZE];          /* on the target; "": what connects */
    char source_role[ROLE_SIZE];   /* on the source */
    char maintenance_work_mem[32]; /* as the server reads it; "": the server's own */
    char pg_bindir[PATH_MAX];      /* "": look for it */
};

static inline bool settings_have_source(const struct settings *settings)
{
    return settings->contents != CONTENT_SCRIPT;
}

#endif
