/*
 * statement.h - the statements that write changes to a destination, and which of them are prepared.
 *
 * Those named SET take all their rows as one array of the table's row type. A mask has a byte for
 * each column of the destination, which says what the statement does with it.
 */
#ifndef PGHAUL_CDC_STATEMENT_H
#define PGHAUL_CDC_STATEMENT_H

#include "base/strbuf.h"
#include "cdc/destination.h"

enum statement_kind {
    SET_INSERT,   /* $1 rows */
    SET_UPDATE,   /* $1 rows, found by the key */
    SET_DELETE,   /* $1 rows of which only the key counts */
    IMAGE_UPDATE, /* $1 different rows as they were; of each change $2 which of them it was, $3 the
                     how manieth of these, $4 the row as it is */
    IMAGE_DELETE, /* $1 different rows, $2 how many of each */
    ONE_INSERT,   /* the values of the columns of the mask */
    ONE_UPDATE,   /* the same, and the key */
    ONE_REPLACE,  /* as ONE_UPDATE, by a new row: for columns that UPDATE may not write */
    ONE_DELETE,   /* the key */
    ONE_IMAGE_UPDATE, /* IMAGE_UPDATE of one row: the values of the columns of the mask as it was,
                         then as it is */
    ONE_IMAGE_DELETE, /* IMAGE_DELETE of one row: these values */
};

/* The last two take a value of each column that the mask names at all. */
static inline bool is_one_image(enum statement_kind kind)
{
    return kind == ONE_IMAGE_UPDATE || kind == ONE_IMAGE_DELETE;
}

/* In a mask. */
enum {
    MASK_NONE = 0, /* the column is left alone */
    MASK_SET,      /* INSERT, UPDATE: written */
    MASK_SAME,     /* UPDATE: must have this value already, because it cannot be written */
    MASK_EQUAL,    /* IMAGE: compared, and the row is looked for by it */
    MASK_NULL,     /* IMAGE: compared; it is NULL in all of them */
    MASK_IMAGE,    /* IMAGE: compared */
};

struct destination_statement {
    struct destination_statement *next;
    enum statement_kind kind;
    bool prepared; /* in the session; its name is used by no other */
    char name[24];
    uint8_t mask[];
};

/* The one of this kind and mask. Good until statements_forget(). */
struct destination_statement *statement_find(struct destination *destination,
                                             enum statement_kind kind, const uint8_t *mask);

void statement_add_sql(struct strbuf *sql, const struct destination *destination,
                       enum statement_kind kind, const uint8_t *mask);

/* COPY of the mask's columns. */
void statement_add_copy(struct strbuf *sql, const struct destination *destination,
                        const uint8_t *mask, bool binary);

/* Does a statement take this column's value? Of ONE statements, these are its parameters. */
static inline bool mask_takes(uint8_t mask)
{
    return mask == MASK_SET || mask == MASK_SAME;
}

/* Frees what is known of the destination's statements. */
void statements_forget(struct destination *destination);

#endif
