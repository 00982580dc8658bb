/*
 * cmd_ping.c - connects to both sides and says what they can do.
 */
#include "commands.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "base/size.h"
#include "base/text.h"
#include "pg/conn.h"
#include "show/status.h"

/* Facts that a migration may depend on. */
static const char source_facts[] =
    "SELECT pg_catalog.json_build_object("
    "'superuser', r.rolsuper,"
    "'replication', r.rolreplication,"
    "'standby', pg_catalog.pg_is_in_recovery(),"
    "'splits_tables_by', CASE WHEN pg_catalog.current_setting('server_version_num')::int >= 140000"
    " THEN 'ctid' ELSE 'key' END,"
    "'wal_level', pg_catalog.current_setting('wal_level'),"
    "'size_bytes', pg_catalog.pg_database_size(pg_catalog.current_database()))"
    " FROM pg_catalog.pg_roles r WHERE r.rolname = current_user";

static const char target_facts[] =
    "SELECT pg_catalog.json_build_object("
    "'superuser', r.rolsuper,"
    "'may_create_schemas',"
    " pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'),"
    "'may_create_roles', r.rolcreaterole,"
    "'standby', pg_catalog.pg_is_in_recovery(),"
    "'max_connections', pg_catalog.current_setting('max_connections')::int,"
    "'maintenance_work_mem', pg_catalog.current_setting('maintenance_work_mem'))"
    " FROM pg_catalog.pg_roles r WHERE r.rolname = current_user";

static bool ping_side(const struct conninfo *info, const struct settings *settings,
                      struct leash *leash, json_t *result, struct fault *why)
{
    scoped(drop_conn) struct conn *conn = NULL;
    scoped(drop_rows) struct rows nothing = ROWS_NONE;
    scoped(drop_rows) struct rows facts = ROWS_NONE;
    struct conn_wish wish = {
        .info = info,
        .application = "pghaul ping",
        .role = info->side == SIDE_SOURCE ? settings->source_role : settings->role,
    };
    if (!conn_open(&conn, &wish, leash, why))
        return false;
    int64_t before = clock_utc_us();
    if (!conn_query(conn, "SELECT", &nothing, why))
        return false;
    int64_t took = clock_utc_us() - before;
    if (!conn_query(conn, info->side == SIDE_SOURCE ? source_facts : target_facts, &facts, why))
        return false;
    json_t *side = json_object();
    json_object_set_new(result, side_word(info->side), side);
    json_object_set_new(side, "connection", status_json_text(strbuf_text(&info->shown)));
    json_object_set_new(side, "version", status_json_text(conn_version_text(conn)));
    json_object_set_new(side, "database", status_json_text(conn_database(conn)));
    json_object_set_new(side, "encoding", status_json_text(conn_database_encoding(conn)));
    json_object_set_new(side, "user", status_json_text(conn_user(conn)));
    json_object_set_new(side, "encrypted", json_boolean(conn_encrypted(conn)));
    json_object_set_new(side, "round_trip_us", json_integer(took));
    json_object_set_new(side, "facts", json_loads(rows_text(&facts, 0, 0), 0, NULL));
    return true;
}

static void add_fact(struct strbuf *text, const char *name, const json_t *value)
{
    char size[32];
    strbuf_addf(text, "  %s: ", name);
    if (json_is_string(value))
        strbuf_add_shown(text, json_string_value(value));
    else if (json_is_boolean(value))
        strbuf_add(text, json_is_true(value) ? "yes" : "no");
    else if (strcmp(name, "size_bytes") == 0)
        strbuf_add(text, size_text(size, sizeof size, json_integer_value(value)));
    else
        strbuf_addf(text, "%lld", json_integer_value(value));
    strbuf_add_char(text, '\n');
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
        add_fact(text, key, value);
    }
}

static void show(struct strbuf *text, const json_t *result, bool json)
{
    if (json) {
        add_json(text, result);
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
                      !ping_side(&info, &options->settings, leash, result, why)))
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
    /* What answered is shown also when the other side did not. */
    show(&text, result, options->json);
    json_decref(result);
    struct fault ignored;
    return print_text(&text, good ? why : &ignored) && good;
}
