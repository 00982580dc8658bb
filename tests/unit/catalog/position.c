#include "../unit.h"

#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/catalog.h"
#include "catalog/objects.h"
#include "catalog/position.h"
#include "catalog/pulse.h"
#include "catalog/run.h"
#include "catalog/sql.h"

static struct db *new_catalog(void)
{
    struct fault why;
    struct db *db = NULL;
    OK(catalog_open(&db, ":memory:", DB_CREATE, &why));
    OK(run_create(db, "test", "1", "source", "target", &why));
    return db;
}

static struct position get(struct db *db)
{
    struct fault why;
    struct position position;
    bool found;
    OK(position_get(db, &position, &found, &why));
    ck_assert(found);
    return position;
}

START_TEST(positions_are_kept)
{
    struct fault why;
    struct position position;
    bool found;
    struct db *db = new_catalog();
    OK(position_get(db, &position, &found, &why));
    ck_assert(!found);
    OK(position_add(db, "slot", "pub", "now", &why));
    position = get(db);
    ck_assert_str_eq(position.slot, "slot");
    ck_assert_str_eq(position.publication, "pub");
    ck_assert(position.end_now && position.end == 0 && position.source_id[0] == '\0');
    OK(position_intend(db, "1/2/shop", "pgoutput", "slot_inserts", &why));
    ck_assert_str_eq(get(db).plugin, "pgoutput");
    ck_assert_str_eq(get(db).insert_publication, "slot_inserts");
    ck_assert_str_eq(get(db).publication, "slot");
    OK(position_begin(db, 100, &why));
    OK(position_received(db, 300, 200, &why));
    struct position news = {
        .applied = 150, .flushed = 120, .commit_us = 7, .transactions = 2, .inserts = 3};
    OK(position_applied(db, &news, &why));
    news.commit_us = 0;
    OK(position_applied(db, &news, &why));
    OK(position_resolve_end(db, 400, &why));
    OK(position_resolve_end(db, 500, &why));
    position = get(db);
    ck_assert_str_eq(position.source_id, "1/2/shop");
    ck_assert(position.consistent == 100 && position.received == 300 && position.durable == 200);
    ck_assert_int_eq(position_behind(&position), 150);
    ck_assert(position.applied == 150 && position.flushed == 120 && position.end == 400);
    /* What the source has and we have not: it counts, but for what lies behind the end. */
    OK(source_seen_put(db, &(struct source_seen){.at_us = 1, .wal_end = 290}, &why));
    position = get(db);
    ck_assert(position_unreceived(&position) == 0 && position_behind(&position) == 150);
    OK(source_seen_put(db, &(struct source_seen){.at_us = 2, .wal_end = 350}, &why));
    position = get(db);
    ck_assert(position_unreceived(&position) == 50 && position_behind(&position) == 200);
    OK(source_seen_put(db, &(struct source_seen){.at_us = 3, .wal_end = 900}, &why));
    position = get(db);
    ck_assert(position_unreceived(&position) == 100 && position_behind(&position) == 250);
    ck_assert_int_eq(position.transactions, 4);
    ck_assert_int_eq(position.inserts, 6);
    ck_assert_int_eq(position.commit_us, 7);
    ck_assert(!position.end_now);
    OK(position_undone(db, &why));
    ck_assert(get(db).consistent == 0 && get(db).source_id[0] == '\0');
    /* One that has no publication drops none. */
    OK(position_intend(db, "1/2/shop", "test_decoding", "slot_inserts", &why));
    ck_assert_str_eq(get(db).plugin, "test_decoding");
    ck_assert_str_eq(get(db).publication, "");
    ck_assert_str_eq(get(db).insert_publication, "");
    drop_db(&db);
}
END_TEST

START_TEST(what_was_given_up_is_remembered)
{
    struct fault why;
    struct position_left left;
    bool found;
    struct db *db = new_catalog();
    OK(position_add(db, "first", "first", NULL, &why));
    OK(position_left(db, &left, &found, &why));
    ck_assert(!found);
    OK(position_intend(db, "1/2/shop", "pgoutput", "", &why));
    OK(run_forget(db, &why));
    OK(run_create(db, "test", "1", "source", "target", &why));
    OK(position_add(db, "second", "second", "0/10", &why));
    OK(position_left(db, &left, &found, &why));
    ck_assert(found);
    ck_assert_str_eq(left.slot, "first");
    ck_assert_str_eq(left.plugin, "pgoutput");
    ck_assert_str_eq(left.source_id, "1/2/shop");
    ck_assert_int_eq(get(db).end, 16);
    OK(position_drop(db, left.run, &why));
    OK(position_left(db, &left, &found, &why));
    ck_assert(!found);
    /* One that has made nothing leaves nothing. */
    OK(run_forget(db, &why));
    OK(run_create(db, "test", "1", "source", "target", &why));
    OK(position_left(db, &left, &found, &why));
    ck_assert(!found);
    drop_db(&db);
}
END_TEST

static void add_table(struct db *db, int64_t oid, const char *name, char kind, bool logged,
                      int64_t children, int64_t parent)
{
    struct fault why;
    struct table table = {.oid = oid,
                          .nspname = "s",
                          .relname = name,
                          .kind = kind,
                          .access_method = "heap",
                          .columns = "",
                          .column_types = "",
                          .format = "text",
                          .signature = "",
                          .has_data = kind == 'r'};
    OK(table_add(db, &table, &why));
    if (parent != 0)
        OK(db_run(db, &why, SQL_INHERITS_INSERT, "ii", oid, parent));
    OK(db_run(db, &why, SQL_PUBLISHED_INSERT, "ssdii", "key", "DEFAULT", logged ? 1 : 0, children,
              oid));
}

static bool on_member(void *arg, const struct stmt *row, struct fault *why)
{
    (void)why;
    strbuf_addf(arg, "%s ", stmt_text(row, 1));
    return true;
}

/* A partitioned table stands for its partitions where all of them are meant. */
START_TEST(members_of_a_publication)
{
    struct fault why;
    scoped(drop_strbuf) struct strbuf names = STRBUF_EMPTY;
    struct db *db = new_catalog();
    add_table(db, 1, "plain", 'r', true, 0, 0);
    add_table(db, 2, "unlogged", 'r', false, 0, 0);
    add_table(db, 10, "whole", 'p', true, 2, 0);
    add_table(db, 11, "whole_1", 'r', true, 0, 10);
    add_table(db, 12, "whole_2", 'p', true, 1, 10);
    add_table(db, 13, "whole_2_1", 'r', true, 0, 12);
    add_table(db, 20, "part", 'p', true, 3, 0);
    add_table(db, 21, "part_1", 'r', true, 0, 20);
    add_table(db, 22, "part_2", 'p', true, 1, 20);
    add_table(db, 23, "part_2_1", 'r', true, 0, 22);
    add_table(db, 30, "deep", 'p', true, 1, 0);
    add_table(db, 31, "deep_1", 'p', true, 1, 30);
    add_table(db, 32, "deep_1_1", 'r', false, 0, 31);
    add_table(db, 40, "old", 'p', true, -1, 0);
    add_table(db, 41, "old_1", 'r', true, 0, 40);
    OK(catalog_list(db, SQL_PUBLISHED_MEMBERS, 0, on_member, &names, &why));
    ck_assert_str_eq(names.text, "old_1 part_1 part_2 plain whole ");
    drop_db(&db);
}
END_TEST

SUITE(position, positions_are_kept, what_was_given_up_is_remembered, members_of_a_publication)
