/*
 * cmd_supervise.c - one of the runs that a run over several databases consists of.
 */
#include "commands.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "catalog/catalog.h"
#include "catalog/run.h"
#include "orders.h"
#include "renewing.h"
#include "run/supervise.h"

#include <fcntl.h>

static bool live(struct options *options, int channel, struct fault *why)
{
    char file[PATH_MAX];
    scoped(drop_budget) struct budget budget = {.file = -1};
    scoped(drop_orders) struct orders orders = {.source_text = NULL};
    scoped(drop_workdir) struct workdir dir = {.lock = -1};
    scoped(drop_db) struct db *db = NULL;
    if (!orders_receive(&orders, channel, why))
        return false;
    FAILPOINT("supervise.before_lock", why);
    if (!workdir_lock(&dir, options->dir, "lock", why))
        return false;
    workdir_path(file, options->dir, "catalog.db");
    if (!catalog_open(&db, file, DB_EXISTING, why) || !book_recall(options, db, why))
        return false;
    if (options->budget != NULL && !budget_open(&budget, options->budget, &options->settings, why))
        return false;
    struct renewing renewing = {options, db};
    struct supervise what = {
        .dir = &dir,
        .db = db,
        .settings = &options->settings,
        .source = orders.source_text,
        .target = orders.target_text,
        .resume = options->resume,
        .not_consistent = options->not_consistent,
        .budget = options->budget == NULL ? NULL : &budget,
        .rate_file = options->rate_file,
        .renew = renew_settings,
        .renew_arg = &renewing,
        .channel = channel,
    };
    return supervise(&what, why);
}

/* A fault is for the one who started us to tell. */
bool cmd_supervise(struct options *options, struct fault *why)
{
    char log[PATH_MAX];
    int channel = options->channel == 0 ? -1 : (int)options->channel;
    if (options->dir == NULL || options->rate_file == NULL)
        return fault_set(why, FAULT_MISSING_OPTION, "--%s is missing",
                         options->dir == NULL ? "dir" : "rate-file");
    log_set_who("clone");
    if (options->name != NULL)
        log_set_run(options->name);
    workdir_path(log, options->dir, "log/pghaul.log");
    if (!log_open_file(log, why))
        return false;
    /* Not for the processes that we start. */
    if (channel >= 0)
        fcntl(channel, F_SETFD, FD_CLOEXEC);
    bool good = live(options, channel, why);
    if (!good && channel >= 0)
        orders_report(channel, why);
    return good;
}
