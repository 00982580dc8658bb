/*
 * notify.c - the process that tells of events, by a command or a webhook.
 */
#include "show/notices.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "proc/signals.h"
#include "proc/spawn.h"
#include "show/fields.h"
#include "show/status.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    LOOK_MS = 1000,
    COMMAND_MS = 60000, /* then it is killed */
    LAST_MS = 5000,     /* until the end of a run is in the catalog, by who is there to write it, */
    DEAD_MS = 600000,   /* … until the workers of one that was killed are gone */
    LAST_LOOK_MS = 100,
    AGAIN_US = 2000000, /* what was told before another one died */
    FORMAT = 1,
};

/* It has no argument that a list of processes could show: all comes by standard input. */
#define POST                                                                                       \
    "exec curl --silent --show-error --fail --globoff --proto =http,https --max-time 10 --output " \
    "/dev/null --config -"

bool notify_is_url(const char *whom)
{
    return strncasecmp(whom, "http://", 7) == 0 || strncasecmp(whom, "https://", 8) == 0;
}

bool notify_check(const char *whom, struct fault *why)
{
    const char *path = getenv("PATH");
    scoped(drop_memory) char *copy = copy_string(path == NULL ? "/usr/bin:/bin" : path);
    if (!notify_is_url(whom))
        return true;
    char *rest = copy;
    for (const char *dir; (dir = strsep(&rest, ":")) != NULL;) {
        char file[PATH_MAX];
        snprintf(file, sizeof file, "%s/curl", dir);
        if (access(file, X_OK) == 0)
            return true;
    }
    return fault_set(why, FAULT_NOTIFY_TOOL,
                     "--notify with a URL needs curl, which is not in PATH");
}

/* ---- one event ---- */

struct telling {
    const struct notify *what;
    const json_t *status; /* of the run that it is about */
    const char *database; /* NULL: the run is one database's */
};

static json_t *body_of(const struct telling *telling, const char *event, const char *text)
{
    const json_t *status = telling->status;
    json_t *body = json_object();
    json_t *position = json_object_get(status, "position");
    field_set_int(body, "version", FORMAT);
    field_set_text(body, "event", event);
    field_set_text(body, "text", text);
    field_set_time(body, "at", clock_utc_us());
    field_set_text(body, "run", field_text(status, "name"));
    field_set_text(body, "database", telling->database == NULL ? "" : telling->database);
    field_set_text(body, "directory", field_text(status, "directory"));
    field_set_text(body, "state", field_text(status, "state"));
    field_set_text(body, "phase", field_text(status, "phase"));
    json_object_set_new(body, "lag_bytes", json_null());
    json_object_set_new(body, "lag_ms", json_null());
    json_object_set_new(body, "slot_state", json_null());
    if (json_is_object(position)) {
        json_object_set(body, "lag_bytes", json_object_get(position, "lag_bytes"));
        json_object_set(body, "lag_ms", json_object_get(position, "lag_ms"));
        json_object_set(body, "slot_state", json_object_get(position, "slot_state"));
    }
    return body;
}

/* Kills what takes too long. */
static bool wait_for_child(struct child *child, struct fault *why)
{
    int status;
    char ending[64];
    int64_t end = clock_ms() + COMMAND_MS;
    struct pollfd fd = {.fd = child->pidfd, .events = POLLIN};
    while (fd.revents == 0 && clock_ms() < end)
        if (poll(&fd, 1, (int)(end - clock_ms())) < 0 && errno != EINTR)
            return fault_errno(why, FAULT_SYSTEM, "poll failed");
    if (fd.revents == 0)
        return fault_set(why, FAULT_NOTIFY, "it took too long");
    if (!child_reap(child, &status, why))
        return false;
    return status == 0 ||
           fault_set(why, FAULT_NOTIFY, "it %s", status_text(ending, sizeof ending, status));
}

static bool run_shell(const char *command, const char *const *env, const char *input,
                      struct fault *why)
{
    int ends[2];
    scoped(drop_child) struct child child = CHILD_NONE;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return fault_errno(why, FAULT_SYSTEM, "cannot make a pipe");
    scoped(drop_fd) int theirs = ends[0];
    scoped(drop_fd) int ours = ends[1];
    const char *const args[] = {"sh", "-c", command, NULL};
    const struct spawn what = {
        .program = "/bin/sh", .args = args, .env = env, .in = theirs, .out = -1, .error = -2};
    if (!spawn(&what, &child, why))
        return false;
    drop_fd(&theirs);
    /* It fits into the pipe; who does not read it does not want it. */
    ssize_t ignored = write(ours, input, strlen(input));
    (void)ignored;
    drop_fd(&ours);
    return wait_for_child(&child, why);
}

static void add_quoted(struct strbuf *text, const char *value)
{
    strbuf_add(text, "\"");
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\')
            strbuf_add(text, "\\");
        strbuf_add_char(text, *value);
    }
    strbuf_add(text, "\"\n");
}

static bool post(const char *url, const char *json, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf config = STRBUF_EMPTY;
    strbuf_add(&config, "url = ");
    add_quoted(&config, url);
    strbuf_add(&config, "header = \"Content-Type: application/json\"\ndata-binary = ");
    add_quoted(&config, json);
    bool good = run_shell(POST, NULL, config.text, why);
    explicit_bzero(config.text, config.length);
    return good;
}

/* The fields of the body, as PGHAUL_FIELD, and the whole as PGHAUL_JSON. */
static bool call(const char *command, json_t *body, const char *json, struct fault *why)
{
    enum { MOST = 24 };
    const char *env[MOST] = {NULL};
    struct strbuf texts[MOST] = {STRBUF_EMPTY};
    int count = 0;
    const char *key;
    json_t *value;
    json_object_foreach(body, key, value)
    {
        struct strbuf *text = &texts[count++];
        strbuf_add(text, "PGHAUL_");
        for (const char *c = key; *c != '\0'; c++)
            strbuf_add_char(text, (char)(*c == '_' ? '_' : *c - 'a' + 'A'));
        if (json_is_integer(value))
            strbuf_addf(text, "=%lld", (long long)json_integer_value(value));
        else
            strbuf_addf(text, "=%s", json_is_string(value) ? json_string_value(value) : "");
    }
    strbuf_addf(&texts[count++], "PGHAUL_JSON=%s", json);
    for (int i = 0; i < count; i++)
        env[i] = strbuf_text(&texts[i]);
    bool good = run_shell(command, env, json, why);
    for (int i = 0; i < count; i++)
        drop_strbuf(&texts[i]);
    return good;
}

static void on_event(void *arg, const char *event, const char *text)
{
    const struct telling *telling = arg;
    const char *whom = telling->what->whom;
    struct fault why;
    scoped(drop_json) json_t *body = body_of(telling, event, text);
    scoped(drop_memory) char *json = json_dumps(body, JSON_COMPACT | JSON_PRESERVE_ORDER);
    log_debug("telling of %s: %s", event, text);
    if (!(notify_is_url(whom) ? post(whom, json, &why) : call(whom, body, json, &why)))
        log_warning("a notice could not be delivered (%s): %s", event, why.text);
}

/* ---- the loop ---- */

struct watched {
    char started[CLOCK_TEXT]; /* the run, as it was seen last */
    bool orphaned;            /* who has started us is gone: a resume has a process of its own */
    char since[CLOCK_TEXT];   /* runs of several that ended before then were told of; "": not known
                                 yet */
    struct notices whole;
    struct notices *members;
    size_t count;
    bool running;
};

static void know(const struct notify *what, struct notices *seen, const json_t *status)
{
    if (what->again && !seen->begun && strcmp(field_text(status, "state"), "running") == 0)
        notices_know(seen, status);
}

/* One that waits for its turn is as an earlier start of the whole has left it. */
static bool is_of_now(const struct watched *watched, const json_t *member)
{
    const json_t *run = json_object_get(member, "run");
    const char *ended = field_text(run, "ended");
    return json_is_object(run) && strcmp(field_text(member, "state"), "waiting") != 0 &&
           (*ended == '\0' || strcmp(ended, watched->since) >= 0);
}

static void look_at_members(const struct notify *what, struct watched *watched,
                            const json_t *members)
{
    size_t index;
    json_t *member;
    while (watched->count < json_array_size(members)) {
        watched->members = grow_memory(watched->members, watched->count, sizeof *watched->members);
        watched->members[watched->count++] = (struct notices){.begun = false};
    }
    json_array_foreach(members, index, member)
    {
        struct notices *seen = &watched->members[index];
        struct telling telling = {.what = what,
                                  .status = json_object_get(member, "run"),
                                  .database = field_text(member, "name")};
        if (!is_of_now(watched, member))
            continue;
        know(what, seen, telling.status);
        notices_look(seen, telling.status, &what->bounds, clock_ms(), on_event, &telling);
    }
}

static bool look(const struct notify *what, struct watched *watched, struct fault *why)
{
    scoped(drop_json) json_t *status = NULL;
    if (!status_collect(what->db, what->dir, &status, why))
        return false;
    const json_t *members = json_object_get(status, "members");
    const char *started = field_text(status, "started");
    if (watched->orphaned && strcmp(started, watched->started) != 0) {
        watched->running = false;
        return true;
    }
    strlcpy(watched->started, started, sizeof watched->started);
    watched->running = strcmp(field_text(status, "state"), "running") == 0;
    if (what->again && *watched->since == '\0')
        clock_text(watched->since, clock_utc_us() - AGAIN_US);
    else if (*watched->since == '\0')
        strlcpy(watched->since, started, sizeof watched->since);
    look_at_members(what, watched, members);
    struct telling telling = {.what = what, .status = status};
    /* What it consists of says how it goes; of itself it only begins and ends. */
    const struct notice_bounds none = {0, 0};
    know(what, &watched->whole, status);
    notices_look(&watched->whole, status, members == NULL ? &what->bounds : &none, clock_ms(),
                 on_event, &telling);
    return true;
}

static void drop_watched(struct watched *watched)
{
    free(watched->members);
}

/* True when it was told to end. */
static bool nap(int signals, int ms)
{
    bool end = false;
    struct pollfd fd = {.fd = signals, .events = POLLIN};
    poll(&fd, 1, ms);
    for (int number; (number = signals_take(signals)) != 0;)
        end = end || (number != SIGUSR1 && number != SIGWINCH);
    return end;
}

bool notify(const struct notify *what, struct fault *why)
{
    scoped(drop_fd) int signals = -1;
    scoped(drop_watched) struct watched watched = {.members = NULL};
    const pid_t starter = getppid();
    if (!signals_open(&signals, why))
        return false;
    do {
        if (!look(what, &watched, why))
            return false;
    } while (!nap(signals, LOOK_MS));
    /* While it is locked, it runs: who has ended it keeps it locked until we have told, and the
     * workers of one that was killed may be there for a moment. */
    watched.orphaned = getppid() != starter;
    int64_t end = clock_ms() + (watched.orphaned ? DEAD_MS : LAST_MS);
    for (bool stop = false; watched.running && !stop && clock_ms() < end;) {
        if (!look(what, &watched, why))
            return false;
        stop = watched.running && nap(signals, LAST_LOOK_MS);
    }
    return true;
}
