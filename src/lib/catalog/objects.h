/*
 * objects.h - what the source holds: rows of the obj_* tables.
 *
 * Rows are added by plan/ and read by jobs/. Names are as the source has them,
 * in its encoding, unquoted; texts named `…list` or `definition` are SQL.
 */
#ifndef PGHAUL_CATALOG_OBJECTS_H
#define PGHAUL_CATALOG_OBJECTS_H

#include "base/strbuf.h"
#include "store/db.h"

struct table {
    int64_t oid;
    const char *nspname;
    const char *relname;
    char kind;        /* r table, p partitioned, m materialized view */
    int64_t filenode; /* in the snapshot; changes when the table is rewritten */
    int64_t bytes;    /* heap and TOAST */
    int64_t blocks;   /* of the heap */
    int64_t rows_estimate;
    const char *access_method;
    const char *columns;      /* list of quoted names, "" when there are none */
    const char *column_types; /* "type/typmod/number,…" */
    const char *format;       /* text or binary */
    const char *condition;    /* of an extension's configuration table; NULL or "": all rows */
    bool is_config;
    bool has_data;
    bool is_small;        /* one item copies, indexes and analyzes it; decided by the plan */
    bool is_analyzed;     /* has statistics of its own; decided by the plan */
    bool is_carried;      /* they are the source's; decided by the plan */
    const char *split_by; /* ctid, key, or NULL */
    const char *split_why;
    const char *split_key; /* quoted column or NULL */
    const char *signature; /* lines of quoted name, tab, type */
    bool no_truncate;      /* on the target, where it was there before: cannot be truncated, */
    bool is_guarded;       /* has triggers or keys, */
    bool is_root;          /* is partitioned */
    int64_t lands;         /* oid of the table that its rows go to there; 0: to itself */
    char *owned;           /* memory of the texts, when read from the catalog */
};

/* Has the source a relation of this name? */
bool relation_is_known(struct db *db, const char *nspname, const char *relname, bool *ret_known,
                       struct fault *why);

/* Is a role of this name among those that the run creates? */
bool role_is_coming(struct db *db, const char *rolname, bool *ret_coming, struct fault *why);

bool table_add(struct db *db, const struct table *table, struct fault *why);

/* FAULT_CATALOG when there is none. drop_table() frees it. */
bool table_get(struct db *db, int64_t oid, struct table *ret_table, struct fault *why);
void drop_table(struct table *table);

/* Calls `each` with the tables that have data and are larger than this, largest first. */
bool table_each_larger(struct db *db, int64_t bytes,
                       bool (*each)(void *arg, const struct table *table, struct fault *why),
                       void *arg, struct fault *why);

struct catalog_index {
    int64_t oid;
    int64_t table_oid;
    const char *nspname;
    const char *relname;
    const char *definition;
    const char *tablespace; /* NULL: the database's */
    int64_t bytes;
    int64_t parent; /* 0: none */
    bool partitioned;
    const char *marks; /* NULL: none */
    bool is_valid;
};
bool index_add(struct db *db, const struct catalog_index *index, struct fault *why);

struct constraint {
    int64_t oid;
    int64_t table_oid;
    const char *conname;
    const char *kind;  /* p, u, x, f */
    int64_t index_oid; /* 0: none */
    bool by_index;
    const char *definition;
    const char *suffix;
    int64_t ref_table; /* 0: none */
    bool validated;
};
bool constraint_add(struct db *db, const struct constraint *constraint, struct fault *why);

/* Calls `each` with every row of a statement of the book; the row's columns are those
 * of the statement. A way to read lists without a struct for each. `key` is its only parameter,
 * if it has one. */
typedef bool catalog_each(void *arg, const struct stmt *row, struct fault *why);
bool catalog_list(struct db *db, int statement, int64_t key, catalog_each *each, void *arg,
                  struct fault *why);

#endif
