/*
 * data.c - counts and hashes of all pairs, then the rows by which pairs differ.
 */
#include "compare/compare.h"
#include "compare/find.h"
#include "compare/parts.h"
#include "compare/pool.h"
#include "compare/sum.h"

#include "base/scoped.h"
#include "catalog/objects.h"
#include "catalog/sql.h"

enum {
    PARTS_PER_JOB = 6,
    TID_RANGE_SCAN = 140000,
    ROWS_COLUMN = 0,
    HIGH_COLUMN,
    LOW_COLUMN,
    SOURCE_SUMS = 0, /* columns of PAIR_SUMS */
    TARGET_SUMS = 3,
};

bool sum_read(const struct rows *rows, int row, struct sum *ret_sum, struct fault *why)
{
    ret_sum->rows = rows_int(rows, row, ROWS_COLUMN);
    return (sum_parse(rows_text(rows, row, HIGH_COLUMN), &ret_sum->high) &&
            sum_parse(rows_text(rows, row, LOW_COLUMN), &ret_sum->low)) ||
           fault_set(why, FAULT_BUG, "a sum \"%s\"", rows_text(rows, row, HIGH_COLUMN));
}

static bool pair_sum(struct db *db, int64_t pair, enum side side, struct sum *ret_sum,
                     struct fault *why)
{
    scoped(drop_stmt) struct stmt *row = db_stmt(db, SQL_PAIR_SUMS, why);
    int at = side == SIDE_SOURCE ? SOURCE_SUMS : TARGET_SUMS;
    bool found;
    if (row == NULL || !stmt_bind(row, why, "i", pair) || !stmt_step(row, &found, why))
        return false;
    *ret_sum = (struct sum){
        .rows = stmt_int(row, at),
        .high = (uint64_t)stmt_int(row, at + HIGH_COLUMN),
        .low = (uint64_t)stmt_int(row, at + LOW_COLUMN),
    };
    return true;
}

static bool take_sums(void *arg, const struct part *part, const struct rows *rows,
                      struct fault *why)
{
    struct db *db = arg;
    struct sum sum, more;
    if (!pair_sum(db, part->pair, part->side, &sum, why) || !sum_read(rows, 0, &more, why))
        return false;
    sum_add(&sum, &more);
    return db_run(db, why, part->side == SIDE_SOURCE ? SQL_PAIR_SET_SOURCE : SQL_PAIR_SET_TARGET,
                  "iiii", sum.rows, (int64_t)sum.high, (int64_t)sum.low, part->pair);
}

/* A few parts for each session, of both sides alike; not so small that beginning them counts, and
 * not so large that one of them keeps all others waiting at the end. */
bool compare_make_parts(const struct compare *compare, int64_t pair, struct fault *why)
{
    const int64_t least = INT64_C(32) << 20, most = INT64_C(1) << 30;
    struct parts_wish wish = {.pair = pair};
    int64_t bytes = 0;
    for (int side = 0; side < SIDES; side++) {
        int64_t more;
        if (!db_int(compare->db, why, &more, 0, SQL_SIDE_BYTES, "d", side))
            return false;
        bytes = more > bytes ? more : bytes;
        wish.by_block[side] = conn_version(compare->sides[side].holder) >= TID_RANGE_SCAN;
    }
    wish.bytes = bytes / (compare->jobs * (int64_t)PARTS_PER_JOB);
    wish.bytes = wish.bytes < least ? least : wish.bytes > most ? most : wish.bytes;
    return parts_make(compare->db, &wish, why);
}

/* ---- the rows by which they differ ---- */

struct finding {
    struct compare *compare;
    struct pool *pool;
};

static bool find_in(void *arg, int64_t pair, struct fault *why)
{
    const struct finding *f = arg;
    return find_rows(f->compare, f->pool, pair, why);
}

bool compare_data(struct compare *compare, struct fault *why)
{
    scoped(drop_pool) struct pool *pool = pool_new(compare);
    struct pool_job job = {part_add_sums, take_sums, compare->db, 0};
    struct finding finding = {compare, pool};
    return compare_make_parts(compare, 0, why) && pool_run(pool, &job, why) &&
           db_run(compare->db, why, SQL_PAIR_JUDGE, "") &&
           pair_each_different(compare->db, find_in, &finding, why);
}

bool compare_count(struct db *db, struct compare_counts *ret_counts, struct fault *why)
{
    return db_int(db, why, &ret_counts->equal, 0, SQL_PAIR_COUNT, "s", "equal") &&
           db_int(db, why, &ret_counts->differs, 0, SQL_PAIR_COUNT, "s", "differs") &&
           db_int(db, why, &ret_counts->unverified, 0, SQL_PAIR_COUNT, "s", "unverified") &&
           db_int(db, why, &ret_counts->repaired, 0, SQL_PAIR_REPAIRED_COUNT, "");
}
