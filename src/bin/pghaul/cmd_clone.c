/*
 * cmd_clone.c - a run from its beginning, or from where it stopped, to its end.
 */
#include "clone.h"
#include "commands.h"

#include "base/file.h"
#include "base/log.h"
#include "base/scoped.h"
#include "catalog/position.h"
#include "jobs/script.h"
#include "proc/throttle.h"
#include "renewing.h"
#include "run/supervise.h"
#include "show/status.h"

static bool check_options(const struct options *options, struct fault *why)
{
    if (!check_resume_or_restart(options, why))
        return false;
    if (options->not_consistent && !options->resume)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "--not-consistent goes with --resume only");
    if (options->settings.no_role_passwords && !options->settings.roles && !options->resume)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "--no-role-passwords goes with --roles only");
    if (options->all_databases && options->databases.count > 0)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "--all-databases and --database exclude each other");
    if (options->excluded_databases.count > 0 && !several_wanted(options))
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "--exclude-database goes with --all-databases or --database only");
    if (options->snapshot != NULL && several_wanted(options))
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "a snapshot is of one database: --snapshot does not go with several");
    if (options->snapshot != NULL && options->resume)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "a resumed run goes on in its own snapshot: --snapshot cannot be given");
    for (int i = 0; i < options->map_count && options->settings.no_tablespaces; i++)
        if (options->maps[i].kind == MAPPING_TABLESPACE)
            return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                             "--tablespace-map and --no-tablespaces exclude each other");
    return true;
}

bool clone_enter(struct clone *clone, const char *path, struct fault *why)
{
    char file[PATH_MAX];
    if (!clone_open(clone, path, why))
        return false;
    workdir_path(file, path, "log/pghaul.log");
    return log_open_file(file, why) && members_read(clone->db, &clone->members, why);
}

static bool print_summary(struct clone *clone, struct fault *why)
{
    json_t *status;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    if (clone->options->quiet || clone->options->channel != 0)
        return true;
    if (!status_collect(clone->db, clone->dir.path, &status, why))
        return false;
    status_add_summary(&text, status);
    json_decref(status);
    return print_text(&text, why);
}

static bool say_what_follows(struct clone *clone, struct fault *why)
{
    bool found;
    struct position position;
    scoped(drop_strbuf) struct strbuf made = STRBUF_EMPTY;
    if (!position_get(clone->db, &position, &found, why) || !found)
        return !found;
    bool two = *position.publication != '\0';
    position_add_made(&made, position.slot, position.publication);
    log_info("%s %s on the source, and the slot keeps its WAL: pghaul cleanup --dir %s removes %s",
             made.text, two ? "stay" : "stays", clone->dir.path, two ? "them" : "it");
    return true;
}

/* The other way, if it is open: then there is nothing of the run that another one could go on with.
 */
static bool go_on(struct clone *clone, struct fault *why)
{
    bool gone;
    return back_go_on(clone, &gone, why) && (gone || say_what_follows(clone, why));
}

bool say_snapshot_held(struct db *db, struct fault *why)
{
    int64_t seq;
    struct snapshot snapshot;
    bool found;
    if (!snapshot_held(db, &seq, why) || seq == 0)
        return seq == 0;
    if (!snapshot_get(db, seq, &snapshot, &found, why))
        return false;
    log_info("process %d (pghaul snapshot) still holds snapshot %s on the source; it is no longer"
             " needed",
             snapshot.holder_pid, snapshot.id);
    return true;
}

static bool prepare_target(struct clone *clone, struct fault *why)
{
    scoped(drop_leash) struct leash leash = {.signals = -1};
    if (!clone->options->settings.create)
        return true;
    if (!clone->target.names_database)
        return fault_set(why, FAULT_MISSING_OPTION,
                         "--create needs the name of the database in --target, besides a service");
    return leash_open(&leash, -1, why) &&
           clone_make_database(clone, clone->target.database, &leash, why);
}

/* As it is now; the job takes it if it goes with what is done. */
static bool bring_script(const struct clone *clone, struct fault *why)
{
    char name[64], path[PATH_MAX];
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    if (clone->script == NULL)
        return true;
    snprintf(name, sizeof name, "schema/%s.sql" SCRIPT_EDITED, clone->script->name);
    workdir_path(path, clone->dir.path, name);
    return read_file(clone->script->file, &text, why) &&
           write_file(path, strbuf_text(&text), text.length, why);
}

static bool run_one(struct clone *clone, struct fault *why)
{
    const struct options *options = clone->options;
    struct renewing renewing = {clone->options, clone->db};
    struct supervise what = {
        .dir = &clone->dir,
        .db = clone->db,
        .settings = &options->settings,
        .source = options->source == NULL ? "" : options->source,
        .target = options->target,
        .resume = options->resume,
        .not_consistent = options->not_consistent,
        .show_progress = !options->quiet && options->channel == 0,
        .rate_file = clone->rate_file,
        .renew = renew_settings,
        .renew_arg = &renewing,
        .channel = options->channel == 0 ? -1 : (int)options->channel,
        .each_second = asides_look,
        .each_second_arg = &clone->asides,
    };
    return prepare_target(clone, why) && supervise(&what, why);
}

/* What a run that is given up has made on the source, only another one that follows clears away. */
static bool warn_of_left(const struct clone *clone, struct fault *why)
{
    bool found;
    struct position_left left;
    scoped(drop_strbuf) struct strbuf made = STRBUF_EMPTY;
    if (clone->options->settings.follow)
        return true;
    if (!position_left(clone->db, &left, &found, why))
        return false;
    if (!found)
        return true;
    position_add_made(&made, left.slot, left.publication);
    log_warning(
        "a run before this one has left %s on its source: pghaul cleanup --dir %s removes %s",
        made.text, clone->dir.path, *left.publication != '\0' ? "them" : "it");
    return true;
}

bool clone_run(struct clone *clone, struct fault *why)
{
    scoped(drop_throttle) struct throttle throttle = {.bucket = NULL};
    workdir_path(clone->rate_file, clone->dir.path, "rate");
    if (bring_script(clone, why) && warn_of_left(clone, why) &&
        asides_start(&clone->asides, clone->dir.path, why) &&
        throttle_make(&throttle, clone->rate_file, why) &&
        (clone->members.count > 0 ? several_run(clone, why) : run_one(clone, why)))
        return print_summary(clone, why) && say_snapshot_held(clone->db, why) &&
               (!clone->options->settings.follow || go_on(clone, why));
    clone_note_end(clone, why);
    return false;
}

static bool conduct(struct clone *clone, const char *path, struct fault *why)
{
    const struct restore *script = clone->script;
    if (!clone_enter(clone, path, why))
        return false;
    if (clone->options->resume && clone->found && strcmp(clone->run.state, "done") == 0) {
        bool gone;
        log_info("run \"%s\" is done already", clone->run.name);
        return back_go_on(clone, &gone, why);
    }
    if (!clone_begin(clone, why))
        return false;
    log_info("%s %s to %s, work directory %s", script != NULL ? "restoring" : "copying",
             script != NULL ? script->file : strbuf_text(&clone->source.shown),
             strbuf_text(&clone->target.shown), clone->dir.path);
    return clone_run(clone, why);
}

/* It leaves everything as it is, the work directory too. */
static bool check_only(struct options *options, struct fault *why)
{
    if (several_wanted(options) || options->resume || options->restart)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "--check-only looks at a new run of one database: it does not go with "
                         "--%s",
                         options->resume          ? "resume"
                         : options->restart       ? "restart"
                         : options->all_databases ? "all-databases"
                                                  : "database");
    return check_options(options, why) && cmd_check(options, why);
}

bool cmd_clone(struct options *options, struct fault *why)
{
    char path[PATH_MAX];
    scoped(drop_clone) struct clone clone = CLONE_NONE;
    clone.options = options;
    if (options->check_only)
        return check_only(options, why);
    return check_options(options, why) && contents_choose(options, why) &&
           (options->resume || check_follow(options, why)) && set_up_log(options, "clone", why) &&
           read_side(options, SIDE_SOURCE, &clone.source, why) &&
           read_side(options, SIDE_TARGET, &clone.target, why) &&
           asides_open(&clone.asides, options, why) &&
           find_directory(options, several_wanted(options) ? SEVERAL_NAME : clone.source.database,
                          path, why) &&
           conduct(&clone, path, why);
}

bool restore_script(struct options *options, const struct restore *script, struct fault *why)
{
    scoped(drop_clone) struct clone clone = CLONE_NONE;
    clone.options = options;
    clone.script = script;
    return book_give_bits(options, "contents", CONTENT_SCRIPT, why) &&
           read_side(options, SIDE_TARGET, &clone.target, why) && conduct(&clone, script->dir, why);
}
