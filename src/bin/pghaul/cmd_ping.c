/*
 * cmd_ping.c - connects to both sides and says what they can do.
 */
#include "commands.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "base/text.h"
#include "pg/conn.h"
#include "run/status.h"

#include <jansson.h>

/* Facts that a migration may depend on: name and value. */
static const char source_facts[] =
    "SELECT f.name, f.value FROM pg_catalog.pg_roles r, LATERAL (VALUES"
    " ('superuser', r.rolsuper::text),"
    " ('replication role', r.rolreplication::text),"
    " ('standby', pg_catalog.pg_is_in_recovery()::text),"
    " ('splits tables by', CASE WHEN pg_catalog.current_setting('server_version_num')::int >= "
    "140000"
    "   THEN 'ctid' ELSE 'integer key (no ctid range scan before version 14)' END),"
    " ('wal_level', pg_catalog.current_setting('wal_level')),"
    " ('size', "
    "pg_catalog.pg_size_pretty(pg_catalog.pg_database_size(pg_catalog.current_database())))"
    ") f(name, value) WHERE r.rolname = current_user";

static const char target_facts[] =
    "SELECT f.name, f.value FROM pg_catalog.pg_roles r, LATERAL (VALUES"
    " ('superuser', r.rolsuper::text),"
    " ('may create schemas', pg_catalog.has_database_privilege("
    "   pg_catalog.current_database(), 'CREATE')::text),"
    " ('may create roles', r.rolcreaterole::text),"
    " ('standby', pg_catalog.pg_is_in_recovery()::text),"
    " ('max_connections', pg_catalog.current_setting('max_connections')),"
    " ('maintenance_work_mem', pg_catalog.current_setting('maintenance_work_mem'))"
    ") f(name, value) WHERE r.rolname = current_user";

static bool ping_side(const struct conninfo *info, struct leash *leash, json_t *result,
                      struct fault *why)
{
    scoped(drop_conn) struct conn *conn = NULL;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    struct conn_wish wish = {.info = info, .application = "pghaul ping"};
    json_t *side = json_object(), *facts = json_object();
    json_object_set_new(result, side_word(info->side), side);
    if (!conn_open(&conn, &wish, leash, why))
        return false;
    int64_t before = clock_utc_us();
    if (!conn_query(conn, info->side == SIDE_SOURCE ? source_facts : target_facts, &rows, why))
        return false;
    int64_t took = clock_utc_us() - before;
    json_object_set_new(side, "connection", status_json_text(strbuf_text(&info->shown)));
    json_object_set_new(side, "version", status_json_text(conn_version_text(conn)));
    json_object_set_new(side, "database", status_json_text(conn_database(conn)));
    json_object_set_new(side, "encoding", status_json_text(conn_database_encoding(conn)));
    json_object_set_new(side, "user", status_json_text(conn_user(conn)));
    json_object_set_new(side, "encrypted", json_boolean(conn_encrypted(conn)));
    json_object_set_new(side, "round_trip_us", json_integer(took));
    json_object_set_new(side, "facts", facts);
    for (int row = 0; row < rows_count(&rows); row++)
        json_object_set_new(facts, rows_text(&rows, row, 0),
                            status_json_text(rows_text(&rows, row, 1)));
    return true;
}

static void add_side(struct strbuf *text, const char *name, const json_t *side)
{
    const char *key;
    json_t *value;
    strbuf_addf(text, "%s  ", name);
    strbuf_add_shown(text, json_string_value(json_object_get(side, "connection")));
    strbuf_addf(text, "\n  PostgreSQL %s, database \"",
                json_string_value(json_object_get(side, "version")));
    strbuf_add_shown(text, json_string_value(json_object_get(side, "database")));
    strbuf_addf(text, "\" in %s, as user \"", json_string_value(json_object_get(side, "encoding")));
    strbuf_add_shown(text, json_string_value(json_object_get(side, "user")));
    strbuf_addf(text, "\", %s, round trip %.1f ms\n",
                json_is_true(json_object_get(side, "encrypted")) ? "encrypted" : "not encrypted",
                (double)json_integer_value(json_object_get(side, "round_trip_us")) / 1000);
    json_object_foreach(json_object_get(side, "facts"), key, value)
    {
        strbuf_addf(text, "  %s: %s\n", key, json_string_value(value));
    }
}

static void show(struct strbuf *text, const json_t *result, bool json)
{
    if (json) {
        char *dump = json_dumps(result, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
        strbuf_addf(text, "%s\n", dump);
        free(dump);
        return;
    }
    const char *name;
    json_t *side;
    json_object_foreach((json_t *)(uintptr_t)result, name, side)
    {
        add_side(text, name, side);
    }
}

static bool ping_all(struct options *options, struct leash *leash, json_t *result,
                     struct fault *why)
{
    for (int side = SIDE_SOURCE; side <= SIDE_TARGET; side++) {
        scoped(drop_conninfo) struct conninfo info = {.password = NULL};
        bool given = side == SIDE_SOURCE ? options->source != NULL : options->target != NULL;
        if (given && (!read_side(options, (enum side)side, &info, why) ||
                      !ping_side(&info, leash, result, why)))
            return false;
    }
    return true;
}

bool cmd_ping(struct options *options, struct fault *why)
{
    scoped(drop_leash) struct leash leash = {.signals = -1};
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    struct conninfo missing;
    if (!set_up_log(options, "ping", why) || !leash_open(&leash, -1, why))
        return false;
    if (options->source == NULL && options->target == NULL)
        return read_side(options, SIDE_SOURCE, &missing, why);
    json_t *result = json_object();
    bool good = ping_all(options, &leash, result, why);
    if (good)
        show(&text, result, options->json);
    json_decref(result);
    return good && print_text(&text, why);
}
