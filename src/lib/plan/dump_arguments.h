/*
 * dump_arguments.h - what pg_dump is called with: the user's filters as they are, and the relations
 * that stay behind because of them (selection.h).
 */
#ifndef PGHAUL_PLAN_DUMP_ARGUMENTS_H
#define PGHAUL_PLAN_DUMP_ARGUMENTS_H

#include "store/db.h"

#include <stddef.h>

struct dump_arguments {
    char **list; /* ours; ended by NULL after dump_arguments_end() */
    size_t count;
};

/* Adds "--option" or "--option=value". */
void dump_arguments_add(struct dump_arguments *arguments, const char *option, const char *value);

/* The filters that are in the catalog. */
bool dump_arguments_add_filters(struct dump_arguments *arguments, struct db *db, struct fault *why);

void dump_arguments_end(struct dump_arguments *arguments);

/* For scoped(). */
void drop_dump_arguments(struct dump_arguments *arguments);

#endif
