/*
 * supervisor.h - what the files of the supervisor share: its state, and how it fails, staffs its
 * crew and takes the end of a worker. Private to run/supervise*.c.
 */
#ifndef PGHAUL_RUN_SUPERVISOR_H
#define PGHAUL_RUN_SUPERVISOR_H

#include "proc/throttle.h"
#include "run/crew.h"
#include "run/phases.h"
#include "run/progress.h"
#include "run/staff.h"
#include "run/supervise.h"

enum stopping { NOT_STOPPING, STOPPING_SOON, STOPPING_NOW };

struct supervisor {
    struct supervise *what;
    struct crew *crew;
    struct progress *progress;
    int signals;
    enum phase phase;
    bool snapshot_known;
    bool resumed;       /* what a dead run has left is put in order */
    bool planned;       /* the plan of a resumed run was complete */
    bool received;      /* all that is to be followed is in the spool */
    bool data_open;     /* there are items that need the snapshot */
    bool lost;          /* the snapshot: the run begins again with a new one when all have ended */
    enum phase decided; /* the stage for which these are decided, and need not be anew: */
    enum phase stage;   /* … were decided last */
    struct staff staff;
    enum stopping stopping;
    struct fault fault; /* why the run fails; id 0: it does not */
    int64_t began_ms;
    int64_t caught_up_us; /* when all that was received was applied last, as far as was seen */
    int64_t tick_ms;      /* next one */
    int64_t steer_ms;     /* when it is looked next what the user has changed */
    int64_t steered;      /* number of the last change that was taken */
    struct throttle throttle;
};

/* Opens the throttle, and takes what the user has changed before. */
bool supervisor_steer_begin(struct supervisor *s, struct fault *why);

/* Takes what the user has changed since, when it is time to look. */
bool supervisor_steer(struct supervisor *s, struct fault *why);

/* The run fails, for what a worker in this role (ROLES: we ourselves) has met: everybody is ended
 * at once. The first cause is the one that is told. */
void supervisor_fail(struct supervisor *s, enum role role, const struct fault *why);

/* Somebody asked for the end: at first after the items in hand, the second time at once. */
void supervisor_stop(struct supervisor *s);

/* The process in this place has ended with this status and all it had to say has been read:
 * replaced, not needed any more, or the end of the run. */
bool supervisor_worker_ended(struct supervisor *s, struct place *place, int status,
                             struct fault *why);

/* Of a run that follows: is there more to receive? */
bool supervisor_look(struct supervisor *s, struct fault *why);

/* Notes how much is done by now, for who looks at the run. */
void supervisor_sample(struct supervisor *s);

/* Fills the places that the phase needs, and ends those that it needs no more. */
bool supervisor_staff(struct supervisor *s, struct fault *why);

/* The lanes that a role may claim from now: its own, and in a small run others. */
unsigned supervisor_lanes(const struct supervisor *s, enum role role);

/* Wakes those who can claim from one of the lanes. */
void supervisor_wake(struct supervisor *s, unsigned lanes);

#endif
