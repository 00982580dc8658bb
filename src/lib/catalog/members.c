#include "catalog/members.h"

#include "base/scoped.h"
#include "catalog/sql.h"

bool members_add(struct db *db, bool roles, const char *name, int64_t bytes, struct fault *why)
{
    return db_run(db, why, SQL_MEMBER_INSERT, "dsi", roles ? 1 : 0, name, bytes);
}

bool members_read(struct db *db, struct members *members, struct fault *why)
{
    int64_t room;
    bool row = true;
    if (!db_int(db, why, &room, 0, SQL_MEMBER_COUNT, ""))
        return false;
    members->list = new_memory((size_t)room + 1, sizeof *members->list);
    members->count = 0;
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_MEMBER_LIST, why);
    if (stmt == NULL)
        return false;
    while (members->count < room) {
        struct member *member = &members->list[members->count];
        if (!stmt_step(stmt, &row, why))
            return false;
        if (!row)
            return true;
        member->position = stmt_int(stmt, 0);
        member->roles = stmt_int(stmt, 1) != 0;
        strlcpy(member->name, stmt_text(stmt, 2), sizeof member->name);
        member->bytes = stmt_int(stmt, 3);
        strlcpy(member->state, stmt_text(stmt, 4), sizeof member->state);
        members->count++;
    }
    return true;
}

bool members_set_state(struct db *db, struct member *member, const char *state, struct fault *why)
{
    strlcpy(member->state, state, sizeof member->state);
    return db_run_one(db, why, SQL_MEMBER_SET_STATE, "si", state, member->position);
}

/* A name may hold what a file name may not: that is written as in a URI. */
void member_path(char *to, const char *dir, const struct member *member)
{
    size_t used =
        (size_t)snprintf(to, PATH_MAX, "%s/%s", dir, member->roles ? "roles" : "databases/");
    for (const char *at = member->name; !member->roles && *at != '\0' && used + 4 < PATH_MAX;
         at++) {
        bool plain = *at != '/' && *at != '%' && (*at != '.' || at != member->name);
        used += (size_t)snprintf(to + used, PATH_MAX - used, plain ? "%c" : "%%%02X",
                                 (unsigned char)*at);
    }
}

void drop_members(struct members *members)
{
    drop_memory(&members->list);
    members->count = 0;
}
