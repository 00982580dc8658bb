/*
 * dump_text.h - what pg_dump prints as a script, cut into its objects.
 *
 * Each begins with a comment of three lines that names it. Settings between two objects hold for
 * all that come behind: which of them an object depends on is part of it.
 */
#ifndef PGHAUL_WIRE_DUMP_TEXT_H
#define PGHAUL_WIRE_DUMP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A piece of the text, not ended by NUL. */
struct dump_piece {
    const char *text;
    size_t length;
};

struct dump_object {
    struct dump_piece name;   /* as pg_dump says it: "f(integer)", "TABLE orders" of a comment */
    struct dump_piece type;   /* TABLE, INDEX, … */
    struct dump_piece schema; /* "-": none */
    struct dump_piece body;   /* its statements, without empty lines around them */
    struct dump_piece tablespace; /* as it is set, in quotes where it needs them; empty: none */
    struct dump_piece method;     /* table access method, if it is a table that has one */
};

struct dump_text {
    const char *at, *end;
    struct dump_piece tablespace, method; /* set by now */
};

struct dump_text dump_text_over(const char *text, size_t length);

/* The next object; false at the end. */
bool dump_text_next(struct dump_text *dump, struct dump_object *ret_object);

#endif
