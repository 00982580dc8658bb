/*
 * roles.h - roles of the source that the target lacks, and what can be made of them there.
 *
 * The plan finds and notes them (roles_plan) before anything is written; the job that makes them
 * (jobs/roles.c) reads both sides again. Passwords are not read here.
 */
#ifndef PGHAUL_PLAN_ROLES_H
#define PGHAUL_PLAN_ROLES_H

#include "base/strbuf.h"
#include "pg/conn.h"
#include "plan/role_sql.h"
#include "store/db.h"

/* ---- both sides ---- */

/* Rows and where those of a name are. */
struct named_row {
    const char *name;
    int row;
};
struct named_rows {
    struct rows rows;
    struct named_row *list; /* by name */
    int count;
};

/* The place in the list of the first row of this name; *at is moved to the next by
 * named_is_next(): for (int at = named_find(r, n); named_is(r, at, n); at++). */
int named_find(const struct named_rows *named, const char *name);
bool named_is(const struct named_rows *named, int at, const char *name);

/* Columns of ASK_ROLE_LIST. */
enum role_column {
    ROLE_NAME,
    ROLE_BOOTSTRAP,
    ROLE_FIRST_ATTRIBUTE,
    ROLE_LIMIT = ROLE_FIRST_ATTRIBUTE + ROLE_ATTRIBUTE_COUNT,
    ROLE_UNTIL,
    ROLE_COMMENT,
    ROLE_MAY_GRANT /* may we make somebody a member of it? */
};
/* Columns of ASK_ROLE_SETTINGS, of ASK_ROLE_MEMBERS. */
enum role_setting_column { SETTING_ROLE, SETTING_TEXT, SETTING_NAME, SETTING_LOWER };
enum role_member_column {
    MEMBER_NAME,
    MEMBER_OF,
    MEMBER_GRANTOR,
    MEMBER_BY_BOOTSTRAP,
    MEMBER_ADMIN,
    MEMBER_INHERIT,
    MEMBER_SET
};

struct role_side {
    struct named_rows roles;
    struct named_rows settings; /* by role */
    struct named_rows members;  /* by member */
};

struct roles {
    struct conn *source, *target;
    struct role_side of_source, of_target;
    struct named_rows open; /* settings of the target: are they open to us? Not for superusers */
    struct role_maker maker;
};

/* Asks both servers. For scoped(drop_roles). */
bool roles_read(struct roles *roles, struct conn *source, struct conn *target, struct fault *why);
void drop_roles(struct roles *roles);

/* Has the source a role of its own that the target lacks? */
bool roles_coming(const struct roles *roles, const char *name);

/* May we not give this setting to a role? (row of of_source.settings) */
bool roles_setting_forbidden(const struct roles *roles, int row);

/* What becomes of a membership (row of of_source.members). */
enum membership {
    MEMBERSHIP_GIVEN,
    MEMBERSHIP_NOT_OURS,  /* the member was there before */
    MEMBERSHIP_NO_ROLE,   /* the target lacks the role, which is the server's own */
    MEMBERSHIP_FORBIDDEN, /* we may not grant it */
    MEMBERSHIP_WIDER,     /* the target knows no options, and would give more than there is */
};
enum membership roles_membership(const struct roles *roles, int row);

/* ---- the plan ---- */

struct roles_wish {
    struct db *db;
    struct conn *source; /* in the snapshot */
    struct conn *target;
    bool wanted;     /* else those of an earlier plan are forgotten only */
    bool passwords;  /* FAULT_PASSWORDS_UNREADABLE when they cannot be read */
    bool owners;     /* are restored */
    bool everywhere; /* for all databases of the source, not only this one */
    bool skip;       /* leave out what we may not do: else FAULT_ROLE_FORBIDDEN */
};

/* Notes in the catalog which roles are coming. `warnings`: adds a line for each role that is there
 * already and differs, and for what is left out. FAULT_CREATEROLE when we may make none. */
bool roles_plan(const struct roles_wish *wish, struct strbuf *warnings, struct fault *why);

#endif
