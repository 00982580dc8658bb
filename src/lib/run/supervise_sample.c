/*
 * supervise_sample.c - notes in the catalog how much is done, once a second.
 *
 * Only from the copy on: before, the plan may have the catalog's write lock for long.
 */
#include "run/supervisor.h"

#include "base/clock.h"
#include "catalog/position.h"
#include "catalog/pulse.h"

static bool add_position(struct supervisor *s, struct sample *sample, struct fault *why)
{
    bool found;
    struct position now;
    if (!s->what->settings->follow)
        return true;
    if (!position_get(s->what->db, &now, &found, why) || !found)
        return false;
    if (now.received != 0 && position_behind(&now) == 0)
        s->caught_up_us = sample->at_us;
    sample->transactions = now.transactions;
    sample->inserts = now.inserts;
    sample->updates = now.updates;
    sample->deletes = now.deletes;
    sample->received = now.received;
    sample->applied = now.applied;
    sample->caught_up_us = s->caught_up_us;
    return true;
}

void supervisor_sample(struct supervisor *s)
{
    struct fault why;
    struct sample sample = {.at_us = clock_utc_us()};
    /* Who looks at the run then sees no rates; the run itself does not need them. */
    if (progress_now(s->progress, &sample.bytes, &sample.rows) &&
        (!add_position(s, &sample, &why) || !sample_put(s->what->db, &sample, &why)))
        log_debug("cannot note how much is done: %s", why.text);
}
