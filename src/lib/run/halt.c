#include "run/halt.h"

#include "base/clock.h"
#include "base/log.h"
#include "proc/holders.h"

#include <signal.h>

enum {
    STOP_MS = 20000, /* longer than a supervisor waits for its workers */
    KILL_MS = 15000,
    LOOK_MS = 50,
};

struct halting {
    struct workdir *dir;
    const char *path;
    struct leash *leash;
    bool locked;
    pid_t holder;
};

static bool try_it(struct halting *h, struct fault *why)
{
    return workdir_try_lock(h->dir, h->path, "lock", &h->locked, &h->holder, why);
}

static bool await_lock(struct halting *h, int64_t patience_ms, struct fault *why)
{
    int64_t end = clock_ms() + patience_ms;
    while (!h->locked && clock_ms() < end) {
        if (!leash_poll(h->leash, NULL, 0, LOOK_MS, why) || !try_it(h, why))
            return false;
        if (h->leash->wish != LEASH_GO)
            return leash_fault(h->leash, why);
    }
    return true;
}

/* Two signals: the first alone would let items in hand come to their end. */
static void ask(const struct halting *h)
{
    int file = h->dir->lock;
    if (holder_signal(h->holder, file, SIGTERM) && holder_signal(h->holder, file, SIGINT))
        log_info("stopping the run: process %d", (int)h->holder);
    else
        log_info("waiting for the workers of process %d, which is gone, to end", (int)h->holder);
}

static bool kill_all(struct halting *h, struct fault *why)
{
    int64_t end = clock_ms() + KILL_MS;
    log_warning("the run does not stop: killing its processes");
    while (!h->locked && clock_ms() < end) {
        holders_signal(h->dir->lock, SIGKILL);
        if (!await_lock(h, LOOK_MS, why))
            return false;
    }
    return h->locked ||
           fault_set(why, FAULT_NOT_STOPPED, "the run in \"%s\", process %d, does not stop",
                     h->path, (int)h->holder);
}

bool halt(struct workdir *dir, const char *path, struct leash *leash, struct fault *why)
{
    struct halting h = {.dir = dir, .path = path, .leash = leash};
    if (!try_it(&h, why))
        return false;
    if (h.locked)
        return true;
    ask(&h);
    return await_lock(&h, STOP_MS, why) && (h.locked || kill_all(&h, why));
}
