/*
 * supervise_sample.c - notes in the catalog how much is done, once a second.
 *
 * Others may have the catalog's write lock for long, while they ask a server: then there is none.
 */
#include "run/supervisor.h"

#include "base/clock.h"
#include "catalog/position.h"
#include "catalog/pulse.h"

/* All that was received is no news of a source that is away: its guard must have heard of it. */
static bool is_caught_up(struct supervisor *s, const struct position *now, int64_t at_us,
                         bool *ret_is, struct fault *why)
{
    struct source_seen seen;
    if (!source_seen_get(s->what->db, &seen, why))
        return false;
    *ret_is = now->received != 0 && position_behind(now) == 0 && at_us - seen.at_us < NEWS_US;
    return true;
}

static bool add_position(struct supervisor *s, struct sample *sample, struct fault *why)
{
    bool found, caught_up;
    struct position now;
    if (!s->what->settings->follow)
        return true;
    if (!position_get(s->what->db, &now, &found, why) || !found ||
        !is_caught_up(s, &now, sample->at_us, &caught_up, why))
        return false;
    if (caught_up)
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
    if (!progress_now(s->progress, &sample.bytes, &sample.rows))
        return;
    db_set_impatient(s->what->db, true);
    if (!add_position(s, &sample, &why) || !sample_put(s->what->db, &sample, &why))
        log_debug("cannot note how much is done: %s", why.text);
    db_set_impatient(s->what->db, false);
}
