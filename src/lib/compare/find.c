#include "compare/find.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/text.h"
#include "catalog/objects.h"
#include "catalog/sql.h"

#include <inttypes.h>

enum { FETCH = 2000, BUCKET_COLUMN = 4, SHOWN_LENGTH = 200 };

/* ---- the pair ---- */

bool pair_get(struct db *db, int64_t id, struct pair *pair, struct fault *why)
{
    scoped(drop_stmt) struct stmt *row = db_stmt(db, SQL_PAIR_GET, why);
    struct strbuf *const to[] = {&pair->kind,    &pair->nspname, &pair->relname,   &pair->row_sql,
                                 &pair->key_sql, &pair->columns, &pair->condition, &pair->note};
    bool found;
    if (row == NULL || !stmt_bind(row, why, "i", id) || !stmt_step(row, &found, why))
        return false;
    pair->id = id;
    for (int i = 0; i < (int)(sizeof to / sizeof to[0]); i++)
        strbuf_add(to[i], stmt_text(row, i));
    return true;
}

void drop_pair(struct pair *pair)
{
    drop_strbuf(&pair->kind);
    drop_strbuf(&pair->nspname);
    drop_strbuf(&pair->relname);
    drop_strbuf(&pair->row_sql);
    drop_strbuf(&pair->key_sql);
    drop_strbuf(&pair->columns);
    drop_strbuf(&pair->condition);
    drop_strbuf(&pair->note);
}

struct ids {
    int64_t *list;
    size_t count;
};

static void drop_ids(struct ids *ids)
{
    drop_memory(&ids->list);
}

static bool on_different(void *arg, const struct stmt *row, struct fault *why)
{
    struct ids *ids = arg;
    (void)why;
    ids->list = grow_memory(ids->list, ids->count, sizeof *ids->list);
    ids->list[ids->count++] = stmt_int(row, 0);
    return true;
}

bool pair_each_different(struct db *db, pair_each *each, void *arg, struct fault *why)
{
    scoped(drop_ids) struct ids ids = {.list = NULL};
    if (!catalog_list(db, SQL_PAIR_LIST_DIFFERENT, 0, on_different, &ids, why))
        return false;
    for (size_t i = 0; i < ids.count; i++)
        if (!each(arg, ids.list[i], why))
            return false;
    return true;
}

void pair_add_name(struct strbuf *text, const struct pair *pair)
{
    if (strcmp(pair->kind.text, "large objects") == 0)
        strbuf_add(text, pair->kind.text);
    else
        strbuf_add_name(text, strbuf_text(&pair->nspname), strbuf_text(&pair->relname));
}

static const char *key_of(const struct pair *pair)
{
    return pair->key_sql.length > 0 ? pair->key_sql.text : pair->row_sql.text;
}

void pair_add_id(struct strbuf *sql, const struct pair *pair)
{
    strbuf_addf(sql, "pg_catalog.md5(pg_catalog.record_send(%s))::pg_catalog.uuid", key_of(pair));
}

/* ---- which buckets ---- */

struct buckets {
    struct sum sums[SIDES][BUCKETS];
};

static bool take_buckets(void *arg, const struct part *part, const struct rows *rows,
                         struct fault *why)
{
    struct buckets *buckets = arg;
    for (int row = 0; row < rows_count(rows); row++) {
        struct sum sum;
        int64_t bucket = rows_int(rows, row, BUCKET_COLUMN);
        if (bucket < 0 || bucket >= BUCKETS)
            return fault_set(why, FAULT_BUG, "bucket %" PRId64, bucket);
        if (!sum_read(rows, row, &sum, why))
            return false;
        sum_add(&buckets->sums[part->side][bucket], &sum);
    }
    return true;
}

/* Adds " AND bucket IN (…)", or nothing when all of them differ. */
static void add_buckets(struct strbuf *sql, const struct buckets *buckets)
{
    int count = 0;
    scoped(drop_strbuf) struct strbuf list = STRBUF_EMPTY;
    for (int i = 0; i < BUCKETS; i++)
        if (!sum_is_same(&buckets->sums[SIDE_SOURCE][i], &buckets->sums[SIDE_TARGET][i]))
            strbuf_addf(&list, "%s%d", count++ == 0 ? "" : ",", i);
    if (count < BUCKETS)
        strbuf_addf(sql,
                    " WHERE ('x' || pg_catalog.left(x.k, %d))::pg_catalog.bit(12)"
                    "::pg_catalog.int4 IN (SELECT pg_catalog.unnest('{%s}'::pg_catalog.int4[]))",
                    BUCKET_DIGITS, strbuf_text(&list));
}

/* ---- reading in order ---- */

struct stream {
    struct conn *conn;
    struct rows rows;
    int row;
    bool over;
};

struct streams {
    struct stream of[SIDES];
};

static void drop_streams(struct streams *streams)
{
    for (int side = 0; side < SIDES; side++)
        drop_rows(&streams->of[side].rows);
}

struct from {
    struct strbuf *sql;
    const struct pair *pair;
    int count;
};

static void add_one_from(struct from *from, const struct part *part)
{
    const struct pair *pair = from->pair;
    strbuf_addf(from->sql, "%sSELECT pg_catalog.md5(pg_catalog.record_send(%s)) AS k, ",
                from->count++ == 0 ? "" : " UNION ALL ", key_of(pair));
    hash_add_md5(from->sql, pair->row_sql.text);
    strbuf_addf(from->sql, ", pg_catalog.left(%s::pg_catalog.text, %d) AS shown FROM ",
                key_of(pair), SHOWN_LENGTH);
    part_add_from(from->sql, part);
}

static bool on_relation(void *arg, const struct stmt *row, struct fault *why)
{
    struct from *from = arg;
    scoped(drop_part) struct part part = {.oid = 1, .relkind = stmt_text(row, 2)[0]};
    (void)why;
    strbuf_add(&part.nspname, stmt_text(row, 0));
    strbuf_add(&part.relname, stmt_text(row, 1));
    strbuf_add(&part.condition, strbuf_text(&from->pair->condition));
    add_one_from(from, &part);
    return true;
}

/* All relations of one side of the pair. */
static bool add_from_all(struct compare *compare, struct from *from, enum side side,
                         struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = NULL;
    bool row = true;
    if (strcmp(from->pair->kind.text, "large objects") == 0) {
        struct part all = {.oid = 0};
        add_one_from(from, &all);
        return true;
    }
    stmt = db_stmt(compare->db, SQL_PAIR_RELATIONS, why);
    if (stmt == NULL || !stmt_bind(stmt, why, "id", from->pair->id, (int)side))
        return false;
    while (row) {
        if (!stmt_step(stmt, &row, why) || (row && !on_relation(from, stmt, why)))
            return false;
    }
    /* A partitioned table without partitions. */
    if (from->count == 0)
        strbuf_add(from->sql, "SELECT pg_catalog.md5('') AS k, NULL::pg_catalog.bit(128) AS h,"
                              " ''::pg_catalog.text AS shown WHERE false");
    return true;
}

static bool open_stream(struct compare *compare, const struct pair *pair, enum side side,
                        const struct buckets *buckets, struct stream *stream, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    struct from from = {&sql, pair, 0};
    strbuf_add(&sql, "DECLARE pghaul_rows NO SCROLL CURSOR FOR SELECT " HASH_MD5_SUMS
                     ", k::pg_catalog.uuid, pg_catalog.min(shown COLLATE \"C\") FROM (");
    if (!add_from_all(compare, &from, side, why))
        return false;
    strbuf_add(&sql, ") x");
    add_buckets(&sql, buckets);
    strbuf_add(&sql, " GROUP BY x.k ORDER BY x.k::pg_catalog.uuid");
    stream->row = 0;
    stream->over = false;
    return conn_run(stream->conn, sql.text, why);
}

/* The next row is there, unless stream->over. */
static bool look(struct stream *stream, struct fault *why)
{
    if (stream->over || (stream->rows.result != NULL && stream->row < rows_count(&stream->rows)))
        return true;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    strbuf_addf(&sql, "FETCH FORWARD %d FROM pghaul_rows", FETCH);
    stream->row = 0;
    if (!conn_query(stream->conn, sql.text, &stream->rows, why))
        return false;
    stream->over = rows_count(&stream->rows) == 0;
    return true;
}

/* ---- merging ---- */

enum { ID_COLUMN = 3, SHOWN_COLUMN };

static const char *id_of(const struct stream *stream)
{
    return rows_text(&stream->rows, stream->row, ID_COLUMN);
}

/* Which side comes first: < 0 the source, > 0 the target, 0 both have it. */
static int order(const struct stream *streams)
{
    if (streams[SIDE_SOURCE].over || streams[SIDE_TARGET].over)
        return streams[SIDE_SOURCE].over ? 1 : -1;
    return strcmp(id_of(&streams[SIDE_SOURCE]), id_of(&streams[SIDE_TARGET]));
}

static bool merge_row(struct stream *streams, find_each *each, void *arg, struct fault *why)
{
    struct sum sums[SIDES] = {{0}, {0}};
    int first = order(streams);
    struct found found = {.id = NULL};
    for (int side = SIDES - 1; side >= 0; side--) {
        struct stream *stream = &streams[side];
        if (side == SIDE_SOURCE ? first > 0 : first < 0)
            continue;
        if (!sum_read(&stream->rows, stream->row, &sums[side], why))
            return false;
        found.id = id_of(stream);
        found.shown = rows_text(&stream->rows, stream->row, SHOWN_COLUMN);
    }
    found.source = sums[SIDE_SOURCE].rows;
    found.target = sums[SIDE_TARGET].rows;
    found.target_sum = &sums[SIDE_TARGET];
    found.is_new_value = found.source == found.target;
    if (!sum_is_same(&sums[SIDE_SOURCE], &sums[SIDE_TARGET]) && !each(arg, &found, why))
        return false;
    streams[SIDE_SOURCE].row += first <= 0;
    streams[SIDE_TARGET].row += first >= 0;
    return true;
}

static bool merge(struct compare *compare, const struct pair *pair, const struct buckets *buckets,
                  struct stream *streams, find_each *each, void *arg, struct fault *why)
{
    for (int side = 0; side < SIDES; side++)
        if (!open_stream(compare, pair, (enum side)side, buckets, &streams[side], why))
            return false;
    for (;;) {
        if (!look(&streams[SIDE_SOURCE], why) || !look(&streams[SIDE_TARGET], why))
            return false;
        if (streams[SIDE_SOURCE].over && streams[SIDE_TARGET].over)
            return true;
        if (!merge_row(streams, each, arg, why))
            return false;
    }
}

static bool is_objects(const struct pair *pair)
{
    return strcmp(pair->kind.text, "large objects") == 0;
}

static bool make_parts(struct compare *compare, const struct pair *pair, struct fault *why)
{
    return is_objects(pair) ? compare_make_object_parts(compare, pair->id, why)
                            : compare_make_parts(compare, pair->id, why);
}

bool find_each_row(struct compare *compare, struct pool *pool, int64_t id, find_each *each,
                   void *arg, struct fault *why)
{
    scoped(drop_pair) struct pair pair = {.id = 0};
    scoped(drop_memory) struct buckets *buckets = new_memory(1, sizeof *buckets);
    scoped(drop_streams) struct streams streams = {
        {{.conn = pool_any(pool, SIDE_SOURCE)}, {.conn = pool_any(pool, SIDE_TARGET)}}};
    struct pool_job job = {part_add_buckets, take_buckets, buckets, 0};
    if (!pair_get(compare->db, id, &pair, why) || !make_parts(compare, &pair, why) ||
        !pool_run(pool, &job, why))
        return false;
    if (job.refused > 0)
        return fault_set(why, FAULT_COMPARE_UNREAD, "%s", "it could not be read once more");
    bool good = merge(compare, &pair, buckets, streams.of, each, arg, why);
    for (int side = 0; side < SIDES; side++) {
        struct fault ignored; /* the first one tells */
        if (!snapshot_let_go(streams.of[side].conn, good ? why : &ignored))
            return false;
    }
    return good;
}

/* ---- what is noted ---- */

struct noting {
    struct compare *compare;
    int64_t pair;
    int64_t missing, extra, changed, shown;
};

static bool note(void *arg, const struct found *found, struct fault *why)
{
    struct noting *n = arg;
    const char *kind = found->is_new_value             ? "changed"
                       : found->source > found->target ? "missing"
                                                       : "extra";
    if (found->is_new_value)
        n->changed += found->source;
    else if (found->source > found->target)
        n->missing += found->source - found->target;
    else
        n->extra += found->target - found->source;
    return n->shown++ >= n->compare->show || db_run(n->compare->db, why, SQL_FINDING_INSERT, "iiss",
                                                    n->pair, n->shown, kind, found->shown);
}

/* Of a sequence there is one row on each side. */
static bool read_sequence(struct compare *compare, const struct pair *pair, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    for (int side = 0; side < SIDES; side++) {
        scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
        scoped(drop_rows) struct rows rows = ROWS_NONE;
        struct conn *conn = compare->sides[side].holder;
        strbuf_add(&sql, "SELECT last_value, is_called FROM ");
        strbuf_add_qualified(&sql, pair->nspname.text, pair->relname.text);
        if (!conn_query(conn, sql.text, &rows, why) || !snapshot_let_go(conn, why))
            return false;
        strbuf_addf(&text, "%s%s %s%s", side == 0 ? "" : ", ", side_word((enum side)side),
                    rows_text(&rows, 0, 0), rows_bool(&rows, 0, 1) ? "" : " (not called)");
    }
    return db_run(compare->db, why, SQL_PAIR_SET_NOTE, "si", text.text, pair->id);
}

static bool note_rows(struct compare *compare, struct pool *pool, int64_t id, struct fault *why)
{
    struct noting noting = {.compare = compare, .pair = id};
    return find_each_row(compare, pool, id, note, &noting, why) &&
           db_run(compare->db, why, SQL_PAIR_SET_FOUND, "iiii", noting.missing, noting.extra,
                  noting.changed, id);
}

/* That it differs is known. */
static bool note_not_found(struct compare *compare, const struct pair *pair, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    bool said = why->id == FAULT_COMPARE_UNREAD;
    pair_add_name(&name, pair);
    if (compare->leash->wish != LEASH_GO || conn_broken(compare->sides[SIDE_SOURCE].holder) ||
        conn_broken(compare->sides[SIDE_TARGET].holder))
        return fault_during(why, "looking for the rows of %s", name.text);
    log_warning("what differs in %s was not found: %s", name.text, why->text);
    strbuf_addf(&text, "what differs in it was not found%s%s", said ? "" : ": ",
                said ? "" : why->text);
    for (int side = 0; side < SIDES; side++)
        if (!snapshot_let_go(compare->sides[side].holder, why))
            return false;
    return db_run(compare->db, why, SQL_PAIR_ADD_NOTE, "si", text.text, pair->id);
}

bool find_rows(struct compare *compare, struct pool *pool, int64_t id, struct fault *why)
{
    scoped(drop_pair) struct pair pair = {.id = 0};
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    if (!pair_get(compare->db, id, &pair, why))
        return false;
    pair_add_name(&name, &pair);
    if (strcmp(pair.kind.text, "sequence") == 0)
        return read_sequence(compare, &pair, why) || note_not_found(compare, &pair, why);
    FAILPOINT("compare.finding", why);
    log_info("looking for what differs in %s", name.text);
    return note_rows(compare, pool, id, why) || note_not_found(compare, &pair, why);
}
