/*
 * cmd_pause.c - a run waits, and goes on again: pghaul pause, pghaul resume.
 */
#include "commands.h"
#include "steer.h"

#include "base/log.h"
#include "base/scoped.h"

static bool pause_in_write(struct db *db, void *arg, struct fault *why)
{
    return steering_pause(db, *(const bool *)arg, why);
}

static bool set_paused(struct steer *steer, bool paused, struct fault *why)
{
    bool taken = true;
    if (!steer_change(steer, pause_in_write, &paused, why) ||
        (steer->running && !steer_await(steer, &taken, why)))
        return false;
    if (!taken)
        log_warning("run \"%s\" is busy with its catalog: it %s as soon as it can", steer->run.name,
                    paused ? "pauses" : "goes on");
    else if (paused)
        log_info("run \"%s\" is paused", steer->run.name);
    else if (steer->running)
        log_info("run \"%s\" goes on", steer->run.name);
    else
        log_info("run \"%s\" is not paused any more: pghaul clone --resume goes on with it",
                 steer->run.name);
    return true;
}

bool cmd_pause(struct options *options, struct fault *why)
{
    scoped(drop_steer) struct steer steer = {.db = NULL};
    return set_up_log(options, "pause", why) && steer_open(&steer, options, DB_EXISTING, why) &&
           steer_check_running(&steer, why) && set_paused(&steer, true, why);
}

bool cmd_resume(struct options *options, struct fault *why)
{
    scoped(drop_steer) struct steer steer = {.db = NULL};
    struct steering steering;
    if (!set_up_log(options, "resume", why) || !steer_open(&steer, options, DB_EXISTING, why) ||
        !steering_get(steer.db, &steering, why))
        return false;
    /* One that was killed on the way may have left some of several paused. */
    if (steering.paused || (steer.running && steer.members.count > 0))
        return set_paused(&steer, false, why);
    if (!steer_check_running(&steer, why))
        return fault_hint(why, "It is not paused: pghaul clone --resume goes on with it.");
    log_info("run \"%s\" is not paused", steer.run.name);
    return true;
}
