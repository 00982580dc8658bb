/* Many processes on one catalog: every item is claimed and finished once. */
#include "../unit.h"

#include "catalog/catalog.h"
#include "catalog/run.h"
#include "catalog/work.h"

#include <sys/wait.h>

enum { PROCESSES = 6, ITEMS = 600 };

static void work_until_empty(const char *path, int64_t owner)
{
    struct fault why;
    struct db *db = NULL;
    struct work work = {0};
    bool found;
    unsigned lanes;
    if (!catalog_open(&db, path, DB_EXISTING, &why))
        _exit(1);
    for (;;) {
        if (!work_claim(db, LANE_COPY, 1000, owner, &work, &found, &why))
            _exit(2);
        if (!found)
            break;
        if (!work_finish(db, &work, owner, 1, 1, &lanes, &why))
            _exit(3);
        drop_work(&work);
    }
    drop_db(&db);
    _exit(0);
}

START_TEST(many_processes_claim_each_item_once)
{
    struct fault why;
    struct db *db = NULL;
    char path[] = "/tmp/pgh-unit-XXXXXX";
    int fd = mkstemp(path);
    close(fd);
    unlink(path);
    OK(catalog_open(&db, path, DB_CREATE, &why));
    OK(run_create(db, "test", "1", "source", "target", &why));
    OK(run_set_phase(db, PHASE_COPY, &why));
    OK(db_begin(db, &why));
    for (int i = 0; i < ITEMS; i++) {
        struct work_new item = {.stage = PHASE_COPY, .lane = LANE_COPY, .kind = WORK_TABLE};
        OK(work_add(db, &item, &why));
    }
    OK(db_commit(db, &why));
    drop_db(&db);
    for (int64_t owner = 1; owner <= PROCESSES; owner++)
        if (check_fork() == 0)
            work_until_empty(path, owner);
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        wait(&status);
        ck_assert_int_eq(WEXITSTATUS(status), 0);
    }
    OK(catalog_open(&db, path, DB_EXISTING, &why));
    OK(db_exec(db,
               "create temp table fact (x integer check (x = 600));"
               "insert into fact select count(*) from work where state = 'done' and epoch = 1 and "
               "attempts = 1",
               &why));
    drop_db(&db);
    char wal[80];
    unlink(path);
    snprintf(wal, sizeof wal, "%s-wal", path);
    unlink(wal);
    snprintf(wal, sizeof wal, "%s-shm", path);
    unlink(wal);
}
END_TEST

SUITE(race, many_processes_claim_each_item_once)
