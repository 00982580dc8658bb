/*
 * cleanup.h - removing what a run has left: on the source, on the target, in its directory.
 *
 * The catalog names all of it before it was made, and forgets it when all is gone. So this may be
 * killed anywhere and be begun again; what is not there any more is said.
 */
#ifndef PGHAUL_BIN_CLEANUP_H
#define PGHAUL_BIN_CLEANUP_H

#include "book.h"
#include "catalog/position.h"
#include "catalog/run.h"
#include "pg/conn.h"
#include "pg/conninfo.h"
#include "proc/leash.h"
#include "run/workdir.h"

enum { CLEANUP_LOCKS = 3 }; /* the first is the supervisor's */

struct cleanup {
    struct options *options;
    const char *who; /* application_name */
    char path[PATH_MAX];
    struct workdir dirs[CLEANUP_LOCKS];
    struct conninfo source_info;
    struct conninfo target_info;
    struct db *db;
    struct run run;
    struct position position;
    bool follows;
    struct position_made made;
    struct leash leash;
    char source_id[160]; /* who is connected */
    struct conn *source; /* NULL: the run has none */
    struct conn *target;
};

struct cleanup cleanup_new(struct options *options);

/* For scoped(). */
void drop_cleanup(struct cleanup *c);

/* Opens the catalog in c->path, and reads the run. FAULT_DIR_NO_RUN. */
bool cleanup_find(struct cleanup *c, struct fault *why);

/* Takes the locks that are not held yet, then reads what there is to remove. */
bool cleanup_lock(struct cleanup *c, struct fault *why);

/* Connects a side, which must be that of the run; conninfos and leash are the caller's to open.
 * After a failure, cleanup_by_hand() adds what the user may do, and returns false. */
bool cleanup_connect_source(struct cleanup *c, struct fault *why);
bool cleanup_connect_target(struct cleanup *c, struct fault *why);
bool cleanup_by_hand(const struct cleanup *c, struct fault *why);

/* What was not applied is lost with the slot: FAULT_NOT_ENDED, unless --force. FAULT_NOT_FOLLOWING
 * when there was never anything to remove. */
bool cleanup_check_ended(struct cleanup *c, struct fault *why);

/* All of it for each of several databases, when the run in c->path is one over these; else
 * *ret_several is false, and nothing is done (cleanup_several.c). */
bool cleanup_several(struct cleanup *c, bool *ret_several, struct fault *why);

/* Removes all of it, or shows it (--dry-run). Nothing is done while somebody reads from the slot:
 * FAULT_SLOT_ACTIVE. */
bool cleanup_all(struct cleanup *c, struct fault *why);

#endif
