#include "../unit.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "proc/channel.h"
#include "proc/leash.h"
#include "proc/spawn.h"
#include "proc/tool.h"

#include <poll.h>
#include <sys/wait.h>

START_TEST(messages_keep_their_borders)
{
    struct fault why, got;
    int ends[2];
    static struct message message;
    OK(channel_pair(ends, &why));
    OK(channel_say(ends[0], MSG_READY, 0, &why));
    message_begin(&message, MSG_LOG, 5);
    message_add_text(&message, "who");
    message_add_text(&message, "text");
    OK(channel_send(ends[0], &message, &why));
    fault_set(&why, FAULT_TABLE_CHANGED, "a table");
    message_begin(&message, MSG_FAULT, 6);
    message_set_fault(&message, &why);
    OK(channel_send(ends[0], &message, &why));
    ck_assert_int_eq(channel_take(ends[1], &message), CHANNEL_MESSAGE);
    ck_assert_uint_eq(message.type, MSG_READY);
    ck_assert_int_eq(channel_take(ends[1], &message), CHANNEL_MESSAGE);
    ck_assert_str_eq(message.text, "who");
    ck_assert_str_eq(message.text + 4, "text");
    ck_assert_int_eq(channel_take(ends[1], &message), CHANNEL_MESSAGE);
    message_get_fault(&message, &got);
    ck_assert_int_eq(got.id, FAULT_TABLE_CHANGED);
    ck_assert_str_eq(got.text, "a table");
    ck_assert_int_eq(channel_take(ends[1], &message), CHANNEL_NOTHING);
    close(ends[0]);
    ck_assert_int_eq(channel_take(ends[1], &message), CHANNEL_CLOSED);
    FAILS(channel_say(ends[1], MSG_WAKE, 0, &why), FAULT_ORPHANED);
    close(ends[1]);
}
END_TEST

START_TEST(last_words_are_heard_whatever_was_not_listened_to)
{
    struct fault why;
    int ends[2];
    static struct message message;
    OK(channel_pair(ends, &why));
    OK(channel_say(ends[1], MSG_IDLE, 0, &why));
    OK(channel_say(ends[1], MSG_READY, 0, &why));
    OK(channel_say(ends[0], MSG_NOW, 0, &why));
    close(ends[1]);
    ck_assert_int_eq(channel_take(ends[0], &message), CHANNEL_MESSAGE);
    ck_assert_uint_eq(message.type, MSG_IDLE);
    ck_assert_int_eq(channel_take(ends[0], &message), CHANNEL_MESSAGE);
    ck_assert_uint_eq(message.type, MSG_READY);
    ck_assert_int_eq(channel_take(ends[0], &message), CHANNEL_CLOSED);
    close(ends[0]);
}
END_TEST

START_TEST(a_leash_is_pulled_by_message_signal_and_hangup)
{
    struct fault why;
    int ends[2];
    struct leash leash;
    OK(channel_pair(ends, &why));
    OK(leash_open(&leash, ends[1], &why));
    OK(leash_look(&leash, &why));
    ck_assert_int_eq(leash.wish, LEASH_GO);
    static struct message wake;
    message_begin(&wake, MSG_WAKE, 0);
    wake.lanes = 5;
    OK(channel_send(ends[0], &wake, &why));
    OK(leash_look(&leash, &why));
    ck_assert(leash.woken && leash.lanes == 5 && leash.wish == LEASH_GO);
    OK(channel_say(ends[0], MSG_FINISH, 0, &why));
    OK(leash_look(&leash, &why));
    ck_assert_int_eq(leash.wish, LEASH_FINISH);
    kill(getpid(), SIGTERM);
    OK(leash_look(&leash, &why));
    ck_assert_int_eq(leash.wish, LEASH_NOW);
    leash_fault(&leash, &why);
    ck_assert_int_eq(why.id, FAULT_STOPPED);
    close(ends[0]);
    OK(leash_look(&leash, &why));
    ck_assert(leash.orphaned);
    leash_fault(&leash, &why);
    ck_assert_int_eq(why.id, FAULT_ORPHANED);
    /* An orphan's channel does not keep poll() from waiting. */
    int64_t before = clock_ms();
    OK(leash_poll(&leash, NULL, 0, 50, &why));
    ck_assert_int_ge(clock_ms() - before, 45);
}
END_TEST

START_TEST(a_missing_program_is_reported)
{
    struct fault why;
    struct child child = CHILD_NONE;
    const char *const args[] = {"x", NULL};
    struct spawn what = {
        .program = "/nonexistent/program", .args = args, .in = -1, .out = -1, .error = -1};
    FAILS(spawn(&what, &child, &why), FAULT_SYSTEM);
    ck_assert_ptr_nonnull(strstr(why.text, "/nonexistent/program"));
}
END_TEST

START_TEST(a_child_dies_with_its_parent)
{
    struct fault why;
    struct child child = CHILD_NONE;
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t middle = check_fork();
    if (middle == 0) {
        const char *const args[] = {"sh", "-c", "echo ready; exec sleep 60", NULL};
        struct spawn what = {
            .program = "/bin/sh", .args = args, .in = -1, .out = ends[1], .error = -1};
        OK(spawn(&what, &child, &why));
        close(ends[1]);
        pause();
    }
    close(ends[1]);
    char ready[16];
    ck_assert_int_gt(read(ends[0], ready, sizeof ready), 0);
    kill(middle, SIGKILL);
    waitpid(middle, NULL, 0);
    /* The pipe ends when the child is gone. */
    struct pollfd fd = {.fd = ends[0], .events = POLLIN};
    ck_assert_int_eq(poll(&fd, 1, 10000), 1);
    close(ends[0]);
}
END_TEST

START_TEST(tools_are_run_to_their_end)
{
    struct fault why;
    struct leash leash;
    struct strbuf output = STRBUF_EMPTY;
    OK(leash_open(&leash, -1, &why));
    const char *const good[] = {"sh", "-c", "echo out; echo $X; echo warning >&2", NULL};
    const char *const env[] = {"X=from env", NULL};
    struct tool tool = {.program = "/bin/sh", .args = good, .env = env};
    OK(tool_run(&tool, &leash, &output, &why));
    ck_assert_str_eq(output.text, "out\nfrom env\n");
    const char *const bad[] = {"sh", "-c", "echo first >&2; echo reason >&2; exit 3", NULL};
    tool = (struct tool){.program = "/bin/sh", .args = bad};
    FAILS(tool_run(&tool, &leash, NULL, &why), FAULT_TOOL_FAILED);
    ck_assert_str_eq(why.text, "sh exited with status 3");
    ck_assert_str_eq(why.detail, "first\nreason");
    drop_strbuf(&output);
}
END_TEST

START_TEST(a_tool_is_stopped_with_us)
{
    struct fault why;
    struct leash leash;
    OK(leash_open(&leash, -1, &why));
    const char *const args[] = {"sh", "-c", "sleep 60", NULL};
    struct tool tool = {.program = "/bin/sh", .args = args};
    kill(getpid(), SIGTERM);
    int64_t before = clock_ms();
    FAILS(tool_run(&tool, &leash, NULL, &why), FAULT_STOPPED);
    ck_assert_int_lt(clock_ms() - before, 10000);
}
END_TEST

SUITE(proc, last_words_are_heard_whatever_was_not_listened_to, messages_keep_their_borders,
      a_leash_is_pulled_by_message_signal_and_hangup, a_missing_program_is_reported,
      a_child_dies_with_its_parent, tools_are_run_to_their_end, a_tool_is_stopped_with_us)
