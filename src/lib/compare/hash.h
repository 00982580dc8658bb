/*
 * hash.h - by which hash rows are compared: 128 bits of each, whose sums do not depend on the order
 * of rows.
 *
 * The servers' own hash is several times as fast as MD5, but nobody promises that it is the same
 * everywhere, so it is taken only where both answer alike.
 */
#ifndef PGHAUL_COMPARE_HASH_H
#define PGHAUL_COMPARE_HASH_H

#include "base/strbuf.h"

#include <stdbool.h>

enum row_hash {
    ROW_HASH_MD5,   /* of the bytes of the row */
    ROW_HASH_BYTES, /* the servers' own hash of them, twice, with two seeds */
    /* The same of the bytes of each value, put together by the server: no row of bytes is made, but
     * text is in the encoding of the database. What is put together is … + 31² h(a) + 31 h(b) +
     * h(c), so a sum of it over rows stays the same when two of them exchange a value, unless each
     * row has a seed of its own. That is the key, where it is a number. Else it is the first hash,
     * g, for the second one, h; g itself is linear, so what is summed up is h, and g XOR h. */
    ROW_HASH_VALUES,
};

/* What is hashed. Both forms of a row are in row.h. */
struct hashed {
    enum row_hash hash;
    const char *row;  /* ROW(…) in the form for this hash */
    const char *seed; /* a number that no other row has; "": there is none. For ROW_HASH_VALUES */
    const char *from; /* a FROM item */
};

struct compare;
struct fault;

/* Asks both servers, and sets compare->hash. Both holders are connected. */
bool compare_choose_hash(struct compare *compare, struct fault *why);

/* Adds a query for the number of rows, both sums, and `more` columns, which begin with a comma. */
void hash_add_sums(struct strbuf *sql, const struct hashed *hashed, const char *more);

/* Adds the hash by MD5 of a row, as h, and what is selected of rows that have one. */
void hash_add_md5(struct strbuf *sql, const char *row);
#define HASH_MD5_SUMS                                                                           \
    "pg_catalog.count(*), coalesce(pg_catalog.sum(h::pg_catalog.bit(64)::pg_catalog.int8), 0)," \
    " coalesce(pg_catalog.sum((h << 64)::pg_catalog.bit(64)::pg_catalog.int8), 0)"

#endif
