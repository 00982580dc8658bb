/*
 * cmd_notify.c - the process behind --notify.
 */
#include "commands.h"

#include "base/log.h"
#include "base/scoped.h"
#include "base/secret.h"
#include "catalog/catalog.h"
#include "run/workdir.h"
#include "show/notices.h"

bool cmd_notify(struct options *options, struct fault *why)
{
    char file[PATH_MAX];
    scoped(drop_db) struct db *db = NULL;
    if (options->dir == NULL || options->notify == NULL)
        return fault_set(why, FAULT_MISSING_OPTION, "--dir or --notify is missing");
    log_set_who("notify");
    if (notify_is_url(options->notify))
        secret_keep(options->notify);
    workdir_path(file, options->dir, "log/pghaul.log");
    if (!log_open_file(file, why))
        return false;
    workdir_path(file, options->dir, "catalog.db");
    if (!catalog_open(&db, file, DB_READ_ONLY, why))
        return false;
    const struct notify what = {
        .db = db,
        .dir = options->dir,
        .whom = options->notify,
        .bounds = {.stall_ms = options->notify_stall_ms, .lag_ms = options->notify_lag_ms},
        .again = options->resume,
    };
    return notify(&what, why);
}
