/*
 * one_of.h - the run of one database, seen from the run over several that it belongs to: where it
 * is, and how to reach its two sides.
 */
#ifndef PGHAUL_BIN_ONE_OF_H
#define PGHAUL_BIN_ONE_OF_H

#include "book.h"
#include "catalog/members.h"
#include "pg/conninfo.h"

struct one_of {
    char path[PATH_MAX]; /* work directory */
    bool there;          /* it has a catalog */
    struct options
        options; /* those of the whole, but with the sides and the directory of this one */
    struct strbuf source, target; /* may hold a password */
};

#define ONE_OF_NONE               \
    {                             \
        .options = {.dir = NULL } \
    }

/* In which database it works. Roles are made from within the first one: the one in the connection
 * strings need not let us create anything. */
const char *one_of_database(const struct members *members, const struct member *member);

/* The sides are those of the whole. `all`, and what it holds, must outlive it. */
void one_of_choose(struct one_of *one, const struct options *all, const char *dir,
                   const struct members *members, const struct member *member,
                   const struct conninfo *source, const struct conninfo *target);

/* Frees, and overwrites what may hold a password. For scoped(). */
void drop_one_of(struct one_of *one);

/* Refuses what is done to one database only, of a run over several: FAULT_SEVERAL_DATABASES, with
 * the directories of them. */
bool one_of_refuse(struct db *db, const char *dir, const char *command, struct fault *why);

#endif
