/*
 * back.h - the way back of a run that follows: the same engine from its target to its source, in
 * the work directory DIR/back.
 *
 * It is prepared while the run still follows: publication, slot and plan are made on the target,
 * whose only writer is the run itself. What the run writes there from then on is in the slot's
 * stream, and is dropped when it comes back (cdc/mirrored.h). Nothing of it is written to the run's
 * source before it is open.
 *
 *     prepare ── cutover gives up ── undo
 *        └────── the target is handed over ── open ── pghaul follows it, in the run's place
 */
#ifndef PGHAUL_RUN_BACK_H
#define PGHAUL_RUN_BACK_H

#include "catalog/run.h"
#include "catalog/settings.h"
#include "pg/conninfo.h"
#include "proc/leash.h"

/* The run that is turned back; all is borrowed. */
struct back {
    const char *dir; /* its work directory, absolute */
    struct db *db;   /* its catalog */
    const struct settings *settings;
    const struct conninfo *source;
    const struct conninfo *target;
    struct leash *leash;
};

enum back_state {
    BACK_NONE,
    BACK_BEGUN,    /* preparing it has begun, and was killed or has failed */
    BACK_PREPARED, /* its slot is there; it may be undone, or opened */
    BACK_OPEN,     /* the target was handed over: it goes on until it is told to end */
    BACK_OVER,     /* it was cleaned up, or that was begun */
};

/* "begun", "prepared", "open", "over"; NULL for BACK_NONE. */
const char *back_state_word(enum back_state state);

/* DIR/back. `to` has PATH_MAX bytes. */
void back_path(char *to, const char *dir);

/* What of it is in DIR/back. Needs no connection and no lock. */
bool back_look(const char *dir, enum back_state *ret_state, struct fault *why);

/* Makes it. Does nothing when it is prepared or open and its slot is there; what an attempt before,
 * or one that is over, has left is dropped first. FAULT_BACK_OTHER when that of a run before this
 * one is open. Waits for all transactions that write on the target's server when the
 * slot is made, up to settings->slot_timeout_ms, and takes no lock on its tables that keeps others
 * from writing. What cannot be followed back is told by name: what `pghaul clone --follow` would
 * say of the sides the other way round, FAULT_BACK_LACKS, FAULT_BACK_UNMARKED,
 * FAULT_COPY_UNFINISHED. After a failure nothing is left on the target, as far as it could be
 * reached: else back_undo() sees to that later. */
bool back_prepare(const struct back *back, struct fault *why);

/* Drops slot and publication on the target, then the directory; of one that is over what may be
 * left of it. Does nothing when there is none. FAULT_BACK_OPEN. May be done again after any
 * failure. */
bool back_undo(const struct back *back, struct fault *why);

/* To be called when the hand-over is durable, before anybody else may write to the target. Durable
 * when it returns true; may be done again. FAULT_BACK_CLOSED when it is not prepared,
 * FAULT_CLEANED_UP when it is over. */
bool back_open(const char *dir, struct fault *why);

/* Drops the run's own slot and publication on its source, once it has ended, so that no WAL piles
 * up there for it; it cannot follow any more. May be done again. */
bool back_release(const struct back *back, struct fault *why);

#endif
