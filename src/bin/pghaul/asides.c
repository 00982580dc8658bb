#include "asides.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/file.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/secret.h"
#include "proc/spawn.h"
#include "show/notices.h"
#include "show/serve.h"

#include <ctype.h>
#include <poll.h>
#include <signal.h>

enum {
    LAST_NOTICE_MS = 15000,
    APART_MS = 10000, /* between two starts */
};

/* ---- metrics ---- */

static bool read_token(struct asides *asides, const struct options *options, struct fault *why)
{
    const char *token = getenv(SERVE_TOKEN);
    scoped(drop_strbuf) struct strbuf file = STRBUF_EMPTY;
    if (options->metrics_token_file != NULL) {
        if (!read_file(options->metrics_token_file, &file, why))
            return false;
        while (file.length > 0 && isspace((unsigned char)file.text[file.length - 1]))
            file.text[--file.length] = '\0';
        if (file.length == 0)
            return fault_set(why, FAULT_METRICS_TOKEN, "there is no token in \"%s\"",
                             options->metrics_token_file);
        token = strbuf_text(&file);
    }
    if (token != NULL && *token != '\0')
        secret_keep(token);
    strbuf_addf(&asides->token, "%s=%s", SERVE_TOKEN, token == NULL ? "" : token);
    if (file.text != NULL)
        explicit_bzero(file.text, file.length);
    return true;
}

static bool open_metrics(struct asides *asides, const struct options *options, struct fault *why)
{
    char url[URL_SIZE];
    if (options->metrics == NULL)
        return options->metrics_token_file == NULL ||
               fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "--metrics-token-file goes with --metrics only");
    if (!read_token(asides, options, why) ||
        !serve_listen(options->metrics, asides->token.text + strlen(SERVE_TOKEN "="),
                      &asides->socket, url, why))
        return false;
    log_info("%s shows the run, and %smetrics has its metrics", url, url);
    return true;
}

static bool start_metrics(struct asides *asides, struct child *ret_child, struct fault *why)
{
    char descriptor[16];
    if (asides->socket < 0)
        return true;
    snprintf(descriptor, sizeof descriptor, "%d", asides->socket);
    const char *const args[] = {"pghaul",   "serve",    "--dir", asides->dir,
                                "--socket", descriptor, NULL};
    const char *const env[] = {asides->token.text, NULL};
    const int keep[] = {asides->socket, -1};
    const struct spawn what = {.program = own_program(),
                               .args = args,
                               .env = env,
                               .in = -1,
                               .out = -1,
                               .error = -2,
                               .keep = keep};
    return spawn(&what, ret_child, why);
}

/* ---- notices ---- */

static bool open_notices(struct asides *asides, const struct options *options, struct fault *why)
{
    asides->options = options;
    if (options->notify != NULL && notify_is_url(options->notify))
        secret_keep(options->notify);
    return options->notify == NULL || notify_check(options->notify, why);
}

/* A URL may be a secret, so it is no argument. */
static bool start_notices(struct asides *asides, struct child *ret_child, struct fault *why)
{
    const struct options *options = asides->options;
    char lag[32], stall[32];
    scoped(drop_strbuf) struct strbuf whom = STRBUF_EMPTY;
    if (options->notify == NULL)
        return true;
    snprintf(lag, sizeof lag, "%lldms", (long long)options->notify_lag_ms);
    snprintf(stall, sizeof stall, "%lldms", (long long)options->notify_stall_ms);
    strbuf_addf(&whom, "PGHAUL_NOTIFY=%s", options->notify);
    const char *const args[] = {"pghaul",
                                "notify",
                                "--dir",
                                asides->dir,
                                "--notify-lag",
                                lag,
                                "--notify-stall",
                                stall,
                                asides->again[ASIDE_NOTIFY] ? "--resume" : NULL,
                                NULL};
    const char *const env[] = {whom.text, NULL};
    const struct spawn what = {
        .program = own_program(), .args = args, .env = env, .in = -1, .out = -1, .error = -2};
    return spawn(&what, ret_child, why);
}

/* It still has to tell of the end, but whoever started the run is not kept for long. */
static void end_notices(struct asides *asides)
{
    struct child *child = &asides->children[ASIDE_NOTIFY];
    struct pollfd fd = {.fd = child->pidfd, .events = POLLIN};
    if (child->pid == 0)
        return;
    child_signal(child, SIGTERM);
    poll(&fd, 1, LAST_NOTICE_MS);
}

/* ---- both ---- */

static const struct {
    const char *option;
    bool (*start)(struct asides *asides, struct child *ret_child, struct fault *why);
} table[ASIDES] = {
    [ASIDE_SERVE] = {"--metrics", start_metrics},
    [ASIDE_NOTIFY] = {"--notify", start_notices},
};

bool asides_open(struct asides *asides, const struct options *options, struct fault *why)
{
    return open_notices(asides, options, why) && open_metrics(asides, options, why);
}

static bool start(struct asides *asides, int i, struct fault *why)
{
    asides->next_ms[i] = clock_ms() + APART_MS;
    FAILPOINT("aside.start", why);
    return table[i].start(asides, &asides->children[i], why);
}

bool asides_start(struct asides *asides, const char *dir, struct fault *why)
{
    /* Without options there is nothing to start, ever. */
    if (asides->options == NULL)
        return true;
    asides->dir = dir;
    for (int i = 0; i < ASIDES; i++)
        if (!start(asides, i, why))
            return false;
    return true;
}

static void look_at(struct asides *asides, int i)
{
    char ending[64];
    int status;
    struct fault why;
    struct child *child = &asides->children[i];
    struct pollfd fd = {.fd = child->pidfd, .events = POLLIN};
    if (child->pid != 0 && poll(&fd, 1, 0) > 0 && child_reap(child, &status, &why)) {
        log_warning("the process behind %s %s: it is started again", table[i].option,
                    status_text(ending, sizeof ending, status));
        asides->again[i] = true;
    }
    if (child->pid != 0 || !asides->again[i] || clock_ms() < asides->next_ms[i])
        return;
    if (!start(asides, i, &why))
        log_warning("the process behind %s cannot be started: %s", table[i].option, why.text);
}

void asides_look(void *arg)
{
    struct asides *asides = arg;
    for (int i = 0; asides->dir != NULL && i < ASIDES; i++)
        look_at(asides, i);
}

void drop_asides(struct asides *asides)
{
    if (asides->token.text != NULL)
        explicit_bzero(asides->token.text, asides->token.length);
    drop_strbuf(&asides->token);
    drop_fd(&asides->socket);
    drop_child(&asides->children[ASIDE_SERVE]);
    end_notices(asides);
    drop_child(&asides->children[ASIDE_NOTIFY]);
}
