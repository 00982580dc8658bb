/*
 * schema.h - are the definitions of two databases the same?
 *
 * One pg_dump, which is not older than either server, prints both sides; its objects meet by kind,
 * schema and name. What it prints of an object depends on nothing but the object, so texts are
 * compared as they are.
 */
#ifndef PGHAUL_COMPARE_SCHEMA_H
#define PGHAUL_COMPARE_SCHEMA_H

#include "catalog/settings.h"
#include "compare/compare.h"

enum schema_state { SCHEMA_CHANGED, SCHEMA_MISSING, SCHEMA_EXTRA };

struct schema_difference {
    const char *object; /* "TABLE public.orders" */
    enum schema_state state;
    const char *diff; /* lines that begin with - and + */
};
/* Called with each object that differs, in order of kind and name. Borrowed until it returns. */
typedef bool schema_each(void *arg, const struct schema_difference *difference, struct fault *why);

/* Compares all that the plan's filters mean and `settings` do not leave out (no_owner and its
 * like). */
bool compare_schema(struct compare *compare, const struct settings *settings, schema_each *each,
                    void *arg, int64_t *ret_equal, struct fault *why);

#endif
