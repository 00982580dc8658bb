/*
 * spawn.h - the one place that forks.
 *
 * A child gets a clean signal state, its own process group (so that ^C reaches
 * the supervisor only), and SIGTERM when its parent dies. Everything is
 * close-on-exec but what the caller names. Secrets of ours in the environment
 * (PGHAUL_METRICS_TOKEN, PGHAUL_NOTIFY) go only to whom the caller gives them.
 */
#ifndef PGHAUL_PROC_SPAWN_H
#define PGHAUL_PROC_SPAWN_H

#include "base/fault.h"

#include <sys/types.h>

struct spawn {
    const char *program;     /* path; no search in PATH */
    const char *const *args; /* NULL-terminated, args[0] is the name */
    const char *const *env;  /* "NAME=value" to add or replace, NULL-terminated; may be NULL */
    int in, out, error;      /* descriptors for 0, 1, 2; -1 for /dev/null, -2 to inherit */
    const int *keep;         /* descriptors that stay open, ended by -1; may be NULL */
};

struct child {
    pid_t pid; /* 0: none */
    int pidfd; /* readable, or hung up, when the child has ended */
};

#define CHILD_NONE \
    {              \
        0, -1      \
    }

/* This very program, also when its file has been replaced meanwhile. */
const char *own_program(void);

/* Starts the program. A program that cannot be executed is reported here. */
bool spawn(const struct spawn *what, struct child *ret_child, struct fault *why);

/* Reaps a child that has ended (waits for it otherwise). *ret_status is as from
 * waitpid. The child struct is empty afterwards. */
bool child_reap(struct child *child, int *ret_status, struct fault *why);

/* Sends a signal to the child and its process group. */
void child_signal(const struct child *child, int number);

/* For scoped(): kills and reaps a child that is still there. */
void drop_child(struct child *child);

/* Any process. One that has died, but whose parent has not looked yet, is not alive. */
bool process_is_alive(pid_t pid);

/* "exited with status 1", "was killed by signal 9 (Killed)". Returns `to`. */
const char *status_text(char *to, size_t size, int status);

#endif
