/*
 * session.c - how every session of ours is set, whatever role or database say.
 *
 * A role's own settings change what COPY prints (extra_float_digits, DateStyle),
 * what it sees (row_security) and when it is ended (timeouts), so each is set
 * explicitly. It is done in the session rather than by the startup packet because
 * poolers refuse unknown startup parameters, and in one round trip because every
 * worker begins with it. Nothing is set in a backend that a pooler may give to
 * somebody else next: only in the one that is expected.
 */
#include "pg/session.h"

#include <inttypes.h>
#include <string.h>

static const struct {
    const char *name;
    const char *value;
    int since; /* first server version that knows it */
} settings[] = {
    {"statement_timeout", "0", 0},
    {"standard_conforming_strings", "on", 0},
    {"search_path", "", 0},
    {"DateStyle", "ISO", 0},
    {"IntervalStyle", "postgres", 0},
    {"TimeZone", "UTC", 0},
    {"extra_float_digits", "3", 0},
    {"bytea_output", "hex", 0},
    {"xmloption", "content", 0},
    {"lc_monetary", "C", 0},
    {"row_security", "off", 0},
    {"synchronize_seqscans", "off", 0},
    {"array_nulls", "on", 0},
    {"transform_null_equals", "off", 0},
    {"exit_on_error", "off", 0},
    {"default_transaction_read_only", "off", 0},
    {"default_transaction_isolation", "read committed", 0},
    {"default_transaction_deferrable", "off", 0},
    {"default_tablespace", "", 0},
    {"idle_in_transaction_session_timeout", "0", 0},
    /* Its compiler takes longer than any of our queries. */
    {"jit", "off", 110000},
    {"idle_session_timeout", "0", 140000},
    {"transaction_timeout", "0", 170000},
};

static void add_setting(struct strbuf *sql, const char *name, const char *value)
{
    strbuf_addf(sql, ", CASE WHEN s.ours THEN pg_catalog.set_config('%s', ", name);
    strbuf_add_literal(sql, value);
    strbuf_add(sql, ", false) END");
}

bool session_encoding_is_own(const char *encoding)
{
    return encoding == NULL || strcmp(encoding, "SQL_ASCII") == 0;
}

void session_add_setup(struct strbuf *sql, const struct conn_wish *wish, int version, int pid)
{
    char lock_timeout[24];
    snprintf(lock_timeout, sizeof lock_timeout, "%" PRId64, wish->lock_timeout_ms);
    /* First of all, and statements of their own: the role's may be too short for the next one, and
     * a standby has no serializable transactions. */
    strbuf_add(sql, "SET LOCAL statement_timeout = 0; "
                    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; ");
    /* The facts come first, so that their columns have fixed places. A role that is set (by ALTER
     * ROLE ... SET role) may not see when our own backend was started. */
    strbuf_add(sql, "SELECT pg_catalog.pg_backend_pid(), CASE WHEN s.ours THEN"
                    " pg_catalog.set_config('role', 'none', false) END,"
                    " (SELECT a.backend_start FROM pg_catalog.pg_stat_get_activity("
                    "pg_catalog.pg_backend_pid()) a), CASE WHEN s.ours THEN"
                    " pg_catalog.set_config('role', s.own, false) END,"
                    " pg_catalog.getdatabaseencoding(), current_user,"
                    " pg_catalog.current_database(), pg_catalog.current_setting('server_version'),"
                    " pg_catalog.current_setting('is_superuser')");
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        if (version >= settings[i].since)
            add_setting(sql, settings[i].name, settings[i].value);
    /* A backend notices within two seconds that its client is gone, also in a long statement; on
     * Windows it cannot. */
    if (version >= 140000)
        strbuf_add(sql,
                   ", CASE WHEN s.ours AND pg_catalog.version() !~* 'windows|mingw|visual' THEN"
                   " pg_catalog.set_config('client_connection_check_interval', '2000', false)"
                   " END");
    add_setting(sql, "lock_timeout", lock_timeout);
    /* A commit that we were told of must not be lost; who has set more keeps it. */
    strbuf_add(sql,
               ", CASE WHEN s.ours AND pg_catalog.current_setting('synchronous_commit') = 'off'"
               " THEN pg_catalog.set_config('synchronous_commit', 'on', false) END");
    /* The loss of our machine is noticed in time, and one that is slow for a moment is not taken
     * for lost, whatever the server has. */
    if (wish->replication && version >= 120000)
        add_setting(sql, "wal_sender_timeout", "60s");
    add_setting(sql, "quote_all_identifiers", wish->quote_all ? "on" : "off");
    add_setting(sql, "application_name", wish->application);
    if (!session_encoding_is_own(wish->encoding))
        add_setting(sql, "client_encoding", wish->encoding);
    else
        strbuf_add(sql, ", CASE WHEN s.ours THEN pg_catalog.set_config('client_encoding',"
                        " pg_catalog.getdatabaseencoding(), false) END");
    if (wish->maintenance_work_mem != NULL && *wish->maintenance_work_mem != '\0')
        add_setting(sql, "maintenance_work_mem", wish->maintenance_work_mem);
    strbuf_addf(sql,
                " FROM (SELECT pg_catalog.current_setting('role') AS own,"
                " pg_catalog.pg_backend_pid() = %d AS ours OFFSET 0) s",
                pid);
}
