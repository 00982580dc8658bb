/*
 * preview.h - the plan of a run that is not there: in memory, with nothing written anywhere.
 */
#ifndef PGHAUL_BIN_PREVIEW_H
#define PGHAUL_BIN_PREVIEW_H

#include "book.h"
#include "catalog/run.h"
#include "pg/conn.h"
#include "plan/planning.h"

struct preview {
    struct leash leash;
    struct conninfo source_info;
    struct conninfo target_info;
    struct conn *source;
    struct conn *target; /* NULL: none was given; then its version is the source's */
    struct db *db;
    struct planning planning;
    struct run run;
    bool compares;            /* both sides speak one encoding, and quote all names */
    bool exports;             /* the snapshot is for others as well: */
    struct snapshot snapshot; /* its id; one that is given is entered */
};
#define PREVIEW_NONE              \
    {                             \
        .leash = {.signals = -1 } \
    }

/* The same in two steps: reads the connection strings; connects and plans. With
 * preview->planning.refusals a target that cannot be reached is one of them, and all goes on
 * without it. */
bool preview_begin(struct preview *preview, const struct options *options, struct fault *why);
bool preview_plan(struct preview *preview, const struct options *options, const char *who,
                  struct fault *why);

/* Connects, plans, and checks both sides unless preview->planning.unchecked. The target's session
 * is read-only, the source's transaction is. `who` is the command's name. */
bool preview_make(struct preview *preview, const struct options *options, const char *who,
                  struct fault *why);

/* For scoped(). */
void drop_preview(struct preview *preview);

#endif
