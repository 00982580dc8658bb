/*
 * marks.h - whether the definitions of a database have changed.
 *
 * Each catalog has a mark, which is another one as soon as a row of it is: for what is published
 * nowhere, like a function.
 */
#ifndef PGHAUL_PLAN_MARKS_H
#define PGHAUL_PLAN_MARKS_H

#include "base/strbuf.h"
#include "pg/conn.h"

/* Adds a line for each catalog. In a transaction the locks on these last to its end. */
bool marks_read(struct conn *conn, struct strbuf *marks, struct fault *why);

/* Adds the names of those that differ, with commas: "functions, rules". */
void marks_add_differences(struct strbuf *to, const char *before, const char *after);

#endif
