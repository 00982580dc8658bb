/*
 * cmd_worker.c - a process of a run: takes its orders, then lives as its role says.
 */
#include "commands.h"

#include "base/log.h"
#include "base/scoped.h"
#include "catalog/catalog.h"
#include "orders.h"
#include "proc/channel.h"
#include "renewing.h"
#include "run/workdir.h"
#include "run/worker.h"

#include <fcntl.h>

/* The lines of a worker are written by the supervisor. */
static int log_channel = -1;

static bool send_line(enum log_level level, const char *who, const char *text)
{
    struct message message;
    struct fault ignored;
    message_begin(&message, MSG_LOG, 0);
    message.code = (int32_t)level;
    message_add_text(&message, who);
    message_add_text(&message, text);
    return channel_send(log_channel, &message, &ignored);
}

static bool live(struct options *options, enum role role, int channel, struct leash *leash,
                 struct fault *why)
{
    char path[PATH_MAX];
    scoped(drop_orders) struct orders orders = {.source_text = NULL};
    scoped(drop_throttle) struct throttle throttle = {.bucket = NULL};
    scoped(drop_db) struct db *db = NULL;
    if (!orders_receive(&orders, channel, why))
        return false;
    workdir_path(path, options->dir, "catalog.db");
    if (!catalog_open(&db, path, DB_EXISTING, why) || !book_recall(options, db, why))
        return false;
    if (options->rate_file != NULL && !throttle_open(&throttle, options->rate_file, why))
        return false;
    struct renewing renewing = {options, db};
    struct worker worker = {
        .role = role,
        .number = (int)options->number,
        .dir = options->dir,
        .leash = leash,
        .db = db,
        .settings = &options->settings,
        .source_info = &orders.source,
        .target_info = &orders.target,
        .throttle = &throttle,
        .renew = renew_settings,
        .renew_arg = &renewing,
    };
    return worker_run(&worker, why);
}

/* A fault of a worker is the supervisor's to tell; only one without a supervisor tells it. */
bool cmd_worker(struct options *options, struct fault *why)
{
    enum role role;
    char who[32], log[PATH_MAX];
    int channel = options->channel == 0 ? -1 : (int)options->channel;
    if (!role_parse(options->arguments[0], &role))
        return fault_set(why, FAULT_BAD_VALUE, "there is no worker role \"%s\"",
                         options->arguments[0]);
    if (options->dir == NULL)
        return fault_set(why, FAULT_MISSING_OPTION, "--dir is missing");
    snprintf(who, sizeof who, "%s/%d", role_entry(role)->name, (int)options->number);
    log_set_who(who);
    workdir_path(log, options->dir, "log/pghaul.log");
    if (!log_open_file(log, why))
        return false;
    if (channel >= 0) {
        /* Not for the tools that we start. */
        fcntl(channel, F_SETFD, FD_CLOEXEC);
        log_channel = channel;
        log_divert(send_line);
    }
    scoped(drop_leash) struct leash leash;
    if (!leash_open(&leash, channel, why))
        return false;
    if (live(options, role, channel, &leash, why))
        return true;
    if (channel >= 0)
        orders_report(channel, why);
    return false;
}
