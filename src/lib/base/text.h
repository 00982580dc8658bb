/*
 * text.h - text that people will see.
 *
 * Names and messages come from servers in any encoding and may hold anything.
 * What is printed or written as JSON is valid UTF-8 on one line: control
 * characters and bytes that are not UTF-8 become \n, \t or \xNN.
 */
#ifndef PGHAUL_BASE_TEXT_H
#define PGHAUL_BASE_TEXT_H

#include "base/strbuf.h"

#include <stdbool.h>

/* The length of the UTF-8 character at `at` (1..4), or 0 when it is none. */
size_t utf8_length(const char *at);

/* Adds text so that it can be shown on one line. */
void strbuf_add_shown(struct strbuf *buf, const char *text);

/* Columns that valid UTF-8 takes on a terminal, one a character. */
int text_width(const char *text);

/* Adds of one line as much as fits into so many columns; returns how many it took. */
int strbuf_add_cut(struct strbuf *buf, const char *line, size_t length, int columns);

/* Adds schema.name as people write it: quoted only where it must be, safe to show. */
void strbuf_add_name(struct strbuf *buf, const char *schema, const char *name);

/* How far two words are apart: insertions, deletions, changes, swaps of neighbours. */
int text_distance(const char *a, const char *b);

#endif
