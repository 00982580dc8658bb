/*
 * cutover.h - handing over: what was asked for, how far it is, what was changed on the source.
 *
 * `pghaul cutover` asks by a row, a worker of the run does it and notes each step, and both who
 * asked and a run that is resumed read here how it went. The step that nobody can take back
 * is durable before it is made.
 */
#ifndef PGHAUL_CATALOG_CUTOVER_H
#define PGHAUL_CATALOG_CUTOVER_H

#include "base/lsn.h"
#include "store/db.h"

enum cutover_kind {
    CUTOVER_REAL,
    CUTOVER_REHEARSAL, /* all but the hand-over; then the source takes writes again */
    CUTOVER_DRY_RUN,   /* nothing is changed */
};

/* How the source is kept from taking writes. In the order of --freeze. */
enum freeze_mode {
    FREEZE_AUTO,     /* readonly, and at last nobody can connect, where that can be had */
    FREEZE_READONLY, /* sessions are ended, new ones may only read */
    FREEZE_LOCK,     /* tables are locked, sessions wait; readonly at the hand-over */
    FREEZE_NONE,     /* the user has seen to it */
};

enum { CUTOVER_COMMAND = 1024 };

struct cutover {
    int64_t id;
    enum cutover_kind kind;
    char state[16]; /* asked, running, given up, rehearsed, handed over, done */
    enum freeze_mode freeze;
    int64_t max_downtime_ms;
    bool verify;
    bool leave_open;                      /* the source is to take writes afterwards */
    bool reverse;                         /* a way back is prepared before, and gone afterwards */
    char command[CUTOVER_COMMAND];        /* of --on-cutover; "": none */
    char before_command[CUTOVER_COMMAND]; /* of --before-freeze; "": none */
    bool cancelled;
    lsn_t end; /* what committed before it came over; 0: not handed over */
    /* 0: not yet */
    int64_t asked_us, frozen_us, ready_us, ended_us;
    struct fault fault; /* why it was given up; id 0: it was not */
};

const char *cutover_kind_word(enum cutover_kind kind);

/* Asks for what `wish` says (kind, freeze, max_downtime_ms, verify, leave_open, reverse, commands).
 * FAULT_CUTOVER_BUSY while another one is under way. */
bool cutover_ask(struct db *db, const struct cutover *wish, int64_t *ret_id, struct fault *why);

/* The one that is under way or asked for, the last one, the one that nobody does yet, the one that
 * was handed over; 0: none. */
bool cutover_open(struct db *db, int64_t *ret_id, struct fault *why);
bool cutover_last(struct db *db, int64_t *ret_id, struct fault *why);
bool cutover_asked(struct db *db, int64_t *ret_id, struct fault *why);
bool cutover_handed_over(struct db *db, int64_t *ret_id, struct fault *why);

/* How long the last rehearsal kept the source frozen; 0: there was none. */
bool cutover_last_downtime(struct db *db, int64_t *ret_us, struct fault *why);

/* FAULT_CATALOG when there is none. */
bool cutover_get(struct db *db, int64_t id, struct cutover *ret_cutover, struct fault *why);

bool cutover_begin(struct db *db, int64_t id, struct fault *why);
bool cutover_frozen(struct db *db, int64_t id, struct fault *why);
bool cutover_ready(struct db *db, int64_t id, struct fault *why);

/* Who asked wants it no more. Does nothing after the hand-over. Is one under way that is not wanted
 * any more? */
bool cutover_cancel(struct db *db, int64_t id, struct fault *why);
bool cutover_cancelled(struct db *db, bool *ret_cancelled, struct fault *why);

/* Durable when it returns true: from here on there is only forwards. The run ends at `end`. */
bool cutover_hand_over(struct db *db, int64_t id, lsn_t end, struct fault *why);

/* state: given up, rehearsed, done. `fault` may be NULL. */
bool cutover_end(struct db *db, int64_t id, const char *state, const struct fault *fault,
                 struct fault *why);

/* Another command for one that was handed over. */
bool cutover_set_command(struct db *db, int64_t id, const char *command, struct fault *why);

bool cutover_step_begin(struct db *db, int64_t id, const char *step, struct fault *why);
bool cutover_step_end(struct db *db, int64_t id, const char *step, const char *note,
                      struct fault *why);

struct cutover_step {
    int64_t id;
    const char *step;
    int64_t begun_us, ended_us; /* ended_us 0: not yet */
    const char *note;
};
bool cutover_steps(struct db *db, int64_t id,
                   bool (*each)(void *arg, const struct cutover_step *step, struct fault *why),
                   void *arg, struct fault *why);

/* What the source was before it is changed: durable when it returns true. What is noted already
 * stays as it is. `value` NULL: it was not set. */
bool frozen_add(struct db *db, const char *kind, const char *name, const char *value,
                struct fault *why);
bool frozen_any(struct db *db, bool *ret_any, struct fault *why);
bool frozen_list(struct db *db,
                 bool (*each)(void *arg, const char *kind, const char *name, const char *value,
                              struct fault *why),
                 void *arg, struct fault *why);
bool frozen_forget(struct db *db, struct fault *why);
bool frozen_forget_kind(struct db *db, const char *kind, struct fault *why);

#endif
