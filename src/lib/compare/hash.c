#include "compare/hash.h"

#include "compare/compare.h"

#include "base/log.h"
#include "base/scoped.h"

#include <string.h>

enum { BYTES_SINCE = 110000, VALUES_SINCE = 140000 };

/* SQL reaches the server's hash of bytes by an array only: one with a single element is hashed as
 * this, and a known factor. */
#define OF_BYTES "pg_catalog.hash_array_extended"
#define OF_VALUES "pg_catalog.hash_record_extended"

/* Both halves of the hashes of t.x, of all rows of t. */
#define ANSWER(function)                                                                     \
    "SELECT pg_catalog.string_agg(pg_catalog.concat_ws(',', " function "(t.x, 1), " function \
    "(t.x, 2)), ',' ORDER BY t.n) FROM "

/* Bytes of all lengths modulo the words that are hashed at once, and long ones. */
#define BYTES                                                             \
    "pg_catalog.decode(pg_catalog.left(pg_catalog.repeat(pg_catalog.md5(" \
    "g::pg_catalog.text), 80), 2 * g), 'hex')"

static const char ask_bytes[] =
    ANSWER(OF_BYTES) "(SELECT g AS n, ARRAY[" BYTES "] AS x FROM pg_catalog.generate_series("
                     "0, 1200, 7) g) t";

/* Of each type whose values are hashed as they are (row.c), alone and together. */
static const char ask_values[] =
    ANSWER(OF_VALUES) "(SELECT g AS n, CASE g % 9"
                      " WHEN 0 THEN ROW(" BYTES ")"
                      " WHEN 1 THEN ROW(pg_catalog.encode(" BYTES
                      ", 'hex') COLLATE pg_catalog.\"C\")"
                      " WHEN 2 THEN ROW((g::pg_catalog.text || ' ')::pg_catalog.bpchar"
                      " COLLATE pg_catalog.\"C\")"
                      " WHEN 3 THEN ROW(g * 1789569 - 1073741824)"
                      " WHEN 4 THEN ROW((g * 50 - 30000)::pg_catalog.int2)"
                      " WHEN 5 THEN ROW((g::pg_catalog.int8 * 3578000)::pg_catalog.oid)"
                      " WHEN 6 THEN ROW('2000-01-01'::pg_catalog.date + (g * 1000 - 600000))"
                      " WHEN 7 THEN ROW(pg_catalog.md5(g::pg_catalog.text)::pg_catalog.uuid)"
                      " ELSE ROW(g % 2 = 0, NULL::pg_catalog.int4, 'x'::pg_catalog.text"
                      " COLLATE pg_catalog.\"C\", pg_catalog.int8send(g), NULL::pg_catalog.text)"
                      " END AS x FROM pg_catalog.generate_series(0, 1200) g) t";

/* A role that may not call a function is no reason to fail. */
static bool ask(struct compare *compare, enum side side, const char *sql, struct rows *ret_rows,
                bool *ret_told, struct fault *why)
{
    struct fault ignored;
    struct conn *conn = compare->sides[side].holder;
    *ret_told = conn_query(conn, sql, ret_rows, &ignored);
    if (!*ret_told && conn_broken(conn)) {
        *why = ignored;
        return false;
    }
    return snapshot_let_go(conn, why);
}

static bool answer_alike(struct compare *compare, const char *sql, bool *ret_alike,
                         struct fault *why)
{
    bool told[SIDES];
    scoped(drop_rows) struct rows source = ROWS_NONE;
    scoped(drop_rows) struct rows target = ROWS_NONE;
    if (!ask(compare, SIDE_SOURCE, sql, &source, &told[SIDE_SOURCE], why) ||
        !ask(compare, SIDE_TARGET, sql, &target, &told[SIDE_TARGET], why))
        return false;
    *ret_alike = told[SIDE_SOURCE] && told[SIDE_TARGET] &&
                 strcmp(rows_text(&source, 0, 0), rows_text(&target, 0, 0)) == 0;
    return true;
}

/* Between two major versions a function of the server may change, whatever it answers. */
static bool are_one_major(const struct compare *compare, int since)
{
    int source = conn_version(compare->sides[SIDE_SOURCE].holder);
    return source >= since &&
           source / 10000 == conn_version(compare->sides[SIDE_TARGET].holder) / 10000;
}

static bool choose(struct compare *compare, struct fault *why)
{
    bool alike = false;
    if (are_one_major(compare, VALUES_SINCE) && compare_one_encoding(compare) &&
        !answer_alike(compare, ask_values, &alike, why))
        return false;
    if (alike) {
        compare->hash = ROW_HASH_VALUES;
        return true;
    }
    if (are_one_major(compare, BYTES_SINCE) && !answer_alike(compare, ask_bytes, &alike, why))
        return false;
    compare->hash = alike ? ROW_HASH_BYTES : ROW_HASH_MD5;
    return true;
}

bool compare_choose_hash(struct compare *compare, struct fault *why)
{
    static const char *const names[] = {
        [ROW_HASH_MD5] = "md5",
        [ROW_HASH_BYTES] = "hash_array_extended",
        [ROW_HASH_VALUES] = "hash_record_extended",
    };
    if (!choose(compare, why))
        return false;
    log_debug("rows are hashed by %s", names[compare->hash]);
    return true;
}

void hash_add_md5(struct strbuf *sql, const char *row)
{
    strbuf_addf(
        sql, "('x' || pg_catalog.md5(pg_catalog.record_send(%s)))::pg_catalog.bit(128) AS h", row);
}

/* A subquery with OFFSET 0 keeps what is used twice from being computed twice. */
#define SUM(half) ", coalesce(pg_catalog.sum(" half "), 0)"

static void add_md5_sums(struct strbuf *sql, const struct hashed *of, const char *more)
{
    strbuf_addf(sql, "SELECT " HASH_MD5_SUMS "%s FROM (SELECT ", more);
    hash_add_md5(sql, of->row);
    strbuf_addf(sql, " FROM %s OFFSET 0) x", of->from);
}

static void add_bytes_sums(struct strbuf *sql, const struct hashed *of, const char *more)
{
    strbuf_addf(sql,
                "SELECT pg_catalog.count(*)" SUM(OF_BYTES "(h, 1)")
                    SUM(OF_BYTES "(h, 2)") "%s FROM (SELECT ARRAY[pg_catalog.record_send(%s)] AS h"
                                           " FROM %s OFFSET 0) x",
                more, of->row, of->from);
}

/* Keys count up from where they begin: the second seed of a row is the first one of no other. */
static void add_seeded_sums(struct strbuf *sql, const struct hashed *of, const char *more)
{
    strbuf_addf(sql,
                "SELECT pg_catalog.count(*)" SUM(OF_VALUES "(r, s)")
                    SUM(OF_VALUES "(r, s # 6148914691236517205)") "%s FROM (SELECT %s AS r, %s AS s"
                                                                  " FROM %s OFFSET 0) x",
                more, of->row, of->seed, of->from);
}

static void add_values_sums(struct strbuf *sql, const struct hashed *of, const char *more)
{
    strbuf_addf(sql,
                "SELECT pg_catalog.count(*)" SUM("g # h")
                    SUM("h") "%s FROM (SELECT g, " OF_VALUES
                             "(r, g) AS h FROM (SELECT r, " OF_VALUES
                             "(r, 1) AS g FROM (SELECT %s AS r FROM %s OFFSET 0) x OFFSET 0) y"
                             " OFFSET 0) z",
                more, of->row, of->from);
}

void hash_add_sums(struct strbuf *sql, const struct hashed *of, const char *more)
{
    switch (of->hash) {
    case ROW_HASH_MD5:
        add_md5_sums(sql, of, more);
        break;
    case ROW_HASH_BYTES:
        add_bytes_sums(sql, of, more);
        break;
    case ROW_HASH_VALUES:
        if (*of->seed != '\0')
            add_seeded_sums(sql, of, more);
        else
            add_values_sums(sql, of, more);
        break;
    }
}
