#include "pg/helper.h"

#include "base/scoped.h"

void helper_add_quiet(struct strbuf *sql)
{
    strbuf_add(sql, "DO $pghaul$BEGIN"
                    " PERFORM pg_catalog.set_config('session_replication_role', 'replica', true);"
                    " EXCEPTION WHEN insufficient_privilege THEN NULL; END$pghaul$;");
}

bool helper_mark(struct conn *target, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!conn_query(target,
                    "SELECT pg_catalog.has_table_privilege(oid, 'INSERT')"
                    " AND pg_catalog.has_table_privilege(oid, 'DELETE')"
                    " AND pg_catalog.has_schema_privilege(relnamespace, 'USAGE')"
                    " FROM pg_catalog.pg_class"
                    " WHERE oid = pg_catalog.to_regclass('pghaul.progress')",
                    &rows, why))
        return false;
    return rows_count(&rows) == 0 || !rows_bool(&rows, 0, 0) ||
           conn_run(target,
                    "INSERT INTO pghaul.progress (run, applied, at)"
                    " SELECT run || ' repair', applied, at FROM pghaul.progress;"
                    "DELETE FROM pghaul.progress WHERE run LIKE '% repair'",
                    why);
}

void helper_add_drop_if_empty(struct strbuf *sql, const char *table)
{
    strbuf_addf(sql,
                "DO $pghaul$DECLARE before text := pg_catalog.current_setting('lock_timeout');"
                " BEGIN"
                " PERFORM pg_catalog.set_config('lock_timeout', '3s', true);"
                " LOCK TABLE pghaul.%s IN ACCESS EXCLUSIVE MODE;"
                " PERFORM pg_catalog.set_config('lock_timeout', before, true);"
                " IF NOT EXISTS (SELECT FROM pghaul.%s) THEN"
                " DROP TABLE pghaul.%s;"
                " BEGIN DROP SCHEMA pghaul RESTRICT;"
                " EXCEPTION WHEN dependent_objects_still_exist THEN NULL; END;"
                " END IF;"
                " EXCEPTION WHEN lock_not_available THEN NULL; END$pghaul$;",
                table, table, table);
}

bool helper_has(struct conn *target, const char *table, bool *ret_there, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    strbuf_addf(&sql, "SELECT pg_catalog.to_regclass('pghaul.%s')", table);
    if (!conn_query(target, sql.text, &rows, why))
        return false;
    *ret_there = !rows_null(&rows, 0, 0);
    return true;
}

bool helper_forget(struct conn *target, const char *table, const char *run, struct fault *why)
{
    bool there;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!helper_has(target, table, &there, why))
        return false;
    if (!there)
        return true;
    strbuf_add(&sql, "BEGIN;");
    helper_add_quiet(&sql);
    strbuf_addf(&sql, "DELETE FROM pghaul.%s WHERE run = ", table);
    strbuf_add_literal(&sql, run);
    strbuf_add(&sql, ";");
    helper_add_drop_if_empty(&sql, table);
    strbuf_add(&sql, "COMMIT");
    return conn_run(target, sql.text, why);
}
