/*
 * relay.c - what is common to both ways of moving a COPY.
 */
#include "pg/relay_internal.h"

#include "base/clock.h"

enum { REPORT_MS = 250 };

void relay_report(struct relay *relay, int64_t *last_ms)
{
    if (relay->moved == NULL || relay->bytes == 0)
        return;
    int64_t now = clock_ms();
    if (now - *last_ms < REPORT_MS)
        return;
    *last_ms = now;
    relay->moved(relay->arg, relay->bytes);
}

bool relay_may_read(struct relay *relay, const struct leash *leash, int *ret_wait_ms)
{
    *ret_wait_ms = -1;
    return !leash->paused &&
           (relay->throttle == NULL || throttle_may(relay->throttle, &relay->turn, ret_wait_ms));
}

size_t relay_portion(const struct relay *relay, size_t most)
{
    return relay->throttle == NULL ? most : throttle_portion(relay->throttle, most);
}

void relay_took(struct relay *relay, size_t bytes)
{
    if (relay->throttle != NULL)
        throttle_take(relay->throttle, bytes, &relay->turn);
}

bool relay_run(struct relay *relay, struct conn *source, struct conn *target, struct fault *why)
{
    relay->bytes = 0;
    relay->rows_read = relay->rows_written = -1;
    relay->after[0] = '\0';
    relay->turn = (struct throttle_turn){.due_us = 0};
    if (conn_encrypted(source) || conn_encrypted(target))
        return relay_by_libpq(relay, source, target, why);
    return relay_raw(relay, source, target, why);
}
