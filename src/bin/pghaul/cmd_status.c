/*
 * cmd_status.c - shows a run from its catalog.
 */
#include "commands.h"

#include "base/scoped.h"
#include "catalog/catalog.h"
#include "run/workdir.h"
#include "show/screen.h"
#include "show/status.h"

bool cmd_status(struct options *options, struct fault *why)
{
    char path[PATH_MAX], file[PATH_MAX];
    scoped(drop_db) struct db *db = NULL;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    json_t *status;
    if (options->watch && options->json)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS, "--watch and --json exclude each other");
    if (!set_up_log(options, "status", why) || !find_directory(options, NULL, path, why))
        return false;
    workdir_path(file, path, "catalog.db");
    if (!catalog_open(&db, file, DB_READ_ONLY, why))
        return false;
    if (options->watch)
        return screen_watch(db, path, why);
    if (!status_collect(db, path, &status, why))
        return false;
    if (options->json)
        add_json(&text, status);
    else
        status_add_text(&text, status);
    json_decref(status);
    return print_text(&text, why);
}
