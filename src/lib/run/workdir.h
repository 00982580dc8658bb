/*
 * workdir.h - the directory in which a run lives, and its lock.
 */
#ifndef PGHAUL_RUN_WORKDIR_H
#define PGHAUL_RUN_WORKDIR_H

#include "base/fault.h"

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

struct workdir {
    char path[PATH_MAX];
    int lock; /* held while open; workers inherit it, so it is free when the last one is gone */
};

/* ${XDG_STATE_HOME:-~/.local/state}/pghaul, which holds a directory for each run. */
bool workdir_state_home(char *to, size_t size, struct fault *why);

/* The directory of the run of this name. */
bool workdir_default(char *to, size_t size, const char *name, struct fault *why);

/* Makes the directory (0700) and what belongs into it. FAULT_DIR_UNUSABLE. */
bool workdir_make(const char *path, struct fault *why);

/* Takes the lock of this file name in the directory ("lock" for supervisors).
 * FAULT_DIR_BUSY when another process has it; waits for workers that a dead
 * supervisor has left. */
bool workdir_lock(struct workdir *dir, const char *path, const char *name, struct fault *why);

/* The same, but when another process has it, or workers of a dead one, *ret_locked is false; then
 * dir->lock is open all the same, and *ret_holder is who has locked it, 0: not known. */
bool workdir_try_lock(struct workdir *dir, const char *path, const char *name, bool *ret_locked,
                      pid_t *ret_holder, struct fault *why);

/* Does a supervisor or a worker hold the lock? */
bool workdir_is_locked(const char *path);

/* For scoped(). */
void drop_workdir(struct workdir *dir);

/* DIR/NAME. `to` has PATH_MAX bytes. */
void workdir_path(char *to, const char *dir, const char *name);

/* Removes the files in DIR/schema, but those that pghaul dump schema has written there. */
bool workdir_wipe_schema(const char *path, struct fault *why);

/* Removes the spool of a run before, or of an attempt that came to nothing. */
bool workdir_wipe_spool(const char *path, struct fault *why);

#endif
