/*
 * cmd_serve.c - the process behind --metrics.
 */
#include "commands.h"

#include "base/log.h"
#include "base/scoped.h"
#include "base/secret.h"
#include "catalog/catalog.h"
#include "run/workdir.h"
#include "show/serve.h"

#include <fcntl.h>

bool cmd_serve(struct options *options, struct fault *why)
{
    char file[PATH_MAX];
    scoped(drop_db) struct db *db = NULL;
    const char *token = getenv(SERVE_TOKEN);
    if (options->dir == NULL || options->socket == 0)
        return fault_set(why, FAULT_MISSING_OPTION, "--dir or --socket is missing");
    log_set_who("metrics");
    if (token != NULL)
        secret_keep(token);
    workdir_path(file, options->dir, "catalog.db");
    if (!catalog_open(&db, file, DB_READ_ONLY, why))
        return false;
    const struct serving serving = {
        .db = db, .dir = options->dir, .socket = (int)options->socket, .token = token};
    return serve(&serving, why);
}
