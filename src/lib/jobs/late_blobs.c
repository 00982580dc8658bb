/*
 * late_blobs.c - large objects that were made, changed or removed since the copy.
 *
 * The source's objects are gone through by oid. Of some hundreds at a time one query there, in a
 * snapshot of its own, gives hashes and properties; one on the target compares them with what it
 * has, and names the objects that differ. These are copied in that snapshot, in groups that are a
 * transaction of the target each. An object that is there is cut to nothing and filled, so it keeps
 * what it has beside its contents.
 */
#include "jobs/late.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/listing.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/sql.h"
#include "jobs/blobs.h"
#include "jobs/brought.h"
#include "pg/relay.h"

#include <inttypes.h>

enum {
    OBJECTS = 500,       /* compared at once, when all are hashed, */
    OBJECTS_MANY = 5000, /* … when few are */
    GROUP_BYTES = 64 << 20,
    GROUP_OBJECTS = 500, /* each takes a lock when it is removed */
    LAST_OID = UINT32_MAX,
    XIDS_MOST = 1500000000, /* further back a transaction's number says nothing */
    /* Of a usual server, for a first guess: */
    BYTES_IN_MS = 100000,
    OBJECTS_IN_MS = 20,
};

/* The catalog's setting with the time that the last pass needed to find out what differs. */
#define SETTING_LOOKING "late-blobs-looking"

#define OBJECTS_OF "pg_catalog.pg_largeobject_metadata"
#define CLASS_OBJECT "'pg_catalog.pg_largeobject'::pg_catalog.regclass"

struct pass {
    const struct late *late;
    struct late_blobs_counts *counts;
    struct strbuf since; /* xid: only what it or later ones have written is hashed; "": all is */
    int64_t before;      /* bytes sent by the groups before this one */
};

static void drop_pass(struct pass *pass)
{
    drop_strbuf(&pass->since);
}

static bool is_wanted(const struct late *late, bool *ret_wanted, struct fault *why)
{
    int64_t items;
    if (!work_kind_count(late->db, WORK_LAST_BLOBS, &items, why))
        return false;
    *ret_wanted = items > 0;
    return true;
}

/* ---- which may have changed ---- */

static bool look_at_xids(struct conn *source, int64_t *ret_oldest, int64_t *ret_next,
                         bool *ret_readable, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!conn_query(source,
                    "SELECT pg_catalog.txid_snapshot_xmin(s), pg_catalog.txid_snapshot_xmax(s),"
                    " pg_catalog.has_table_privilege('pg_catalog.pg_largeobject', 'SELECT')"
                    " FROM pg_catalog.txid_current_snapshot() s",
                    &rows, why))
        return false;
    *ret_oldest = rows_int(&rows, 0, 0);
    *ret_next = rows_int(&rows, 0, 1);
    *ret_readable = rows_bool(&rows, 0, 2);
    return true;
}

/* What the last pass, or else the copy, has not seen was written by this transaction or a later
 * one: those are at most half of all numbers away, or all objects are compared. Numbers of rows
 * that were frozen long ago may look new, which costs a comparison. */
static bool narrow(struct pass *pass, int64_t *ret_oldest, struct fault *why)
{
    const struct late *late = pass->late;
    int64_t next, seen;
    bool readable;
    if (!look_at_xids(late->source, ret_oldest, &next, &readable, why) ||
        !brought_seen(late->target, late->run->uuid, &seen, why) ||
        (seen == 0 && !db_int(late->db, why, &seen, 0, SQL_SNAPSHOT_OLDEST, "")))
        return false;
    if (readable && seen > 0 && seen <= next && next - seen < XIDS_MOST)
        strbuf_addf(&pass->since, "'%" PRIu32 "'::pg_catalog.xid", (uint32_t)seen);
    return true;
}

static void add_is_since(struct strbuf *sql, const struct pass *pass, const char *xmin)
{
    strbuf_addf(sql, "pg_catalog.age(%s) <= pg_catalog.age(%s)", xmin, pass->since.text);
}

static void add_is_suspect(struct strbuf *sql, const struct pass *pass)
{
    if (pass->since.length == 0) {
        strbuf_add(sql, "true");
        return;
    }
    add_is_since(sql, pass, "m.writer");
    strbuf_add(sql,
               " OR EXISTS (SELECT FROM pg_catalog.pg_largeobject l WHERE l.loid = m.oid AND ");
    add_is_since(sql, pass, "l.xmin");
    strbuf_add(sql, ")");
}

/* ---- the source's objects, and what the target has ---- */

/* An object may have more than a function can return at once: what is hashed is the hashes of its
 * pieces. Its size is in z. What is opened here is closed with the transaction. */
static const char hash[] =
    "CASE WHEN z.size IS NOT NULL THEN coalesce((SELECT pg_catalog.md5(pg_catalog.string_agg("
    "pg_catalog.md5(pg_catalog.lo_get(m.oid, g, 1048576)), '' ORDER BY g))"
    " FROM pg_catalog.generate_series(0::pg_catalog.int8, z.size - 1, 1048576) g), '') END";

static void add_sizes(struct strbuf *sql, const char *when)
{
    strbuf_addf(sql,
                ", LATERAL (SELECT CASE WHEN %s THEN pg_catalog.lo_lseek64("
                "pg_catalog.lo_open(m.oid, 262144), 0, 2) END OFFSET 0) z(size)",
                when);
}

/* What has been said of an object that the settings carry, as one text. */
static void add_properties(struct strbuf *sql, const struct settings *settings)
{
    strbuf_add(sql, "ARRAY[");
    strbuf_add(sql, settings->no_owner ? "NULL" : "pg_catalog.pg_get_userbyid(m.lomowner)");
    if (settings->no_owner || settings->no_acl)
        strbuf_add(sql, ", NULL");
    else
        strbuf_add(sql,
                   ", CASE WHEN m.lomacl IS NOT NULL"
                   " AND m.lomacl <> pg_catalog.acldefault('L', m.lomowner)"
                   " THEN coalesce((SELECT pg_catalog.string_agg(q.x, ',' ORDER BY q.x COLLATE "
                   "\"C\") FROM (SELECT ARRAY[pg_catalog.pg_get_userbyid(a.grantor)::text,"
                   " CASE WHEN a.grantee <> 0 THEN"
                   " pg_catalog.pg_get_userbyid(a.grantee)::text END,"
                   " a.privilege_type, a.is_grantable::text]::text AS x"
                   " FROM pg_catalog.aclexplode(m.lomacl) a) q), '') END");
    strbuf_add(sql, settings->no_comments
                        ? ", NULL"
                        : ", (SELECT d.description FROM pg_catalog.pg_description d"
                          " WHERE d.objoid = m.oid AND d.classoid = " CLASS_OBJECT
                          " AND d.objsubid = 0)");
    strbuf_add(sql, ", (SELECT pg_catalog.string_agg(pg_catalog.concat_ws('/', l.provider, l.label)"
                    ", ',' ORDER BY l.provider COLLATE \"C\") FROM pg_catalog.pg_seclabel l"
                    " WHERE l.objoid = m.oid AND l.classoid = " CLASS_OBJECT
                    ")]::pg_catalog.text[]::pg_catalog.text");
}

/* Columns: oid, size, hash, properties; size and hash NULL where nothing can have changed. */
enum { OID, SIZE, HASH, PROPERTIES };

static void add_look(struct strbuf *sql, const struct pass *pass, int64_t after, int most)
{
    strbuf_add(sql, "SELECT m.oid, z.size, ");
    strbuf_add(sql, hash);
    strbuf_add(sql, ", m.properties FROM (SELECT m.oid, ");
    add_properties(sql, pass->late->settings);
    strbuf_add(sql, " AS properties, ");
    add_is_suspect(sql, pass);
    strbuf_addf(sql,
                " AS suspect FROM (SELECT oid, lomowner, lomacl, xmin AS writer FROM " OBJECTS_OF
                " WHERE oid > %" PRId64 " ORDER BY oid LIMIT %d) m OFFSET 0) m",
                after, most);
    add_sizes(sql, "m.suspect");
    strbuf_add(sql, " ORDER BY m.oid");
}

static void add_text_or_null(struct strbuf *sql, const struct rows *rows, int row, int column)
{
    if (rows_null(rows, row, column))
        strbuf_add(sql, "NULL");
    else
        strbuf_add_literal(sql, rows_text(rows, row, column));
}

/* Columns: the number of the source's row (NULL: it has none), oid; is it there, not ours, of other
 * contents, of other properties? Those of which nothing is to be said are left out. */
enum { NUMBER, ID, IS_THERE, NOT_OURS, OTHER_CONTENTS, OTHER_PROPERTIES };

static void add_compare(struct strbuf *sql, const struct pass *pass, const struct rows *look,
                        int64_t after, int64_t last)
{
    strbuf_addf(sql,
                "WITH b (id) AS (SELECT o FROM pghaul.large_objects, pg_catalog.unnest(oids) o"
                " WHERE run = '%s' AND low <= %" PRId64 " AND high > %" PRId64
                "), s (n, id, hash, properties) AS (VALUES"
                " (NULL::pg_catalog.int4, NULL::pg_catalog.oid, NULL::pg_catalog.text,"
                " NULL::pg_catalog.text)",
                pass->late->run->uuid, last, after);
    for (int row = 0; row < rows_count(look); row++) {
        strbuf_addf(sql, ", (%d, %s, ", row, rows_text(look, row, OID));
        add_text_or_null(sql, look, row, HASH);
        strbuf_add(sql, ", ");
        add_text_or_null(sql, look, row, PROPERTIES);
        strbuf_add(sql, ")");
    }
    strbuf_add(sql, "), t AS (SELECT s.n, s.id, m.oid IS NOT NULL AS there,"
                    " s.id NOT IN (SELECT id FROM b) AS foreigner, s.hash IS NOT NULL"
                    " AND s.hash IS DISTINCT FROM ");
    strbuf_add(sql, hash);
    strbuf_add(sql, " AS contents, s.properties IS DISTINCT FROM ");
    add_properties(sql, pass->late->settings);
    /* Without the range all that the target has would be joined. */
    strbuf_addf(sql,
                " AS properties FROM s LEFT JOIN (SELECT oid, lomowner, lomacl FROM " OBJECTS_OF
                " WHERE oid > %" PRId64 " AND oid <= %" PRId64 " OFFSET 0) m ON m.oid = s.id",
                after, last);
    add_sizes(sql, "m.oid IS NOT NULL AND s.hash IS NOT NULL");
    strbuf_add(sql, " WHERE s.n IS NOT NULL OFFSET 0)"
                    " SELECT * FROM t WHERE NOT there OR foreigner OR contents OR properties"
                    " UNION ALL (SELECT NULL, m.oid, true, false, false, false FROM " OBJECTS_OF
                    " m WHERE m.oid IN (SELECT id FROM b)");
    strbuf_addf(sql,
                " AND m.oid > %" PRId64 " AND m.oid <= %" PRId64
                " AND m.oid NOT IN (SELECT id FROM s WHERE id IS NOT NULL) LIMIT %d)",
                after, last, GROUP_OBJECTS);
}

/* ---- writing ---- */

struct group {
    struct strbuf contents;   /* oids, "1,2" */
    struct strbuf properties; /* of new ones as well */
    struct strbuf altered;    /* of those that were there */
    struct strbuf gone;
    int64_t objects, bytes;
};

static void drop_group(struct group *group)
{
    drop_strbuf(&group->contents);
    drop_strbuf(&group->properties);
    drop_strbuf(&group->altered);
    drop_strbuf(&group->gone);
}

static void add_oid(struct strbuf *oids, const char *oid)
{
    strbuf_addf(oids, "%s%s", oids->length == 0 ? "" : ",", oid);
}

static void on_moved(void *arg, int64_t bytes)
{
    const struct pass *pass = arg;
    if (pass->late->moved != NULL)
        pass->late->moved(pass->late->arg, pass->before + bytes);
}

/* Which objects come is decided by the source's snapshot, once more: pieces are there of these. */
static bool send_contents(struct pass *pass, const struct group *group, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf out = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf in = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf which = STRBUF_EMPTY;
    if (group->contents.length == 0)
        return conn_run(pass->late->target, "BEGIN", why);
    strbuf_addf(&which, "m.oid IN (%s)", group->contents.text);
    blobs_add_out(&out, which.text);
    strbuf_add(&in, "BEGIN;");
    blobs_add_in(&in);
    struct relay relay = {.out_sql = out.text, .in_sql = in.text, .moved = on_moved, .arg = pass};
    if (!relay_run(&relay, pass->late->source, pass->late->target, why))
        return false;
    pass->before += relay.bytes;
    return relay.rows_read == relay.rows_written ||
           fault_set(why, FAULT_ROW_COUNT,
                     "the source sent %" PRId64 " pieces of large objects, the target"
                     " counted %" PRId64,
                     relay.rows_read, relay.rows_written);
}

static void add_fill(struct strbuf *sql, const struct pass *pass)
{
    brought_add_new(sql, pass->late->run->uuid);
    strbuf_add(sql, "SELECT pg_catalog.count(pg_catalog.lo_truncate64(pg_catalog.lo_open("
                    "b.id, 131072), 0)) FROM pg_temp.pghaul_blob b WHERE b.at = 0"
                    " AND EXISTS (SELECT FROM " OBJECTS_OF " m WHERE m.oid = b.id);"
                    "SELECT pg_catalog.count(pg_catalog.lo_create(b.id))"
                    " FROM pg_temp.pghaul_blob b WHERE b.at = 0"
                    " AND NOT EXISTS (SELECT FROM " OBJECTS_OF " m WHERE m.oid = b.id);"
                    "SELECT pg_catalog.count(w) FROM (SELECT pg_catalog.lo_put(id, at, piece)::text"
                    " AS w FROM pg_temp.pghaul_blob ORDER BY id, at OFFSET 0) q;");
}

static void add_remove(struct strbuf *sql, const struct pass *pass, const char *oids)
{
    strbuf_addf(sql,
                "SELECT pg_catalog.count(pg_catalog.lo_unlink(o)) FROM"
                " pg_catalog.unnest('{%s}'::pg_catalog.oid[]) o;",
                oids);
    brought_add_gone(sql, pass->late->run->uuid, oids);
}

/* What an object on the target has before it gets what the source's has. `bare`: those that have no
 * privileges after that. */
static bool add_reset(struct strbuf *sql, const struct pass *pass, const char *oids,
                      struct strbuf *bare, struct fault *why)
{
    const struct settings *settings = pass->late->settings;
    scoped(drop_strbuf) struct strbuf ask = STRBUF_EMPTY;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    bool privileges = !settings->no_owner && !settings->no_acl;
    strbuf_addf(
        &ask,
        "SELECT DISTINCT 'REVOKE ALL ON LARGE OBJECT ' || m.oid || ' FROM '"
        " || CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE"
        " pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END || ' CASCADE', m.oid"
        " FROM " OBJECTS_OF " m, LATERAL pg_catalog.aclexplode(m.lomacl) a"
        " WHERE m.oid IN (%s) AND %s"
        " UNION ALL SELECT 'COMMENT ON LARGE OBJECT ' || d.objoid || ' IS NULL', NULL"
        " FROM pg_catalog.pg_description d WHERE d.objoid IN (%s)"
        " AND d.classoid = " CLASS_OBJECT " AND %s"
        " UNION ALL SELECT 'SECURITY LABEL FOR ' || pg_catalog.quote_ident(l.provider)"
        " || ' ON LARGE OBJECT ' || l.objoid || ' IS NULL', NULL"
        " FROM pg_catalog.pg_seclabel l WHERE l.objoid IN (%s)"
        " AND l.classoid = " CLASS_OBJECT,
        oids, privileges ? "true" : "false", oids, settings->no_comments ? "false" : "true", oids);
    if (!conn_query(pass->late->target, ask.text, &rows, why))
        return false;
    for (int row = 0; row < rows_count(&rows); row++) {
        strbuf_addf(sql, "%s;", rows_text(&rows, row, 0));
        if (!rows_null(&rows, row, 1))
            add_oid(bare, rows_text(&rows, row, 1));
    }
    return true;
}

/* One that the source has with its owner's own privileges only. */
static bool add_defaults(struct strbuf *sql, const struct pass *pass, const char *oids,
                         struct fault *why)
{
    scoped(drop_strbuf) struct strbuf ask = STRBUF_EMPTY;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (*oids == '\0')
        return true;
    strbuf_addf(&ask,
                "SELECT 'GRANT ALL ON LARGE OBJECT ' || m.oid || ' TO '"
                " || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(m.lomowner))"
                " FROM " OBJECTS_OF " m WHERE m.oid IN (%s) AND m.lomacl IS NULL",
                oids);
    if (!conn_query(pass->late->source, ask.text, &rows, why))
        return false;
    for (int row = 0; row < rows_count(&rows); row++)
        strbuf_addf(sql, "%s;", rows_text(&rows, row, 0));
    return true;
}

static bool add_new_properties(struct strbuf *sql, const struct pass *pass,
                               const struct group *group, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf which = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf bare = STRBUF_EMPTY;
    const struct late *late = pass->late;
    if (group->properties.length == 0)
        return true;
    strbuf_addf(&which, "m.oid IN (%s)", group->properties.text);
    return (group->altered.length == 0 || add_reset(sql, pass, group->altered.text, &bare, why)) &&
           blobs_add_properties(sql, late->settings, late->source, "", which.text, why) &&
           add_defaults(sql, pass, strbuf_text(&bare), why);
}

static bool write_group(struct pass *pass, const struct group *group, struct fault *why)
{
    struct conn *target = pass->late->target;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (group->objects == 0)
        return true;
    if (!send_contents(pass, group, why))
        return false;
    if (group->gone.length > 0)
        add_remove(&sql, pass, group->gone.text);
    if (group->contents.length > 0)
        add_fill(&sql, pass);
    if (sql.length > 0 && !conn_run(target, sql.text, why))
        return false;
    FAILPOINT("late_blobs.half_written", why);
    strbuf_clear(&sql);
    if (!add_new_properties(&sql, pass, group, why))
        return false;
    strbuf_add(&sql, "COMMIT");
    if (!conn_run(target, sql.text, why))
        return false;
    FAILPOINT("late_blobs.after_commit", why);
    return true;
}

/* ---- one batch after the other ---- */

static bool refuse_foreign(const struct pass *pass, const struct rows *differ, struct fault *why)
{
    scoped(drop_listing) struct listing names = {.count = 0};
    for (int row = 0; row < rows_count(differ); row++)
        if (rows_bool(differ, row, IS_THERE) && rows_bool(differ, row, NOT_OURS))
            listing_add(&names, rows_text(differ, row, ID));
    return names.count == 0 || pass->late->settings->drop_if_exists ||
           fault_set(why, FAULT_LATE_OBJECT_TAKEN,
                     "the target had large objects before the run that have the oids of new ones "
                     "of the source: %s",
                     listing_end(&names));
}

/* What is known of its size decides with how many others it goes. */
static int64_t size_of(const struct rows *look, const struct rows *differ, int row)
{
    int at = (int)rows_int(differ, row, NUMBER);
    return rows_null(look, at, SIZE) ? GROUP_BYTES : rows_int(look, at, SIZE);
}

static void add_object(struct pass *pass, struct group *group, const struct rows *look,
                       const struct rows *differ, int row)
{
    const char *oid = rows_text(differ, row, ID);
    bool there = rows_bool(differ, row, IS_THERE);
    bool contents = !there || rows_bool(differ, row, OTHER_CONTENTS);
    bool properties = !there || rows_bool(differ, row, OTHER_PROPERTIES);
    group->objects++;
    if (rows_null(differ, row, NUMBER)) {
        add_oid(&group->gone, oid);
        pass->counts->removed++;
        return;
    }
    if (contents) {
        add_oid(&group->contents, oid);
        group->bytes += size_of(look, differ, row);
        pass->counts->written++;
    }
    if (properties)
        add_oid(&group->properties, oid);
    if (properties && there) {
        add_oid(&group->altered, oid);
        pass->counts->properties++;
    }
}

static bool write_different(struct pass *pass, const struct rows *look, const struct rows *differ,
                            struct fault *why)
{
    if (!refuse_foreign(pass, differ, why))
        return false;
    for (int row = 0; row < rows_count(differ);) {
        scoped(drop_group) struct group group = {.objects = 0};
        while (row < rows_count(differ) && group.objects < GROUP_OBJECTS &&
               group.bytes < GROUP_BYTES)
            add_object(pass, &group, look, differ, row++);
        if (!write_group(pass, &group, why))
            return false;
    }
    return true;
}

static void count_looked(struct pass *pass, const struct rows *look, int64_t begun)
{
    pass->counts->objects += rows_count(look);
    for (int row = 0; row < rows_count(look); row++)
        pass->counts->compared += !rows_null(look, row, HASH);
    pass->counts->looking_ms += clock_ms() - begun;
}

/* *after: the last oid that is done. */
static bool do_batch(struct pass *pass, int64_t *after, bool *ret_end, struct fault *why)
{
    const struct late *late = pass->late;
    int most = pass->since.length == 0 ? OBJECTS : OBJECTS_MANY, gone = 0;
    int64_t begun = clock_ms(), last = LAST_OID;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_rows) struct rows look = ROWS_NONE;
    scoped(drop_rows) struct rows differ = ROWS_NONE;
    strbuf_add(&sql, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;");
    add_look(&sql, pass, *after, most);
    if (!conn_query(late->source, sql.text, &look, why))
        return false;
    if (rows_count(&look) == most)
        last = rows_int(&look, most - 1, OID);
    strbuf_clear(&sql);
    add_compare(&sql, pass, &look, *after, last);
    if (!conn_query(late->target, sql.text, &differ, why))
        return false;
    count_looked(pass, &look, begun);
    FAILPOINT("late_blobs.compared", why);
    if (!write_different(pass, &look, &differ, why) || !conn_run(late->source, "COMMIT", why))
        return false;
    for (int row = 0; row < rows_count(&differ); row++)
        gone += rows_null(&differ, row, NUMBER);
    /* There may be more that are gone among these. */
    if (gone == GROUP_OBJECTS) {
        pass->counts->objects -= rows_count(&look);
        return true;
    }
    *after = last;
    *ret_end = last == LAST_OID;
    return true;
}

static bool do_batches(struct pass *pass, struct fault *why)
{
    int64_t oldest, after = 0;
    const struct late *late = pass->late;
    if (!narrow(pass, &oldest, why))
        return false;
    for (bool end = false; !end;)
        if (!do_batch(pass, &after, &end, why))
            return false;
    FAILPOINT("late_blobs.before_seen", why);
    return brought_set_seen(late->target, late->run->uuid, oldest, why);
}

/* Where neither side has ever had any, nothing is made on the target. */
static bool has_any(const struct late *late, bool *ret_any, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!conn_query(late->source, "SELECT EXISTS (SELECT FROM " OBJECTS_OF ")", &rows, why))
        return false;
    *ret_any = rows_bool(&rows, 0, 0);
    return *ret_any || brought_any(late->target, late->run->uuid, ret_any, why);
}

static bool explain(struct fault *why)
{
    if (strcmp(why->sqlstate, "42501") == 0)
        why->id = why->id == FAULT_SOURCE_QUERY ? FAULT_LARGE_OBJECT_UNREADABLE
                                                : FAULT_LATE_OBJECT_DENIED;
    return false;
}

static bool failed(const struct late *late, struct fault *why)
{
    struct fault ignored;
    if (!conn_broken(late->source))
        conn_run(late->source, "ROLLBACK", &ignored);
    if (!conn_broken(late->target))
        conn_run(late->target, "ROLLBACK", &ignored);
    return explain(why);
}

static bool note_looking(const struct late *late, const struct late_blobs_counts *counts,
                         struct fault *why)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, counts->looking_ms);
    return setting_put(late->db, SETTING_LOOKING, text, why);
}

bool late_blobs_pass(const struct late *late, struct late_blobs_counts *ret_counts,
                     struct fault *why)
{
    bool wanted, any;
    int64_t begun = clock_ms();
    struct late_blobs_counts counts = {.objects = 0};
    scoped(drop_pass) struct pass pass = {.late = late, .counts = &counts};
    *ret_counts = counts;
    if (!is_wanted(late, &wanted, why))
        return false;
    if (!wanted)
        return true;
    if (!has_any(late, &any, why))
        return false;
    if (!any)
        return true;
    if (!brought_prepare(late->db, late->target, why) || !do_batches(&pass, why))
        return failed(late, why);
    counts.bytes = pass.before;
    counts.milliseconds = clock_ms() - begun;
    *ret_counts = counts;
    return note_looking(late, &counts, why);
}

bool late_blobs_estimate(const struct late *late, struct late_estimate *ret_estimate,
                         struct fault *why)
{
    bool wanted, found;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf looking = STRBUF_EMPTY;
    *ret_estimate = (struct late_estimate){.count = 0};
    if (!is_wanted(late, &wanted, why))
        return false;
    if (!wanted)
        return true;
    if (!conn_query(late->source,
                    "SELECT pg_catalog.count(*), CASE WHEN pg_catalog.count(*) = 0 THEN 0 ELSE"
                    " pg_catalog.pg_table_size('pg_catalog.pg_largeobject') END FROM " OBJECTS_OF,
                    &rows, why) ||
        !setting_get(late->db, SETTING_LOOKING, &looking, &found, why))
        return false;
    ret_estimate->count = rows_int(&rows, 0, 0);
    ret_estimate->bytes = rows_int(&rows, 0, 1);
    ret_estimate->milliseconds =
        found ? strtoll(looking.text, NULL, 10)
              : ret_estimate->bytes / BYTES_IN_MS + ret_estimate->count / OBJECTS_IN_MS;
    return true;
}
