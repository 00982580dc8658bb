#include "plan/roles.h"

#include "base/listing.h"
#include "base/scoped.h"
#include "base/text.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "plan/ask.h"

#include <stdlib.h>

/* ---- rows by name ---- */

static int compare_named(const void *a, const void *b)
{
    const struct named_row *x = a, *y = b;
    int names = strcmp(x->name, y->name);
    return names != 0 ? names : x->row - y->row;
}

static bool named_ask(struct conn *conn, enum ask ask, struct named_rows *named, struct fault *why)
{
    if (!ask_chosen(conn, ask, NULL, &named->rows, why))
        return false;
    named->count = rows_count(&named->rows);
    named->list = new_memory((size_t)named->count + 1, sizeof *named->list);
    for (int row = 0; row < named->count; row++)
        named->list[row] = (struct named_row){rows_text(&named->rows, row, 0), row};
    qsort(named->list, (size_t)named->count, sizeof *named->list, compare_named);
    return true;
}

static void drop_named(struct named_rows *named)
{
    drop_memory(&named->list);
    drop_rows(&named->rows);
}

int named_find(const struct named_rows *named, const char *name)
{
    int low = 0, high = named->count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (strcmp(named->list[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool named_is(const struct named_rows *named, int at, const char *name)
{
    return at < named->count && strcmp(named->list[at].name, name) == 0;
}

static int row_of(const struct named_rows *named, const char *name)
{
    int at = named_find(named, name);
    return named_is(named, at, name) ? named->list[at].row : -1;
}

/* ---- both sides ---- */

static bool read_side(struct role_side *side, struct conn *conn, struct fault *why)
{
    return named_ask(conn, ASK_ROLE_LIST, &side->roles, why) &&
           named_ask(conn, ASK_ROLE_SETTINGS, &side->settings, why) &&
           named_ask(conn, ASK_ROLE_MEMBERS, &side->members, why);
}

static void drop_side(struct role_side *side)
{
    drop_named(&side->roles);
    drop_named(&side->settings);
    drop_named(&side->members);
}

static unsigned attributes_of(const struct role_side *side, int row)
{
    unsigned attributes = 0;
    for (int i = 0; i < ROLE_ATTRIBUTE_COUNT; i++)
        if (rows_bool(&side->roles.rows, row, ROLE_FIRST_ATTRIBUTE + i))
            attributes |= ROLE_BIT(i);
    return attributes;
}

bool roles_read(struct roles *roles, struct conn *source, struct conn *target, struct fault *why)
{
    roles->source = source;
    roles->target = target;
    if (!read_side(&roles->of_source, source, why) || !read_side(&roles->of_target, target, why))
        return fault_during(why, "reading the roles");
    int us = row_of(&roles->of_target.roles, conn_user(target));
    roles->maker = (struct role_maker){
        .superuser = conn_is_superuser(target),
        .attributes = us < 0 ? 0 : attributes_of(&roles->of_target, us),
        .version = conn_version(target),
    };
    return roles->maker.superuser || named_ask(target, ASK_OPEN_SETTINGS, &roles->open, why);
}

void drop_roles(struct roles *roles)
{
    drop_side(&roles->of_source);
    drop_side(&roles->of_target);
    drop_named(&roles->open);
}

static bool is_servers_own(const char *name)
{
    return strncmp(name, "pg_", 3) == 0;
}

bool roles_coming(const struct roles *roles, const char *name)
{
    return !is_servers_own(name) && row_of(&roles->of_source.roles, name) >= 0 &&
           row_of(&roles->of_target.roles, name) < 0;
}

/* What the target does not know at all is left to it to refuse. */
bool roles_setting_forbidden(const struct roles *roles, int row)
{
    const char *name = rows_text(&roles->of_source.settings.rows, row, SETTING_LOWER);
    if (roles->maker.superuser)
        return false;
    int known = row_of(&roles->open, name);
    return known < 0 ? strchr(name, '.') != NULL : !rows_bool(&roles->open.rows, known, 1);
}

/* What all grants of a membership allow together. */
struct options {
    bool inherit, set;
};

static struct options options_of(const struct roles *roles, const char *member, const char *of)
{
    struct options options = {false, false};
    const struct named_rows *members = &roles->of_source.members;
    for (int at = named_find(members, member); named_is(members, at, member); at++) {
        int row = members->list[at].row;
        if (strcmp(rows_text(&members->rows, row, MEMBER_OF), of) != 0)
            continue;
        options.inherit |= rows_bool(&members->rows, row, MEMBER_INHERIT);
        options.set |= rows_bool(&members->rows, row, MEMBER_SET);
    }
    return options;
}

/* Before version 16 who is a member may always become the role, and inherits from it if that is his
 * way. */
static bool is_wider_there(const struct roles *roles, const char *member, const char *of)
{
    struct options options = options_of(roles, member, of);
    return roles->maker.version < STRICT_VERSION && !options.inherit && !options.set;
}

enum membership roles_membership(const struct roles *roles, int row)
{
    const struct rows *members = &roles->of_source.members.rows;
    const char *member = rows_text(members, row, MEMBER_NAME);
    const char *of = rows_text(members, row, MEMBER_OF);
    if (!roles_coming(roles, member))
        return MEMBERSHIP_NOT_OURS;
    if (is_wider_there(roles, member, of))
        return MEMBERSHIP_WIDER;
    if (roles_coming(roles, of))
        return MEMBERSHIP_GIVEN;
    int there = row_of(&roles->of_target.roles, of);
    if (there < 0)
        return MEMBERSHIP_NO_ROLE;
    return roles->maker.superuser || rows_bool(&roles->of_target.roles.rows, there, ROLE_MAY_GRANT)
               ? MEMBERSHIP_GIVEN
               : MEMBERSHIP_FORBIDDEN;
}

/* ---- what we may not do ---- */

struct planning {
    const struct roles_wish *wish;
    struct roles *roles;
    struct strbuf *warnings;
    struct listing forbidden; /* what we may not do */
    struct strbuf line;
};

static void drop_planning(struct planning *p)
{
    drop_listing(&p->forbidden);
    drop_strbuf(&p->line);
}

/* Ends p->line. */
static void warn(struct planning *p)
{
    strbuf_add_shown(p->warnings, strbuf_text(&p->line));
    strbuf_add(p->warnings, "\n");
    strbuf_clear(&p->line);
}

/* p->line names something. */
static void forbid(struct planning *p)
{
    struct strbuf *to = listing_next(&p->forbidden);
    if (to != NULL)
        strbuf_add_shown(to, strbuf_text(&p->line));
    strbuf_addf(&p->line, " is left out: role \"%s\" may not give it on the target",
                conn_user(p->roles->target));
    warn(p);
}

static void forbid_attributes(struct planning *p, int row)
{
    unsigned forbidden = role_forbidden(&p->roles->maker, attributes_of(&p->roles->of_source, row));
    for (int i = 0; i < ROLE_ATTRIBUTE_COUNT; i++)
        if ((forbidden & ROLE_BIT(i)) != 0) {
            strbuf_addf(&p->line, "%s of role \"%s\"", role_attribute_word(i),
                        rows_text(&p->roles->of_source.roles.rows, row, ROLE_NAME));
            forbid(p);
        }
}

static void forbid_settings(struct planning *p, const char *name)
{
    const struct named_rows *settings = &p->roles->of_source.settings;
    for (int at = named_find(settings, name); named_is(settings, at, name); at++) {
        int row = settings->list[at].row;
        if (!roles_setting_forbidden(p->roles, row))
            continue;
        strbuf_addf(&p->line, "setting %s of role \"%s\"",
                    rows_text(&settings->rows, row, SETTING_NAME), name);
        forbid(p);
    }
}

/* Not all that options say can be said before version 16. */
static void note_options(struct planning *p, const char *member, const char *of)
{
    struct options options = options_of(p->roles, member, of);
    if (p->roles->maker.version >= STRICT_VERSION ||
        conn_version(p->roles->source) < STRICT_VERSION)
        return;
    int row = row_of(&p->roles->of_source.roles, member);
    bool usual =
        rows_bool(&p->roles->of_source.roles.rows, row, ROLE_FIRST_ATTRIBUTE + ROLE_INHERIT);
    if (options.set && options.inherit == usual)
        return;
    strbuf_addf(&p->line,
                "the INHERIT and SET options of the membership of role \"%s\" in \"%s\" are lost:"
                " the target's version does not know them",
                member, of);
    warn(p);
}

static void forbid_memberships(struct planning *p, const char *name)
{
    const struct named_rows *members = &p->roles->of_source.members;
    const char *before = "";
    for (int at = named_find(members, name); named_is(members, at, name); at++) {
        int row = members->list[at].row;
        enum membership fate = roles_membership(p->roles, row);
        const char *of = rows_text(&members->rows, row, MEMBER_OF);
        if (strcmp(before, of) == 0)
            continue;
        before = of;
        if (fate == MEMBERSHIP_GIVEN) {
            note_options(p, name, of);
            continue;
        }
        strbuf_addf(&p->line, "the membership of role \"%s\" in \"%s\"", name, of);
        if (fate == MEMBERSHIP_FORBIDDEN) {
            forbid(p);
            continue;
        }
        strbuf_add(&p->line,
                   fate == MEMBERSHIP_NO_ROLE
                       ? " is left out: the target has no such role"
                       : " is left out: it allows neither INHERIT nor SET, and the target's version"
                         " knows no such membership");
        warn(p);
    }
}

static bool refuse_forbidden(struct planning *p, struct fault *why)
{
    return p->forbidden.count == 0 || p->wish->skip ||
           fault_set(why, FAULT_ROLE_FORBIDDEN,
                     "role \"%s\", no superuser on the target, may not give there: %s",
                     conn_user(p->roles->target), listing_end(&p->forbidden));
}

/* ---- what is there and differs ---- */

static const char *gap(const struct planning *p)
{
    return p->line.length == 0 ? "" : ", ";
}

static void compare_attributes(struct planning *p, int here, int there)
{
    const struct rows *source = &p->roles->of_source.roles.rows;
    const struct rows *target = &p->roles->of_target.roles.rows;
    unsigned wanted = attributes_of(&p->roles->of_source, here);
    unsigned found = attributes_of(&p->roles->of_target, there);
    for (int i = 0; i < ROLE_ATTRIBUTE_COUNT; i++)
        if (((wanted ^ found) & ROLE_BIT(i)) != 0)
            strbuf_addf(&p->line, "%s%s %s", gap(p), (wanted & ROLE_BIT(i)) != 0 ? "lacks" : "has",
                        role_attribute_word(i));
    const char *limit = rows_text(target, there, ROLE_LIMIT);
    const char *until = rows_text(target, there, ROLE_UNTIL);
    if (strcmp(rows_text(source, here, ROLE_LIMIT), limit) != 0)
        strbuf_addf(&p->line, "%shas CONNECTION LIMIT %s", gap(p), limit);
    if (strcmp(rows_text(source, here, ROLE_UNTIL), until) != 0)
        strbuf_addf(&p->line, "%shas VALID UNTIL %s", gap(p), *until == '\0' ? "infinity" : until);
}

/* The row of the same setting of a role; -1: none. */
static int same_setting(const struct named_rows *settings, const char *role, const char *setting)
{
    for (int at = named_find(settings, role); named_is(settings, at, role); at++)
        if (strcmp(rows_text(&settings->rows, settings->list[at].row, SETTING_LOWER), setting) == 0)
            return settings->list[at].row;
    return -1;
}

/* `other`: where each is looked for; two that differ are told of once. */
static void compare_settings(struct planning *p, const char *role, const struct named_rows *one,
                             const struct named_rows *other, const char *verb, bool values)
{
    for (int at = named_find(one, role); named_is(one, at, role); at++) {
        int row = one->list[at].row;
        const char *name = rows_text(&one->rows, row, SETTING_NAME);
        int same = same_setting(other, role, rows_text(&one->rows, row, SETTING_LOWER));
        if (same < 0)
            strbuf_addf(&p->line, "%s%s setting %s", gap(p), verb, name);
        else if (values && strcmp(rows_text(&one->rows, row, SETTING_TEXT),
                                  rows_text(&other->rows, same, SETTING_TEXT)) != 0)
            strbuf_addf(&p->line, "%shas another setting %s", gap(p), name);
    }
}

static bool is_member(const struct named_rows *members, const char *member, const char *of,
                      bool admin)
{
    for (int at = named_find(members, member); named_is(members, at, member); at++) {
        int row = members->list[at].row;
        if (strcmp(rows_text(&members->rows, row, MEMBER_OF), of) == 0 &&
            (!admin || rows_bool(&members->rows, row, MEMBER_ADMIN)))
            return true;
    }
    return false;
}

/* Who makes a role from version 16 on becomes its admin. */
static bool will_be_admin(const struct planning *p, const char *member, const char *of)
{
    return !p->roles->maker.superuser && p->roles->maker.version >= STRICT_VERSION &&
           strcmp(member, conn_user(p->roles->target)) == 0 && roles_coming(p->roles, of);
}

static void compare_members(struct planning *p, const char *role)
{
    const struct named_rows *wanted = &p->roles->of_source.members;
    const struct named_rows *found = &p->roles->of_target.members;
    const char *before = "";
    for (int at = named_find(wanted, role); named_is(wanted, at, role); at++) {
        int row = wanted->list[at].row;
        const char *of = rows_text(&wanted->rows, row, MEMBER_OF);
        bool admin = rows_bool(&wanted->rows, row, MEMBER_ADMIN);
        if (strcmp(before, of) == 0 || will_be_admin(p, role, of))
            continue;
        before = of;
        if (!is_member(found, role, of, false))
            strbuf_addf(&p->line, "%sis no member of \"%s\"", gap(p), of);
        else if (admin && !is_member(found, role, of, true))
            strbuf_addf(&p->line, "%shas no ADMIN option on \"%s\"", gap(p), of);
    }
}

/* The first superuser is the server's own matter, and needs no membership. */
static void compare(struct planning *p, int here)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    const struct rows *source = &p->roles->of_source.roles.rows;
    const char *name = rows_text(source, here, ROLE_NAME);
    int there = row_of(&p->roles->of_target.roles, name);
    if (there < 0 || rows_bool(source, here, ROLE_BOOTSTRAP) ||
        rows_bool(&p->roles->of_target.roles.rows, there, ROLE_BOOTSTRAP))
        return;
    if (!is_servers_own(name)) {
        const struct named_rows *wanted = &p->roles->of_source.settings;
        const struct named_rows *found = &p->roles->of_target.settings;
        compare_attributes(p, here, there);
        compare_settings(p, name, wanted, found, "lacks", true);
        compare_settings(p, name, found, wanted, "has", false);
    }
    compare_members(p, name);
    if (p->line.length == 0)
        return;
    strbuf_addf(&text, "role \"%s\" is on the target already and is left as it is; it %s", name,
                p->line.text);
    strbuf_clear(&p->line);
    strbuf_add(&p->line, text.text);
    warn(p);
}

/* ---- the plan ---- */

static bool check_passwords(struct planning *p, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!p->wish->passwords)
        return true;
    if (!ask_chosen(p->roles->source, ASK_MAY_READ_PASSWORDS, NULL, &rows, why))
        return false;
    return rows_bool(&rows, 0, 0) ||
           fault_set(why, FAULT_PASSWORDS_UNREADABLE,
                     "role \"%s\" may not read the roles' passwords (pg_authid) on the source",
                     conn_user(p->roles->source));
}

static bool check_may_create(const struct planning *p, struct fault *why)
{
    const struct role_maker *maker = &p->roles->maker;
    return maker->superuser || (maker->attributes & ROLE_BIT(ROLE_CREATEROLE)) != 0 ||
           fault_set(why, FAULT_CREATEROLE, "role \"%s\" may not create roles on the target",
                     conn_user(p->roles->target));
}

static void look_at_coming(struct planning *p, int row)
{
    const char *name = rows_text(&p->roles->of_source.roles.rows, row, ROLE_NAME);
    forbid_attributes(p, row);
    forbid_settings(p, name);
    forbid_memberships(p, name);
    if (!p->wish->passwords &&
        rows_bool(&p->roles->of_source.roles.rows, row, ROLE_FIRST_ATTRIBUTE + ROLE_LOGIN)) {
        strbuf_addf(&p->line, "role \"%s\" gets no password (--no-role-passwords)", name);
        warn(p);
    }
}

static bool note_in_write(struct db *db, void *arg, struct fault *why)
{
    struct planning *p = arg;
    scoped(drop_rows) struct rows owners = ROWS_NONE;
    const struct named_rows *all = &p->roles->of_source.roles;
    if (!db_run(db, why, SQL_FORGET_ROLES, ""))
        return false;
    for (int at = 0; at < all->count; at++)
        if (roles_coming(p->roles, all->list[at].name) &&
            !db_run(db, why, SQL_ROLE_INSERT, "s", all->list[at].name))
            return false;
    if (!p->wish->owners || p->roles->maker.superuser)
        return true;
    if (!ask_chosen(p->roles->source, p->wish->everywhere ? ASK_OWNERS_EVERYWHERE : ASK_ROLES, NULL,
                    &owners, why))
        return false;
    for (int row = 0; row < rows_count(&owners); row++)
        if (strchr(rows_text(&owners, row, 1), 'o') != NULL &&
            !db_run(db, why, SQL_ROLE_OWNS, "s", rows_text(&owners, row, 0)))
            return false;
    return true;
}

static bool look_at_all(struct planning *p, struct fault *why)
{
    const struct named_rows *all = &p->roles->of_source.roles;
    bool checked = false;
    for (int at = 0; at < all->count; at++) {
        if (!roles_coming(p->roles, all->list[at].name)) {
            compare(p, all->list[at].row);
            continue;
        }
        if (!checked && (!check_may_create(p, why) || !check_passwords(p, why)))
            return false;
        checked = true;
        look_at_coming(p, all->list[at].row);
    }
    return refuse_forbidden(p, why);
}

bool roles_plan(const struct roles_wish *wish, struct strbuf *warnings, struct fault *why)
{
    scoped(drop_roles) struct roles roles = {.source = wish->source};
    scoped(drop_planning) struct planning p = {.wish = wish, .roles = &roles, .warnings = warnings};
    if (!wish->wanted)
        return db_run(wish->db, why, SQL_FORGET_ROLES, "");
    return roles_read(&roles, wish->source, wish->target, why) && look_at_all(&p, why) &&
           db_write(wish->db, note_in_write, &p, why);
}
