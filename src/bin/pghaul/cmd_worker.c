/*
 * cmd_worker.c - a process of a run: takes its orders, then lives as its role says.
 */
#include "commands.h"

#include "base/log.h"
#include "base/scoped.h"
#include "catalog/catalog.h"
#include "proc/channel.h"
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

struct orders {
    struct conninfo source;
    struct conninfo target;
};

static void drop_orders(struct orders *orders)
{
    drop_conninfo(&orders->source);
    drop_conninfo(&orders->target);
}

static bool read_orders(struct orders *orders, const char *source, const char *target,
                        struct fault *why)
{
    return conninfo_read(&orders->source, SIDE_SOURCE, source, why) &&
           conninfo_read(&orders->target, SIDE_TARGET, target, why);
}

/* The first message holds the connection strings: they are in no argument, variable or file. */
static bool receive_orders(int channel, struct orders *orders, struct fault *why)
{
    struct message message;
    struct pollfd fd = {.fd = channel, .events = POLLIN};
    poll(&fd, 1, -1);
    if (channel_take(channel, &message) != CHANNEL_MESSAGE || message.type != MSG_SETTINGS)
        return fault_set(why, FAULT_ORPHANED, "the supervisor gave no orders");
    const char *target = message.text + strlen(message.text) + 1;
    log_set_level((enum log_level)message.code);
    bool good = read_orders(orders, message.text, target, why);
    explicit_bzero(message.text, sizeof message.text);
    return good;
}

static bool orders_from_environment(struct orders *orders, struct fault *why)
{
    const char *source = getenv("PGHAUL_SOURCE");
    const char *target = getenv("PGHAUL_TARGET");
    return read_orders(orders, source == NULL ? "" : source, target == NULL ? "" : target, why);
}

static bool live(struct options *options, enum role role, int channel, struct leash *leash,
                 struct fault *why)
{
    char path[PATH_MAX];
    scoped(drop_orders) struct orders orders = {.source = {.password = NULL}};
    scoped(drop_db) struct db *db = NULL;
    if (!(channel < 0 ? orders_from_environment(&orders, why)
                      : receive_orders(channel, &orders, why)))
        return false;
    workdir_path(path, options->dir, "catalog.db");
    if (!catalog_open(&db, path, DB_EXISTING, why) || !book_recall(options, db, why))
        return false;
    struct worker worker = {
        .role = role,
        .number = (int)options->number,
        .dir = options->dir,
        .leash = leash,
        .db = db,
        .settings = &options->settings,
        .source_info = &orders.source,
        .target_info = &orders.target,
    };
    return worker_run(&worker, why);
}

/* A fault of a worker is the supervisor's to tell; only one without a supervisor tells it. */
bool cmd_worker(struct options *options, struct fault *why)
{
    enum role role;
    char who[32], log[PATH_MAX];
    struct fault ignored;
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
    struct message message;
    if (channel >= 0) {
        message_begin(&message, MSG_FAULT, 0);
        message_set_fault(&message, why);
        channel_send(channel, &message, &ignored);
    }
    return false;
}
