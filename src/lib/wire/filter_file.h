/*
 * filter_file.h - files of filters: pg_dump's grammar, or pgcopydb's sections.
 *
 *   include table shop.*          [include-only-table]
 *   exclude schema scratch        shop.orders
 *   # a comment                   ; a comment
 *
 * The second one begins with a section. Its lines are names, not patterns; but a part of one that
 * is written ~/…/ is a regular expression.
 */
#ifndef PGHAUL_WIRE_FILTER_FILE_H
#define PGHAUL_WIRE_FILTER_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct filter_file {
    const char *at;
    const char *end;
    int line;            /* the last one that was read, from 1 */
    bool sections;       /* pgcopydb's grammar */
    const char *section; /* the one we are in; NULL: none yet */
    size_t section_length;
};

struct filter_entry {
    bool include;
    const char *object; /* "table", "schema", "table_data", "index", "extension"; static */
    const char *name;   /* borrowed from the file */
    size_t name_length;
    bool exact; /* a name, parts apart by a dot, quoted where need be: not a pattern */
};

enum filter_found { FILTER_FOUND, FILTER_END, FILTER_WRONG };

struct filter_file filter_file_over(const char *text, size_t length);

/* The next entry. FILTER_WRONG with a sentence why; file->line tells where. */
enum filter_found filter_file_next(struct filter_file *file, struct filter_entry *ret_entry,
                                   const char **ret_wrong);

#endif
