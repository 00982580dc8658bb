#include "proc/throttle.h"

#include "base/clock.h"
#include "base/scoped.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum {
    US_PER_SECOND = 1000000,
    BURST_US = 100000, /* what was not used for longer than that is lost */
};

/* `next_us` is when the bucket is full again: what is moved pushes it into the future. */
struct throttle_bucket {
    _Atomic int64_t rate;
    _Atomic int64_t epoch; /* counts the rates that were set */
    _Atomic int64_t next_us;
};

static bool map(struct throttle *throttle, int file, const char *path, struct fault *why)
{
    struct stat is;
    const char zeroes[sizeof(struct throttle_bucket)] = {0};
    /* These are a bucket without a limit. They are written, so that a disk without room is found
     * out here, and not by who writes to the memory. */
    if (fstat(file, &is) != 0 ||
        (is.st_size == 0 && pwrite(file, zeroes, sizeof zeroes, 0) != (ssize_t)sizeof zeroes))
        return fault_errno(why, FAULT_DIR_UNUSABLE, "cannot write \"%s\"", path);
    void *at =
        mmap(NULL, sizeof(struct throttle_bucket), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (at == MAP_FAILED)
        return fault_errno(why, FAULT_DIR_UNUSABLE, "cannot map \"%s\"", path);
    throttle->bucket = at;
    return true;
}

bool throttle_open(struct throttle *throttle, const char *path, struct fault *why)
{
    scoped(drop_fd) int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        return fault_errno(why, FAULT_DIR_UNUSABLE, "cannot open \"%s\"", path);
    return map(throttle, file, path, why);
}

bool throttle_make(struct throttle *throttle, const char *path, struct fault *why)
{
    if (unlink(path) != 0 && errno != ENOENT)
        return fault_errno(why, FAULT_DIR_UNUSABLE, "cannot remove \"%s\"", path);
    return throttle_open(throttle, path, why);
}

void drop_throttle(struct throttle *throttle)
{
    if (throttle->bucket != NULL)
        munmap(throttle->bucket, sizeof *throttle->bucket);
    throttle->bucket = NULL;
}

void throttle_set(struct throttle *throttle, int64_t rate)
{
    struct throttle_bucket *bucket = throttle->bucket;
    if (bucket == NULL || atomic_load(&bucket->rate) == rate)
        return;
    atomic_store(&bucket->next_us, clock_us());
    atomic_store(&bucket->rate, rate);
    atomic_fetch_add(&bucket->epoch, 1);
}

static int64_t rate_of(const struct throttle *throttle)
{
    return throttle->bucket == NULL
               ? 0
               : atomic_load_explicit(&throttle->bucket->rate, memory_order_relaxed);
}

size_t throttle_portion(const struct throttle *throttle, size_t most)
{
    int64_t rate = rate_of(throttle), portion = rate / (1000 / THROTTLE_MS);
    if (rate == 0 || portion > (int64_t)most)
        return most;
    size_t least = most < THROTTLE_LEAST ? most : THROTTLE_LEAST;
    return (size_t)portion < least ? least : (size_t)portion;
}

void throttle_take(struct throttle *throttle, size_t bytes, struct throttle_turn *turn)
{
    struct throttle_bucket *bucket = throttle->bucket;
    int64_t rate = rate_of(throttle);
    if (rate == 0)
        return;
    turn->epoch = atomic_load(&bucket->epoch);
    int64_t now = clock_us(), next = atomic_load(&bucket->next_us), later;
    do {
        int64_t from = next < now - BURST_US ? now - BURST_US : next;
        later = from + (int64_t)((double)bytes * US_PER_SECOND / (double)rate);
    } while (!atomic_compare_exchange_weak(&bucket->next_us, &next, later));
    turn->due_us = later > now ? later : 0;
}

bool throttle_may(const struct throttle *throttle, struct throttle_turn *turn, int *ret_wait_ms)
{
    if (turn->due_us == 0)
        return true;
    int64_t left = turn->due_us - clock_us();
    if (left <= 0 || turn->epoch != atomic_load(&throttle->bucket->epoch)) {
        turn->due_us = 0;
        return true;
    }
    *ret_wait_ms = (int)((left + 999) / 1000);
    return false;
}
