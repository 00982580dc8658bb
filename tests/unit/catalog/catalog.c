#include "../unit.h"

#include "base/scoped.h"
#include "catalog/catalog.h"
#include "catalog/objects.h"
#include "catalog/run.h"
#include "catalog/work.h"
#include "plan/plan.h"
#include "proc/spawn.h"

#include <sys/wait.h>

static struct db *new_catalog(const char *path)
{
    struct fault why;
    struct db *db = NULL;
    OK(catalog_open(&db, path, DB_CREATE, &why));
    OK(run_create(db, "test", "1", "source", "target", &why));
    OK(run_set_phase(db, PHASE_COPY, &why));
    return db;
}

static int64_t add_item(struct db *db, enum lane lane, int64_t priority)
{
    struct fault why;
    struct work_new item = {
        .stage = PHASE_COPY, .lane = lane, .kind = WORK_TABLE, .name = "x", .priority = priority};
    OK(work_add(db, &item, &why));
    return db_last_id(db);
}

/* Each statement must prepare, and read by index unless it says that it may scan. */
START_TEST(every_statement_prepares)
{
    struct fault why;
    struct db *db = new_catalog(":memory:");
    for (int id = 0; id < SQL_STATEMENTS; id++) {
        char plan[2000];
        if (id == SQL_SCHEMA)
            continue;
        ck_assert_msg(db_stmt(db, id, &why) != NULL, "%s: %s", catalog_statement_name[id],
                      why.text);
        OK(db_explain(db, id, plan, sizeof plan, &why));
        ck_assert_msg(catalog_scan_ok[id] || strncmp(plan, "SCAN", 4) != 0 ||
                          strncmp(plan, "SCAN CONSTANT", 13) == 0,
                      "%s scans a table: %s", catalog_statement_name[id], plan);
        /* An index of which only the side is used finds half of all, for each row of another. This
         * one reads each side once. */
        ck_assert_msg(id == SQL_SCHEMA_OBJECT_PAIRS || strstr(plan, "(side=?)") == NULL,
                      "%s reads a whole side: %s", catalog_statement_name[id], plan);
    }
    drop_db(&db);
}
END_TEST

START_TEST(views_can_be_read)
{
    struct fault why;
    struct db *db = new_catalog(":memory:");
    OK(db_exec(db, "select * from v_progress; select * from v_tables; select * from v_errors",
               &why));
    drop_db(&db);
}
END_TEST

START_TEST(wrong_parameters_are_a_bug)
{
    struct fault why;
    struct db *db = new_catalog(":memory:");
    FAILS(db_run(db, &why, SQL_SETTING_PUT, "s", "x"), FAULT_BUG);
    FAILS(db_run(db, &why, SQL_SNAPSHOT_GET, "i", INT64_C(1)) &&
              db_run_one(db, &why, SQL_SNAPSHOT_END, "ii", INT64_C(1), INT64_C(1)),
          FAULT_CATALOG);
    drop_db(&db);
}
END_TEST

START_TEST(most_urgent_first)
{
    struct fault why;
    struct db *db = new_catalog(":memory:");
    int64_t low = add_item(db, LANE_COPY, 1), high = add_item(db, LANE_COPY, 10);
    add_item(db, LANE_BUILD, 100);
    struct work work = {0};
    bool found;
    OK(work_claim(db, LANE_COPY, 9, 7, &work, &found, &why));
    ck_assert(found && work.id == high && work.attempts == 1);
    drop_work(&work);
    OK(work_claim(db, LANE_COPY, 9, 7, &work, &found, &why));
    ck_assert(found && work.id == low);
    drop_work(&work);
    OK(work_claim(db, LANE_COPY, 9, 7, &work, &found, &why));
    ck_assert(!found);
    drop_db(&db);
}
END_TEST

START_TEST(items_of_other_phases_wait)
{
    struct fault why;
    struct db *db = new_catalog(":memory:");
    struct work work = {0};
    bool found, open;
    add_item(db, LANE_COPY, 1);
    OK(run_set_phase(db, PHASE_SCHEMA, &why));
    OK(work_claim(db, LANE_COPY, 9, 7, &work, &found, &why));
    ck_assert(!found);
    OK(work_stage_open(db, &open, &why));
    ck_assert(!open);
    OK(work_lane_open(db, PHASE_COPY, LANE_COPY, &open, &why));
    ck_assert(open);
    drop_db(&db);
}
END_TEST

START_TEST(a_claim_is_fenced)
{
    struct fault why;
    struct db *db = new_catalog(":memory:");
    struct work mine = {0}, theirs = {0};
    bool found;
    unsigned lanes;
    add_item(db, LANE_COPY, 1);
    OK(work_claim(db, LANE_COPY, 9, 1, &mine, &found, &why));
    OK(work_return(db, 1, "died", &why));
    OK(work_claim(db, LANE_COPY, 9, 2, &theirs, &found, &why));
    ck_assert(found && theirs.epoch == mine.epoch + 1 && theirs.attempts == 2);
    FAILS(work_finish(db, &mine, 1, 0, 0, &lanes, &why), FAULT_CATALOG);
    OK(work_finish(db, &theirs, 2, 5, 50, &lanes, &why));
    FAILS(work_finish(db, &theirs, 2, 5, 50, &lanes, &why), FAULT_CATALOG);
    drop_work(&mine);
    drop_work(&theirs);
    drop_db(&db);
}
END_TEST

START_TEST(a_lane_can_be_limited)
{
    struct fault why;
    struct db *db = new_catalog(":memory:");
    struct work work = {0};
    bool found;
    for (int i = 0; i < 3; i++)
        add_item(db, LANE_BUILD, 1);
    for (int i = 0; i < 3; i++) {
        OK(work_claim(db, LANE_BUILD, 2, 7, &work, &found, &why));
        ck_assert(found == (i < 2));
        drop_work(&work);
    }
    drop_db(&db);
}
END_TEST

static void add_edge(struct db *db, int64_t before, int64_t after)
{
    struct fault why;
    char sql[128];
    snprintf(sql, sizeof sql, "insert into edge (before, after) values (%lld, %lld)",
             (long long)before, (long long)after);
    OK(db_exec(db, sql, &why));
}

START_TEST(waiters_become_ready)
{
    struct fault why;
    struct db *db = new_catalog(":memory:");
    struct work work = {0};
    bool found;
    unsigned lanes;
    int64_t first = add_item(db, LANE_COPY, 2), second = add_item(db, LANE_COPY, 1);
    int64_t index = add_item(db, LANE_BUILD, 1);
    add_edge(db, first, index);
    add_edge(db, second, index);
    OK(work_count_waits(db, &why));
    OK(work_claim(db, LANE_BUILD, 9, 1, &work, &found, &why));
    ck_assert(!found);
    OK(work_claim(db, LANE_COPY, 9, 1, &work, &found, &why));
    OK(work_finish(db, &work, 1, 0, 0, &lanes, &why));
    ck_assert_uint_eq(lanes, 0);
    drop_work(&work);
    /* What the target says frees waiters like what a worker says; once. */
    const struct work_found done = {.id = second, .rows = 1, .bytes = 1};
    OK(work_found_done(db, &done, 1, &why));
    OK(work_found_done(db, &done, 1, &why));
    OK(work_claim(db, LANE_BUILD, 9, 1, &work, &found, &why));
    ck_assert(found && work.id == index);
    drop_work(&work);
    drop_db(&db);
}
END_TEST

START_TEST(a_skipped_item_frees_its_waiters)
{
    struct fault why;
    struct db *db = new_catalog(":memory:");
    struct work work = {0};
    bool found;
    struct work_new refresh = {.stage = PHASE_COPY, .lane = LANE_SCHEMA, .kind = WORK_REFRESH};
    OK(work_add(db, &refresh, &why));
    int64_t before = db_last_id(db), after = add_item(db, LANE_BUILD, 1);
    add_edge(db, before, after);
    OK(work_count_waits(db, &why));
    OK(work_skip(db, WORK_REFRESH, &why));
    OK(work_claim(db, LANE_BUILD, 9, 1, &work, &found, &why));
    ck_assert(found);
    drop_work(&work);
    drop_db(&db);
}
END_TEST

/* In a new snapshot an unfinished split table begins again; a finished one stays. */
START_TEST(a_new_snapshot_begins_split_tables_again)
{
    struct fault why;
    struct db *db = new_catalog(":memory:");
    OK(db_exec(
        db,
        "insert into obj_table (oid, nspname, relname, kind, filenode, bytes, blocks,"
        " rows_estimate, access_method, columns, column_types, format, is_config, has_data, "
        "split_why, split_by)"
        " values (1, 'a', 'half', 'r', 1, 1, 1, 1, 'heap', '', '', 'text', 0, 1, '', 'ctid'),"
        "        (2, 'a', 'whole', 'r', 1, 1, 1, 1, 'heap', '', '', 'text', 0, 1, '', 'ctid');"
        "insert into work (id, stage, lane, kind, object, part, name, priority, state) values"
        " (1, 3, 2, 'empty', 1, 0, '', 1, 'done'), (2, 3, 2, 'part', 1, 1, '', 1, 'done'),"
        " (3, 3, 2, 'part', 1, 2, '', 1, 'ready'), (4, 3, 3, 'index', 10, 0, '', 1, 'ready'),"
        " (5, 3, 2, 'empty', 2, 0, '', 1, 'done'), (6, 3, 2, 'part', 2, 1, '', 1, 'done'),"
        " (7, 3, 2, 'part', 2, 2, '', 1, 'done'), (8, 3, 3, 'index', 20, 0, '', 1, 'ready');"
        "insert into edge values (1,2), (1,3), (2,4), (3,4), (5,6), (5,7), (6,8), (7,8);"
        "update work set waits = 1 where id = 4",
        &why));
    OK(db_run(db, &why, SQL_WORK_BEGIN_AGAIN_WAITS, ""));
    OK(db_run(db, &why, SQL_WORK_BEGIN_AGAIN_PARTS, ""));
    static const struct {
        const char *sql;
        int expected;
    } facts[] = {
        {"select 1 / (count(*) = 3) from work where object = 1 and state = 'ready'", 1},
        {"select 1 / (count(*) = 3) from work where object = 2 and state = 'done'", 1},
        {"select 1 / (waits = 0) from work where id = 1", 1},
        {"select 1 / (min(waits) = 1 and max(waits) = 1) from work where id in (2, 3)", 1},
        {"select 1 / (waits = 2) from work where id = 4", 1},
        {"select 1 / (waits = 0) from work where id = 8", 1},
    };
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        char sql[300];
        /* Division by zero gives null, which the check refuses. */
        snprintf(sql, sizeof sql,
                 "create temp table fact_%zu (x integer not null); insert into fact_%zu %s", i, i,
                 facts[i].sql);
        OK(db_exec(db, sql, &why));
    }
    drop_db(&db);
}
END_TEST

START_TEST(a_forgotten_run_leaves_what_must_be_ended)
{
    struct fault why;
    struct db *db = new_catalog(":memory:");
    struct run run;
    struct process_left left[4];
    int64_t a, b, seq;
    int count;
    bool found;
    OK(process_add(db, "copy", 1, 100, &a, &why));
    OK(process_add(db, "copy", 2, 101, &b, &why));
    OK(process_set_target(db, b, 555, "then", &why));
    OK(process_reaped(db, a, &why));
    struct snapshot held = {.id = "x", .lsn = "0/1", .holder = HOLDER_COMMAND, .holder_pid = 1};
    OK(snapshot_add(db, &held, &why));
    add_item(db, LANE_COPY, 1);
    OK(run_forget(db, &why));
    OK(run_get(db, &run, &found, &why));
    ck_assert(!found);
    OK(process_unreaped(db, 0, NULL, 0, 0, left, 4, &count, &why));
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(left[0].target_pid, 555);
    ck_assert_str_eq(left[0].target_start, "then");
    OK(snapshot_held(db, &seq, &why));
    ck_assert_int_eq(seq, held.seq);
    drop_db(&db);
}
END_TEST

START_TEST(another_programs_file_is_refused)
{
    struct fault why;
    struct db *db = NULL;
    char path[] = "/tmp/pgh-unit-XXXXXX";
    int fd = mkstemp(path);
    close(fd);
    struct db_book other = catalog_book;
    other.application_id = 1;
    OK(db_open(&db, path, &other, DB_CREATE, &why));
    drop_db(&db);
    FAILS(catalog_open(&db, path, DB_EXISTING, &why), FAULT_CATALOG_VERSION);
    other = catalog_book;
    other.version = 99;
    unlink(path);
    OK(db_open(&db, path, &other, DB_CREATE, &why));
    drop_db(&db);
    FAILS(catalog_open(&db, path, DB_EXISTING, &why), FAULT_CATALOG_VERSION);
    unlink(path);
    FAILS(catalog_open(&db, path, DB_EXISTING, &why), FAULT_DIR_NO_RUN);
}
END_TEST

SUITE(catalog, every_statement_prepares, views_can_be_read, wrong_parameters_are_a_bug,
      most_urgent_first, items_of_other_phases_wait, a_claim_is_fenced, a_lane_can_be_limited,
      waiters_become_ready, a_skipped_item_frees_its_waiters,
      a_new_snapshot_begins_split_tables_again, a_forgotten_run_leaves_what_must_be_ended,
      another_programs_file_is_refused)
