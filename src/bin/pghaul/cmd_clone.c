/*
 * cmd_clone.c - a run from its beginning, or from where it stopped, to its end.
 */
#include "commands.h"

#include "base/file.h"
#include "base/log.h"
#include "base/scoped.h"
#include "catalog/catalog.h"
#include "catalog/run.h"
#include "jobs/script.h"
#include "plan/plan.h"
#include "run/status.h"
#include "run/supervise.h"

#include <errno.h>

struct clone {
    struct options *options;
    struct conninfo source;
    struct conninfo target;
    struct workdir dir;
    struct db *db;
    struct run run; /* the one found in the directory */
    bool found;
    char path[PATH_MAX];          /* of the directory */
    const struct restore *script; /* is restored; NULL: the source is copied */
};

static void drop_clone(struct clone *clone)
{
    drop_db(&clone->db);
    drop_conninfo(&clone->source);
    drop_conninfo(&clone->target);
    drop_workdir(&clone->dir);
}

static bool check_options(const struct options *options, struct fault *why)
{
    if (options->resume && options->restart)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "--resume and --restart exclude each other");
    if (options->not_consistent && !options->resume)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "--not-consistent goes with --resume only");
    if (options->settings.no_role_passwords && !options->settings.roles && !options->resume)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "--no-role-passwords goes with --roles only");
    if (options->snapshot != NULL && options->resume)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "a resumed run goes on in its own snapshot: --snapshot cannot be given");
    for (int i = 0; i < options->map_count && options->settings.no_tablespaces; i++)
        if (options->maps[i].kind == MAPPING_TABLESPACE)
            return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                             "--tablespace-map and --no-tablespaces exclude each other");
    return true;
}

static bool open_directory(struct clone *clone, struct fault *why)
{
    char file[PATH_MAX];
    const char *path = clone->path;
    workdir_path(file, path, "catalog.db");
    if (clone->options->resume && access(file, F_OK) != 0)
        return fault_set(why, FAULT_DIR_NO_RUN, "there is no run to resume in \"%s\"", path);
    if (!workdir_make(path, why) || !workdir_lock(&clone->dir, path, "lock", why))
        return false;
    workdir_path(file, path, "log/pghaul.log");
    if (!log_open_file(file, why))
        return false;
    workdir_path(file, path, "catalog.db");
    return catalog_open(&clone->db, file, DB_CREATE, why) &&
           run_get(clone->db, &clone->run, &clone->found, why);
}

/* A run that failed before it made anything on the target is no loss. */
static bool is_no_loss(struct clone *clone, bool *ret_none, struct fault *why)
{
    bool tried, restored;
    if (!work_kind_was_tried(clone->db, WORK_SCHEMA, &tried, why) ||
        !work_kind_was_tried(clone->db, WORK_RESTORE, &restored, why))
        return false;
    *ret_none = !tried && !restored && strcmp(clone->run.state, "failed") == 0;
    return true;
}

static bool refuse_found(const struct clone *clone, struct fault *why)
{
    const struct run *run = &clone->run;
    bool crashed = strcmp(run->state, "running") == 0;
    return fault_set(why, FAULT_DIR_HAS_RUN,
                     "work directory \"%s\" has run \"%s\" in it (%s to %s), which %s",
                     clone->dir.path, run->name, run->source, run->target,
                     crashed                              ? "was killed"
                     : strcmp(run->state, "stopped") == 0 ? "was stopped"
                     : strcmp(run->state, "failed") == 0  ? "has failed"
                                                          : "is done");
}

/* The snapshot of `pghaul snapshot`, of another session, or (0) none yet. */
static bool choose_snapshot(struct clone *clone, struct fault *why)
{
    int64_t seq;
    struct snapshot snapshot;
    bool found;
    if (clone->options->snapshot != NULL) {
        snapshot = (struct snapshot){.holder = HOLDER_OUTSIDE};
        if (strlcpy(snapshot.id, clone->options->snapshot, sizeof snapshot.id) >=
            sizeof snapshot.id)
            return fault_set(why, FAULT_BAD_VALUE, "--snapshot is too long to be a snapshot's id");
        return snapshot_add(clone->db, &snapshot, why) &&
               run_set_snapshot(clone->db, snapshot.seq, why);
    }
    if (!snapshot_held(clone->db, &seq, why) || seq == 0)
        return seq == 0;
    if (!snapshot_get(clone->db, seq, &snapshot, &found, why))
        return false;
    if (kill(snapshot.holder_pid, 0) != 0 && errno == ESRCH) {
        log_warning("the process %d that held snapshot %s is gone: taking another one",
                    snapshot.holder_pid, snapshot.id);
        return snapshot_end_held(clone->db, why);
    }
    log_info("copying in snapshot %s, held by process %d", snapshot.id, snapshot.holder_pid);
    return run_set_snapshot(clone->db, seq, why);
}

/* The runs that were given up for this one: their rows on the target are of no use any more. */
static bool forget_found(struct clone *clone, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf given_up = STRBUF_EMPTY;
    bool found;
    if (!clone->found)
        return true;
    if (!setting_get(clone->db, SETTING_GIVEN_UP, &given_up, &found, why))
        return false;
    strbuf_addf(&given_up, "%s'%s'", found ? ", " : "", clone->run.uuid);
    return run_forget(clone->db, why) &&
           setting_put(clone->db, SETTING_GIVEN_UP, given_up.text, why);
}

static bool add_first_items(struct clone *clone, struct fault *why)
{
    if (clone->script != NULL)
        return plan_restore(clone->db, clone->script->name, why);
    return plan_first_items(clone->db, clone->options->settings.contents, why) &&
           choose_snapshot(clone, why);
}

static bool create_in_write(struct db *db, void *arg, struct fault *why)
{
    struct clone *clone = arg;
    const struct restore *script = clone->script;
    const char *usual = script != NULL ? script->name : clone->source.database;
    const char *name = clone->options->name != NULL ? clone->options->name : usual;
    (void)db;
    return forget_found(clone, why) && plan_forget(clone->db, why) &&
           run_create(clone->db, name, PGHAUL_VERSION,
                      script != NULL ? script->file : strbuf_text(&clone->source.shown),
                      strbuf_text(&clone->target.shown), why) &&
           book_keep_filters(clone->options, clone->db, why) &&
           book_keep_maps(clone->options, clone->db, why) &&
           book_keep(clone->options, clone->db, why) && add_first_items(clone, why);
}

/* A run is there with all that belongs to it, or not at all. */
static bool create(struct clone *clone, struct fault *why)
{
    return workdir_wipe_schema(clone->dir.path, why) &&
           db_write(clone->db, create_in_write, clone, why);
}

static bool resume(struct clone *clone, struct fault *why)
{
    struct options *options = clone->options;
    if (!clone->found)
        return fault_set(why, FAULT_DIR_NO_RUN, "there is no run to resume in \"%s\"",
                         clone->dir.path);
    log_info("resuming run \"%s\"", clone->run.name);
    if (!book_recall(options, clone->db, why))
        return false;
    if (clone->script == NULL && !settings_have_source(&options->settings))
        return fault_set(why, FAULT_RUN_DIFFERS,
                         "the run restores \"%s\": it goes on by pghaul restore schema --resume",
                         clone->run.source);
    return book_keep(options, clone->db, why) && run_set_resumed(clone->db, why);
}

static bool begin(struct clone *clone, struct fault *why)
{
    struct options *options = clone->options;
    if (options->resume)
        return resume(clone, why);
    if (clone->found && !options->restart) {
        bool no_loss;
        if (!is_no_loss(clone, &no_loss, why))
            return false;
        if (!no_loss)
            return refuse_found(clone, why);
        log_info("the run before this one failed before it changed anything: beginning anew");
    }
    return create(clone, why);
}

static bool print_summary(struct clone *clone, struct fault *why)
{
    json_t *status;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    if (clone->options->quiet)
        return true;
    if (!status_collect(clone->db, clone->dir.path, &status, why))
        return false;
    status_add_summary(&text, status);
    json_decref(status);
    return print_text(&text, why);
}

static bool say_what_is_left(struct clone *clone, struct fault *why)
{
    int64_t seq;
    struct snapshot snapshot;
    bool found;
    if (!snapshot_held(clone->db, &seq, why) || seq == 0)
        return seq == 0;
    if (!snapshot_get(clone->db, seq, &snapshot, &found, why))
        return false;
    log_info("process %d (pghaul snapshot) still holds snapshot %s on the source; it is no longer"
             " needed",
             snapshot.holder_pid, snapshot.id);
    return true;
}

/* As it is now; the job takes it if it goes with what is done. */
static bool bring_script(const struct clone *clone, struct fault *why)
{
    char name[64], path[PATH_MAX];
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    if (clone->script == NULL)
        return true;
    snprintf(name, sizeof name, "schema/%s.sql" SCRIPT_EDITED, clone->script->name);
    workdir_path(path, clone->path, name);
    return read_file(clone->script->file, &text, why) &&
           write_file(path, strbuf_text(&text), text.length, why);
}

static bool conduct(struct clone *clone, struct fault *why)
{
    struct options *options = clone->options;
    if (!open_directory(clone, why))
        return false;
    if (options->resume && clone->found && strcmp(clone->run.state, "done") == 0) {
        log_info("run \"%s\" is done already", clone->run.name);
        return true;
    }
    if (!begin(clone, why) || !bring_script(clone, why))
        return false;
    log_info("%s %s to %s, work directory %s", clone->script != NULL ? "restoring" : "copying",
             clone->script != NULL ? clone->script->file : strbuf_text(&clone->source.shown),
             strbuf_text(&clone->target.shown), clone->dir.path);
    struct supervise what = {
        .dir = &clone->dir,
        .db = clone->db,
        .settings = &options->settings,
        .source = options->source == NULL ? "" : options->source,
        .target = options->target,
        .resume = options->resume,
        .not_consistent = options->not_consistent,
        .show_progress = !options->quiet,
    };
    return supervise(&what, why) && print_summary(clone, why) && say_what_is_left(clone, why);
}

bool cmd_clone(struct options *options, struct fault *why)
{
    scoped(drop_clone) struct clone clone = {.options = options, .dir = {.lock = -1}};
    return check_options(options, why) && contents_choose(options, why) &&
           set_up_log(options, "clone", why) &&
           read_side(options, SIDE_SOURCE, &clone.source, why) &&
           read_side(options, SIDE_TARGET, &clone.target, why) &&
           find_directory(options, clone.source.database, clone.path, why) && conduct(&clone, why);
}

bool restore_script(struct options *options, const struct restore *script, struct fault *why)
{
    scoped(drop_clone) struct clone clone = {
        .options = options, .dir = {.lock = -1}, .script = script};
    strlcpy(clone.path, script->dir, sizeof clone.path);
    return book_give_bits(options, "contents", CONTENT_SCRIPT, why) &&
           read_side(options, SIDE_TARGET, &clone.target, why) && conduct(&clone, why);
}
