#include "proc/apart.h"

#include "base/scoped.h"
#include "base/strbuf.h"

#include <pthread.h>
#include <sys/eventfd.h>

struct apart {
    struct apart_call call;
    pthread_mutex_t lock;
    int ended_fd; /* readable when the call has ended */
    bool ended;
    bool alone; /* nobody waits any more: the thread frees this */
};

static void free_apart(struct apart *apart)
{
    pthread_mutex_destroy(&apart->lock);
    drop_fd(&apart->ended_fd);
    free(apart);
}

static void *run(void *arg)
{
    struct apart *apart = arg;
    apart->call.run(apart->call.arg);
    pthread_mutex_lock(&apart->lock);
    apart->ended = true;
    bool alone = apart->alone;
    if (!alone)
        eventfd_write(apart->ended_fd, 1);
    pthread_mutex_unlock(&apart->lock);
    if (alone) {
        apart->call.forget(apart->call.arg);
        free_apart(apart);
    }
    return NULL;
}

/* True when it had ended before. */
static bool leave_alone(struct apart *apart)
{
    pthread_mutex_lock(&apart->lock);
    bool ended = apart->ended;
    apart->alone = !ended;
    pthread_mutex_unlock(&apart->lock);
    return ended;
}

static bool await(struct apart *apart, struct leash *leash, struct fault *why)
{
    struct pollfd fd = {.fd = apart->ended_fd, .events = POLLIN};
    while (fd.revents == 0) {
        if (!leash_poll(leash, &fd, 1, -1, why))
            return leave_alone(apart);
        if (fd.revents == 0 && leash->wish == LEASH_NOW)
            return leave_alone(apart) || leash_fault(leash, why);
    }
    return true;
}

static struct apart *new_apart(const struct apart_call *call)
{
    struct apart *apart = new_memory(1, sizeof *apart);
    apart->call = *call;
    apart->ended_fd = eventfd(0, EFD_CLOEXEC);
    pthread_mutex_init(&apart->lock, NULL);
    return apart;
}

bool apart_run(struct leash *leash, const struct apart_call *call, struct fault *why)
{
    pthread_t thread;
    if (leash->signals < 0 && leash->channel < 0 && leash->deadline_ms == 0) {
        call->run(call->arg);
        return true;
    }
    struct apart *apart = new_apart(call);
    if (apart->ended_fd < 0 || pthread_create(&thread, NULL, run, apart) != 0) {
        free_apart(apart);
        call->forget(call->arg);
        return fault_errno(why, FAULT_SYSTEM, "cannot begin a thread");
    }
    if (!await(apart, leash, why)) {
        pthread_detach(thread);
        return false;
    }
    pthread_join(thread, NULL);
    free_apart(apart);
    return true;
}
