/*
 * cmd_cleanup.c - removes what a run that followed has left: on the source, on the target, here.
 *
 * The catalog names all of it before it was made, and forgets it when all is gone. So this may be
 * killed anywhere and be begun again; what is not there any more is said.
 */
#include "cleanup.h"
#include "commands.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "catalog/cutover.h"
#include "catalog/position.h"
#include "catalog/run.h"
#include "cdc/apply.h"
#include "cdc/receive.h"
#include "cutover/freeze.h"
#include "jobs/brought.h"
#include "jobs/done.h"
#include "jobs/firing.h"
#include "plan/ask.h"
#include "plan/check.h"
#include "plan/identity.h"
#include "plan/publication.h"
#include "run/back.h"
#include "run/workdir.h"

static const char *const locks[] = {"lock", "stream.lock", "apply.lock"};

void drop_cleanup(struct cleanup *c)
{
    drop_conn(&c->source);
    drop_conn(&c->target);
    drop_leash(&c->leash);
    drop_position_made(&c->made);
    drop_db(&c->db);
    drop_conninfo(&c->source_info);
    drop_conninfo(&c->target_info);
    for (int i = 0; i < CLEANUP_LOCKS; i++)
        drop_workdir(&c->dirs[i]);
}

struct cleanup cleanup_new(struct options *options)
{
    struct cleanup c = {.options = options, .who = "pghaul cleanup", .leash = {.signals = -1}};
    for (int i = 0; i < CLEANUP_LOCKS; i++)
        c.dirs[i].lock = -1;
    return c;
}

/* ---- one thing after the other ---- */

struct thing {
    const char *where; /* source, target, directory */
    const char *what;  /* "slot \"pghaul_shop\"" */
    const char *sql;   /* for people, and mostly for the server */
    bool there;
    bool (*remove)(struct cleanup *c, const struct thing *thing, struct fault *why);
    const void *arg;
};

static bool run_there(struct cleanup *c, const struct thing *thing, struct fault *why)
{
    return conn_run(c->source, thing->sql, why) || fault_during(why, "dropping %s", thing->what);
}

static bool do_away(struct cleanup *c, const struct thing *thing, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf line = STRBUF_EMPTY;
    if (!thing->there) {
        log_info("%s: %s: not there", thing->where, thing->what);
        return true;
    }
    if (c->options->dry_run) {
        strbuf_addf(&line, "%s: %s: %s\n", thing->where, thing->what, thing->sql);
        return print_text(&line, why);
    }
    if (!thing->remove(c, thing, why))
        return false;
    log_info("%s: %s: removed", thing->where, thing->what);
    return true;
}

/* ---- on the source ---- */

static bool add_holder(struct cleanup *c, const char *slot, struct strbuf *to, struct fault *why)
{
    const char *const values[] = {slot};
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!ask_with(c->source, ASK_SLOT_HOLDER, 1, values, &rows, why))
        return false;
    strbuf_addf(to, "slot \"%s\" is in use by %s", slot,
                rows_count(&rows) == 0 ? "somebody" : rows_text(&rows, 0, 0));
    return true;
}

static bool remove_slot(struct cleanup *c, const struct thing *thing, struct fault *why)
{
    return slot_drop(c->source, thing->arg, why);
}

/* One of the name in another database, or of another plugin, was not made by a run of ours. */
static bool is_the_runs(struct cleanup *c, const struct position_left *made, struct fault *why)
{
    struct slot slot;
    if (!receive_check_slot(c->source, made->slot, &slot, why))
        return false;
    return strcmp(slot.plugin, made->plugin) == 0 ||
           fault_set(why, FAULT_SLOT_UNFIT, "slot \"%s\" is of plugin %s, not %s", made->slot,
                     slot.plugin, made->plugin);
}

/* What is not the run's stays, whoever reads from it. */
static bool check_unused(struct cleanup *c, const struct position_left *made, struct fault *why)
{
    bool active;
    struct fault other;
    scoped(drop_strbuf) struct strbuf holder = STRBUF_EMPTY;
    if (!is_the_runs(c, made, &other))
        return true;
    if (!slot_await_free(c->source, &c->leash, made->slot, &active, why))
        return false;
    return !active || (add_holder(c, made->slot, &holder, why) &&
                       fault_set(why, FAULT_SLOT_ACTIVE, "%s", holder.text));
}

static bool clean_slot(struct cleanup *c, const struct position_left *made, struct fault *why)
{
    struct slot slot;
    struct fault other;
    scoped(drop_strbuf) struct strbuf what = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (*made->slot == '\0')
        return true;
    if (!slot_look(c->source, made->slot, &slot, why))
        return false;
    if (slot.found && !is_the_runs(c, made, &other)) {
        log_warning("%s: it is not the run's, and stays", other.text);
        return true;
    }
    strbuf_addf(&what, "slot \"%s\"", made->slot);
    strbuf_addf(&sql, "SELECT pg_drop_replication_slot('%s');", made->slot);
    struct thing thing = {"source", what.text, sql.text, slot.found, remove_slot, made->slot};
    if (!c->options->dry_run || !slot.active)
        return do_away(c, &thing, why);
    scoped(drop_strbuf) struct strbuf holder = STRBUF_EMPTY;
    if (!add_holder(c, made->slot, &holder, why))
        return false;
    log_warning("%s", holder.text);
    return do_away(c, &thing, why);
}

static bool clean_publication(struct cleanup *c, const char *name, struct fault *why)
{
    int64_t oid;
    scoped(drop_strbuf) struct strbuf what = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (*name == '\0')
        return true;
    if (!publication_look(c->source, name, &oid, why))
        return false;
    strbuf_addf(&what, "publication \"%s\"", name);
    strbuf_add(&sql, "DROP PUBLICATION ");
    strbuf_add_identifier(&sql, name);
    strbuf_add(&sql, ";");
    struct thing thing = {"source", what.text, sql.text, oid != 0, run_there, NULL};
    return do_away(c, &thing, why);
}

static bool alter_back(struct cleanup *c, const struct thing *thing, struct fault *why)
{
    struct conn *conn = strcmp(thing->where, "source") == 0 ? c->source : c->target;
    return identity_alter(conn, &c->leash, thing->arg, thing->sql,
                          c->options->settings.lock_timeout_ms, why);
}

static bool clean_identity(struct cleanup *c, struct conn *conn,
                           const struct identity_change *change, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf what = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!identity_add_back(&sql, conn, change, why))
        return false;
    strbuf_add(&what, "REPLICA IDENTITY FULL of ");
    strbuf_add_name(&what, change->nspname, change->relname);
    struct thing thing = {side_word(conn_side(conn)),
                          what.text,
                          strbuf_text(&sql),
                          sql.length > 0,
                          alter_back,
                          change};
    return do_away(c, &thing, why);
}

struct given_up {
    struct cleanup *cleanup;
    const char *run;
};

/* The target's tables were created as the source's were then. */
static bool clean_both(void *arg, const struct identity_change *change, struct fault *why)
{
    const struct given_up *given_up = arg;
    struct cleanup *c = given_up->cleanup;
    if (!clean_identity(c, c->target, change, why) || !clean_identity(c, c->source, change, why))
        return false;
    FAILPOINT("cleanup.identity_restored", why);
    return c->options->dry_run || identity_forget(c->db, given_up->run, change, why);
}

/* The slot goes first: without its publications it could not be decoded. Identities go last:
 * without them the application's updates of what is published would fail. */
static bool clean_source(struct cleanup *c, const struct position_left *made, struct fault *why)
{
    if (!clean_slot(c, made, why))
        return false;
    FAILPOINT("cleanup.slot_dropped", why);
    if (!clean_publication(c, made->publication, why) ||
        !clean_publication(c, made->insert_publication, why))
        return false;
    FAILPOINT("cleanup.publication_dropped", why);
    struct given_up given_up = {c, made->run};
    return identities_list(c->db, made->run, clean_both, &given_up, why);
}

/* ---- on the target ---- */

static struct job job_of(struct cleanup *c)
{
    return (struct job){
        .db = c->db,
        .leash = &c->leash,
        .settings = &c->options->settings,
        .run = &c->run,
        .dir = c->path,
        .target = c->target,
    };
}

static bool remove_progress(struct cleanup *c, const struct thing *thing, struct fault *why)
{
    return apply_forget(c->target, thing->arg, why);
}

static bool clean_progress(struct cleanup *c, const char *run, struct fault *why)
{
    lsn_t applied;
    bool found;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!apply_look(c->target, run, &applied, &found, why))
        return false;
    strbuf_addf(&sql, "DELETE FROM pghaul.progress WHERE run = '%s';", run);
    struct thing thing = {"target", "row of pghaul.progress", sql.text,
                          found,    remove_progress,          run};
    return do_away(c, &thing, why);
}

static bool remove_brought(struct cleanup *c, const struct thing *thing, struct fault *why)
{
    return brought_forget(c->target, thing->arg, why);
}

/* A run without large objects has none. */
static bool clean_brought(struct cleanup *c, const char *run, struct fault *why)
{
    bool any;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!brought_any(c->target, run, &any, why))
        return false;
    if (!any)
        return true;
    strbuf_addf(&sql, "DELETE FROM pghaul.large_objects WHERE run = '%s';", run);
    struct thing thing = {"target", "rows of pghaul.large_objects", sql.text, true, remove_brought,
                          run};
    return do_away(c, &thing, why);
}

static bool clean_rows(struct cleanup *c, const char *run, struct fault *why)
{
    return clean_brought(c, run, why) && clean_progress(c, run, why);
}

static bool remove_done(struct cleanup *c, const struct thing *thing, struct fault *why)
{
    struct job job = job_of(c);
    (void)thing;
    return done_leave(&job, why);
}

/* A run that came to its end has removed them itself; one that came nowhere may have left the
 * table.
 */
static bool clean_done(struct cleanup *c, struct fault *why)
{
    bool any;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!done_any(&c->run, c->target, 0, &any, why))
        return false;
    if (!any)
        return c->options->dry_run || remove_done(c, NULL, why);
    strbuf_addf(&sql, "DELETE FROM pghaul.done WHERE run = '%s';", c->run.uuid);
    struct thing thing = {"target", "rows of pghaul.done", sql.text, true, remove_done, NULL};
    return do_away(c, &thing, why);
}

static bool remove_switches(struct cleanup *c, const struct thing *thing, struct fault *why)
{
    struct job job = job_of(c);
    (void)thing;
    return firing_switch_on(&job, why);
}

static bool clean_switches(struct cleanup *c, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!firing_show(c->db, &sql, why))
        return false;
    struct thing thing = {"target",          "triggers and rules that are off",
                          strbuf_text(&sql), true,
                          remove_switches,   NULL};
    return sql.length == 0 || do_away(c, &thing, why);
}

static bool clean_target(struct cleanup *c, struct fault *why)
{
    if (!clean_switches(c, why))
        return false;
    FAILPOINT("cleanup.switched_on", why);
    for (size_t i = 0; i < c->made.count; i++)
        if (strcmp(c->made.list[i].run, c->run.uuid) != 0 &&
            !clean_rows(c, c->made.list[i].run, why))
            return false;
    if ((c->follows && !clean_rows(c, c->run.uuid, why)) || !clean_done(c, why))
        return false;
    FAILPOINT("cleanup.target_done", why);
    return true;
}

/* ---- here ---- */

static bool remove_spool(struct cleanup *c, const struct thing *thing, struct fault *why)
{
    if (!workdir_wipe_spool(c->path, why))
        return false;
    return rmdir(thing->sql) == 0 ||
           fault_errno(why, FAULT_DIR_UNUSABLE, "cannot remove \"%s\"", thing->sql);
}

static bool clean_spool(struct cleanup *c, struct fault *why)
{
    char path[PATH_MAX];
    workdir_path(path, c->path, "spool");
    struct thing thing = {
        "directory", "received changes", path, access(path, F_OK) == 0, remove_spool, NULL};
    if (!do_away(c, &thing, why))
        return false;
    FAILPOINT("cleanup.spool_wiped", why);
    return true;
}

/* ---- may we? ---- */

bool cleanup_find(struct cleanup *c, struct fault *why)
{
    char file[PATH_MAX];
    bool found;
    workdir_path(file, c->path, "catalog.db");
    if (!catalog_open(&c->db, file, DB_EXISTING, why) || !run_get(c->db, &c->run, &found, why))
        return false;
    return found || fault_set(why, FAULT_DIR_NO_RUN, "there is no run in \"%s\"", c->path);
}

bool cleanup_lock(struct cleanup *c, struct fault *why)
{
    bool found;
    for (int i = 0; i < CLEANUP_LOCKS; i++)
        if (c->dirs[i].lock < 0 && !workdir_lock(&c->dirs[i], c->path, locks[i], why))
            return false;
    return run_get(c->db, &c->run, &found, why) &&
           position_get(c->db, &c->position, &c->follows, why) &&
           position_made(c->db, &c->made, why);
}

bool cleanup_check_ended(struct cleanup *c, struct fault *why)
{
    bool clean;
    if (!position_is_clean(c->db, &clean, why))
        return false;
    if (!c->follows && c->made.count == 0)
        return fault_set(why, FAULT_NOT_FOLLOWING,
                         "the run in \"%s\" was not started with --follow", c->path);
    bool unfinished =
        c->follows && c->position.source_id[0] != '\0' && strcmp(c->run.state, "done") != 0;
    return !unfinished || clean || c->options->force ||
           fault_set(why, FAULT_NOT_ENDED,
                     "run \"%s\" has not reached its end: without its slot what is not applied "
                     "would be lost",
                     c->run.name);
}

static bool name_identity(void *arg, const struct identity_change *change, struct fault *why)
{
    (void)arg;
    (void)why;
    log_warning("table %s.%s had REPLICA IDENTITY %s on the source", change->nspname,
                change->relname, change->given);
    return true;
}

/* Where we cannot do it, the user may. */
bool cleanup_by_hand(const struct cleanup *c, struct fault *why)
{
    struct fault ignored;
    const struct fault first = *why;
    if (c->made.count == 0)
        return false;
    const struct position_left *made = &c->made.list[0];
    const char *const publications[] = {made->publication, made->insert_publication};
    scoped(drop_strbuf) struct strbuf drops = STRBUF_EMPTY;
    for (size_t i = 0; i < sizeof publications / sizeof publications[0]; i++)
        if (*publications[i] != '\0')
            strbuf_addf(&drops, " DROP PUBLICATION \"%s\";", publications[i]);
    identities_list(c->db, made->run, name_identity, NULL, &ignored);
    return fault_hint(why,
                      "%s Or by hand, on the source: SELECT pg_drop_replication_slot('%s');%s on "
                      "the target: DELETE FROM pghaul.progress WHERE run = '%s';",
                      fault_remedy(&first), made->slot, strbuf_text(&drops), made->run);
}

static bool is_first_source(const struct cleanup *c, struct fault *why)
{
    if (!c->follows)
        return check_same(c->source, c->run.source_id, why);
    return c->position.source_id[0] == '\0' || strcmp(c->source_id, c->position.source_id) == 0 ||
           fault_set(why, FAULT_RUN_DIFFERS, "this source is not the one that the run began with");
}

/* ---- a source that a cutover has frozen ---- */

static bool show_thaw(struct cleanup *c, const char *sentence, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!thaw_show(c->db, &sql, why))
        return false;
    if (sql.length > 0)
        log_info("source: %s: %s", sentence, sql.text);
    return true;
}

/* Nobody might be able to connect. After a hand-over it stays read-only. */
static bool thaw_source(struct cleanup *c, struct fault *why)
{
    bool frozen;
    int64_t handed;
    if (!frozen_any(c->db, &frozen, why) || !cutover_handed_over(c->db, &handed, why))
        return false;
    if (!frozen)
        return true;
    if (c->options->dry_run)
        return show_thaw(c, "a cutover has frozen it", why);
    if (handed == 0) {
        log_warning("source: a cutover that was cut off has frozen it: letting it write again");
        return thaw(c->db, &c->source_info, c->options->settings.source_role, NULL, why);
    }
    return thaw_connections(c->db, &c->source_info, c->options->settings.source_role, why) &&
           show_thaw(c, "connections are allowed, and it stays read-only; to let it write again",
                     why);
}

bool cleanup_connect_source(struct cleanup *c, struct fault *why)
{
    struct identity source;
    struct conn_wish wish = {
        .info = &c->source_info, .application = c->who, .role = c->options->settings.source_role};
    if (!settings_have_source(&c->options->settings))
        return true;
    if (!thaw_source(c, why))
        return false;
    if (!conn_open(&c->source, &wish, &c->leash, why) || !check_identity(c->source, &source, why))
        return false;
    strlcpy(c->source_id, source.id, sizeof c->source_id);
    return is_first_source(c, why);
}

/* After there and back the target is the one that is closed: the way back knows. */
static bool thaw_target(struct cleanup *c, struct fault *why)
{
    char path[PATH_MAX], file[PATH_MAX];
    scoped(drop_db) struct db *back = NULL;
    back_path(path, c->path);
    workdir_path(file, path, "catalog.db");
    return access(file, F_OK) != 0 || c->options->dry_run ||
           (catalog_open(&back, file, DB_EXISTING, why) &&
            thaw_connections(back, &c->target_info, c->options->settings.role, why));
}

bool cleanup_connect_target(struct cleanup *c, struct fault *why)
{
    struct conn_wish wish = {.info = &c->target_info,
                             .application = c->who,
                             .encoding = c->run.encoding[0] == '\0' ? NULL : c->run.encoding,
                             .role = c->options->settings.role};
    return thaw_target(c, why) && conn_open(&c->target, &wish, &c->leash, why) &&
           check_same(c->target, c->run.target_id, why);
}

/* ---- all of it ---- */

static bool is_here(const struct cleanup *c, const struct position_left *made)
{
    return strcmp(made->source_id, c->source_id) == 0;
}

/* Before anything is done: as long as the slot is there, the run could follow on. */
static bool check_free(struct cleanup *c, struct fault *why)
{
    for (size_t i = 0; i < c->made.count; i++)
        if (is_here(c, &c->made.list[i]) && !check_unused(c, &c->made.list[i], why))
            return false;
    return true;
}

static bool clean_sources(struct cleanup *c, struct fault *why)
{
    for (size_t i = 0; i < c->made.count; i++) {
        const struct position_left *made = &c->made.list[i];
        scoped(drop_strbuf) struct strbuf names = STRBUF_EMPTY;
        position_add_made(&names, made->slot, made->publication);
        if (!is_here(c, made))
            log_warning("a run that was given up has left %s on another source, where it stays",
                        names.text);
        else if (!clean_source(c, made, why))
            return false;
    }
    return true;
}

static bool forget(struct cleanup *c, struct fault *why)
{
    for (size_t i = 0; i < c->made.count; i++) {
        const char *run = c->made.list[i].run;
        bool own = strcmp(run, c->run.uuid) == 0;
        if (!(own ? position_cleaned(c->db, run, why) : position_drop(c->db, run, why)))
            return false;
    }
    return true;
}

/* ---- its way back ---- */

static bool undo_back(struct cleanup *c, const struct thing *thing, struct fault *why)
{
    const struct back back = {
        .dir = c->path,
        .db = c->db,
        .settings = &c->options->settings,
        .source = &c->source_info,
        .target = &c->target_info,
        .leash = &c->leash,
    };
    (void)thing;
    return back_undo(&back, why);
}

/* It is a run like others, the other way round. */
static bool clean_run_back(const struct cleanup *c, const char *path, struct fault *why)
{
    scoped(drop_options) struct options options = {0};
    back_options(&options, c->options, path);
    options.dry_run = c->options->dry_run;
    options.force = c->options->force;
    log_info("the way back, of which the target is the source:");
    return cmd_cleanup(&options, why);
}

static bool clean_back(struct cleanup *c, struct fault *why)
{
    char path[PATH_MAX];
    enum back_state state;
    back_path(path, c->path);
    struct thing thing = {"target",  "slot and publication of the way back that was not gone",
                          path,      true,
                          undo_back, NULL};
    if (!back_look(c->path, &state, why))
        return false;
    switch (state) {
    case BACK_NONE:
        return true;
    case BACK_OPEN:
    case BACK_OVER:
        return clean_run_back(c, path, why);
    default:
        return do_away(c, &thing, why);
    }
}

bool cleanup_all(struct cleanup *c, struct fault *why)
{
    bool dry = c->options->dry_run;
    if (!dry && !check_free(c, why))
        return false;
    if (!clean_back(c, why))
        return false;
    if (!dry && c->follows && !position_clean(c->db, why))
        return false;
    FAILPOINT("cleanup.noted", why);
    return clean_sources(c, why) && clean_target(c, why) &&
           ((!c->follows && c->made.count == 0) || clean_spool(c, why)) && (dry || forget(c, why));
}

static bool clean(struct cleanup *c, struct fault *why)
{
    bool frozen;
    struct fault ignored;
    if (!cleanup_connect_source(c, why) || !cleanup_connect_target(c, why)) {
        if (!c->options->dry_run || !frozen_any(c->db, &frozen, &ignored) || !frozen)
            return cleanup_by_hand(c, why);
        log_warning("what else would be done cannot be seen while nobody can connect: %s",
                    why->text);
        return true;
    }
    if (!cleanup_all(c, why))
        return false;
    if (!c->options->dry_run)
        log_info("run \"%s\" is cleaned up", c->run.name);
    return true;
}

/* One that was cancelled has nothing left; if that was cut short, it goes on with that. */
static bool check_not_begun(struct cleanup *c, bool *ret_nothing, struct fault *why)
{
    *ret_nothing = strcmp(c->run.state, "cancelled") == 0;
    if (*ret_nothing) {
        log_info("run \"%s\" was cancelled: there is nothing of it to remove", c->run.name);
        return true;
    }
    if (check_not_cancelled(c->db, why))
        return true;
    return why->id == FAULT_CANCELLED
               ? fault_hint(why, "That has not come to its end: pghaul cancel goes on with it.")
               : false;
}

bool cmd_cleanup(struct options *options, struct fault *why)
{
    scoped(drop_cleanup) struct cleanup c = cleanup_new(options);
    bool several, nothing;
    if (!set_up_log(options, "cleanup", why) || !find_directory(options, NULL, c.path, why) ||
        !cleanup_find(&c, why) || !cleanup_several(&c, &several, why))
        return false;
    if (several)
        return true;
    if (!cleanup_lock(&c, why) || !check_not_begun(&c, &nothing, why))
        return false;
    if (nothing)
        return true;
    return cleanup_check_ended(&c, why) && book_recall(options, c.db, why) &&
           read_side(options, SIDE_SOURCE, &c.source_info, why) &&
           read_side(options, SIDE_TARGET, &c.target_info, why) && leash_open(&c.leash, -1, why) &&
           clean(&c, why);
}
