#include "run/crew.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/scoped.h"
#include "run/launch.h"

#include <inttypes.h>

enum {
    FIRST_DELAY_MS = 100,
    LONGEST_DELAY_MS = 15000,
    CRASHES_MOST = 6, /* in a row, whatever the time */
    KILL_AFTER_MS = 10000,
};

struct place *crew_place(struct crew *crew, enum role role, int number)
{
    for (int i = 0; i < crew->count; i++)
        if (crew->places[i].role == role && crew->places[i].number == number)
            return &crew->places[i];
    struct place *place = &crew->places[crew->count++];
    *place = (struct place){.role = role, .number = number, .child = CHILD_NONE, .channel = -1};
    return place;
}

bool place_filled(const struct place *place)
{
    return place->child.pid > 0;
}

int crew_filled(const struct crew *crew, enum role role)
{
    int filled = 0;
    for (int i = 0; i < crew->count; i++)
        if ((role == ROLES || crew->places[i].role == role) && place_filled(&crew->places[i]))
            filled++;
    return filled;
}

static void place_steer(struct place *place, bool paused)
{
    struct message message;
    struct fault ignored;
    message_begin(&message, MSG_STEER, 0);
    message.code = paused;
    channel_send(place->channel, &message, &ignored);
}

void crew_steer(struct crew *crew)
{
    for (int i = 0; i < crew->count; i++)
        if (crew->places[i].channel >= 0)
            place_steer(&crew->places[i], crew->paused);
}

static bool start(struct crew *crew, struct place *place, struct fault *why)
{
    char number[16];
    const char *role = role_entry(place->role)->name;
    snprintf(number, sizeof number, "%d", place->number);
    struct launch what = {
        .args = {"worker", role, "--number", number, "--dir", crew->dir,
                 crew->rate == NULL ? NULL : "--rate-file", crew->rate},
        .source = crew->source,
        .target = crew->target,
        .lock = crew->lock,
    };
    if (!launch(&what, &place->child, &place->channel, why))
        return fault_during(why, "starting worker %s %d", role, place->number);
    if (crew->paused)
        place_steer(place, true);
    place->state = PLACE_STARTING;
    place->started_ms = clock_ms();
    place->told_to_end = false;
    place->deadline = 0;
    place->fault.id = 0;
    log_debug("started worker %s %d, process %d", role, place->number, (int)place->child.pid);
    return true;
}

bool crew_fill(struct crew *crew, struct place *place, struct fault *why)
{
    if (!budget_take(crew->budget, place->role, &place->share, why))
        return false;
    crew->short_of = crew->short_of || place->share == 0;
    return place->share == 0 || start(crew, place, why);
}

void place_ended(struct crew *crew, struct place *place)
{
    drop_fd(&place->channel);
    budget_give(crew->budget, place->share);
    place->share = 0;
}

bool crew_fill_up_to(struct crew *crew, enum role role, int wanted, struct fault *why)
{
    for (int number = 1; number <= wanted; number++) {
        struct place *place = crew_place(crew, role, number);
        if (place->state == PLACE_EMPTY && !crew_fill(crew, place, why))
            return false;
    }
    return true;
}

void place_tell(struct place *place, enum message_type type)
{
    struct fault ignored;
    if (place->channel >= 0)
        channel_say(place->channel, type, 0, &ignored);
}

void place_wake(struct place *place, unsigned lanes)
{
    struct message message;
    struct fault ignored;
    if (place->channel < 0)
        return;
    message_begin(&message, MSG_WAKE, 0);
    message.lanes = lanes;
    place->state = PLACE_BUSY;
    channel_send(place->channel, &message, &ignored);
}

void crew_wake(struct crew *crew, enum role role, unsigned lanes)
{
    for (int i = 0; i < crew->count; i++)
        if (crew->places[i].role == role && crew->places[i].state == PLACE_IDLE)
            place_wake(&crew->places[i], lanes);
}

static void end_place(struct place *place, bool now)
{
    if (place->state == PLACE_WAITING) {
        place->state = PLACE_EMPTY;
        place->deadline = 0;
    }
    if (!place_filled(place) || (place->told_to_end && !now))
        return;
    place_tell(place, now ? MSG_NOW : MSG_FINISH);
    place->told_to_end = true;
    if (now && place->deadline == 0)
        place->deadline = clock_ms() + KILL_AFTER_MS;
}

void crew_end_beyond(struct crew *crew, enum role role, int most, int shares)
{
    for (int i = 0; i < crew->count; i++) {
        struct place *place = &crew->places[i];
        if (place->role == role &&
            (place->number > most || !budget_is_within(role, place->share, shares)))
            end_place(place, false);
    }
}

void crew_end(struct crew *crew, enum role role, bool now)
{
    for (int i = 0; i < crew->count; i++) {
        struct place *place = &crew->places[i];
        if (role == ROLES ? place->role != ROLE_SNAPSHOT : place->role == role)
            end_place(place, now);
    }
}

void place_wait(struct place *place, int64_t delay_ms)
{
    place->deadline = clock_ms() + delay_ms;
    place->state = PLACE_WAITING;
}

bool place_failed(struct place *place, int64_t retry_for_ms)
{
    int64_t now = clock_ms();
    /* After a long good life it is another trouble. */
    if (now - place->started_ms > (int64_t)2 * LONGEST_DELAY_MS)
        place->failures = place->crashes = 0;
    if (place->failures++ == 0)
        place->failing_since = now;
    bool crash = place->fault.id == 0;
    place->crashes += crash;
    if ((crash && place->crashes >= CRASHES_MOST) ||
        (!crash && now - place->failing_since >= retry_for_ms))
        return false;
    int64_t delay = FIRST_DELAY_MS;
    for (int i = 1; i < place->failures && delay < LONGEST_DELAY_MS; i++)
        delay *= 2;
    delay = delay > LONGEST_DELAY_MS ? LONGEST_DELAY_MS : delay;
    /* Jitter, so that workers do not come back all at once. */
    place_wait(place, delay / 2 + (int64_t)arc4random_uniform((uint32_t)delay));
    return true;
}

void drop_crew(struct crew **held)
{
    if (*held == NULL)
        return;
    for (int i = 0; i < (*held)->count; i++) {
        drop_child(&(*held)->places[i].child);
        drop_fd(&(*held)->places[i].channel);
    }
    drop_memory(held);
}
