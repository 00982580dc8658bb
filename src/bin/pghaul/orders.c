#include "orders.h"

#include "base/log.h"
#include "base/scoped.h"
#include "proc/channel.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

static void wipe(char **text)
{
    if (*text != NULL)
        explicit_bzero(*text, strlen(*text));
    drop_memory(text);
}

void drop_orders(struct orders *orders)
{
    wipe(&orders->source_text);
    wipe(&orders->target_text);
    drop_conninfo(&orders->source);
    drop_conninfo(&orders->target);
}

static bool take(struct orders *orders, const char *source, const char *target, struct fault *why)
{
    orders->source_text = copy_string(source);
    orders->target_text = copy_string(target);
    return conninfo_read(&orders->source, SIDE_SOURCE, source, why) &&
           conninfo_read(&orders->target, SIDE_TARGET, target, why);
}

/* The first message holds the connection strings: they are in no argument, variable or file. */
static bool take_from(int channel, struct orders *orders, struct fault *why)
{
    struct message message;
    struct pollfd fd = {.fd = channel, .events = POLLIN};
    poll(&fd, 1, -1);
    if (channel_take(channel, &message) != CHANNEL_MESSAGE || message.type != MSG_SETTINGS)
        return fault_set(why, FAULT_ORPHANED, "the supervisor gave no orders");
    const char *target = message.text + strlen(message.text) + 1;
    log_set_level((enum log_level)message.code);
    bool good = take(orders, message.text, target, why);
    explicit_bzero(message.text, sizeof message.text);
    return good;
}

bool orders_receive(struct orders *orders, int channel, struct fault *why)
{
    const char *source = getenv("PGHAUL_SOURCE");
    const char *target = getenv("PGHAUL_TARGET");
    if (channel >= 0)
        return take_from(channel, orders, why);
    return take(orders, source == NULL ? "" : source, target == NULL ? "" : target, why);
}

void orders_report(int channel, const struct fault *fault)
{
    struct message message;
    struct fault ignored;
    message_begin(&message, MSG_FAULT, 0);
    message_set_fault(&message, fault);
    channel_send(channel, &message, &ignored);
}
