/*
 * asides.h - processes beside a run, which only look at its catalog: nothing of the run waits for
 * them, and their end is not its end. One that dies is started again.
 */
#ifndef PGHAUL_BIN_ASIDES_H
#define PGHAUL_BIN_ASIDES_H

#include "book.h"
#include "proc/spawn.h"

enum aside { ASIDE_SERVE, ASIDE_NOTIFY, ASIDES };

struct asides {
    const struct options *options;
    const char *dir;     /* of the run; NULL: they were not started */
    int socket;          /* of --metrics, listening; -1: none */
    struct strbuf token; /* NAME=VALUE */
    struct child children[ASIDES];
    int64_t next_ms[ASIDES]; /* before that, one that has died is not started again */
    bool again[ASIDES];      /* it has died before */
};

#define ASIDES_NONE                                                   \
    {                                                                 \
        .socket = -1, .children = { [0 ... ASIDES - 1] = CHILD_NONE } \
    }

/* Before the run begins: what is wrong with the options, or with the address, is found here. */
bool asides_open(struct asides *asides, const struct options *options, struct fault *why);

/* When the run has its directory. `dir` is borrowed until the end. */
bool asides_start(struct asides *asides, const char *dir, struct fault *why);

/* Starts again what has died meanwhile. Called once a second; `arg` is a struct asides. */
void asides_look(void *arg);

/* When the run is over. For scoped(). */
void drop_asides(struct asides *asides);

#endif
