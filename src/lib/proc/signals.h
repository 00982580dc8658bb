/*
 * signals.h - the signals that a process which leads others takes, as events of its loop.
 */
#ifndef PGHAUL_PROC_SIGNALS_H
#define PGHAUL_PROC_SIGNALS_H

#include "base/fault.h"

#include <signal.h>

/* Blocks SIGTERM, SIGINT, SIGHUP, SIGUSR1 and SIGWINCH; *ret_fd is readable when one of them has
 * come. */
bool signals_open(int *ret_fd, struct fault *why);

/* The next one; 0: none. */
int signals_take(int fd);

#endif
