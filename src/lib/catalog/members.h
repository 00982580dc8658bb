/*
 * members.h - the runs that a run over several databases consists of: one that brings the roles,
 * and one for each database. Each has a work directory and a catalog of its own below this one's.
 */
#ifndef PGHAUL_CATALOG_MEMBERS_H
#define PGHAUL_CATALOG_MEMBERS_H

#include "base/fault.h"
#include "store/db.h"

#include <limits.h>
#include <stdbool.h>

struct member {
    int64_t position; /* the order in which they are begun */
    bool roles;       /* else it is a database's */
    char name[256];   /* of the database, on both sides; that of the roles is only for people */
    int64_t bytes;    /* of the database on the source, when the run was made */
    char state[16];   /* waiting, running, stopped, failed, done, cancelled */
};

struct members {
    struct member *list;
    int count;
};

bool members_add(struct db *db, bool roles, const char *name, int64_t bytes, struct fault *why);

/* All of them, in order; none when the run is one database's. */
bool members_read(struct db *db, struct members *members, struct fault *why);

bool members_set_state(struct db *db, struct member *member, const char *state, struct fault *why);

/* The directory of one below the run's: roles, databases/NAME. `to` has PATH_MAX bytes. */
void member_path(char *to, const char *dir, const struct member *member);

/* For scoped(). */
void drop_members(struct members *members);

#endif
