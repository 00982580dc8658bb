#include "proc/tool.h"

#include "base/scoped.h"
#include "proc/spawn.h"

#include <errno.h>
#include <fcntl.h>

/* Reads what is there. False at the end of the file. */
static bool drain(int fd, struct strbuf *to)
{
    char piece[16384];
    ssize_t got = read(fd, piece, sizeof piece);
    if (got > 0 && to != NULL)
        strbuf_add_bytes(to, piece, (size_t)got);
    return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

static bool make_pipe(int *ret_read, int *ret_write, struct fault *why)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return fault_errno(why, FAULT_SYSTEM, "cannot make a pipe");
    *ret_read = ends[0];
    *ret_write = ends[1];
    return true;
}

/* Reads both pipes until they are closed. */
static bool follow(struct leash *leash, int *out, struct strbuf *output, int *error,
                   struct strbuf *errors, struct fault *why)
{
    while (*out >= 0 || *error >= 0) {
        struct pollfd fds[] = {{.fd = *out, .events = POLLIN}, {.fd = *error, .events = POLLIN}};
        if (!leash_poll(leash, fds, 2, -1, why))
            return false;
        if (leash->wish == LEASH_NOW)
            return leash_fault(leash, why);
        if (fds[0].revents != 0 && !drain(*out, output))
            drop_fd(out);
        if (fds[1].revents != 0 && !drain(*error, errors))
            drop_fd(error);
    }
    return true;
}

/* What a tool has to say about its failure: what it calls an error and all after it, or the end of
 * what it said. */
static const char *complaint(const char *text, size_t most)
{
    const char *error = strstr(text, "error: ");
    if (error != NULL) {
        while (error > text && error[-1] != '\n')
            error--;
        return error;
    }
    size_t length = strlen(text);
    if (length <= most)
        return text;
    const char *from = text + length - most;
    const char *line = strchr(from, '\n');
    return line == NULL ? from : line + 1;
}

bool tool_run(const struct tool *tool, struct leash *leash, struct strbuf *output,
              struct fault *why)
{
    scoped(drop_fd) int out_read = -1;
    scoped(drop_fd) int out_write = -1;
    scoped(drop_fd) int error_read = -1;
    scoped(drop_fd) int error_write = -1;
    scoped(drop_strbuf) struct strbuf errors = STRBUF_EMPTY;
    scoped(drop_child) struct child child = CHILD_NONE;
    if (!make_pipe(&out_read, &out_write, why) || !make_pipe(&error_read, &error_write, why))
        return false;
    struct spawn what = {
        .program = tool->program,
        .args = tool->args,
        .env = tool->env,
        .in = -1,
        .out = out_write,
        .error = tool->joined ? out_write : error_write,
        .keep = tool->keep,
    };
    if (!spawn(&what, &child, why))
        return false;
    drop_fd(&out_write);
    drop_fd(&error_write);

    int status;
    if (!follow(leash, &out_read, output, &error_read, &errors, why) ||
        !child_reap(&child, &status, why))
        return false;
    if (status == 0)
        return true;
    char ending[64];
    fault_set(why, FAULT_TOOL_FAILED, "%s %s", tool->args[0],
              status_text(ending, sizeof ending, status));
    return fault_detail(
        why, "%s", complaint(strbuf_text(tool->joined ? output : &errors), sizeof why->detail - 1));
}
