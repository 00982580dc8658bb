/*
 * name_pattern.h - name patterns as psql and pg_dump know them, turned into regular expressions.
 *
 * "shop.order*": letters outside of double quotes fold to lower case, * is any text, ? any
 * character, a dot parts schema and name. Other signs outside of quotes are those of a regular
 * expression, but $ and [] stand for themselves; inside of quotes all do.
 *
 * A part that is written ~/…/ is a regular expression (POSIX extended, not anchored), as in filters
 * of pgcopydb. pg_dump does not know these.
 */
#ifndef PGHAUL_WIRE_NAME_PATTERN_H
#define PGHAUL_WIRE_NAME_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

enum { NAME_PATTERN_MOST = 512 };

struct name_pattern {
    /* Regular expressions for the server, anchored: "^(order.*)$". */
    char schema[2 * NAME_PATTERN_MOST + 8]; /* "" when the pattern names no schema */
    char name[2 * NAME_PATTERN_MOST + 8];
    bool regular; /* a part is a regular expression of the user's */
};

/* A pattern of up to `parts` parts (2: may have a schema). False, with a sentence why, when it is
 * empty, too long, has more parts, or a quote or regular expression that does not end. */
bool name_pattern_parse(const char *text, int parts, struct name_pattern *ret_pattern,
                        const char **ret_wrong);

#endif
