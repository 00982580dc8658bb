/*
 * cmd_supervise.c - one of the runs that a run over several databases consists of.
 */
#include "clone.h"
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

static bool open_run(struct clone *clone, struct orders *orders, int channel, struct fault *why)
{
    char file[PATH_MAX];
    struct options *options = clone->options;
    if (!orders_receive(orders, channel, why))
        return false;
    FAILPOINT("supervise.before_lock", why);
    workdir_path(file, options->dir, "catalog.db");
    return workdir_lock(&clone->dir, options->dir, "lock", why) &&
           catalog_open(&clone->db, file, DB_EXISTING, why) &&
           book_recall(options, clone->db, why) &&
           run_get(clone->db, &clone->run, &clone->found, why);
}

static bool follow_run(struct clone *clone, const struct orders *orders, int channel,
                       struct fault *why)
{
    struct options *options = clone->options;
    scoped(drop_budget) struct budget budget = {.file = -1};
    if (options->budget != NULL && !budget_open(&budget, options->budget, &options->settings, why))
        return false;
    struct renewing renewing = {options, clone->db};
    struct supervise what = {
        .dir = &clone->dir,
        .db = clone->db,
        .settings = &options->settings,
        .source = orders->source_text,
        .target = orders->target_text,
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

/* The other way, if a cutover has opened it. */
static bool go_back(struct clone *clone, const struct orders *orders, struct fault *why)
{
    bool gone;
    struct options *options = clone->options;
    options->source = orders->source_text;
    options->target = orders->target_text;
    return conninfo_read(&clone->source, SIDE_SOURCE, options->source, why) &&
           conninfo_read(&clone->target, SIDE_TARGET, options->target, why) &&
           back_go_on(clone, &gone, why);
}

/* One that came to its end before is here for its way back. */
static bool live(struct options *options, int channel, struct fault *why)
{
    scoped(drop_orders) struct orders orders = {.source_text = NULL};
    scoped(drop_clone) struct clone clone = CLONE_NONE;
    clone.options = options;
    return open_run(&clone, &orders, channel, why) &&
           (strcmp(clone.run.state, "done") == 0 || follow_run(&clone, &orders, channel, why)) &&
           (!options->settings.follow || go_back(&clone, &orders, why));
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
