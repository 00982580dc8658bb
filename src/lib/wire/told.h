/*
 * told.h - what an output plugin tells in text: test_decoding's lines, wal2json's objects.
 *
 * Both parsers (wire/test_decoding.h, wire/wal2json.h) give this form, whose pieces are borrowed
 * from the plugin's bytes, as they stand there. Such a piece has no NUL at its end, and may have to
 * be unescaped: told_copy() does.
 *
 * Like pgoutput's, a message is looked at to its last byte before it is given back.
 */
#ifndef PGHAUL_WIRE_TOLD_H
#define PGHAUL_WIRE_TOLD_H

#include "base/lsn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum told_as {
    TOLD_PLAIN,
    TOLD_NAME,    /* stood in double quotes: "" is one of them */
    TOLD_LITERAL, /* stood in single quotes: '' is one of them */
    TOLD_JSON,    /* stood in a string of JSON */
};

struct told {
    enum told_as as;
    size_t length;
    const char *at;
};

/* Writes the text to `to`, which has room for told->length bytes; gives its length. */
size_t told_copy(const struct told *told, char *to);

/* Is it this text? */
bool told_is(const struct told *told, const char *text, size_t length);

/* Do both say the same, byte by byte? */
bool told_same(const struct told *one, const struct told *other);

enum told_kind { TOLD_NULL, TOLD_UNCHANGED, TOLD_VALUE };

struct told_column {
    struct told name;
    struct told type;  /* as format_type(oid, NULL) writes it; empty: not told */
    uint32_t type_oid; /* 0: not told */
    enum told_kind kind;
    struct told value; /* of a boolean "t" or "f" */
    bool bare_hex;     /* it is a bytea's without \x */
};

/* Columns, or tables, still to come. `next` is the parser's, called by the functions below. */
struct told_row {
    const char *at, *end;
    bool (*next)(struct told_row *row, struct told_column *ret_column);
};

struct told_table {
    struct told schema, name;
};

struct told_tables {
    const char *at, *end;
    bool (*next)(struct told_tables *tables, struct told_table *ret_table);
};

enum told_tag {
    TOLD_BEGIN,
    TOLD_COMMIT,
    TOLD_INSERT,
    TOLD_UPDATE,
    TOLD_DELETE,
    TOLD_TRUNCATE,
    TOLD_MESSAGE,
};

struct told_change {
    enum told_tag tag;
    uint32_t xid;     /* BEGIN, COMMIT */
    int64_t time;     /* COMMIT: since PostgreSQL's epoch */
    lsn_t commit_lsn; /* COMMIT; 0: not told */

    struct told_table table; /* INSERT, UPDATE, DELETE */
    bool has_old, has_new;
    struct told_row old_row; /* columns of the replica identity, where they are not NULL */
    struct told_row new_row;

    struct told_tables tables; /* TRUNCATE */
    bool cascade, restart_identity;

    bool transactional; /* MESSAGE */
    struct told prefix, content;
};

/* The next of a list, which they make shorter. False at its end. */
bool told_row_next(struct told_row *row, struct told_column *ret_column);
bool told_tables_next(struct told_tables *tables, struct told_table *ret_table);

/* Reads "2026-11-21 22:37:32.222837+00", of a session whose TimeZone is UTC. */
bool told_time(const char *text, size_t length, int64_t *ret_time);

#endif
