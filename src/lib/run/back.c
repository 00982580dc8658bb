#include "run/back.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "catalog/back.h"
#include "catalog/catalog.h"
#include "catalog/position.h"
#include "pg/replication.h"
#include "plan/plan.h"
#include "plan/publication.h"
#include "run/follow.h"
#include "run/workdir.h"
#include "run/worker.h"

#include <errno.h>
#include <ftw.h>

/* DIR/back, while something is done to it. */
struct turning {
    const struct back *back;
    char path[PATH_MAX];
    struct workdir dir;
    struct db *db;
    struct run run;
    bool found; /* … a run there */
    bool of_us; /* it turns back this one */
    bool planned;
    bool open; /* … and it is not over */
    bool over;
    struct settings settings;
    struct conninfo source, target; /* the run's, the other way round: borrowed */
};

static void drop_turning(struct turning *t)
{
    drop_db(&t->db);
    drop_workdir(&t->dir);
}

void back_path(char *to, const char *dir)
{
    workdir_path(to, dir, "back");
}

const char *back_state_word(enum back_state state)
{
    static const char *const words[] = {
        [BACK_NONE] = NULL,   [BACK_BEGUN] = "begun", [BACK_PREPARED] = "prepared",
        [BACK_OPEN] = "open", [BACK_OVER] = "over",
    };
    return words[state];
}

/* ---- what it is like ---- */

static void turn_settings(struct settings *to, const struct settings *from, int target_version)
{
    enum { FAILOVER_SLOTS = 170000 };
    *to = *from;
    to->contents = CONTENT_CHANGES;
    to->follow = true;
    to->no_strict_names = true;
    to->statistics = STATISTICS_NONE;
    to->roles = to->subscriptions = to->create = to->truncate = to->drop_if_exists = false;
    to->failover_slot = from->failover_slot && target_version >= FAILOVER_SLOTS;
    strlcpy(to->role, from->source_role, sizeof to->role);
    strlcpy(to->source_role, from->role, sizeof to->source_role);
}

/* Those that the run was given, by name; and its own. */
static bool keep_settings(const struct turning *t, struct fault *why)
{
    static const char *const same[] = {
        "retry-for", "lock-timeout", "slot-timeout", "plugin",        "no-identity",
        "on-ddl",    "on-conflict",  "spool-limit",  "spool-reserve", "skip-check",
    };
    const struct {
        const char *name, *value;
    } own[] = {
        {"contents", "changes"},
        {"follow", "true"},
        {"no-strict-names", "true"},
        {"statistics", "none"},
        {"failover-slot", t->settings.failover_slot ? "true" : "false"},
        {"role", t->settings.role},
        {"source-role", t->settings.source_role},
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        scoped(drop_strbuf) struct strbuf value = STRBUF_EMPTY;
        bool found;
        if (!setting_get(t->back->db, same[i], &value, &found, why) ||
            (found && !setting_put(t->db, same[i], strbuf_text(&value), why)))
            return false;
    }
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (!setting_put(t->db, own[i].name, own[i].value, why))
            return false;
    return true;
}

/* "pghaul_shop_back", whatever the length. */
static void name_back(char *to, size_t size, const char *of)
{
    static const char ending[] = "_back";
    snprintf(to, size, "%.*s%s", (int)(size - sizeof ending), of, ending);
}

struct creating {
    struct turning *turning;
    const struct run *run; /* that is turned back */
    const struct position *position;
};

static bool create_in_write(struct db *db, void *arg, struct fault *why)
{
    const struct creating *c = arg;
    char name[sizeof c->run->name], slot[SLOT_NAME];
    name_back(name, sizeof name, c->run->name);
    name_back(slot, sizeof slot, c->position->slot);
    return run_create(db, name, c->run->version, c->run->target, c->run->source, why) &&
           setting_put(db, SETTING_MIRRORED, c->run->uuid, why) && keep_settings(c->turning, why) &&
           back_take_over(c->turning->back->db, db, why) &&
           position_add(db, slot, slot, NULL, why) && plan_first_items(db, CONTENT_CHANGES, why);
}

/* ---- opening ---- */

static bool read_run(struct db *db, const char *of, struct turning *t, struct fault *why)
{
    char uuid[BACK_UUID];
    if (!run_get(db, &t->run, &t->found, why) || !t->found)
        return !t->found;
    if (!back_of(db, uuid, &t->of_us, why) || !back_is_open(db, &t->open, why) ||
        !position_is_clean(db, &t->over, why) ||
        !work_kind_is_done(db, WORK_PLAN, &t->planned, why))
        return false;
    t->open = t->open && !t->over;
    t->of_us = t->of_us && (of == NULL || strcmp(uuid, of) == 0);
    return true;
}

static bool is_there(const char *path)
{
    char file[PATH_MAX];
    workdir_path(file, path, "catalog.db");
    return access(file, F_OK) == 0;
}

static bool open_turning(struct turning *t, const struct back *back, const struct run *run,
                         struct fault *why)
{
    char file[PATH_MAX];
    t->back = back;
    back_path(t->path, back->dir);
    workdir_path(file, t->path, "catalog.db");
    t->source = *back->target;
    t->target = *back->source;
    t->source.side = SIDE_SOURCE;
    t->target.side = SIDE_TARGET;
    turn_settings(&t->settings, back->settings, run->target_version);
    return workdir_make(t->path, why) && workdir_lock(&t->dir, t->path, "lock", why) &&
           catalog_open(&t->db, file, DB_CREATE, why) && read_run(t->db, run->uuid, t, why);
}

static bool get_run(const struct back *back, struct run *ret_run, struct fault *why)
{
    bool found;
    return run_get(back->db, ret_run, &found, why) &&
           (found ||
            fault_set(why, FAULT_DIR_NO_RUN, "the catalog in \"%s\" has no run", back->dir));
}

bool back_look(const char *dir, enum back_state *ret_state, struct fault *why)
{
    char path[PATH_MAX], file[PATH_MAX];
    struct turning t = {.found = false};
    scoped(drop_db) struct db *db = NULL;
    back_path(path, dir);
    workdir_path(file, path, "catalog.db");
    *ret_state = BACK_NONE;
    if (!is_there(path))
        return true;
    if (!catalog_open(&db, file, DB_READ_ONLY, why) || !read_run(db, NULL, &t, why))
        return false;
    *ret_state = t.over                 ? BACK_OVER
                 : t.open               ? BACK_OPEN
                 : t.found && t.planned ? BACK_PREPARED
                                        : BACK_BEGUN;
    return true;
}

/* ---- making it ---- */

/* One of the crew's roles does all of it: checks, publication, slot, plan. */
static struct worker worker_of(struct turning *t)
{
    return (struct worker){
        .role = ROLE_SNAPSHOT,
        .number = 1,
        .alone = true,
        .dir = t->path,
        .leash = t->back->leash,
        .db = t->db,
        .settings = &t->settings,
        .source_info = &t->source,
        .target_info = &t->target,
    };
}

static bool remove_one(const char *path)
{
    return remove(path) == 0 || errno == ENOENT;
}

static int on_file(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove_one(path) ? 0 : -1;
}

static bool remove_directory(struct turning *t, struct fault *why)
{
    enum { DESCRIPTORS = 8 };
    drop_db(&t->db);
    return nftw(t->path, on_file, DESCRIPTORS, FTW_DEPTH | FTW_PHYS) == 0 ||
           fault_errno(why, FAULT_DIR_UNUSABLE, "cannot remove \"%s\"", t->path);
}

static bool drop_all(struct turning *t, struct fault *why)
{
    struct worker worker = worker_of(t);
    if (t->found && (!worker_load_run(&worker, why) || !follow_drop(&worker, why)))
        return fault_during(why, "undoing the way back");
    FAILPOINT("back.dropped", why);
    return remove_directory(t, why);
}

/* Somebody may have dropped it. */
static bool slot_is_there(struct turning *t, bool *ret_there, struct fault *why)
{
    bool found;
    struct position position;
    struct slot slot;
    scoped(drop_conn) struct conn *source = NULL;
    struct conn_wish wish = {.info = &t->source, .application = "pghaul back"};
    if (!position_get(t->db, &position, &found, why) ||
        !conn_open(&source, &wish, t->back->leash, why) ||
        !slot_look(source, position.slot, &slot, why))
        return false;
    *ret_there = found && slot.found && !slot.lost;
    return true;
}

static bool check_follows(const struct back *back, struct position *ret_position, struct fault *why)
{
    bool follows, open;
    const char *dir = back->dir;
    if (!position_get(back->db, ret_position, &follows, why) ||
        !work_open_before(back->db, PHASE_FOLLOW, &open, why))
        return false;
    if (!follows)
        return fault_set(why, FAULT_NOT_FOLLOWING,
                         "the run in \"%s\" was not started with --follow", dir);
    return !open || fault_set(why, FAULT_COPY_UNFINISHED,
                              "the run in \"%s\" has not copied everything yet", dir);
}

static bool play(struct turning *t, struct fault *why)
{
    struct worker worker = worker_of(t);
    return run_set_resumed(t->db, why) && run_set_snapshot(t->db, 0, why) &&
           run_set_phase(t->db, PHASE_PLAN, why) && worker_run(&worker, why) &&
           work_kind_is_done(t->db, WORK_PLAN, &t->planned, why) &&
           (t->planned || leash_fault(t->back->leash, why));
}

static bool make(struct turning *t, struct fault *why)
{
    struct fault ignored;
    if (!play(t, why)) {
        run_end(t->db, "failed", why, &ignored);
        if (fault_kind_of(why) == FAULT_KIND_STOPPED)
            fault_hint(why, "What it had made is dropped again: begin anew when it suits.");
        return fault_during(why, "preparing the way back");
    }
    FAILPOINT("back.made", why);
    return run_set_phase(t->db, PHASE_FOLLOW, why) && run_end(t->db, "stopped", NULL, why);
}

static bool create(struct turning *t, const struct run *run, const struct position *position,
                   struct fault *why)
{
    struct creating creating = {t, run, position};
    return db_write(t->db, create_in_write, &creating, why) &&
           run_get(t->db, &t->run, &t->found, why);
}

/* *ret_again: what was there is gone, and it is to be begun anew. */
static bool prepare_once(const struct back *back, const struct run *run,
                         const struct position *position, bool *ret_again, struct fault *why)
{
    bool there = false;
    scoped(drop_turning) struct turning t = {.dir = {.lock = -1}};
    *ret_again = false;
    if (!open_turning(&t, back, run, why))
        return false;
    if (t.open && !t.of_us)
        return fault_set(why, FAULT_BACK_OTHER, "\"%s\" has the way back \"%s\" of another run",
                         t.path, t.run.name);
    if (t.of_us && t.planned && !t.over && !slot_is_there(&t, &there, why))
        return false;
    if (there)
        return true;
    if (t.open)
        return slot_lost(t.run.name, "somebody has dropped it", why);
    if (!t.found || (t.of_us && !t.planned && !t.over))
        return (t.found || create(&t, run, position, why)) && make(&t, why);
    *ret_again = true;
    return drop_all(&t, why);
}

bool back_prepare(const struct back *back, struct fault *why)
{
    bool again = true;
    struct run run;
    struct position position;
    if (!get_run(back, &run, why) || !check_follows(back, &position, why))
        return false;
    while (again)
        if (!prepare_once(back, &run, &position, &again, why))
            return false;
    return true;
}

bool back_undo(const struct back *back, struct fault *why)
{
    struct run run;
    char path[PATH_MAX];
    scoped(drop_turning) struct turning t = {.dir = {.lock = -1}};
    back_path(path, back->dir);
    if (access(path, F_OK) != 0)
        return true;
    if (!get_run(back, &run, why) || !open_turning(&t, back, &run, why))
        return false;
    if (t.open)
        return fault_set(why, FAULT_BACK_OPEN, "run \"%s\" goes from the target back to the source",
                         t.run.name);
    return drop_all(&t, why);
}

bool back_open(const char *dir, struct fault *why)
{
    char path[PATH_MAX], file[PATH_MAX];
    enum back_state state;
    scoped(drop_db) struct db *db = NULL;
    back_path(path, dir);
    workdir_path(file, path, "catalog.db");
    if (!back_look(dir, &state, why))
        return false;
    if (state == BACK_OVER)
        return fault_set(why, FAULT_CLEANED_UP, "the way back of the run in \"%s\" was cleaned up",
                         dir);
    if (state == BACK_NONE || state == BACK_BEGUN)
        return fault_set(why, FAULT_BACK_CLOSED,
                         "the way back of the run in \"%s\" is not prepared", dir);
    return catalog_open(&db, file, DB_EXISTING, why) && back_set_open(db, why);
}

bool back_release(const struct back *back, struct fault *why)
{
    struct worker worker = {
        .dir = back->dir,
        .leash = back->leash,
        .db = back->db,
        .settings = back->settings,
        .source_info = back->source,
        .target_info = back->target,
    };
    return worker_load_run(&worker, why) && follow_release(&worker, why);
}
