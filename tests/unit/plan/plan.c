#include "../unit.h"

#include "base/strbuf.h"
#include "plan/ask.h"
#include "plan/split.h"

static const int64_t MB = 1 << 20, GB = 1 << 30;

START_TEST(parts_are_more_than_workers_and_never_empty)
{
    ck_assert_int_eq(split_count(1000 * MB, 128000, 100 * MB, 4), 10);
    ck_assert_int_eq(split_count(1500 * MB, 192000, GB, 4), 8);
    ck_assert_int_eq(split_count(3 * GB, 3, MB, 4), 3);
    ck_assert_int_eq(split_count(2 * MB, 2, MB, 1), 2);
    ck_assert_int_eq(split_count(INT64_C(1) << 50, INT64_C(1) << 37, MB, 128), 4096);
}
END_TEST

START_TEST(auto_splits_only_what_would_keep_others_waiting)
{
    ck_assert_int_eq(split_limit(5 * MB, 100 * GB, 4), 5 * MB);
    ck_assert_int_eq(split_limit(0, 100 * GB, 4), 25 * GB);
    ck_assert_int_eq(split_limit(0, GB, 4), 2 * GB);
    ck_assert_int_eq(split_limit(0, 100 * GB, 1), INT64_MAX);
}
END_TEST

START_TEST(queries_are_made_for_each_version)
{
    static const int versions[] = {90600, 100000, 110000, 120000, 130000, 150000, 180000};
    for (size_t v = 0; v < sizeof versions / sizeof versions[0]; v++)
        for (int ask = 0; ask < ASKS; ask++) {
            struct strbuf sql = STRBUF_EMPTY;
            ask_add(&sql, (enum ask)ask, versions[v], NULL);
            ck_assert(sql.length > 10);
            ck_assert_ptr_null(strpbrk(sql.text, "{}"));
            drop_strbuf(&sql);
            ask_add_unlocked(&sql, (enum ask)ask, versions[v], "(1,2)");
            ck_assert_ptr_null(strpbrk(sql.text, "{}"));
            drop_strbuf(&sql);
        }
    struct strbuf old = STRBUF_EMPTY, new = STRBUF_EMPTY;
    ask_add(&old, ASK_TABLES, 110000, NULL);
    ask_add(&new, ASK_TABLES, 120000, "(7,8)");
    ck_assert_ptr_null(strstr(old.text, "attgenerated"));
    ck_assert_ptr_nonnull(strstr(old.text, "'heap'"));
    ck_assert_ptr_nonnull(strstr(new.text, "attgenerated"));
    ck_assert_ptr_null(strstr(new.text, "'heap'"));
    ck_assert_ptr_nonnull(strstr(new.text, "and c.oid in (select pg_catalog.unnest('(7,8)'"));
    ck_assert_ptr_null(strstr(old.text, "unnest('"));
    drop_strbuf(&old);
    drop_strbuf(&new);
}
END_TEST

/* Their sizes are asked of functions that open them. */
START_TEST(a_question_may_open_no_relation)
{
    static const enum ask asks[] = {ASK_TABLES, ASK_COMPARED};
    for (size_t i = 0; i < sizeof asks / sizeof asks[0]; i++) {
        struct strbuf sql = STRBUF_EMPTY;
        ask_add(&sql, asks[i], 150000, NULL);
        ck_assert_ptr_nonnull(strstr(sql.text, "_size("));
        drop_strbuf(&sql);
        ask_add_unlocked(&sql, asks[i], 150000, NULL);
        ck_assert_ptr_null(strstr(sql.text, "_size("));
        drop_strbuf(&sql);
    }
}
END_TEST

SUITE(plan, parts_are_more_than_workers_and_never_empty,
      auto_splits_only_what_would_keep_others_waiting, queries_are_made_for_each_version,
      a_question_may_open_no_relation)
