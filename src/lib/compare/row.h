/*
 * row.h - the SQL of what is hashed: the same on both sides, by name of column.
 *
 * A row becomes what record_send() makes of it: for each value its length (-1: NULL), then its
 * bytes, so nothing can be taken for something else. Values of built-in types whose binary form
 * every server shares go in that form, which does not depend on settings; all others as text. Text
 * is in the client's encoding, which is the same on both sides.
 *
 * A type's own hash is the same for all that is equal, be it -0 and 0, 1.0 and 1.00, or numbers of
 * eight bytes that it folds. Where rows are hashed value by value, only those types go as they are
 * whose hash is that of all their bits; the others as the bytes of their binary form, or as text,
 * which is hashed as bytes under the collation "C".
 */
#ifndef PGHAUL_COMPARE_ROW_H
#define PGHAUL_COMPARE_ROW_H

#include "base/strbuf.h"

#include <stdbool.h>

/* Columns of a table: lines of quoted name, tab, built-in type or nothing, tab, "own" or nothing.
 * The type "bpchar" has a slash and its length behind it, if it has one. */
struct row_wish {
    const char *source;
    const char *target;
    const char *key;   /* of the source: quoted names, a line each; "": it has none */
    const char *share; /* only these columns: quoted names with ", " between; "": all */
    bool old; /* one of the servers is older than version 12: they print floats differently */
    bool other_lengths; /* one server counts bytes, the other characters: char(n) is padded to two
                           lengths */
};

struct row_sql {
    struct strbuf row;     /* ROW(…) of all columns that both have */
    struct strbuf values;  /* the same for hash_record_extended(), which hashes value by value */
    struct strbuf seed;    /* the key, where it is one number; else empty */
    struct strbuf key;     /* ROW(…) of the key; empty: there is none that both have */
    struct strbuf columns; /* the columns: quoted names with ", " between */
    struct strbuf note;    /* for people: columns that only one side has; empty: there are none */
};

void row_make(struct row_sql *sql, const struct row_wish *wish);

/* For scoped(). */
void drop_row_sql(struct row_sql *sql);

#endif
