#include "run/launch.h"

#include "base/log.h"
#include "base/scoped.h"
#include "proc/channel.h"

static bool send_settings(const struct launch *what, int channel, struct fault *why)
{
    struct message message;
    message_begin(&message, MSG_SETTINGS, 0);
    message.code = (int32_t)log_level();
    message_add_text(&message, what->source);
    message_add_text(&message, what->target);
    return channel_send(channel, &message, why);
}

static bool start(const struct launch *what, int theirs, struct child *ret_child, struct fault *why)
{
    char descriptor[16];
    const char *args[LAUNCH_ARGUMENTS + 4] = {"pghaul"};
    int count = 1;
    for (int i = 0; i < LAUNCH_ARGUMENTS && what->args[i] != NULL; i++)
        args[count++] = what->args[i];
    snprintf(descriptor, sizeof descriptor, "%d", theirs);
    args[count++] = "--channel";
    args[count] = descriptor;
    const int keep[] = {theirs, what->lock, -1};
    struct spawn spawned = {
        .program = own_program(), .args = args, .in = -1, .out = -2, .error = -2, .keep = keep};
    return spawn(&spawned, ret_child, why);
}

bool launch(const struct launch *what, struct child *ret_child, int *ret_channel, struct fault *why)
{
    int ends[2];
    if (!channel_pair(ends, why))
        return false;
    scoped(drop_fd) int theirs = ends[1];
    scoped(drop_fd) int ours = ends[0];
    if (!start(what, theirs, ret_child, why))
        return false;
    if (!send_settings(what, ours, why)) {
        drop_child(ret_child);
        return false;
    }
    *ret_channel = give_fd(ours);
    return true;
}
