#include "../unit.h"

#include "base/scoped.h"
#include "pg/conn.h"
#include "pg/conninfo.h"
#include "pg/tools.h"
#include "wire/server_message.h"

START_TEST(connection_strings_are_read_and_shown_without_secrets)
{
    struct fault why;
    struct conninfo info;
    OK(conninfo_read(&info, SIDE_SOURCE,
                     "postgres://app:s3cr%20t-pw@old.example:5433/shop?sslmode=require", &why));
    ck_assert_str_eq(info.shown.text, "postgres://app@old.example:5433/shop");
    ck_assert_str_eq(info.password, "s3cr t-pw");
    ck_assert_str_eq(info.database, "shop");
    ck_assert_ptr_null(strstr(info.open.text, "s3cr"));
    ck_assert_ptr_nonnull(strstr(info.full.text, "password='s3cr t-pw'"));
    ck_assert_ptr_nonnull(strstr(info.full.text, "keepalives_idle='30'"));
    drop_conninfo(&info);
    OK(conninfo_read(&info, SIDE_TARGET,
                     "host=a,b port=1,2 dbname='it''s' user=u connect_timeout=3 keepalives_idle=7",
                     &why) ||
       true);
    drop_conninfo(&info);
    OK(conninfo_read(&info, SIDE_TARGET,
                     "host=a,b port=1,2 dbname='it\\'s' user=u connect_timeout=3", &why));
    ck_assert_str_eq(info.shown.text, "postgres://u@a,b:1,2/it's");
    ck_assert_ptr_nonnull(strstr(info.full.text, "connect_timeout='3'"));
    ck_assert_ptr_null(strstr(info.full.text, "connect_timeout='30'"));
    ck_assert_ptr_nonnull(strstr(info.full.text, "dbname='it\\'s'"));
    drop_conninfo(&info);
}
END_TEST

START_TEST(our_defaults_do_not_override_libpq_s_own_settings)
{
    struct fault why;
    struct conninfo info;
    setenv("PGCONNECT_TIMEOUT", "7", 1);
    OK(conninfo_read(&info, SIDE_SOURCE, "host=a", &why));
    ck_assert_ptr_null(strstr(info.full.text, "connect_timeout"));
    ck_assert_ptr_nonnull(strstr(info.full.text, "keepalives_count='3'"));
    drop_conninfo(&info);
    unsetenv("PGCONNECT_TIMEOUT");
    /* What a service file says is not known here. */
    OK(conninfo_read(&info, SIDE_SOURCE, "service=shop", &why));
    ck_assert_ptr_null(strstr(info.full.text, "connect_timeout"));
    ck_assert_ptr_null(strstr(info.full.text, "keepalives"));
    ck_assert_ptr_nonnull(strstr(info.full.text, "fallback_application_name='pghaul'"));
    drop_conninfo(&info);
}
END_TEST

START_TEST(a_bad_connection_string_is_not_repeated)
{
    static const char *const wrong[] = {"host=a password=top secret words",
                                        "postgres://u:secret@h:port:x/d?nope=secret", "secret",
                                        "postgres://[secret/db"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct fault why;
        struct conninfo info;
        FAILS(conninfo_read(&info, SIDE_SOURCE, wrong[i], &why), FAULT_BAD_CONNINFO);
        ck_assert_msg(strstr(why.text, "secret") == NULL, "%s", why.text);
        ck_assert_msg(strstr(why.text, "--source") != NULL, "%s", why.text);
    }
}
END_TEST

START_TEST(versions_of_pg_dump_are_read)
{
    ck_assert_int_eq(tools_version_parse("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"),
                     15);
    ck_assert_int_eq(tools_version_parse("pg_dump (PostgreSQL) 9.6.24"), 9);
    ck_assert_int_eq(tools_version_parse("pg_dump (PostgreSQL) 19devel"), 19);
    ck_assert_int_eq(tools_version_parse("something else 15"), 0);
}
END_TEST

static struct fault fault_of(enum side side, const char *sqlstate)
{
    struct fault why;
    struct server_error error = {"ERROR", sqlstate, "message", "detail", "", "context"};
    server_fault(side, &error, &why);
    return why;
}

START_TEST(sqlstates_become_faults)
{
    static const struct {
        const char *sqlstate;
        enum side side;
        enum fault_id id;
        bool retry;
    } cases[] = {
        {"57P01", SIDE_SOURCE, FAULT_SOURCE_LOST, true},
        {"57P01", SIDE_TARGET, FAULT_TARGET_LOST, true},
        {"08006", SIDE_TARGET, FAULT_TARGET_LOST, true},
        {"40P01", SIDE_TARGET, FAULT_TARGET_QUERY, true},
        {"55P03", SIDE_SOURCE, FAULT_TABLE_LOCKED, false},
        {"55P03", SIDE_TARGET, FAULT_TARGET_LOCKED, true},
        {"22021", SIDE_TARGET, FAULT_SOURCE_ENCODING, false},
        {"25006", SIDE_TARGET, FAULT_TARGET_READ_ONLY, false},
        {"42501", SIDE_SOURCE, FAULT_SOURCE_QUERY, false},
        {"53100", SIDE_TARGET, FAULT_TARGET_QUERY, false},
        {"", SIDE_TARGET, FAULT_TARGET_QUERY, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fault why = fault_of(cases[i].side, cases[i].sqlstate);
        ck_assert_msg(why.id == (int)cases[i].id && why.retry == cases[i].retry, "%s",
                      cases[i].sqlstate);
        ck_assert_str_eq(why.sqlstate, cases[i].sqlstate);
        ck_assert_str_eq(why.detail, "detail; context");
    }
}
END_TEST

SUITE(pg, connection_strings_are_read_and_shown_without_secrets,
      our_defaults_do_not_override_libpq_s_own_settings, a_bad_connection_string_is_not_repeated,
      versions_of_pg_dump_are_read, sqlstates_become_faults)
