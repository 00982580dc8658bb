#include "proc/leash.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "proc/channel.h"

#include <errno.h>
#include <sys/signalfd.h>

bool leash_open(struct leash *leash, int channel, struct fault *why)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    struct sigaction hangup;
    /* nohup(1) is respected. */
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return fault_errno(why, FAULT_SYSTEM, "cannot open a signalfd");
    /* Not read: the call that would raise them says what is wrong. */
    sigaddset(&set, SIGPIPE);
    sigaddset(&set, SIGXFSZ);
    sigprocmask(SIG_BLOCK, &set, NULL);
    *leash = (struct leash){.channel = channel, .signals = fd};
    return true;
}

void drop_leash(struct leash *leash)
{
    drop_fd(&leash->signals);
}

static void wish_for(struct leash *leash, enum leash_wish wish)
{
    if (wish > leash->asked)
        leash->asked = wish;
    if (wish > leash->wish)
        leash->wish = wish;
}

void leash_set_deadline(struct leash *leash, int64_t ms)
{
    leash->deadline_ms = clock_ms() + ms;
}

void leash_end_deadline(struct leash *leash)
{
    leash->deadline_ms = 0;
    leash->late = false;
    leash->wish = leash->asked;
}

/* What is left of a time to wait (-1: without end). */
static int until_deadline(const struct leash *leash, int timeout_ms)
{
    if (leash->deadline_ms == 0 || leash->late)
        return timeout_ms;
    int64_t left = leash->deadline_ms - clock_ms();
    left = left < 0 ? 0 : left;
    return timeout_ms >= 0 && timeout_ms < left ? timeout_ms : (int)left;
}

static void look_at_clock(struct leash *leash)
{
    if (leash->deadline_ms == 0 || leash->late || clock_ms() < leash->deadline_ms)
        return;
    leash->late = true;
    leash->wish = LEASH_NOW;
}

static void take_signals(struct leash *leash)
{
    struct signalfd_siginfo info;
    while (read(leash->signals, &info, sizeof info) == (ssize_t)sizeof info)
        if (info.ssi_signo != SIGHUP || leash->channel < 0)
            wish_for(leash, LEASH_NOW);
}

static void take_messages(struct leash *leash)
{
    static struct message message; /* too large for the stack of a deep call */
    for (;;) {
        switch (channel_take(leash->channel, &message)) {
        case CHANNEL_NOTHING:
            return;
        case CHANNEL_CLOSED:
            leash->orphaned = true;
            wish_for(leash, LEASH_NOW);
            return;
        case CHANNEL_MESSAGE:
            if (message.type == MSG_WAKE) {
                leash->woken = true;
                leash->lanes = message.lanes;
            } else if (message.type == MSG_STEER) {
                leash->paused = message.code != 0;
                leash->steered = true;
            } else if (message.type == MSG_FINISH)
                wish_for(leash, LEASH_FINISH);
            else if (message.type == MSG_NOW)
                wish_for(leash, LEASH_NOW);
        }
    }
}

bool leash_poll(struct leash *leash, struct pollfd *fds, int count, int timeout_ms,
                struct fault *why)
{
    enum { OWN = 2, MOST = 264 };
    struct pollfd all[OWN + MOST] = {
        {.fd = leash->signals, .events = POLLIN},
        /* An orphan's channel is readable for ever: leave it out. */
        {.fd = leash->orphaned ? -1 : leash->channel, .events = POLLIN},
    };
    if (count > MOST)
        return fault_set(why, FAULT_BUG, "too many descriptors to wait for");
    for (int i = 0; i < count; i++) {
        fds[i].revents = 0;
        all[OWN + i] = fds[i];
    }
    int ready = poll(all, (nfds_t)OWN + (nfds_t)count, until_deadline(leash, timeout_ms));
    look_at_clock(leash);
    if (ready < 0)
        return errno == EINTR || fault_errno(why, FAULT_SYSTEM, "poll failed");
    for (int i = 0; i < count; i++)
        fds[i].revents = all[OWN + i].revents;
    if (all[0].revents != 0)
        take_signals(leash);
    if (all[1].revents != 0)
        take_messages(leash);
    return true;
}

bool leash_look(struct leash *leash, struct fault *why)
{
    return leash_poll(leash, NULL, 0, 0, why);
}

bool leash_fault(const struct leash *leash, struct fault *why)
{
    if (leash->orphaned)
        return fault_set(why, FAULT_ORPHANED, "the supervisor is gone");
    if (leash->late && leash->asked == LEASH_GO)
        return fault_set(why, FAULT_LATE, "it takes longer than it may");
    return fault_set(why, FAULT_STOPPED, "stopped on request");
}
