#include "pg/helper.h"

void helper_add_quiet(struct strbuf *sql)
{
    strbuf_add(sql, "DO $pghaul$BEGIN"
                    " PERFORM pg_catalog.set_config('session_replication_role', 'replica', true);"
                    " EXCEPTION WHEN insufficient_privilege THEN NULL; END$pghaul$;");
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
