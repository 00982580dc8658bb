/*
 * restore_list.h - lines of `pg_restore --list`.
 */
#ifndef PGHAUL_WIRE_RESTORE_LIST_H
#define PGHAUL_WIRE_RESTORE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct restore_entry {
    int32_t dump_id;
    uint32_t table_oid; /* pg_class.oid of the system catalog; 0 for entries without an object */
    uint32_t oid;
    const char *description; /* "TABLE", "FK CONSTRAINT", …; borrowed from the line */
    size_t description_length;
    const char *label; /* rest of the line: schema, name, owner; borrowed from the line */
    size_t label_length;
};

/* Reads one line (without its end). False for comments, empty and malformed lines. */
bool restore_list_parse(const char *line, size_t length, struct restore_entry *ret_entry);

/* With --verbose a line ";\tdepends on: 9 221" follows an entry that needs others. Moves behind its
 * words, when it is one; then takes the dump ids one by one. */
bool restore_needs_begin(const char **line, const char *end);
bool restore_needs_next(const char **at, const char *end, int32_t *ret_dump_id);

#endif
