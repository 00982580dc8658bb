/*
 * told.h - what the fuzz targets of test_decoding and wal2json share: a walk over what was told.
 */
#ifndef PGHAUL_TESTS_FUZZ_TOLD_H
#define PGHAUL_TESTS_FUZZ_TOLD_H

#include "fuzz.h"

#include "wire/told.h"

/* Borrowed from these bytes, and copied into just as many. */
static inline void touch_told(const struct told *told, const uint8_t *data, size_t size)
{
    const uint8_t *at = (const uint8_t *)told->at;
    if (told->length > 0 &&
        (at < data || at > data + size || told->length > size - (size_t)(at - data)))
        abort();
    char *copy = malloc(told->length + 1);
    if (copy == NULL)
        return;
    size_t length = told_copy(told, copy);
    if (length > told->length || !told_is(told, copy, length) || !told_same(told, told))
        abort();
    touch(copy, length);
    free(copy);
}

static inline void walk_row(struct told_row row, const uint8_t *data, size_t size)
{
    struct told_column column;
    while (told_row_next(&row, &column)) {
        touch_told(&column.name, data, size);
        touch_told(&column.type, data, size);
        if (column.kind == TOLD_VALUE)
            touch_told(&column.value, data, size);
    }
    if (row.at != row.end)
        abort();
}

static inline void walk_told(const struct told_change *change, const uint8_t *data, size_t size)
{
    struct told_table table;
    switch (change->tag) {
    case TOLD_INSERT:
    case TOLD_UPDATE:
    case TOLD_DELETE:
        touch_told(&change->table.schema, data, size);
        touch_told(&change->table.name, data, size);
        if (change->has_old)
            walk_row(change->old_row, data, size);
        if (change->has_new)
            walk_row(change->new_row, data, size);
        break;
    case TOLD_TRUNCATE: {
        struct told_tables tables = change->tables;
        while (told_tables_next(&tables, &table)) {
            touch_told(&table.schema, data, size);
            touch_told(&table.name, data, size);
        }
        if (tables.at != tables.end)
            abort();
        break;
    }
    case TOLD_MESSAGE:
        touch_told(&change->prefix, data, size);
        touch_told(&change->content, data, size);
        break;
    default:
        break;
    }
}

#endif
