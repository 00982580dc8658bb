/*
 * filter.h - what of the source is meant: the user's patterns, and what they leave out.
 */
#ifndef PGHAUL_CATALOG_FILTER_H
#define PGHAUL_CATALOG_FILTER_H

#include "store/db.h"

/* F(name, word): also the words in filter.kind, and, with -- before them, our options. Those before
 * EXCLUDE_INDEX are also pg_dump's. */
#define FILTERS(F)                            \
    F(INCLUDE_SCHEMA, "schema")               \
    F(EXCLUDE_SCHEMA, "exclude-schema")       \
    F(INCLUDE_TABLE, "table")                 \
    F(EXCLUDE_TABLE, "exclude-table")         \
    F(EXCLUDE_DATA, "exclude-table-data")     \
    F(EXCLUDE_INDEX, "exclude-index")         \
    F(INCLUDE_EXTENSION, "extension")         \
    F(EXCLUDE_EXTENSION, "exclude-extension") \
    F(WHERE, "where")                         \
    F(COLUMNS, "columns")

enum filter_kind {
#define F(name, word) FILTER_##name,
    FILTERS(F)
#undef F
        FILTER_KINDS
};

const char *filter_kind_word(enum filter_kind kind);

/* False when there is no such kind. */
bool filter_kind_parse(const char *word, enum filter_kind *ret_kind);

bool filter_add(struct db *db, enum filter_kind kind, const char *pattern, struct fault *why);

/* How many there are of a kind; of all kinds (FILTER_KINDS). */
bool filter_count(struct db *db, enum filter_kind kind, int64_t *ret_count, struct fault *why);

/* Calls `each` with every filter, in the order in which they were given. */
typedef bool filter_each(void *arg, enum filter_kind kind, const char *pattern, struct fault *why);
bool filter_list(struct db *db, filter_each *each, void *arg, struct fault *why);

/* A relation, or (relname "") a schema, that a regular expression means: pg_dump needs its name. */
bool filter_name_add(struct db *db, enum filter_kind kind, const char *nspname, const char *relname,
                     struct fault *why);

/* What stays behind because it needs something that the filters leave out. */
struct left_out {
    int64_t classid;     /* oid of the system catalog */
    int64_t oid;         /* of the object in it */
    const char *kind;    /* one word: relation, index, link (of a partition), server, other; or,
                             without what needs it: alone */
    const char *nspname; /* of a relation; else "" */
    const char *relname;
    const char *description; /* for people */
    const char *reason;      /* "": a filter itself says so, which is no news for the user */
};
bool left_out_add(struct db *db, const struct left_out *object, struct fault *why);
bool left_out_has(struct db *db, int64_t classid, int64_t oid, bool *ret_has, struct fault *why);

#endif
