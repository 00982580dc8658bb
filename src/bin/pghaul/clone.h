/*
 * clone.h - a run in its work directory, before it is begun: of one database, or of several.
 */
#ifndef PGHAUL_BIN_CLONE_H
#define PGHAUL_BIN_CLONE_H

#include "asides.h"
#include "book.h"
#include "catalog/members.h"
#include "catalog/run.h"
#include "pg/conninfo.h"
#include "proc/leash.h"
#include "run/workdir.h"

struct conn;

struct clone {
    struct options *options;
    struct conninfo source;
    struct conninfo target;
    struct workdir dir;
    struct db *db;
    struct run run; /* the one found in the directory */
    bool found;
    struct members members;       /* of a run over several databases */
    const struct restore *script; /* is restored; NULL: the source is copied */
    struct asides asides;
    char rate_file[PATH_MAX]; /* of the throttle, which all processes of the run share */
};

#define CLONE_NONE                                 \
    {                                              \
        .dir = {.lock = -1}, .asides = ASIDES_NONE \
    }

/* Frees, and unlocks the directory. For scoped(). */
void drop_clone(struct clone *clone);

/* Makes and locks the directory, opens its catalog, and looks for a run there. */
bool clone_open(struct clone *clone, const char *path, struct fault *why);

/* Writes a new run with all that belongs to it, in place of the one that was found. With members,
 * it is one over several databases. */
bool clone_create(struct clone *clone, struct fault *why);

/* Of a run that was begun and has failed before anything noted it: else who looks at its catalog
 * would take it for one that was killed. */
void clone_note_end(struct clone *clone, const struct fault *why);

/* Where a run that goes on is to end may be another place now: --endpos. */
bool clone_change_end(struct clone *clone, struct fault *why);

/* Makes and locks the directory, and opens what is in it, the log included (cmd_clone.c). */
bool clone_enter(struct clone *clone, const char *path, struct fault *why);

/* Works until all is done, then says what came of it (cmd_clone.c). */
bool clone_run(struct clone *clone, struct fault *why);

/* After the end of a run whose way back is open: goes that way, in its place. *ret_gone: it was,
 * and the run's directory is let go of (cmd_reverse.c). */
bool back_go_on(struct clone *clone, bool *ret_gone, struct fault *why);

/* A new run, or the one that was found as the options say: --resume, --restart. */
bool clone_begin(struct clone *clone, struct fault *why);

/* The snapshot of another session that --snapshot names. */
bool clone_snapshot_given(const struct options *options, struct snapshot *ret_snapshot,
                          struct fault *why);

/* The one that a `pghaul snapshot` holds for this directory, if it lives. */
bool clone_snapshot_held(struct db *db, struct snapshot *ret_snapshot, bool *ret_held,
                         struct fault *why);

/* --create: makes the target's database if it is not there. Its owner may be one of the roles that
 * this run brings. */
bool clone_make_database(struct clone *clone, const char *name, struct leash *leash,
                         struct fault *why);

/* A connection to any database of a server: the one that is named, postgres, or template1. */
bool clone_connect_any(const struct conninfo *info, const struct options *options,
                       struct leash *leash, struct conn **ret_conn, struct fault *why);

/* What a run over several databases is called, when the user does not. */
#define SEVERAL_NAME "databases"

/* Is one asked for? */
bool several_wanted(const struct options *options);

/* Chooses the databases of a new run: fills clone->members. */
bool several_choose(struct clone *clone, struct fault *why);

/* Can that many follow, as far as servers and this machine can be asked? Of what may go well all
 * the same it warns (several_room.c). */
bool several_check_room(const struct clone *clone, struct conn *source, struct fault *why);

/* Tells what databases of the run before have left on the source, where this one will not follow
 * them: what is known of it stays in their directories (cleanup_several.c). */
bool several_warn_of_left(const struct clone *clone, const struct members *before,
                          struct fault *why);

/* Begins, or goes on with, all that is not done, and waits for it. */
bool several_run(struct clone *clone, struct fault *why);

#endif
