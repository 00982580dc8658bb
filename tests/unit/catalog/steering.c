#include "../unit.h"

#include "catalog/catalog.h"
#include "catalog/run.h"
#include "catalog/steering.h"

static struct steering get(struct db *db)
{
    struct fault why;
    struct steering steering;
    OK(steering_get(db, &steering, &why));
    return steering;
}

START_TEST(changes_are_counted_until_they_are_taken)
{
    struct fault why;
    struct db *db = NULL;
    OK(catalog_open(&db, ":memory:", DB_CREATE, &why));
    OK(run_create(db, "test", "1", "source", "target", &why));
    ck_assert(get(db).version == 0 && get(db).taken == 0 && !get(db).paused);
    OK(steering_changed(db, &why));
    ck_assert(get(db).version == 1 && get(db).taken == 0 && !get(db).paused);
    OK(steering_pause(db, true, &why));
    struct steering paused = get(db);
    ck_assert(paused.version == 2 && paused.paused && paused.paused_us > 0);
    OK(steering_taken(db, 2, &why));
    /* Since when it is paused does not change by being paused again, nor by a setting. */
    usleep(2000);
    OK(steering_pause(db, true, &why));
    OK(steering_changed(db, &why));
    ck_assert(get(db).version == 4 && get(db).taken == 2 && get(db).paused);
    ck_assert_int_eq(get(db).paused_us, paused.paused_us);
    OK(steering_pause(db, false, &why));
    ck_assert(get(db).version == 5 && !get(db).paused && get(db).paused_us == 0);
    OK(steering_pause(db, true, &why));
    ck_assert_int_gt(get(db).paused_us, paused.paused_us);
    /* Another run in the same directory begins without it. */
    OK(run_forget(db, &why));
    ck_assert(get(db).version == 0 && !get(db).paused);
    drop_db(&db);
}
END_TEST

START_TEST(a_run_may_be_cancelled)
{
    struct fault why;
    struct run run;
    bool found;
    struct db *db = NULL;
    OK(catalog_open(&db, ":memory:", DB_CREATE, &why));
    OK(run_create(db, "test", "1", "source", "target", &why));
    OK(run_end(db, "cancelled", NULL, &why));
    OK(run_get(db, &run, &found, &why));
    ck_assert_str_eq(run.state, "cancelled");
    drop_db(&db);
}
END_TEST

SUITE(steering, changes_are_counted_until_they_are_taken, a_run_may_be_cancelled)
