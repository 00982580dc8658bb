/*
 * find.h - the rows by which a pair differs.
 *
 * The first scan has told that it does. A second one sums up by bucket of the key, a third one
 * reads keys and hashes of the buckets that differ, in order, so both sides are merged row by row:
 * memory does not grow with what differs. Without a key, rows are told apart by all that they hold,
 * and counted.
 */
#ifndef PGHAUL_COMPARE_FIND_H
#define PGHAUL_COMPARE_FIND_H

#include "compare/compare.h"
#include "compare/parts.h"
#include "compare/pool.h"
#include "compare/sum.h"

/* Notes counts and the first of them in the catalog. A pair that cannot be read again becomes
 * unverified only if the servers say so. */
bool find_rows(struct compare *compare, struct pool *pool, int64_t pair, struct fault *why);

/* Calls `each` with every key that differs; `id` is its hash, as a uuid. */
struct found {
    const char *id;
    const char *shown;
    int64_t source, target; /* rows of this key */
    const struct sum *target_sum;
    bool is_new_value; /* both have it, with other values */
};
typedef bool find_each(void *arg, const struct found *found, struct fault *why);
bool find_each_row(struct compare *compare, struct pool *pool, int64_t pair, find_each *each,
                   void *arg, struct fault *why);

/* What find.c, repair.c and data.c share. */
struct pair {
    int64_t id;
    struct strbuf kind, nspname, relname, row_sql, key_sql, columns, condition, note;
};
bool pair_get(struct db *db, int64_t id, struct pair *pair, struct fault *why);
void drop_pair(struct pair *pair);
/* Calls `each` for all pairs of which something is to be found or mended. It may write to them. */
typedef bool pair_each(void *arg, int64_t pair, struct fault *why);
bool pair_each_different(struct db *db, pair_each *each, void *arg, struct fault *why);
/* For people: "public.orders", "large objects". */
void pair_add_name(struct strbuf *text, const struct pair *pair);
/* The hash of a key, as a uuid. */
void pair_add_id(struct strbuf *sql, const struct pair *pair);

/* Makes parts of what is to be read, or of one pair. */
bool compare_make_parts(const struct compare *compare, int64_t pair, struct fault *why);
bool compare_make_object_parts(struct compare *compare, int64_t pair, struct fault *why);

/* A row of a result that begins with count and both sums. */
bool sum_read(const struct rows *rows, int row, struct sum *ret_sum, struct fault *why);

#endif
