#include "../unit.h"

#include "base/scoped.h"
#include "catalog/catalog.h"

/* What triggers have counted is what a look at all items counts. */
static void check_tally(struct db *db)
{
    struct fault why;
    OK(db_exec(db,
               "insert into agrees"
               " select not exists (select * from counted except select * from kept)"
               "    and not exists (select * from kept except select * from counted)",
               &why));
}

static struct db *new_catalog(void)
{
    struct fault why;
    struct db *db = NULL;
    OK(catalog_open(&db, ":memory:", DB_CREATE, &why));
    OK(db_exec(
        db,
        "create temp table agrees (yes integer check (yes));"
        "create temp view kept as"
        " select kind, stage, id, items, done, running, bytes, bytes_done, bytes_moving, rows, moved,"
        "        started_us, ended_us, worked_us from tally;"
        "create temp view counted as"
        " select kind, min(stage), min(id), count(*), sum(state = 'done'), sum(state = 'running'),"
        "        sum(bytes), sum(case when state = 'done' then bytes else 0 end),"
        "        sum(case when state = 'done' then 0 else min(coalesce(moved, 0), bytes) end),"
        "        coalesce(sum(rows), 0), coalesce(sum(moved), 0), min(started_us), max(ended_us),"
        "        sum(case when state = 'done' then coalesce(ended_us - started_us, 0) else 0 end)"
        "   from work group by kind;"
        "with recursive n (i) as (select 0 union all select i + 1 from n where i < 299)"
        " insert into work (stage, lane, kind, object, name, priority, bytes)"
        " select 3 - i % 3, 1, 'kind ' || i % 3, i, 'x', i, 100 + i from n",
        &why));
    return db;
}

static const char *const life[] = {
    "update work set state = 'running', owner = 1, started_us = 1000 + id, moved = null where id <= 20",
    "update work set moved = 7 * id where state = 'running'",
    "update work set state = 'done', owner = null, ended_us = 5000 + id, rows = id, moved = 100 * id"
    " where id <= 10",
    "update work set waits = 1, priority = 5, confirmed = 1 where id > 200",
    /* Given back, and one that is done begins again. */
    "update work set state = 'ready', owner = null, fault = 'x' where id in (5, 15)",
    "update work set state = 'running', started_us = 6000, ended_us = null, rows = null, moved = null"
    " where id in (15, 16)",
    "update work set state = 'done', ended_us = 7000, rows = 5, moved = 100000 where state = 'running'",
    "delete from work where id between 3 and 17 or id > 250",
    "insert or ignore into work (id, stage, lane, kind, name, priority, state, bytes, rows)"
    " values (1, 1, 1, 'kind 1', 'there already', 1, 'ready', 1, 1),"
    "        (900, 1, 1, 'new', 'found done', 1, 'done', 1, 1)",
    "delete from work where kind = 'kind 2'",
    "delete from work",
};

START_TEST(what_is_kept_is_what_would_be_counted)
{
    struct fault why;
    scoped(drop_db) struct db *db = new_catalog();
    check_tally(db);
    for (size_t i = 0; i < sizeof life / sizeof life[0]; i++) {
        OK(db_exec(db, life[i], &why));
        /* When the first one began is not asked again of those that begin once more. */
        OK(db_exec(db,
                   "update tally set started_us = (select min(started_us) from work w"
                   "                                where w.kind = tally.kind),"
                   "                 ended_us = (select max(ended_us) from work w"
                   "                              where w.kind = tally.kind)",
                   &why));
        check_tally(db);
    }
}
END_TEST

START_TEST(how_many_ran_at_once_is_remembered)
{
    struct fault why;
    scoped(drop_db) struct db *db = new_catalog();
    for (int i = 0; i < 3; i++)
        OK(db_exec(db, life[i], &why));
    OK(db_exec(db, "insert into agrees select sum(most) = 20 and sum(running) = 10 from tally",
               &why));
    OK(db_exec(db,
               "insert into agrees select min(started_us) = 1001 and max(ended_us) = 5010"
               "  from tally",
               &why));
    FAILS(db_exec(db, "insert into agrees values (0)", &why), FAULT_CATALOG);
}
END_TEST

SUITE(tally, what_is_kept_is_what_would_be_counted, how_many_ran_at_once_is_remembered)
