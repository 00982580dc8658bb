#include "steer.h"
#include "commands.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "catalog/catalog.h"
#include "proc/leash.h"
#include "run/workdir.h"

enum { PATIENCE_MS = 5000, LOOK_MS = 20 };

void drop_steer(struct steer *steer)
{
    drop_members(&steer->members);
    drop_db(&steer->db);
}

static bool is_running(const char *dir, const struct run *run)
{
    return strcmp(run->state, "running") == 0 && workdir_is_locked(dir);
}

bool steer_open(struct steer *steer, const struct options *options, enum db_mode mode,
                struct fault *why)
{
    char file[PATH_MAX];
    bool found;
    if (!find_directory(options, NULL, steer->path, why))
        return false;
    workdir_path(file, steer->path, "catalog.db");
    if (access(file, F_OK) != 0)
        return fault_set(why, FAULT_DIR_NO_RUN, "there is no run in \"%s\"", steer->path);
    if (!catalog_open(&steer->db, file, mode, why) ||
        !run_get(steer->db, &steer->run, &found, why) ||
        !members_read(steer->db, &steer->members, why))
        return false;
    if (!found)
        return fault_set(why, FAULT_DIR_NO_RUN, "there is no run in \"%s\"", steer->path);
    steer->running = is_running(steer->path, &steer->run);
    return check_not_cancelled(steer->db, why);
}

bool steer_check_running(const struct steer *steer, struct fault *why)
{
    return steer->running ||
           fault_set(why, FAULT_NOT_RUNNING, "run \"%s\" in \"%s\" is not running", steer->run.name,
                     steer->path);
}

/* One whose run is not made yet gets it from ours. */
static bool open_member(const struct steer *steer, const struct member *member, char *path,
                        struct db **ret_db, struct fault *why)
{
    char file[PATH_MAX];
    member_path(path, steer->path, member);
    workdir_path(file, path, "catalog.db");
    if (access(file, F_OK) != 0 || catalog_open(ret_db, file, DB_EXISTING, why))
        return true;
    return why->id == FAULT_CATALOG_VERSION && strcmp(member->state, "waiting") == 0;
}

bool steer_change(struct steer *steer, bool (*change)(struct db *db, void *arg, struct fault *why),
                  void *arg, struct fault *why)
{
    if (!db_write(steer->db, change, arg, why))
        return false;
    for (int i = 0; i < steer->members.count; i++) {
        char path[PATH_MAX];
        scoped(drop_db) struct db *db = NULL;
        if (!open_member(steer, &steer->members.list[i], path, &db, why) ||
            (db != NULL && !db_write(db, change, arg, why)))
            return false;
    }
    return true;
}

static bool has_taken(struct db *db, const char *path, bool *ret_taken, struct fault *why)
{
    struct steering steering;
    struct run run;
    bool found;
    if (!steering_get(db, &steering, why) || !run_get(db, &run, &found, why))
        return false;
    *ret_taken = !found || steering.taken >= steering.version || !is_running(path, &run);
    return true;
}

static bool have_taken(struct steer *steer, bool *ret_taken, struct fault *why)
{
    *ret_taken = true;
    if (steer->members.count == 0)
        return has_taken(steer->db, steer->path, ret_taken, why);
    for (int i = 0; i < steer->members.count && *ret_taken; i++) {
        char path[PATH_MAX];
        scoped(drop_db) struct db *db = NULL;
        if (!open_member(steer, &steer->members.list[i], path, &db, why) ||
            (db != NULL && !has_taken(db, path, ret_taken, why)))
            return false;
    }
    return true;
}

bool steer_await(struct steer *steer, bool *ret_taken, struct fault *why)
{
    scoped(drop_leash) struct leash leash = {.signals = -1};
    int64_t end = clock_ms() + PATIENCE_MS;
    if (!leash_open(&leash, -1, why))
        return false;
    for (;;) {
        if (!have_taken(steer, ret_taken, why))
            return false;
        if (*ret_taken || clock_ms() > end)
            return true;
        if (!leash_poll(&leash, NULL, 0, LOOK_MS, why))
            return false;
        if (leash.wish != LEASH_GO)
            return leash_fault(&leash, why);
    }
}
