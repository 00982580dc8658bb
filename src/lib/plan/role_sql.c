#include "plan/role_sql.h"

#include "base/scoped.h"
#include "wire/guc_list.h"

#include <stdlib.h>
#include <string.h>

static const char *const words[ROLE_ATTRIBUTE_COUNT] = {
#define A(name, word) word,
    ROLE_ATTRIBUTES(A)
#undef A
};

const char *role_attribute_word(enum role_attribute attribute)
{
    return words[attribute];
}

void role_add_create(struct strbuf *sql, const struct role_made *role)
{
    strbuf_add(sql, "CREATE ROLE ");
    strbuf_add_identifier(sql, role->name);
    strbuf_add(sql, " WITH");
    for (int i = 0; i < ROLE_ATTRIBUTE_COUNT; i++)
        strbuf_addf(sql, " %s%s", (role->attributes & ROLE_BIT(i)) != 0 ? "" : "NO", words[i]);
    strbuf_addf(sql, " CONNECTION LIMIT %s", role->limit);
    if (*role->until != '\0') {
        strbuf_add(sql, " VALID UNTIL ");
        strbuf_add_literal(sql, role->until);
    }
    strbuf_add(sql, ";");
}

/* ---- settings ---- */

static void add_name(struct strbuf *sql, const struct guc_name *name)
{
    scoped(drop_strbuf) struct strbuf plain = STRBUF_EMPTY;
    for (size_t i = 0; i < name->length; i++) {
        strbuf_add_char(&plain, name->text[i]);
        i += name->quoted && name->text[i] == '"';
    }
    strbuf_add_literal(sql, strbuf_text(&plain));
}

static bool add_list(struct strbuf *sql, const char *value)
{
    struct guc_name name;
    struct guc_list list = guc_list_over(value);
    enum guc_next next;
    const char *gap = "";
    for (next = guc_list_next(&list, &name); next == GUC_NAME; next = guc_list_next(&list, &name)) {
        strbuf_add(sql, gap);
        add_name(sql, &name);
        gap = ", ";
    }
    return next == GUC_END && *gap != '\0';
}

void role_add_setting(struct strbuf *sql, const char *role, const char *setting)
{
    strbuf_add(sql, "ALTER ROLE ");
    strbuf_add_identifier(sql, role);
    setting_add(sql, setting);
}

void setting_add(struct strbuf *sql, const char *setting)
{
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf list = STRBUF_EMPTY;
    size_t length = strcspn(setting, "=");
    const char *value = setting + length + (setting[length] == '=');
    strbuf_add_bytes(&name, setting, length);
    strbuf_add(sql, " SET ");
    /* "a.b" is one name of a setting, but two of a statement. */
    const char *dot = strchr(strbuf_text(&name), '.');
    if (dot == NULL) {
        strbuf_add_identifier(sql, strbuf_text(&name));
    } else {
        scoped(drop_strbuf) struct strbuf first = STRBUF_EMPTY;
        strbuf_add_bytes(&first, name.text, (size_t)(dot - name.text));
        strbuf_add_qualified(sql, strbuf_text(&first), dot + 1);
    }
    strbuf_add(sql, " TO ");
    if (guc_is_list(strbuf_text(&name)) && add_list(&list, value))
        strbuf_add(sql, list.text);
    else
        strbuf_add_literal(sql, value);
}

/* ---- rights ---- */

unsigned role_forbidden(const struct role_maker *maker, unsigned attributes)
{
    const unsigned always = ROLE_BIT(ROLE_SUPERUSER);
    const unsigned special = ROLE_BIT(ROLE_REPLICATION) | ROLE_BIT(ROLE_BYPASSRLS);
    if (maker->superuser)
        return 0;
    if (maker->version < STRICT_VERSION)
        return attributes & (always | special);
    /* Who has them may give them. */
    return attributes & (always | ((special | ROLE_BIT(ROLE_CREATEDB)) & ~maker->attributes));
}

/* ---- memberships ---- */

static int compare_pairs(const struct role_grant *a, const struct role_grant *b)
{
    int roles = strcmp(a->role, b->role);
    return roles != 0 ? roles : strcmp(a->member, b->member);
}

static int compare(const void *a, const void *b)
{
    const struct role_grant *x = a, *y = b;
    int pairs = compare_pairs(x, y);
    return pairs != 0
               ? pairs
               : strcmp(x->grantor == NULL ? "" : x->grantor, y->grantor == NULL ? "" : y->grantor);
}

struct ordering {
    struct role_grant *grants;
    int count;
    role_is_admin *is_admin;
    void *arg;
    int *order;
    int given;
};

/* The first grant of a pair, or the place where it would be. */
static int find_pair(const struct ordering *o, const char *role, const char *member)
{
    const struct role_grant wanted = {.role = role, .member = member};
    int low = 0, high = o->count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (compare_pairs(&o->grants[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_of_pair(const struct ordering *o, int i, const char *role, const char *member)
{
    return i < o->count && strcmp(o->grants[i].role, role) == 0 &&
           strcmp(o->grants[i].member, member) == 0;
}

static bool may_grant(const struct ordering *o, const struct role_grant *grant)
{
    if (grant->grantor == NULL)
        return true;
    for (int i = find_pair(o, grant->role, grant->grantor);
         is_of_pair(o, i, grant->role, grant->grantor); i++)
        if (o->grants[i].given && o->grants[i].admin)
            return true;
    return o->is_admin(o->arg, grant->role, grant->grantor);
}

static void give_one(struct ordering *o, int i)
{
    o->grants[i].given = true;
    o->order[o->given++] = i;
}

/* One after the other, as long as a round finds any. */
static void give_all_that_may(struct ordering *o)
{
    int before;
    do {
        before = o->given;
        for (int i = 0; i < o->count; i++)
            if (!o->grants[i].given && may_grant(o, &o->grants[i]))
                give_one(o, i);
    } while (o->given > before);
}

static void unite(struct role_grant *to, const struct role_grant *from)
{
    to->admin |= from->admin;
    to->inherit |= from->inherit;
    to->set |= from->set;
}

/* A grant that its grantor cannot make is ours. One of ours about the same pair takes it in, even
 * when it had its turn, since what it then says holds from that turn on. */
static bool give_ourselves(struct ordering *o)
{
    for (int i = 0; i < o->count; i++) {
        struct role_grant *grant = &o->grants[i];
        if (grant->given)
            continue;
        grant->grantor = NULL;
        int first = find_pair(o, grant->role, grant->member);
        for (int k = first; is_of_pair(o, k, grant->role, grant->member); k++)
            if (k != i && o->grants[k].given && o->grants[k].grantor == NULL) {
                unite(&o->grants[k], grant);
                grant->given = true;
                return true;
            }
        give_one(o, i);
        return true;
    }
    return false;
}

/* Neighbours of one pair, and of one grantor unless there may be but one of each pair. */
static int unite_neighbours(struct role_grant *grants, int count, bool one_each)
{
    int kept = 0;
    for (int i = 0; i < count; i++) {
        bool same = kept > 0 && (one_each ? compare_pairs(&grants[kept - 1], &grants[i])
                                          : compare(&grants[kept - 1], &grants[i])) == 0;
        if (same)
            unite(&grants[kept - 1], &grants[i]);
        else
            grants[kept++] = grants[i];
    }
    return kept;
}

void role_grants_order(struct role_grant *grants, int count, const struct role_maker *maker,
                       role_is_admin *is_admin, void *arg, int *ret_order, int *ret_given)
{
    bool strict = maker->version >= STRICT_VERSION;
    for (int i = 0; i < count && !maker->superuser; i++)
        grants[i].grantor = NULL;
    if (count > 0)
        qsort(grants, (size_t)count, sizeof *grants, compare);
    struct ordering o = {
        .grants = grants,
        .count = unite_neighbours(grants, count, !strict),
        .is_admin = is_admin,
        .arg = arg,
        .order = ret_order,
    };
    if (strict) {
        do
            give_all_that_may(&o);
        while (give_ourselves(&o));
    } else {
        for (int i = 0; i < o.count; i++)
            give_one(&o, i);
    }
    *ret_given = o.given;
}

static const char *truth(bool value)
{
    return value ? "TRUE" : "FALSE";
}

void role_add_grant(struct strbuf *sql, const struct role_grant *grant, bool options)
{
    strbuf_add(sql, "GRANT ");
    strbuf_add_identifier(sql, grant->role);
    strbuf_add(sql, " TO ");
    strbuf_add_identifier(sql, grant->member);
    if (options)
        strbuf_addf(sql, " WITH ADMIN %s, INHERIT %s, SET %s", truth(grant->admin),
                    truth(grant->inherit), truth(grant->set));
    else if (grant->admin)
        strbuf_add(sql, " WITH ADMIN OPTION");
    if (grant->grantor != NULL) {
        strbuf_add(sql, " GRANTED BY ");
        strbuf_add_identifier(sql, grant->grantor);
    }
    strbuf_add(sql, ";");
}
