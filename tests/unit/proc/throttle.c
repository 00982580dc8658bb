#include "../unit.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "proc/holders.h"
#include "proc/throttle.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

static char path[64];

static void choose_path(void)
{
    snprintf(path, sizeof path, "/tmp/pghaul_throttle_%d", (int)getpid());
    unlink(path);
}

START_TEST(without_a_rate_nothing_waits)
{
    struct fault why;
    struct throttle none = {.bucket = NULL};
    struct throttle_turn turn = {.due_us = 0};
    scoped(drop_throttle) struct throttle zero = {.bucket = NULL};
    int wait_ms;
    choose_path();
    OK(throttle_open(&zero, path, &why));
    for (int i = 0; i < 1000; i++) {
        throttle_take(&none, 1 << 30, &turn);
        ck_assert(throttle_may(&none, &turn, &wait_ms));
        throttle_take(&zero, 1 << 30, &turn);
        ck_assert(throttle_may(&zero, &turn, &wait_ms));
    }
    ck_assert_uint_eq(throttle_portion(&none, 1000), 1000);
    ck_assert_uint_eq(throttle_portion(&zero, 1000), 1000);
    unlink(path);
}
END_TEST

START_TEST(portions_are_worth_a_moment)
{
    struct fault why;
    scoped(drop_throttle) struct throttle t = {.bucket = NULL};
    choose_path();
    OK(throttle_open(&t, path, &why));
    throttle_set(&t, 1 << 20);
    ck_assert_uint_eq(throttle_portion(&t, 1 << 20), (1 << 20) / 20);
    throttle_set(&t, 1000);
    ck_assert_uint_eq(throttle_portion(&t, 1 << 20), THROTTLE_LEAST);
    ck_assert_uint_eq(throttle_portion(&t, 100), 100);
    throttle_set(&t, INT64_C(1) << 50);
    ck_assert_uint_eq(throttle_portion(&t, 1 << 20), 1 << 20);
    unlink(path);
}
END_TEST

START_TEST(another_rate_ends_a_wait)
{
    struct fault why;
    int wait_ms;
    struct throttle_turn turn = {.due_us = 0};
    scoped(drop_throttle) struct throttle one = {.bucket = NULL};
    scoped(drop_throttle) struct throttle other = {.bucket = NULL};
    choose_path();
    OK(throttle_open(&one, path, &why));
    OK(throttle_open(&other, path, &why));
    throttle_set(&one, 1000);
    throttle_take(&other, 60000, &turn);
    ck_assert(!throttle_may(&other, &turn, &wait_ms));
    ck_assert(wait_ms > 59000 && wait_ms <= 60001);
    /* The same one changes nothing. */
    throttle_set(&one, 1000);
    ck_assert(!throttle_may(&other, &turn, &wait_ms));
    throttle_set(&one, 2000);
    ck_assert(throttle_may(&other, &turn, &wait_ms));
    /* What was taken at the old rate is no debt. */
    throttle_take(&other, 2, &turn);
    ck_assert(throttle_may(&other, &turn, &wait_ms) || wait_ms <= 2);
    /* One that begins anew has nothing to do with those who have the old file. */
    scoped(drop_throttle) struct throttle anew = {.bucket = NULL};
    OK(throttle_make(&anew, path, &why));
    throttle_set(&anew, 1);
    ck_assert_uint_eq(throttle_portion(&one, 1 << 20), THROTTLE_LEAST);
    throttle_set(&one, 0);
    ck_assert_uint_eq(throttle_portion(&anew, 1 << 20), THROTTLE_LEAST);
    unlink(path);
}
END_TEST

enum { RATE = 20 << 20, MOVERS = 3, MOVE_MS = 2000, MOST = 256 << 10 };

static void move_for_a_while(int to)
{
    struct fault why;
    struct throttle_turn turn = {.due_us = 0};
    struct throttle t = {.bucket = NULL};
    int64_t end = clock_ms() + MOVE_MS, bytes = 0;
    int wait_ms;
    if (!throttle_open(&t, path, &why))
        _exit(1);
    while (clock_ms() < end) {
        if (!throttle_may(&t, &turn, &wait_ms)) {
            poll(NULL, 0, wait_ms);
            continue;
        }
        size_t portion = throttle_portion(&t, MOST);
        throttle_take(&t, portion, &turn);
        bytes += (int64_t)portion;
    }
    _exit(write(to, &bytes, sizeof bytes) == sizeof bytes ? 0 : 1);
}

START_TEST(processes_keep_a_rate_together)
{
    struct fault why;
    int ends[2];
    int64_t sum = 0;
    scoped(drop_throttle) struct throttle t = {.bucket = NULL};
    choose_path();
    OK(throttle_open(&t, path, &why));
    throttle_set(&t, RATE);
    ck_assert_int_eq(pipe(ends), 0);
    for (int i = 0; i < MOVERS; i++)
        if (fork() == 0)
            move_for_a_while(ends[1]);
    for (int i = 0; i < MOVERS; i++) {
        int64_t bytes;
        ck_assert_int_eq(read(ends[0], &bytes, sizeof bytes), sizeof bytes);
        ck_assert_int_gt(bytes, 0);
        sum += bytes;
    }
    while (wait(NULL) > 0)
        ;
    /* The last portion of each is in it, though nobody has waited for it. */
    int64_t most = (int64_t)RATE * MOVE_MS / 1000;
    ck_assert_int_le(sum, most + most / 20 + MOVERS * MOST);
    ck_assert_int_ge(sum, most - most / 5);
    unlink(path);
}
END_TEST

START_TEST(only_who_has_a_file_open_is_signalled)
{
    int status;
    choose_path();
    scoped(drop_fd) int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(file, 0);
    pid_t with = fork();
    if (with == 0) {
        pause();
        _exit(0);
    }
    pid_t without = fork();
    if (without == 0) {
        close(file);
        pause();
        _exit(0);
    }
    /* It must have closed it before it is looked at. */
    while (holder_signal(without, file, 0))
        poll(NULL, 0, 1);
    ck_assert(holder_signal(with, file, 0));
    ck_assert(!holder_signal(getpid(), file, SIGKILL) && !holder_signal(0, file, SIGKILL) &&
              !holder_signal(-1, file, SIGKILL));
    ck_assert_int_ge(holders_signal(file, SIGUSR1), 1);
    ck_assert_int_eq(waitpid(with, &status, 0), with);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
    ck_assert_int_eq(waitpid(without, &status, WNOHANG), 0);
    ck_assert(!holder_signal(with, file, SIGKILL));
    kill(without, SIGKILL);
    waitpid(without, &status, 0);
    unlink(path);
}
END_TEST

SUITE(throttle, without_a_rate_nothing_waits, portions_are_worth_a_moment, another_rate_ends_a_wait,
      processes_keep_a_rate_together, only_who_has_a_file_open_is_signalled)
