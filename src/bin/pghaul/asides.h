/*
 * asides.h - processes beside a run, which only look at its catalog: nothing of the run waits for
 * them, and their end is not its end.
 */
#ifndef PGHAUL_BIN_ASIDES_H
#define PGHAUL_BIN_ASIDES_H

#include "book.h"
#include "proc/spawn.h"

struct asides {
    int socket;          /* of --metrics, listening; -1: none */
    struct strbuf token; /* NAME=VALUE */
    struct child serve;
    const struct options *options;
    struct child notify;
};

#define ASIDES_NONE                                             \
    {                                                           \
        .socket = -1, .serve = CHILD_NONE, .notify = CHILD_NONE \
    }

/* Before the run begins: what is wrong with the options, or with the address, is found here. */
bool asides_open(struct asides *asides, const struct options *options, struct fault *why);

/* When the run has its directory. */
bool asides_start(struct asides *asides, const char *dir, struct fault *why);

/* When the run is over. For scoped(). */
void drop_asides(struct asides *asides);

#endif
