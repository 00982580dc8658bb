/*
 * leash.h - how a process learns that it shall stop, wherever it is waiting.
 *
 * Every wait of ours is a poll() that includes the leash: SIGTERM and SIGINT by
 * a signalfd, and the control channel of a worker, whose end of file means that
 * the supervisor is gone. There are no signal handlers. What must not take longer than some time
 * sets a deadline, which pulls the leash as well.
 */
#ifndef PGHAUL_PROC_LEASH_H
#define PGHAUL_PROC_LEASH_H

#include "base/fault.h"

#include <poll.h>
#include <stdint.h>

enum leash_wish {
    LEASH_GO,     /* carry on */
    LEASH_FINISH, /* end after the item in hand */
    LEASH_NOW,    /* cancel what is going on and end */
};

struct leash {
    int channel; /* -1: none (a command, or a worker run by hand) */
    int signals;
    enum leash_wish wish;
    enum leash_wish asked; /* by others than the deadline */
    int64_t deadline_ms;   /* clock_ms: then the wish is LEASH_NOW; 0: none */
    bool late;             /* that was so */
    bool orphaned;         /* the supervisor is gone */
    bool paused;           /* nothing new is to be begun, and a copy is to read nothing */
    bool steered;          /* MSG_STEER came since this was last cleared: settings may be others */
    bool woken;            /* MSG_WAKE came since this was last cleared */
    unsigned lanes;        /* mask that came with the last MSG_WAKE: what the worker may do */
};

/* Blocks SIGTERM, SIGINT and SIGHUP (unless it is ignored) and takes them by a signalfd; blocks
 * SIGPIPE and SIGXFSZ as well. */
bool leash_open(struct leash *leash, int channel, struct fault *why);

/* For scoped(). */
void drop_leash(struct leash *leash);

/* One that nobody pulls, for what must be done in any case. It owns nothing. */
#define LEASH_DEAF                   \
    {                                \
        .channel = -1, .signals = -1 \
    }

/* From now on `ms` are left; or as long as it takes, and what the deadline has pulled is undone. */
void leash_set_deadline(struct leash *leash, int64_t ms);
void leash_end_deadline(struct leash *leash);

/* Waits until one of the caller's descriptors is ready, the leash was pulled, or
 * `timeout_ms` (-1: none) is over. The caller's revents are filled (zeroed when the
 * time is over). False only when poll itself fails. */
bool leash_poll(struct leash *leash, struct pollfd *fds, int count, int timeout_ms,
                struct fault *why);

/* Looks without waiting. */
bool leash_look(struct leash *leash, struct fault *why);

/* Fills FAULT_STOPPED, FAULT_ORPHANED or FAULT_LATE. Returns false. */
bool leash_fault(const struct leash *leash, struct fault *why);

#endif
