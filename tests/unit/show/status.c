#include "../unit.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "catalog/catalog.h"
#include "catalog/members.h"
#include "catalog/pulse.h"
#include "catalog/run.h"
#include "run/workdir.h"
#include "show/fields.h"
#include "show/status.h"

#include <ftw.h>
#include <limits.h>

static char top[] = "/tmp/pghaul-status.XXXXXX";

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    (void)info;
    (void)type;
    (void)ftw;
    return remove(path);
}

static struct db *new_run(const char *dir)
{
    struct fault why;
    char file[PATH_MAX];
    struct db *db = NULL;
    OK(workdir_make(dir, &why));
    workdir_path(file, dir, "catalog.db");
    OK(catalog_open(&db, file, DB_CREATE, &why));
    OK(run_create(db, "test", "1", "source", "target", &why));
    OK(run_set_phase(db, PHASE_COPY, &why));
    return db;
}

/* One that copies 1 MB a second, and was seen to do so for some seconds. */
static void add_member(struct db *whole, int number, int64_t seconds)
{
    struct fault why;
    char name[16], dir[PATH_MAX];
    scoped(drop_members) struct members members = {.list = NULL};
    snprintf(name, sizeof name, "db%d", number);
    OK(members_add(whole, false, name, 1, &why));
    OK(members_read(whole, &members, &why));
    struct member *member = &members.list[number];
    member_path(dir, top, member);
    scoped(drop_db) struct db *db = new_run(dir);
    const int64_t now_us = clock_utc_us() / 1000000 * 1000000;
    for (int64_t ago = seconds + 1; ago > 0; ago -= seconds) {
        const struct sample sample = {.at_us = now_us - ago * 1000000,
                                      .bytes = 9000000 - ago * 1000000};
        OK(sample_put(db, &sample, &why));
    }
    OK(members_set_state(whole, member, "running", &why));
}

static json_t *collect(struct db *db)
{
    struct fault why;
    json_t *status;
    OK(status_collect(db, top, &status, &why));
    return status;
}

static const char *state_of(const json_t *status, size_t member)
{
    return field_text(
        json_object_get(json_array_get(json_object_get(status, "members"), member), "run"),
        "state");
}

static void lock_member(int number, struct workdir *lock)
{
    struct fault why;
    char dir[PATH_MAX];
    struct member member = {.roles = false};
    snprintf(member.name, sizeof member.name, "db%d", number);
    member_path(dir, top, &member);
    OK(workdir_lock(lock, dir, "lock", &why));
}

START_TEST(what_several_runs_have_together)
{
    struct fault why;
    scoped(drop_workdir) struct workdir whole = {.lock = -1};
    scoped(drop_workdir) struct workdir first = {.lock = -1};
    scoped(drop_workdir) struct workdir second = {.lock = -1};
    ck_assert_ptr_nonnull(mkdtemp(top));
    scoped(drop_db) struct db *db = new_run(top);
    add_member(db, 0, 2);
    add_member(db, 1, 3);
    scoped(drop_json) json_t *crashed = collect(db);
    ck_assert_str_eq(field_text(crashed, "state"), "crashed");
    ck_assert_str_eq(state_of(crashed, 0), "crashed");
    /* A run that nobody has locked is only about to begin, while the whole goes on. */
    OK(workdir_lock(&whole, top, "lock", &why));
    scoped(drop_json) json_t *begins = collect(db);
    ck_assert_str_eq(field_text(begins, "state"), "running");
    ck_assert_str_eq(state_of(begins, 0), "running");
    /* Rates are added up, the time that they were taken over is not. */
    lock_member(0, &first);
    lock_member(1, &second);
    scoped(drop_json) json_t *runs = collect(db);
    const json_t *rates = json_object_get(runs, "rates");
    ck_assert_int_eq(field_int(rates, "over_ms"), 3000);
    ck_assert_int_eq(field_int(rates, "bytes"), 2000000);
    nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
END_TEST

SUITE(status, what_several_runs_have_together)
