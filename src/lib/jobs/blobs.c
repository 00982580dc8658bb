/*
 * blobs.c - a batch of large objects: contents, owners, privileges, comments.
 *
 * The contents travel as rows of a COPY (object, offset, piece), so a batch costs a
 * few round trips however many objects it has, and memory is bounded however large
 * one is. On the target they go through a temporary table. The whole batch is one
 * transaction: half an object is never left behind.
 */
#include "jobs/blobs.h"

#include "base/failpoint.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "jobs/brought.h"
#include "jobs/done.h"
#include "jobs/show.h"
#include "pg/relay.h"
#include "pg/snapshot.h"

#include <inttypes.h>

enum { PIECE = 256 * 1024 };

static void add_range(struct strbuf *which, const struct work *work)
{
    strbuf_addf(which, "m.oid >= %s", work->low);
    if (work->high != NULL)
        strbuf_addf(which, " AND m.oid < %s", work->high);
}

void blobs_add_out(struct strbuf *sql, const char *which)
{
    strbuf_addf(
        sql,
        "COPY (SELECT m.oid, o.at, pg_catalog.lo_get(m.oid, o.at, %d)"
        " FROM pg_catalog.pg_largeobject_metadata m,"
        " LATERAL (SELECT pg_catalog.lo_lseek64(pg_catalog.lo_open(m.oid, %d), 0, 2)) z(size),"
        " LATERAL pg_catalog.generate_series(0::bigint, greatest(z.size - 1, 0), %d) o(at)"
        " WHERE %s) TO STDOUT (FORMAT binary)",
        PIECE, 0x40000 /* INV_READ */, PIECE, which);
}

void blobs_add_in(struct strbuf *sql)
{
    strbuf_add(sql, "CREATE TEMPORARY TABLE pghaul_blob (id pg_catalog.oid,"
                    " at pg_catalog.int8, piece pg_catalog.bytea) ON COMMIT DROP;"
                    "COPY pg_temp.pghaul_blob FROM STDIN (FORMAT binary)");
}

/* Statements for what a large object has beside its contents, made by the source. */
static void add_ask_properties(struct strbuf *sql, const struct settings *settings,
                               const char *which)
{
    const char *object = "'LARGE OBJECT ' || m.oid";
    strbuf_add(sql, "SELECT s FROM (");
    strbuf_addf(sql,
                "SELECT m.oid, 1 AS step, 0::bigint AS n, 'ALTER ' || %s || ' OWNER TO '"
                " || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(m.lomowner)) AS s"
                " FROM pg_catalog.pg_largeobject_metadata m WHERE %s AND %s",
                object, which, settings->no_owner ? "false" : "true");
    /* An explicit list replaces the owner's default privileges. */
    strbuf_addf(sql,
                " UNION ALL SELECT m.oid, 2, 0, 'REVOKE ALL ON ' || %s || ' FROM '"
                " || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(m.lomowner))"
                " FROM pg_catalog.pg_largeobject_metadata m"
                " WHERE %s AND m.lomacl IS NOT NULL AND %s",
                object, which, settings->no_acl ? "false" : "true");
    /* Grants with grant option first: others may build on them. */
    strbuf_addf(sql,
                " UNION ALL SELECT m.oid, 3, (a.grantor <> m.lomowner)::int * 2"
                " + (NOT a.is_grantable)::int,"
                " CASE WHEN a.grantor <> m.lomowner THEN 'SET LOCAL SESSION AUTHORIZATION '"
                " || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantor)) || ';'"
                " ELSE '' END"
                " || 'GRANT ' || a.privilege_type || ' ON ' || %s || ' TO '"
                " || CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE"
                " pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END"
                " || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END"
                " || CASE WHEN a.grantor <> m.lomowner THEN ';RESET SESSION AUTHORIZATION'"
                " ELSE '' END"
                " FROM pg_catalog.pg_largeobject_metadata m,"
                " LATERAL pg_catalog.aclexplode(m.lomacl) a WHERE %s AND %s",
                object, which, settings->no_acl ? "false" : "true");
    strbuf_addf(sql,
                " UNION ALL SELECT m.oid, 4, 0, 'COMMENT ON ' || %s || ' IS '"
                " || pg_catalog.quote_literal(d.description)"
                " FROM pg_catalog.pg_largeobject_metadata m"
                " JOIN pg_catalog.pg_description d ON d.objoid = m.oid"
                " AND d.classoid = 'pg_catalog.pg_largeobject'::pg_catalog.regclass"
                " WHERE %s AND %s",
                object, which, settings->no_comments ? "false" : "true");
    strbuf_addf(sql,
                " UNION ALL SELECT m.oid, 5, 0, 'SECURITY LABEL FOR '"
                " || pg_catalog.quote_ident(l.provider) || ' ON ' || %s || ' IS '"
                " || pg_catalog.quote_literal(l.label)"
                " FROM pg_catalog.pg_largeobject_metadata m"
                " JOIN pg_catalog.pg_seclabel l ON l.objoid = m.oid"
                " AND l.classoid = 'pg_catalog.pg_largeobject'::pg_catalog.regclass WHERE %s",
                object, which);
    strbuf_add(sql, ") q ORDER BY oid, step, n");
}

bool blobs_add_properties(struct strbuf *sql, const struct settings *settings, struct conn *source,
                          const char *before, const char *which, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf ask = STRBUF_EMPTY;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    strbuf_add(&ask, before);
    add_ask_properties(&ask, settings, which);
    if (!conn_query(source, ask.text, &rows, why))
        return false;
    for (int row = 0; row < rows_count(&rows); row++)
        strbuf_addf(sql, "%s;", rows_text(&rows, row, 0));
    return true;
}

static void on_moved(void *arg, int64_t bytes)
{
    struct job *job = arg;
    job->moved(job, bytes);
}

/* The first piece makes the object, with the source's oid. */
static bool write_objects(struct job *job, const char *which, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (job->settings->drop_if_exists &&
        !conn_run(job->target,
                  "SELECT pg_catalog.count(pg_catalog.lo_unlink(m.oid))"
                  " FROM pg_catalog.pg_largeobject_metadata m"
                  " WHERE m.oid IN (SELECT id FROM pg_temp.pghaul_blob)",
                  why))
        return false;
    if (!conn_query(job->target,
                    "SELECT pg_catalog.count(pg_catalog.lo_from_bytea(id, piece))"
                    " FROM pg_temp.pghaul_blob WHERE at = 0",
                    &rows, why)) {
        if (strcmp(why->sqlstate, "23505") == 0)
            why->id = FAULT_TARGET_NOT_EMPTY;
        return false;
    }
    job->rows = rows_int(&rows, 0, 0);
    if (!conn_run(job->target,
                  "SELECT pg_catalog.count(w) FROM (SELECT pg_catalog.lo_put(id, at, piece)::text"
                  " AS w FROM pg_temp.pghaul_blob WHERE at > 0 ORDER BY id, at OFFSET 0) q",
                  why))
        return false;
    FAILPOINT("blobs.half_written", why);
    if (!blobs_add_properties(&sql, job->settings, job->source, SNAPSHOT_LET_GO, which, why))
        return false;
    if (job->settings->follow)
        brought_add_new(&sql, job->run->uuid);
    done_add_counts(&sql, job, job->rows, job->bytes);
    strbuf_add(&sql, "COMMIT");
    return conn_run(job->target, sql.text, why);
}

bool show_blobs(struct job *job, struct shown *shown, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf which = STRBUF_EMPTY;
    (void)why;
    shown->note = "then the objects are made of the pieces, with owners, privileges, comments and "
                  "labels";
    add_range(&which, job->work);
    blobs_add_out(&shown->source, which.text);
    blobs_add_in(&shown->target);
    return true;
}

bool job_blobs(struct job *job, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf out = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf in = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf which = STRBUF_EMPTY;
    add_range(&which, job->work);
    blobs_add_out(&out, which.text);
    done_add_begin(&in, job, 0, true);
    blobs_add_in(&in);
    job->held_table = 0;
    if (!snapshot_let_go(job->source, why))
        return false;
    struct relay relay = {.out_sql = out.text,
                          .in_sql = in.text,
                          .moved = on_moved,
                          .arg = job,
                          .throttle = job->throttle};
    if (!relay_run(&relay, job->source, job->target, why)) {
        if (done_already(job, why))
            return true;
        if (strcmp(why->sqlstate, "42501") == 0)
            why->id = FAULT_LARGE_OBJECT_UNREADABLE;
        return false;
    }
    job->bytes = relay.bytes;
    if (relay.rows_read != relay.rows_written)
        return fault_set(why, FAULT_ROW_COUNT,
                         "the source sent %" PRId64 " pieces of large objects, the target"
                         " counted %" PRId64,
                         relay.rows_read, relay.rows_written);
    if (!write_objects(job, which.text, why))
        return false;
    FAILPOINT("blobs.after_commit", why);
    return true;
}
