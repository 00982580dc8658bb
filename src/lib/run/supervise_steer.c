/*
 * supervise_steer.c - what the user changes while the run goes on: it is paused, and settings.
 */
#include "run/supervisor.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "catalog/steering.h"

enum { LOOK_MS = 250 };

static void set_paused(struct supervisor *s, bool paused)
{
    bool before = s->crew->paused;
    s->crew->paused = paused;
    progress_pause(s->progress, paused);
    if (paused && !before)
        log_info("the run is paused, until pghaul resume --dir %s", s->what->dir->path);
    else if (before && !paused)
        log_info("the run goes on");
}

/* More workers are started by the next look at the staff; who is too many ends. */
static void fit_crew(struct supervisor *s)
{
    int copiers = (int)s->what->settings->table_jobs, builders = (int)s->what->settings->index_jobs;
    s->decided = PHASE_NEW;
    crew_end_beyond(s->crew, ROLE_COPY, copiers, copiers);
    /* Those who create tables are as many as there are scripts. */
    if (s->phase > PHASE_SCHEMA)
        crew_end_beyond(s->crew, ROLE_BUILD, builders, builders);
}

static bool take(struct supervisor *s, const struct steering *steering, struct fault *why)
{
    if (!s->what->renew(s->what->renew_arg, why))
        return false;
    throttle_set(&s->throttle, s->what->settings->max_rate);
    set_paused(s, steering->paused);
    fit_crew(s);
    crew_steer(s->crew);
    supervisor_wake(s, ~0U);
    FAILPOINT("steering.taken", why);
    s->steered = steering->version;
    return steering_taken(s->what->db, steering->version, why);
}

bool supervisor_steer(struct supervisor *s, struct fault *why)
{
    struct steering steering;
    int64_t now = clock_ms();
    if (now < s->steer_ms || s->stopping != NOT_STOPPING)
        return true;
    s->steer_ms = now + LOOK_MS;
    return steering_get(s->what->db, &steering, why) &&
           (steering.version == s->steered || take(s, &steering, why));
}

bool supervisor_steer_begin(struct supervisor *s, struct fault *why)
{
    struct steering steering;
    if (!throttle_open(&s->throttle, s->what->rate_file, why) ||
        !steering_get(s->what->db, &steering, why))
        return false;
    throttle_set(&s->throttle, s->what->settings->max_rate);
    set_paused(s, steering.paused);
    s->steered = steering.version;
    return steering.version == steering.taken || steering_taken(s->what->db, steering.version, why);
}
