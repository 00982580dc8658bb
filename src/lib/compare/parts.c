#include "compare/parts.h"

#include "base/scoped.h"
#include "catalog/objects.h"
#include "catalog/sql.h"

#include <inttypes.h>

void drop_part(struct part *part)
{
    drop_strbuf(&part->nspname);
    drop_strbuf(&part->relname);
    drop_strbuf(&part->kind);
    drop_strbuf(&part->row_sql);
    drop_strbuf(&part->sum_sql);
    drop_strbuf(&part->seed_sql);
    drop_strbuf(&part->key_sql);
    drop_strbuf(&part->condition);
}

struct making {
    struct db *db;
    const struct parts_wish *wish;
};

static bool on_relation(void *arg, const struct stmt *row, struct fault *why)
{
    struct making *m = arg;
    enum { MOST = 100000 };
    int side = (int)stmt_int(row, 0);
    int64_t pair = stmt_int(row, 1), oid = stmt_int(row, 2), bytes = stmt_int(row, 3);
    int64_t blocks = m->wish->by_block[side] ? stmt_int(row, 4) : 0;
    int64_t parts = bytes / m->wish->bytes + 1;
    parts = parts > MOST ? MOST : parts;
    parts = parts > blocks ? blocks : parts;
    for (int64_t part = 0; part < parts || part == 0; part++) {
        int64_t low = parts == 0 ? 0 : blocks * part / parts;
        int64_t high = part + 1 < parts ? blocks * (part + 1) / parts : 0;
        if (!db_run(m->db, why, SQL_PART_INSERT, "diiiii", side, pair, oid, low, high,
                    parts == 0 ? bytes : bytes / parts))
            return false;
    }
    return true;
}

bool parts_make(struct db *db, const struct parts_wish *wish, struct fault *why)
{
    struct making making = {.db = db, .wish = wish};
    return wish->pair == 0
               ? catalog_list(db, SQL_SIDE_LIST_TO_READ, 0, on_relation, &making, why)
               : catalog_list(db, SQL_SIDE_LIST_OF_PAIR, wish->pair, on_relation, &making, why);
}

static void put(struct strbuf *to, const struct stmt *row, int column)
{
    strbuf_clear(to);
    strbuf_add(to, stmt_text(row, column));
}

bool parts_next(struct db *db, enum side side, int64_t after, struct part *part, struct fault *why)
{
    scoped(drop_stmt) struct stmt *row = db_stmt(db, SQL_PART_NEXT, why);
    bool found;
    part->id = 0;
    if (row == NULL || !stmt_bind(row, why, "di", (int)side, after) || !stmt_step(row, &found, why))
        return false;
    if (!found)
        return true;
    part->id = stmt_int(row, 0);
    part->side = side;
    part->pair = stmt_int(row, 1);
    part->oid = stmt_int(row, 2);
    part->low = stmt_int(row, 3);
    part->high = stmt_int(row, 4);
    part->bytes = stmt_int(row, 5);
    put(&part->nspname, row, 6);
    put(&part->relname, row, 7);
    part->filenode = stmt_int(row, 8);
    part->relkind = stmt_text(row, 9)[0];
    put(&part->kind, row, 10);
    put(&part->row_sql, row, 11);
    put(&part->sum_sql, row, 12);
    put(&part->seed_sql, row, 13);
    put(&part->key_sql, row, 14);
    put(&part->condition, row, 15);
    return true;
}

/* A large object may have more than a function can return at once: its contents are those of its
 * pieces. What is opened here is closed with the savepoint. */
static void add_large_objects(struct strbuf *sql, const struct part *part)
{
    strbuf_addf(sql,
                "(SELECT m.oid AS loid, (SELECT pg_catalog.string_agg(pg_catalog.md5("
                "pg_catalog.lo_get(m.oid, g, 1048576)), '' ORDER BY g)"
                " FROM pg_catalog.generate_series(0::pg_catalog.int8, pg_catalog.lo_lseek64("
                "pg_catalog.lo_open(m.oid, 262144), 0, 2), 1048576) g) AS content"
                " FROM pg_catalog.pg_largeobject_metadata m WHERE m.oid >= %" PRId64,
                part->low);
    if (part->high != 0)
        strbuf_addf(sql, " AND m.oid < %" PRId64, part->high);
    strbuf_add(sql, ") m");
}

void part_add_from(struct strbuf *sql, const struct part *part)
{
    if (part->oid == 0) {
        add_large_objects(sql, part);
        return;
    }
    strbuf_add(sql, part->relkind == 'S' ? "" : "ONLY ");
    strbuf_add_qualified(sql, strbuf_text(&part->nspname), strbuf_text(&part->relname));
    strbuf_addf(sql, " %s", strbuf_text(&part->condition));
    if (part->low > 0)
        strbuf_addf(sql, " WHERE ctid >= '(%" PRId64 ",0)'", part->low);
    if (part->high > 0)
        strbuf_addf(sql, " %s ctid < '(%" PRId64 ",0)'", part->low > 0 ? "AND" : "WHERE",
                    part->high);
}

static void add_file(struct strbuf *sql, const struct part *part)
{
    /* Looked at after the lock was taken: a relation that was rewritten since the snapshot is in
     * another file, and what the snapshot sees of it there is wrong. */
    strbuf_addf(sql, ", (SELECT pg_catalog.pg_relation_filenode(%" PRId64 "::pg_catalog.oid))",
                part->oid);
}

void part_add_sums(struct strbuf *sql, const struct part *part)
{
    scoped(drop_strbuf) struct strbuf from = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf file = STRBUF_EMPTY;
    part_add_from(&from, part);
    add_file(&file, part);
    const struct hashed hashed = {
        .hash = part->hash,
        .row = part->sum_sql.text,
        .seed = strbuf_text(&part->seed_sql),
        .from = from.text,
    };
    hash_add_sums(sql, &hashed, file.text);
}

void part_add_buckets(struct strbuf *sql, const struct part *part)
{
    bool keyed = part->key_sql.length > 0;
    strbuf_add(sql, "SELECT " HASH_MD5_SUMS);
    add_file(sql, part);
    strbuf_addf(sql, ", ('x' || pg_catalog.left(k, %d))::pg_catalog.bit(12)::pg_catalog.int4 AS b",
                BUCKET_DIGITS);
    strbuf_add(sql, " FROM (SELECT ");
    if (keyed) {
        strbuf_addf(sql, "pg_catalog.md5(pg_catalog.record_send(%s)) AS k, ", part->key_sql.text);
        hash_add_md5(sql, part->row_sql.text);
    } else {
        strbuf_add(sql, "k, ('x' || k)::pg_catalog.bit(128) AS h FROM (SELECT ");
        strbuf_addf(sql, "pg_catalog.md5(pg_catalog.record_send(%s)) AS k", part->row_sql.text);
    }
    strbuf_add(sql, " FROM ");
    part_add_from(sql, part);
    strbuf_addf(sql, " OFFSET 0) x%s GROUP BY b", keyed ? "" : " OFFSET 0) y");
}
