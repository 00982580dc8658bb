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
     * text is in the encoding of the database. What is put together is g = … + 31² h(a) + 31 h(b) +
     * h(c), so a sum of it over rows would stay the same when two of them exchange a value. The
     * second hash has the first one as its seed, another one for each row, so nothing is linear in
     * it; both halves that are summed up have to do with it: h and g XOR h. */
    ROW_HASH_VALUES,
};

struct compare;
struct fault;

/* Asks both servers, and sets compare->hash. Both holders are connected. */
bool compare_choose_hash(struct compare *compare, struct fault *why);

/* Adds a FROM item: the hashes of the rows of `from`, another one; `row` is their ROW(…) in the
 * form for this hash (row.h). */
void hash_add_rows(struct strbuf *sql, enum row_hash hash, const char *row, const char *from);

/* Adds what is selected of those: the number of rows, and both sums. */
void hash_add_sums(struct strbuf *sql, enum row_hash hash);

/* Adds the hash by MD5 of a row, as h: for rows of ROW_HASH_MD5 that are selected otherwise. */
void hash_add_md5(struct strbuf *sql, const char *row);

#endif
