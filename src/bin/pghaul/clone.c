#include "clone.h"
#include "commands.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "catalog/catalog.h"
#include "catalog/cutover.h"
#include "catalog/position.h"
#include "plan/databases.h"
#include "plan/plan.h"
#include "proc/spawn.h"
#include "run/back.h"

void drop_clone(struct clone *clone)
{
    drop_asides(&clone->asides);
    drop_members(&clone->members);
    drop_db(&clone->db);
    drop_conninfo(&clone->source);
    drop_conninfo(&clone->target);
    drop_workdir(&clone->dir);
}

bool clone_open(struct clone *clone, const char *path, struct fault *why)
{
    char file[PATH_MAX];
    workdir_path(file, path, "catalog.db");
    if (clone->options->resume && access(file, F_OK) != 0)
        return fault_set(why, FAULT_DIR_NO_RUN, "there is no run to resume in \"%s\"", path);
    return workdir_make(path, why) && workdir_lock(&clone->dir, path, "lock", why) &&
           catalog_open(&clone->db, file, DB_CREATE, why) &&
           run_get(clone->db, &clone->run, &clone->found, why);
}

/* A run that failed before it made anything on the target is no loss. */
static bool is_no_loss(struct clone *clone, bool *ret_none, struct fault *why)
{
    bool tried, restored;
    if (!work_kind_was_tried(clone->db, WORK_SCHEMA, &tried, why) ||
        !work_kind_was_tried(clone->db, WORK_RESTORE, &restored, why))
        return false;
    for (int i = 0; i < clone->members.count; i++)
        tried = tried || strcmp(clone->members.list[i].state, "waiting") != 0;
    *ret_none = !tried && !restored && strcmp(clone->run.state, "failed") == 0;
    return true;
}

static const char *ending_of(const char *state)
{
    static const char *const endings[][2] = {{"running", "was killed"},
                                             {"stopped", "was stopped"},
                                             {"failed", "has failed"},
                                             {"cancelled", "was cancelled"}};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (strcmp(state, endings[i][0]) == 0)
            return endings[i][1];
    return "is done";
}

static bool refuse_found(const struct clone *clone, struct fault *why)
{
    const struct run *run = &clone->run;
    fault_set(why, FAULT_DIR_HAS_RUN,
              "work directory \"%s\" has run \"%s\" in it (%s to %s), which %s", clone->dir.path,
              run->name, run->source, run->target, ending_of(run->state));
    if (strcmp(run->state, "cancelled") == 0)
        return fault_hint(why, "Begin again with --restart, or give another --dir.");
    return false;
}

bool clone_snapshot_given(const struct options *options, struct snapshot *ret_snapshot,
                          struct fault *why)
{
    *ret_snapshot = (struct snapshot){.holder = HOLDER_OUTSIDE};
    return strlcpy(ret_snapshot->id, options->snapshot, sizeof ret_snapshot->id) <
               sizeof ret_snapshot->id ||
           fault_set(why, FAULT_BAD_VALUE, "--snapshot is too long to be a snapshot's id");
}

bool clone_snapshot_held(struct db *db, struct snapshot *ret_snapshot, bool *ret_held,
                         struct fault *why)
{
    int64_t seq;
    *ret_held = false;
    if (!snapshot_held(db, &seq, why))
        return false;
    if (seq == 0)
        return true;
    if (!snapshot_get(db, seq, ret_snapshot, ret_held, why))
        return false;
    if (process_is_alive(ret_snapshot->holder_pid)) {
        log_info("reading in snapshot %s, held by process %d", ret_snapshot->id,
                 ret_snapshot->holder_pid);
        return true;
    }
    log_warning("the process %d that held snapshot %s is gone: taking another one",
                ret_snapshot->holder_pid, ret_snapshot->id);
    *ret_held = false;
    return snapshot_end_held(db, why);
}

/* The one that is given, the one that is held, or none yet. */
static bool choose_snapshot(struct clone *clone, struct fault *why)
{
    struct snapshot snapshot;
    bool held;
    if (clone->options->settings.follow)
        return true;
    if (clone->options->snapshot != NULL)
        return clone_snapshot_given(clone->options, &snapshot, why) &&
               snapshot_add(clone->db, &snapshot, why) &&
               run_set_snapshot(clone->db, snapshot.seq, why);
    return clone_snapshot_held(clone->db, &snapshot, &held, why) &&
           (!held || run_set_snapshot(clone->db, snapshot.seq, why));
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

static bool keep_members(struct clone *clone, struct fault *why)
{
    const char *end = clone->options->endpos;
    if (end != NULL && !setting_put(clone->db, SETTING_SEVERAL_END, end, why))
        return false;
    for (int i = 0; i < clone->members.count; i++) {
        const struct member *member = &clone->members.list[i];
        if (!members_add(clone->db, member->roles, member->name, member->bytes, why))
            return false;
    }
    drop_members(&clone->members);
    return members_read(clone->db, &clone->members, why);
}

static bool add_position(struct clone *clone, const char *name, struct fault *why)
{
    char slot[SLOT_NAME];
    const struct options *options = clone->options;
    if (*options->slot != '\0')
        strlcpy(slot, options->slot, sizeof slot);
    else
        usual_slot(slot, name);
    return position_add(clone->db, slot, slot, options->endpos, why);
}

static bool add_first_items(struct clone *clone, const char *name, struct fault *why)
{
    if (clone->members.count > 0)
        return keep_members(clone, why);
    if (clone->script != NULL)
        return plan_restore(clone->db, clone->script->name, why);
    if (clone->options->settings.follow && !add_position(clone, name, why))
        return false;
    return plan_first_items(clone->db, clone->options->settings.contents, why) &&
           choose_snapshot(clone, why);
}

static bool create_in_write(struct db *db, void *arg, struct fault *why)
{
    struct clone *clone = arg;
    const struct restore *script = clone->script;
    const char *usual = clone->members.count > 0 ? SEVERAL_NAME
                        : script != NULL         ? script->name
                                                 : clone->source.database;
    const char *name = clone->options->name != NULL ? clone->options->name : usual;
    (void)db;
    return forget_found(clone, why) && plan_forget(clone->db, why) &&
           run_create(clone->db, name, PGHAUL_VERSION,
                      script != NULL ? script->file : strbuf_text(&clone->source.shown),
                      strbuf_text(&clone->target.shown), why) &&
           book_keep_filters(clone->options, clone->db, why) &&
           book_keep_maps(clone->options, clone->db, why) &&
           book_keep(clone->options, clone->db, why) && add_first_items(clone, name, why);
}

/* It is there with all that belongs to it, or not at all. */
bool clone_create(struct clone *clone, struct fault *why)
{
    return workdir_wipe_schema(clone->dir.path, why) &&
           db_write(clone->db, create_in_write, clone, why);
}

void clone_note_end(struct clone *clone, const struct fault *why)
{
    struct run run;
    bool found;
    struct fault ignored; /* the first one tells */
    if (run_get(clone->db, &run, &found, &ignored) && found && strcmp(run.state, "running") == 0)
        run_end(clone->db, fault_kind_of(why) == FAULT_KIND_STOPPED ? "stopped" : "failed", why,
                &ignored);
}

bool clone_change_end(struct clone *clone, struct fault *why)
{
    bool found, over;
    struct position position;
    const char *end = clone->options->endpos;
    if (end == NULL)
        return true;
    if (!work_kind_is_done(clone->db, WORK_FOLLOW, &over, why))
        return false;
    if (over) {
        log_info("the run has reached its end already: --endpos changes nothing");
        return true;
    }
    return position_get(clone->db, &position, &found, why) &&
           check_end_ahead(clone->db, &position, end, why) && position_set_end(clone->db, end, why);
}

/* Of several databases each has an end of its own: see several.c. */
static bool change_end(struct clone *clone, struct fault *why)
{
    const char *end = clone->options->endpos;
    if (clone->members.count == 0)
        return clone_change_end(clone, why);
    return end == NULL || setting_put(clone->db, SETTING_SEVERAL_END, end, why);
}

static bool resume(struct clone *clone, struct fault *why)
{
    struct options *options = clone->options;
    if (!clone->found)
        return fault_set(why, FAULT_DIR_NO_RUN, "there is no run to resume in \"%s\"",
                         clone->dir.path);
    if (several_wanted(options) && clone->members.count == 0)
        return fault_set(why, FAULT_RUN_DIFFERS, "run \"%s\" was started for one database",
                         clone->run.name);
    log_info("resuming run \"%s\"", clone->run.name);
    if (!book_recall(options, clone->db, why) ||
        (clone->members.count > 0 && !book_recall_lists(options, clone->db, why)))
        return false;
    if (clone->script == NULL && !settings_have_source(&options->settings))
        return fault_set(why, FAULT_RUN_DIFFERS,
                         "the run restores \"%s\": it goes on by pghaul restore schema --resume",
                         clone->run.source);
    if (!check_follow(options, why) || !check_not_clean(clone->db, why) ||
        !check_not_closed(clone->db, why) || !change_end(clone, why))
        return false;
    return book_keep(options, clone->db, why) && run_set_resumed(clone->db, why);
}

/* Its slot keeps WAL on the target, where all is to be made anew. */
static bool check_no_way_back(const struct clone *clone, struct fault *why)
{
    enum back_state state;
    if (!back_look(clone->dir.path, &state, why))
        return false;
    return state == BACK_NONE || state == BACK_OVER ||
           fault_set(why, FAULT_BACK_OPEN, "\"%s/back\" has the way back of run \"%s\"",
                     clone->dir.path, clone->run.name);
}

/* A run that has frozen the source is the only one that knows what that was. */
static bool refuse_frozen(struct clone *clone, struct fault *why)
{
    bool frozen;
    int64_t handed;
    return frozen_any(clone->db, &frozen, why) && cutover_handed_over(clone->db, &handed, why) &&
           (!frozen ||
            (handed != 0 ? fault_set(why, FAULT_HANDED_OVER,
                                     "run \"%s\" was handed over, and knows what its source was: "
                                     "take another --dir",
                                     clone->run.name)
                         : fault_set(why, FAULT_SOURCE_FROZEN,
                                     "run \"%s\" has frozen the source for a cutover that was cut "
                                     "off",
                                     clone->run.name)));
}

bool clone_begin(struct clone *clone, struct fault *why)
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
    if (!check_no_way_back(clone, why) || (clone->found && !refuse_frozen(clone, why)))
        return false;
    scoped(drop_members) struct members before = clone->members;
    clone->members = (struct members){.list = NULL};
    return (!several_wanted(options) || several_choose(clone, why)) &&
           several_warn_of_left(clone, &before, why) && clone_create(clone, why);
}

/* ---- a database that is not there yet ---- */

/* It is the user's database of which is told why. */
static bool refuse_all(struct fault *why, const struct fault *last)
{
    struct fault first = *why;
    return fault_hint(why, "%s The databases postgres and template1 were tried as well: %s",
                      fault_remedy(&first), last->text);
}

bool clone_connect_any(const struct conninfo *info, const struct options *options,
                       struct leash *leash, struct conn **ret_conn, struct fault *why)
{
    static const char *const others[] = {"postgres", "template1"};
    const struct settings *settings = &options->settings;
    bool source = info->side == SIDE_SOURCE;
    struct fault last;
    struct conn_wish wish = {
        .info = info,
        .application = "pghaul clone",
        .role = source ? settings->source_role : settings->role,
    };
    if (conn_open(ret_conn, &wish, leash, why))
        return true;
    if (why->id != (source ? FAULT_SOURCE_CONNECT : FAULT_TARGET_CONNECT))
        return false;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        scoped(drop_conninfo) struct conninfo other = {.password = NULL};
        scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
        conninfo_add_other(&text, info, others[i]);
        wish.info = &other;
        if (leash->wish != LEASH_GO)
            return leash_fault(leash, why);
        if (!conninfo_read(&other, info->side, text.text, &last))
            return refuse_all(why, &last);
        if (conn_open(ret_conn, &wish, leash, &last))
            return true;
    }
    return refuse_all(why, &last);
}

static bool make_database(struct clone *clone, const char *name, struct conn *target,
                          struct leash *leash, struct fault *why)
{
    const struct settings *settings = &clone->options->settings;
    scoped(drop_conn) struct conn *source = NULL;
    struct conn_wish wish = {
        .info = &clone->source, .application = "pghaul clone", .role = settings->source_role};
    if (!conn_open(&source, &wish, leash, why))
        return false;
    struct database_making making = {
        .db = clone->db,
        .source = source,
        .target = target,
        .name = name,
        .owner = !settings->no_owner,
        .tablespaces = !settings->no_tablespaces,
        .roles = settings->roles,
    };
    FAILPOINT("database.before_make", why);
    if (!database_make(&making, why))
        return false;
    log_info("created database \"%s\" on the target", name);
    return true;
}

bool clone_make_database(struct clone *clone, const char *name, struct leash *leash,
                         struct fault *why)
{
    scoped(drop_conn) struct conn *target = NULL;
    bool there;
    bool good = clone_connect_any(&clone->target, clone->options, leash, &target, why) &&
                database_check(target, name, true, &there, why) &&
                (there || make_database(clone, name, target, leash, why));
    /* Of a signal that the leash has taken nobody else will hear. */
    return leash->wish == LEASH_GO ? good : leash_fault(leash, why);
}
