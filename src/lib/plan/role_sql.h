/*
 * role_sql.h - statements that make a role what it is elsewhere, and their order.
 *
 * Nothing here asks a server. No password comes near these statements.
 */
#ifndef PGHAUL_PLAN_ROLE_SQL_H
#define PGHAUL_PLAN_ROLE_SQL_H

#include "base/strbuf.h"

#include <stdbool.h>

/* Memberships have options of their own, and a grantor needs the right to grant, from here on. */
enum { STRICT_VERSION = 160000 };

/* A(name, word): in the order of the columns of ASK_ROLE_LIST. */
#define ROLE_ATTRIBUTES(A)        \
    A(SUPERUSER, "SUPERUSER")     \
    A(INHERIT, "INHERIT")         \
    A(CREATEROLE, "CREATEROLE")   \
    A(CREATEDB, "CREATEDB")       \
    A(LOGIN, "LOGIN")             \
    A(REPLICATION, "REPLICATION") \
    A(BYPASSRLS, "BYPASSRLS")

enum role_attribute {
#define A(name, word) ROLE_##name,
    ROLE_ATTRIBUTES(A)
#undef A
        ROLE_ATTRIBUTE_COUNT
};

#define ROLE_BIT(attribute) (1U << (attribute))

const char *role_attribute_word(enum role_attribute attribute);

struct role_made {
    const char *name;
    unsigned attributes; /* ROLE_BIT */
    const char *limit;   /* of connections; "-1": none */
    const char *until;   /* "": for ever */
};

/* Adds "CREATE ROLE …;". */
void role_add_create(struct strbuf *sql, const struct role_made *role);

/* Adds "ALTER ROLE … SET …" for a setting as servers keep it: "name=value". */
void role_add_setting(struct strbuf *sql, const char *role, const char *setting);

/* Adds " SET name TO value" for such a setting: lists name by name. */
void setting_add(struct strbuf *sql, const char *setting);

/* Who makes the roles. */
struct role_maker {
    bool superuser;
    unsigned attributes;
    int version; /* server_version_num of the server that they are made on */
};

/* Those of the attributes that the maker may not give. */
unsigned role_forbidden(const struct role_maker *maker, unsigned attributes);

struct role_grant {
    const char *role;
    const char *member;
    const char *grantor; /* NULL: whoever makes it */
    bool admin, inherit, set;
    bool given; /* filled by role_grants_order() */
};

/* Has this role the right to grant that one before any of ours is made? */
typedef bool role_is_admin(void *arg, const char *role, const char *who);

/* Puts grants into an order in which each grantor may grant when it is its turn: *ret_order
 * (`count` places) gets the numbers of the first *ret_given to be made; grants of one maker that
 * are about the same pair become one. Where that cannot be, or the maker may not act for others,
 * `grantor` is emptied. The array is sorted. */
void role_grants_order(struct role_grant *grants, int count, const struct role_maker *maker,
                       role_is_admin *is_admin, void *arg, int *ret_order, int *ret_given);

/* Adds "GRANT …;"; `options`: INHERIT and SET are known and said. */
void role_add_grant(struct strbuf *sql, const struct role_grant *grant, bool options);

#endif
