#include "../unit.h"

#include "run/live.h"

/* A snapshot that sees all before 100, and 101. */
static const char snapshot[] = "100:103:100,102";

START_TEST(a_snapshot_of_one_place)
{
    struct fault why;
    struct live_order order = {.xids = snapshot};
    OK(live_meet(&order, 99, 10, &why));
    OK(live_meet(&order, 101, 20, &why));
    ck_assert_uint_eq(live_place(&order, 50), 50);
    OK(live_meet(&order, 100, 30, &why));
    OK(live_meet(&order, 102, 40, &why));
    ck_assert_uint_eq(live_place(&order, 50), 30);
}
END_TEST

/* 101 was seen, and 100, which had committed before it, was not yet. */
START_TEST(a_snapshot_of_no_place)
{
    struct fault why;
    struct live_order order = {.xids = snapshot};
    OK(live_meet(&order, 100, 15, &why));
    OK(live_meet(&order, 101, 20, &why));
    ck_assert_uint_eq(live_place(&order, 50), 0);
}
END_TEST

START_TEST(what_is_no_snapshot)
{
    struct fault why;
    struct live_order order = {.xids = "nonsense"};
    FAILS(live_meet(&order, 100, 15, &why), FAULT_CATALOG);
}
END_TEST

SUITE(live, a_snapshot_of_one_place, a_snapshot_of_no_place, what_is_no_snapshot)
