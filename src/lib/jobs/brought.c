#include "jobs/brought.h"

#include "base/scoped.h"
#include "catalog/run.h"
#include "pg/helper.h"

#include <inttypes.h>

static bool forget_given_up(struct db *db, struct conn *target, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf given_up = STRBUF_EMPTY;
    bool found;
    if (!setting_get(db, SETTING_GIVEN_UP, &given_up, &found, why))
        return false;
    return !found || conn_runf(target, why, "DELETE FROM pghaul.large_objects WHERE run IN (%s)",
                               given_up.text);
}

bool brought_prepare(struct db *db, struct conn *target, struct fault *why)
{
    bool there;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!helper_has(target, "large_objects", &there, why))
        return false;
    if (there)
        return forget_given_up(db, target, why);
    helper_add_quiet(&sql);
    strbuf_add(&sql, "CREATE SCHEMA IF NOT EXISTS pghaul;"
                     "CREATE TABLE IF NOT EXISTS pghaul.large_objects ("
                     " run pg_catalog.text NOT NULL,"
                     " low pg_catalog.oid NOT NULL,"
                     " high pg_catalog.oid NOT NULL,"
                     " oids pg_catalog.oid[] NOT NULL,"
                     " seen pg_catalog.int8)");
    return conn_run(target, sql.text, why);
}

bool brought_any(struct conn *target, const char *run, bool *ret_any, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    const char *const values[] = {run};
    if (!helper_has(target, "large_objects", ret_any, why))
        return false;
    if (!*ret_any)
        return true;
    if (!conn_query_params(target,
                           "SELECT EXISTS (SELECT FROM pghaul.large_objects WHERE run = $1)", 1,
                           values, &rows, why))
        return false;
    *ret_any = rows_bool(&rows, 0, 0);
    return true;
}

struct taking {
    struct conn *target;
    const char *run;
};

static bool on_row(void *arg, const struct rows *row, struct fault *why)
{
    const struct taking *taking = arg;
    return conn_runf(taking->target, why,
                     "INSERT INTO pghaul.large_objects (run, low, high, oids)"
                     " VALUES ('%s', %s, %s, '%s')",
                     taking->run, rows_text(row, 0, 0), rows_text(row, 0, 1), rows_text(row, 0, 2));
}

bool brought_take_over(struct db *db, struct conn *source, const char *of, struct conn *target,
                       const char *run, struct fault *why)
{
    bool any;
    struct fault ignored;
    struct taking taking = {target, run};
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!brought_any(target, run, &any, why))
        return false;
    if (any)
        return true;
    if (!brought_any(source, of, &any, why))
        return false;
    if (!any)
        return true;
    strbuf_addf(
        &sql, "SELECT low, high, oids FROM pghaul.large_objects WHERE run = '%s' AND low > 0", of);
    if (brought_prepare(db, target, why) && conn_run(target, "BEGIN", why) &&
        conn_stream(source, sql.text, on_row, &taking, why) && conn_run(target, "COMMIT", why))
        return true;
    if (!conn_broken(target))
        conn_run(target, "ROLLBACK", &ignored);
    return fault_during(why, "taking over which large objects were brought");
}

/* The ranges keep most arrays from being read. */
void brought_add_new(struct strbuf *sql, const char *run)
{
    strbuf_addf(sql,
                "INSERT INTO pghaul.large_objects (run, low, high, oids)"
                " SELECT '%s', min(b.id), max(b.id), pg_catalog.array_agg(b.id ORDER BY b.id)"
                " FROM pg_temp.pghaul_blob b WHERE b.at = 0 AND NOT EXISTS"
                " (SELECT FROM pghaul.large_objects l WHERE l.run = '%s'"
                " AND l.low <= b.id AND l.high >= b.id AND b.id = ANY (l.oids))"
                " HAVING pg_catalog.count(*) > 0;",
                run, run);
}

void brought_add_gone(struct strbuf *sql, const char *run, const char *oids)
{
    strbuf_addf(sql,
                "UPDATE pghaul.large_objects SET oids = ARRAY(SELECT o FROM"
                " pg_catalog.unnest(oids) o WHERE o <> ALL ('{%s}'::pg_catalog.oid[]))"
                " WHERE run = '%s' AND low > 0 AND oids && '{%s}'::pg_catalog.oid[];"
                "DELETE FROM pghaul.large_objects WHERE run = '%s' AND low > 0 AND oids = '{}';",
                oids, run, oids, run);
}

bool brought_seen(struct conn *target, const char *run, int64_t *ret_seen, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    const char *const values[] = {run};
    bool there;
    *ret_seen = 0;
    if (!helper_has(target, "large_objects", &there, why))
        return false;
    if (!there)
        return true;
    if (!conn_query_params(target,
                           "SELECT max(seen) FROM pghaul.large_objects WHERE run = $1 AND low = 0",
                           1, values, &rows, why))
        return false;
    *ret_seen = rows_int(&rows, 0, 0);
    return true;
}

bool brought_set_seen(struct conn *target, const char *run, int64_t seen, struct fault *why)
{
    return conn_runf(target, why,
                     "BEGIN; DELETE FROM pghaul.large_objects WHERE run = '%s' AND low = 0;"
                     "INSERT INTO pghaul.large_objects (run, low, high, oids, seen)"
                     " VALUES ('%s', 0, 0, '{}', %" PRId64 "); COMMIT",
                     run, run, seen);
}

bool brought_forget(struct conn *target, const char *run, struct fault *why)
{
    return helper_forget(target, "large_objects", run, why);
}
