/*
 * screen.h - a run on a full screen, redrawn in place, until q or ^C.
 */
#ifndef PGHAUL_SHOW_SCREEN_H
#define PGHAUL_SHOW_SCREEN_H

#include "base/strbuf.h"
#include "store/db.h"

#include <stdbool.h>

struct json_t;

/* A picture of a run that fits into so many columns and rows, with what moves the cursor and clears
 * what was there before; pure. Without `colour` there is no attribute in it. */
struct screen_size {
    int columns, rows;
    bool colour;
};
void screen_compose(struct strbuf *out, const struct json_t *status,
                    const struct screen_size *size);

/* One line: how far the run is, and what it waits for. */
void screen_add_line(struct strbuf *text, const struct json_t *status);

/* Shows the run in the catalog until the user ends it. Where standard output is no terminal that
 * can be drawn on, a line every few seconds until the run does not go on any more. */
bool screen_watch(struct db *db, const char *dir, struct fault *why);

#endif
