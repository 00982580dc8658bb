/*
 * launch.h - starts this very program again, as a process that takes its orders by a channel.
 */
#ifndef PGHAUL_RUN_LAUNCH_H
#define PGHAUL_RUN_LAUNCH_H

#include "proc/spawn.h"

enum { LAUNCH_ARGUMENTS = 16 };

struct launch {
    const char *args[LAUNCH_ARGUMENTS]; /* behind the program's name, ended by NULL */
    const char *source; /* connection strings: the first message, so that they are */
    const char *target; /* in no argument, variable or file */
    int lock;           /* descriptor of a lock that the process inherits */
};

/* "--channel N" is added to the arguments. Our end of the channel is *ret_channel. */
bool launch(const struct launch *what, struct child *ret_child, int *ret_channel,
            struct fault *why);

#endif
