/*
 * line_diff.h - two texts, and by which lines they differ.
 */
#ifndef PGHAUL_BASE_LINE_DIFF_H
#define PGHAUL_BASE_LINE_DIFF_H

#include "base/strbuf.h"

/* Adds the lines that only the first ("- ") or the second text ("+ ") has, each with `indent`
 * before it; lines that both have in the same order are left out. Of texts that have more than a
 * few thousand lines of difference, all of these are added. */
void line_diff_add(struct strbuf *to, const char *indent, const char *a, size_t a_length,
                   const char *b, size_t b_length);

#endif
