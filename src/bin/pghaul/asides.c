#include "asides.h"

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

enum { LAST_NOTICE_MS = 15000 };

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

static bool start_metrics(struct asides *asides, const char *dir, struct fault *why)
{
    char descriptor[16];
    if (asides->socket < 0)
        return true;
    snprintf(descriptor, sizeof descriptor, "%d", asides->socket);
    const char *const args[] = {"pghaul", "serve", "--dir", dir, "--socket", descriptor, NULL};
    const char *const env[] = {asides->token.text, NULL};
    const int keep[] = {asides->socket, -1};
    const struct spawn what = {.program = own_program(),
                               .args = args,
                               .env = env,
                               .in = -1,
                               .out = -1,
                               .error = -2,
                               .keep = keep};
    return spawn(&what, &asides->serve, why);
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
static bool start_notices(struct asides *asides, const char *dir, struct fault *why)
{
    const struct options *options = asides->options;
    char lag[32], stall[32];
    scoped(drop_strbuf) struct strbuf whom = STRBUF_EMPTY;
    if (options == NULL || options->notify == NULL)
        return true;
    snprintf(lag, sizeof lag, "%lldms", (long long)options->notify_lag_ms);
    snprintf(stall, sizeof stall, "%lldms", (long long)options->notify_stall_ms);
    strbuf_addf(&whom, "PGHAUL_NOTIFY=%s", options->notify);
    const char *const args[] = {"pghaul", "notify",         "--dir", dir, "--notify-lag",
                                lag,      "--notify-stall", stall,   NULL};
    const char *const env[] = {whom.text, NULL};
    const struct spawn what = {
        .program = own_program(), .args = args, .env = env, .in = -1, .out = -1, .error = -2};
    return spawn(&what, &asides->notify, why);
}

/* It still has to tell of the end, but whoever started the run is not kept for long. */
static void end_notices(struct asides *asides)
{
    struct pollfd fd = {.fd = asides->notify.pidfd, .events = POLLIN};
    if (asides->notify.pid == 0)
        return;
    child_signal(&asides->notify, SIGTERM);
    poll(&fd, 1, LAST_NOTICE_MS);
    drop_child(&asides->notify);
}

/* ---- both ---- */

bool asides_open(struct asides *asides, const struct options *options, struct fault *why)
{
    return open_notices(asides, options, why) && open_metrics(asides, options, why);
}

bool asides_start(struct asides *asides, const char *dir, struct fault *why)
{
    return start_metrics(asides, dir, why) && start_notices(asides, dir, why);
}

void drop_asides(struct asides *asides)
{
    if (asides->token.text != NULL)
        explicit_bzero(asides->token.text, asides->token.length);
    drop_strbuf(&asides->token);
    drop_fd(&asides->socket);
    drop_child(&asides->serve);
    end_notices(asides);
}
