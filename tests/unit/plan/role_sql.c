#include "../unit.h"

#include "base/scoped.h"
#include "plan/role_sql.h"

static void setting_is(const char *setting, const char *expected)
{
    struct strbuf sql = STRBUF_EMPTY;
    role_add_setting(&sql, "r\"r", setting);
    ck_assert_str_eq(sql.text, expected);
    drop_strbuf(&sql);
}

START_TEST(settings_are_quoted_as_pg_dump_does)
{
    setting_is("work_mem=12MB", "ALTER ROLE \"r\"\"r\" SET \"work_mem\" TO '12MB'");
    setting_is("search_path=\"$user\", public, \"Od\"\"d\", \"a, b\"",
               "ALTER ROLE \"r\"\"r\" SET \"search_path\" TO '$user', 'public', 'Od\"d', 'a, b'");
    setting_is("search_path=\"\"", "ALTER ROLE \"r\"\"r\" SET \"search_path\" TO ''");
    setting_is("search_path=", "ALTER ROLE \"r\"\"r\" SET \"search_path\" TO ''");
    /* What is no list is a value. */
    setting_is("search_path=a b", "ALTER ROLE \"r\"\"r\" SET \"search_path\" TO 'a b'");
    setting_is("search_path=a,", "ALTER ROLE \"r\"\"r\" SET \"search_path\" TO 'a,'");
    setting_is("DateStyle=ISO, DMY", "ALTER ROLE \"r\"\"r\" SET \"DateStyle\" TO 'ISO, DMY'");
    setting_is("my.own.name=a=b'c\\d",
               "ALTER ROLE \"r\"\"r\" SET \"my\".\"own.name\" TO  E'a=b''c\\\\d'");
}
END_TEST

START_TEST(roles_are_made_with_every_attribute)
{
    struct strbuf sql = STRBUF_EMPTY;
    struct role_made role = {.name = "a b",
                             .attributes = ROLE_BIT(ROLE_LOGIN) | ROLE_BIT(ROLE_INHERIT),
                             .limit = "-1",
                             .until = ""};
    role_add_create(&sql, &role);
    ck_assert_str_eq(sql.text, "CREATE ROLE \"a b\" WITH NOSUPERUSER INHERIT NOCREATEROLE "
                               "NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS CONNECTION LIMIT -1;");
    strbuf_clear(&sql);
    role.until = "infinity";
    role.attributes = (1U << ROLE_ATTRIBUTE_COUNT) - 1;
    role_add_create(&sql, &role);
    ck_assert_ptr_null(strstr(sql.text, " NO"));
    ck_assert_ptr_nonnull(strstr(sql.text, " VALID UNTIL 'infinity';"));
    drop_strbuf(&sql);
}
END_TEST

START_TEST(who_may_give_what_depends_on_the_version)
{
    const unsigned all = (1U << ROLE_ATTRIBUTE_COUNT) - 1;
    const unsigned three =
        ROLE_BIT(ROLE_SUPERUSER) | ROLE_BIT(ROLE_REPLICATION) | ROLE_BIT(ROLE_BYPASSRLS);
    struct role_maker maker = {.superuser = true, .version = 180000};
    ck_assert_uint_eq(role_forbidden(&maker, all), 0);
    maker = (struct role_maker){.attributes = ROLE_BIT(ROLE_REPLICATION), .version = 150000};
    ck_assert_uint_eq(role_forbidden(&maker, all), three);
    maker.version = 160000;
    ck_assert_uint_eq(role_forbidden(&maker, all), ROLE_BIT(ROLE_SUPERUSER) |
                                                       ROLE_BIT(ROLE_BYPASSRLS) |
                                                       ROLE_BIT(ROLE_CREATEDB));
    ck_assert_uint_eq(role_forbidden(&maker, ROLE_BIT(ROLE_LOGIN)), 0);
}
END_TEST

static bool only_old(void *arg, const char *role, const char *who)
{
    (void)arg;
    return strcmp(role, "g") == 0 && strcmp(who, "old") == 0;
}

/* "role>member/grantor*" in the order in which they are made; * is the ADMIN option. */
static void ordered(struct role_grant *grants, int count, const struct role_maker *maker,
                    const char *expected)
{
    int order[16], given;
    struct strbuf text = STRBUF_EMPTY;
    role_grants_order(grants, count, maker, only_old, NULL, order, &given);
    for (int i = 0; i < given; i++) {
        const struct role_grant *grant = &grants[order[i]];
        strbuf_addf(&text, "%s%s>%s/%s%s", i == 0 ? "" : " ", grant->role, grant->member,
                    grant->grantor == NULL ? "" : grant->grantor, grant->admin ? "*" : "");
    }
    ck_assert_str_eq(strbuf_text(&text), expected);
    drop_strbuf(&text);
}

START_TEST(grantors_come_before_what_they_grant)
{
    const struct role_maker superuser = {.superuser = true, .version = 160000};
    struct role_grant chain[] = {
        {.role = "g", .member = "a", .grantor = "b"},
        {.role = "g", .member = "b", .grantor = "z", .admin = true},
        {.role = "g", .member = "z", .admin = true},
        {.role = "g", .member = "y", .grantor = "old"},
    };
    ordered(chain, 4, &superuser, "g>y/old g>z/* g>b/z* g>a/b");
}
END_TEST

START_TEST(grants_that_their_grantors_cannot_make_are_ours)
{
    const struct role_maker superuser = {.superuser = true, .version = 160000};
    struct role_grant circle[] = {
        {.role = "g", .member = "a", .grantor = "b", .admin = true},
        {.role = "g", .member = "b", .grantor = "a", .admin = true},
        {.role = "h", .member = "c", .inherit = true},
        {.role = "h", .member = "c", .grantor = "nobody", .set = true},
    };
    ordered(circle, 4, &superuser, "h>c/ g>a/* g>b/a*");
    for (int i = 0; i < 4; i++)
        if (strcmp(circle[i].role, "h") == 0 && circle[i].inherit)
            ck_assert(circle[i].set);
}
END_TEST

START_TEST(one_grant_of_a_pair_where_there_can_be_no_more)
{
    const struct role_maker old = {.superuser = true, .version = 150000};
    const struct role_maker other = {.version = 180000};
    struct role_grant grants[] = {
        {.role = "g", .member = "a", .grantor = "x", .admin = true},
        {.role = "g", .member = "a", .grantor = "y"},
    };
    struct role_grant same[] = {grants[0], grants[1]};
    ordered(grants, 2, &old, "g>a/x*");
    ordered(same, 2, &other, "g>a/*");
}
END_TEST

START_TEST(grants_say_what_their_server_knows)
{
    struct strbuf sql = STRBUF_EMPTY;
    struct role_grant grant = {
        .role = "a\"b", .member = "c", .grantor = "d", .admin = true, .set = true};
    role_add_grant(&sql, &grant, true);
    role_add_grant(&sql, &grant, false);
    ck_assert_str_eq(sql.text, "GRANT \"a\"\"b\" TO \"c\" WITH ADMIN TRUE, INHERIT FALSE, SET TRUE"
                               " GRANTED BY \"d\";"
                               "GRANT \"a\"\"b\" TO \"c\" WITH ADMIN OPTION GRANTED BY \"d\";");
    drop_strbuf(&sql);
}
END_TEST

SUITE(role_sql, settings_are_quoted_as_pg_dump_does, roles_are_made_with_every_attribute,
      who_may_give_what_depends_on_the_version, grantors_come_before_what_they_grant,
      grants_that_their_grantors_cannot_make_are_ours,
      one_grant_of_a_pair_where_there_can_be_no_more, grants_say_what_their_server_knows)
