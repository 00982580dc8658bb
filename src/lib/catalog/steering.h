/*
 * steering.h - what the user changes of a run while it goes on: it is paused, and settings.
 *
 * Each change has a number. The supervisor looks for a new one and says how far it has taken them,
 * so that who has made it can tell. What stands here holds for a run that is resumed, too.
 */
#ifndef PGHAUL_CATALOG_STEERING_H
#define PGHAUL_CATALOG_STEERING_H

#include "store/db.h"

/* Zeroed when nothing was ever changed. */
struct steering {
    int64_t version;
    int64_t taken;
    bool paused;
    int64_t paused_us; /* since when, 1970; 0: it is not */
};

bool steering_get(struct db *db, struct steering *ret_steering, struct fault *why);

/* These count on. The second one is for settings, in the transaction that changes them. */
bool steering_pause(struct db *db, bool paused, struct fault *why);
bool steering_changed(struct db *db, struct fault *why);

/* By the supervisor. */
bool steering_taken(struct db *db, int64_t version, struct fault *why);

#endif
