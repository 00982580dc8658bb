/*
 * compare.h - are two databases the same? Their rows, values of sequences and large objects.
 *
 * Both servers compute counts and hashes; only these travel, until something differs. Each side is
 * read in one snapshot, by several sessions. What was found is in tables of the catalog, which is
 * one in memory: pair, finding. Nothing is equal that was not read to its end on both sides.
 */
#ifndef PGHAUL_COMPARE_COMPARE_H
#define PGHAUL_COMPARE_COMPARE_H

#include "compare/hash.h"
#include "pg/conn.h"
#include "pg/snapshot.h"
#include "store/db.h"

enum { SIDES = 2 };

struct compare_side {
    const struct conninfo *info;
    const char *role; /* SET ROLE; "": what connects */
    /* Holds the snapshot of its side: a transaction with the savepoint of snapshot_enter(). */
    struct conn *holder;
    char snapshot[64];
    char content[SNAPSHOT_CONTENT];
};

struct compare {
    struct db *db; /* a catalog with a plan of what is meant of the source */
    struct leash *leash;
    struct compare_side sides[SIDES]; /* by enum side */
    const char *encoding;             /* of all sessions */
    int64_t lock_timeout_ms;
    int jobs;           /* sessions of each side */
    int64_t show;       /* keys of rows that differ, of each table */
    bool everything;    /* nothing is filtered: what only the target has is a difference */
    bool large_objects; /* are compared, too */
    bool live;          /* only what follows: the catalog's table `published` tells */
    enum row_hash hash; /* compare_read_sides finds out */
};

/* The client_encoding in which text is compared: any that both can be turned into. */
const char *compare_encoding(const char *source, const char *target);

/* Is text the same bytes in both databases? */
bool compare_one_encoding(const struct compare *compare);

/* Reads what both sides have, and pairs it. */
bool compare_read_sides(struct compare *compare, struct fault *why);

/* Counts and hashes all pairs, then finds the rows by which they differ. */
bool compare_data(struct compare *compare, struct fault *why);

/* Writes the source's rows for those that differ, by `target`, a session of its own that may write:
 * each pair in one transaction. With `dry` nothing is written, and the log says what would be. What
 * cannot be done is noted in pair.note. */
bool compare_repair(struct compare *compare, struct conn *target, bool dry, struct fault *why);

/* What it all came to. */
struct compare_counts {
    int64_t equal, differs, unverified, repaired;
};
bool compare_count(struct db *db, struct compare_counts *ret_counts, struct fault *why);

#endif
