/*
 * destination.h - a table of the target that changes go to.
 *
 * Its columns are those of the table there, in their order. A row of a change is an array of as
 * many values (struct pgoutput_value); a column that the source does not have is VALUE_ABSENT.
 */
#ifndef PGHAUL_CDC_DESTINATION_H
#define PGHAUL_CDC_DESTINATION_H

#include "pg/conn.h"
#include "wire/pgoutput.h"

#define VALUE_ABSENT ((enum pgoutput_value_kind)0)

/* Is there a value, or a NULL, to be written? */
static inline bool value_is_given(const struct pgoutput_value *value)
{
    return value->kind != VALUE_ABSENT && value->kind != PGOUTPUT_UNCHANGED;
}

struct destination_column {
    char *name;
    char *quoted;
    uint32_t type;
    int32_t typmod;
    char *type_text;      /* with its typmod, for people */
    uint32_t base;        /* of a domain, the type that it is over; else the type */
    char *base_namespace; /* its name */
    char *base_name;
    char *equal;      /* "OPERATOR(schema.=)" */
    bool hashable;    /* by it */
    bool generated;   /* its values are made by the target */
    bool always;      /* GENERATED ALWAYS AS IDENTITY: cannot be updated */
    bool needs_value; /* NOT NULL, without a default */
    bool not_null;
    bool no_null; /* of a domain that takes none: nor does a value of the row type */
    int primary;  /* place in the primary key, from 1; 0: not in it */
};

struct destination_statement; /* a prepared one (statement.c) */

struct destination {
    uint32_t oid;
    uint32_t row_type;
    bool
        text_only; /* a column has a type without a binary form: so have its rows, even with NULL */
    char kind;     /* pg_class.relkind */
    char *nspname;
    char *relname;
    char *quoted; /* "schema"."name" */
    int count;
    struct destination_column *columns;
    int *key; /* the columns that tell rows apart, key_count of them; */
    int key_count;
    bool by_image; /* … which are all: rows may be doubled */

    int users; /* relations whose changes go here: more than one where partitions are others here */

    unsigned serial; /* no other destination of this process has it */
    struct destination_statement *statements;
    unsigned statement_count; /* that there have been */
    int in_order; /* batches for which its changes are written one by one, since they once had to */

    /* Of the changes that are being written (change.h). */
    struct change *first, *last;
    size_t changes;
    struct destination *next;
};

/* Looks for the table; *ret_destination is NULL when it is not there. The key is not known yet. */
bool destination_load(struct conn *target, const char *nspname, const char *relname,
                      unsigned serial, struct destination **ret_destination, struct fault *why);

/* The column of this name, or -1. */
int destination_column(const struct destination *destination, const char *name);

/* Is there a unique index on some of the key's columns, so that the key tells all rows apart? */
bool destination_has_unique_key(struct conn *target, const struct destination *destination,
                                bool *ret_unique, struct fault *why);

/* Does the row say something of all columns? */
bool row_is_whole(const struct destination *to, const struct pgoutput_value *row);

/* For scoped(): NULL is allowed. The last user's frees it. */
void drop_destination(struct destination **destination);

#endif
