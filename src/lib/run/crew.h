/*
 * crew.h - the worker processes of a run, as the supervisor sees them.
 *
 * A place in the crew belongs to one role and number and is filled by one process
 * at a time. A process that dies, or ends with a fault that may heal, is replaced
 * after a while (back-off with jitter), unless it fails for too long or too often.
 */
#ifndef PGHAUL_RUN_CREW_H
#define PGHAUL_RUN_CREW_H

#include "proc/channel.h"
#include "proc/spawn.h"
#include "run/budget.h"
#include "run/worker.h"

enum place_state {
    PLACE_EMPTY,    /* may be filled → STARTING */
    PLACE_STARTING, /* spawned → BUSY at MSG_READY, or ended: EMPTY, WAITING, CLOSED */
    PLACE_BUSY,     /* → IDLE at MSG_IDLE, or ended */
    PLACE_IDLE,     /* → BUSY when woken, or ended */
    PLACE_WAITING,  /* to be filled again at `deadline` → STARTING */
    PLACE_CLOSED,   /* never to be filled again */
};

struct place {
    enum role role;
    int number;
    enum place_state state;
    struct child child;
    int channel;
    int share; /* of the budget: for budget_give() */
    bool told_to_end;
    int64_t started_ms;
    int64_t deadline;      /* clock_ms: WAITING: fill again; told_to_end: kill; 0: none */
    int failures;          /* in a row, */
    int crashes;           /* … and how many of these had nothing to say */
    int64_t failing_since; /* clock_ms of the first of them */
    struct fault fault;    /* what the process said before it ended; id 0: nothing */
    int64_t moved;         /* latest MSG_MOVED, 0: none since it was written down */
    int64_t moved_work;
};

enum { CREW_MOST = 2 * 128 + 8 };

struct crew {
    struct place places[CREW_MOST];
    int count;
    const char *dir;
    const char *source;
    const char *target;
    int lock;              /* descriptor of the directory's lock, which workers inherit */
    struct budget *budget; /* shared with other runs; NULL: not */
    bool paused;           /* nobody is to begin anything */
    const char *rate;      /* file of the throttle, for the workers; NULL: none */
    bool short_of;         /* a place could not be filled: the budget is used up */
};

/* The place of a role and number, made if need be. */
struct place *crew_place(struct crew *crew, enum role role, int number);

/* Starts the process of an empty place, if the budget has a share left for it. */
bool crew_fill(struct crew *crew, struct place *place, struct fault *why);

/* The same for every empty place among the first ones of a role. */
bool crew_fill_up_to(struct crew *crew, enum role role, int wanted, struct fault *why);

/* Tells a process something; one that cannot be told is about to be found dead. */
void place_tell(struct place *place, enum message_type type);

/* Wakes a process: it may claim from these lanes (a mask) now. */
void place_wake(struct place *place, unsigned lanes);

/* Wakes the idle ones of a role. */
void crew_wake(struct crew *crew, enum role role, unsigned lanes);

/* Asks all of a role (ROLES: of every role but the snapshot's) to end, now or after the
 * item in hand. */
void crew_end(struct crew *crew, enum role role, bool now);

/* Ends, after the items in hand, those of a role whose number is beyond `most`, or whose share of
 * the budget is beyond so many. */
void crew_end_beyond(struct crew *crew, enum role role, int most, int shares);

/* Tells everybody that settings may be others now, and whether the run is paused. */
void crew_steer(struct crew *crew);

/* Is a process there? */
bool place_filled(const struct place *place);
int crew_filled(const struct crew *crew, enum role role); /* ROLES: all */

/* Its process has ended. */
void place_ended(struct crew *crew, struct place *place);

/* It is filled after a while only. */
void place_wait(struct place *place, int64_t delay_ms);

/* Notes a failure. False when the place has failed for too long or too often to be
 * filled again; else it is WAITING. */
bool place_failed(struct place *place, int64_t retry_for_ms);

/* Kills and reaps whoever is left. For scoped(). */
void drop_crew(struct crew **crew);

#endif
