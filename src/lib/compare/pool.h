/*
 * pool.h - several sessions of each side, all in its one snapshot, that read parts.
 *
 * A session whose connection breaks is opened anew in the same snapshot and reads its part again.
 * When that does not work, nothing more is compared: the caller fails.
 */
#ifndef PGHAUL_COMPARE_POOL_H
#define PGHAUL_COMPARE_POOL_H

#include "compare/compare.h"
#include "compare/parts.h"

struct pool;

struct pool *pool_new(struct compare *compare);

/* For scoped(): closes the sessions, apart from the holders. */
void drop_pool(struct pool **pool);

struct pool_job {
    /* Adds the statement for a part. */
    void (*add_sql)(struct strbuf *sql, const struct part *part);
    /* Takes its result, once; the part is deleted from the catalog in the same transaction. */
    bool (*take)(void *arg, const struct part *part, const struct rows *rows, struct fault *why);
    void *arg;
    int refused; /* filled: parts that could not be read */
};

/* Reads all parts that are in the catalog. What a server refuses makes its pair unverified, and so
 * does a relation that was rewritten meanwhile: fourth column of the result, the file. */
bool pool_run(struct pool *pool, struct pool_job *job, struct fault *why);

/* Somebody's lock was waited for, for as long as the user said. */
bool pool_locked_out(const struct fault *why);

/* A session of this side that is idle, in the snapshot. */
struct conn *pool_any(struct pool *pool, enum side side);

#endif
