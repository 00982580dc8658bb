/*
 * cmd_snapshot.c - holds a snapshot of the source until told to stop.
 */
#include "commands.h"

#include "base/log.h"
#include "base/scoped.h"
#include "catalog/catalog.h"
#include "catalog/run.h"
#include "run/hold.h"
#include "run/workdir.h"

struct holding {
    struct conninfo info;
    struct workdir dir;
    struct db *db;
    struct leash leash;
    struct conn *source;
};

static void drop_holding(struct holding *holding)
{
    drop_conn(&holding->source);
    drop_leash(&holding->leash);
    drop_db(&holding->db);
    drop_conninfo(&holding->info);
    drop_workdir(&holding->dir);
}

static bool open_all(struct holding *holding, const struct options *options, struct fault *why)
{
    char path[PATH_MAX], file[PATH_MAX];
    if (!read_side(options, SIDE_SOURCE, &holding->info, why) ||
        !find_directory(options, holding->info.database, path, why) || !workdir_make(path, why) ||
        !workdir_lock(&holding->dir, path, "snapshot.lock", why))
        return false;
    workdir_path(file, path, "catalog.db");
    struct conn_wish wish = {
        .info = &holding->info,
        .application = "pghaul snapshot",
        .role = options->settings.source_role,
    };
    return catalog_open(&holding->db, file, DB_CREATE, why) &&
           snapshot_end_held(holding->db, why) && leash_open(&holding->leash, -1, why) &&
           conn_open(&holding->source, &wish, &holding->leash, why);
}

bool cmd_snapshot(struct options *options, struct fault *why)
{
    scoped(drop_holding) struct holding holding = {.dir = {.lock = -1}, .leash = {.signals = -1}};
    scoped(drop_strbuf) struct strbuf line = STRBUF_EMPTY;
    struct snapshot snapshot;
    bool lost;
    if (!set_up_log(options, "snapshot", why) || !open_all(&holding, options, why) ||
        !hold_snapshot(holding.db, holding.source, HOLDER_COMMAND, &snapshot, why))
        return false;
    strbuf_addf(&line, "%s\n", snapshot.id);
    log_info("holding snapshot %s of %s for work directory %s; stop with SIGINT or SIGTERM",
             snapshot.id, strbuf_text(&holding.info.shown), holding.dir.path);
    if (!print_text(&line, why) || !conn_wait_idle(holding.source, -1, &lost, why) ||
        !snapshot_end(holding.db, snapshot.seq, why))
        return false;
    if (lost)
        return hold_lost(holding.source, snapshot.id, why);
    log_info("snapshot %s is released", snapshot.id);
    return true;
}
