/*
 * parts.h - a part of a relation that one statement reads, and the SQL of it.
 */
#ifndef PGHAUL_COMPARE_PARTS_H
#define PGHAUL_COMPARE_PARTS_H

#include "base/strbuf.h"
#include "compare/hash.h"
#include "pg/conninfo.h"
#include "store/db.h"

struct part {
    int64_t id; /* in scan_part; 0: none */
    enum side side;
    int64_t pair;
    int64_t oid;
    int64_t low, high; /* blocks, or oids of large objects; high 0: to the end */
    int64_t bytes;
    int64_t filenode;
    char relkind;
    enum row_hash hash; /* of which sums are made */
    struct strbuf nspname, relname;
    struct strbuf kind; /* of the pair */
    struct strbuf row_sql, sum_sql, seed_sql, key_sql, condition;
};

/* For scoped(). */
void drop_part(struct part *part);

/* Makes parts of about `bytes` of all that is to be read, or of one pair (0: all). */
struct parts_wish {
    int64_t pair;
    int64_t bytes;
    bool by_block[2]; /* can the server scan a range of blocks? By enum side */
};
bool parts_make(struct db *db, const struct parts_wish *wish, struct fault *why);

/* The first part of a side behind `after`; part->id is 0 when there is none. */
bool parts_next(struct db *db, enum side side, int64_t after, struct part *part, struct fault *why);

/* Adds a FROM item with its condition: "ONLY s.t WHERE …". */
void part_add_from(struct strbuf *sql, const struct part *part);

/* Adds a query for count, both sums, and the file that the relation is in now. */
void part_add_sums(struct strbuf *sql, const struct part *part);

/* The same by bucket of the key, or of the row where there is no key; then the file. By MD5. */
enum { BUCKETS = 4096, BUCKET_DIGITS = 3 };
void part_add_buckets(struct strbuf *sql, const struct part *part);

#endif
