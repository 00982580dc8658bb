#include "../unit.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "catalog/catalog.h"
#include "show/pulse.h"

#define SECOND INT64_C(1000000)

START_TEST(lag_is_never_more_than_the_time_since_all_was_applied)
{
    struct lag_facts f = {.behind = true, .now_us = 5000 * SECOND};
    ck_assert_int_eq(pulse_lag_ms(&f), -1);
    f.commit_us = 4000 * SECOND;
    ck_assert_int_eq(pulse_lag_ms(&f), 1000 * 1000);
    /* An hour without changes, then one. */
    f.caught_up_us = 4999 * SECOND;
    ck_assert_int_eq(pulse_lag_ms(&f), 1000);
    /* Always a little behind. */
    f.commit_us = 4999 * SECOND + SECOND / 2;
    f.caught_up_us = 100 * SECOND;
    ck_assert_int_eq(pulse_lag_ms(&f), 500);
    /* A clock that is before ours must not make it less; one that is far before, not negative. */
    f.skew_us = 10 * SECOND;
    f.commit_us += 10 * SECOND;
    ck_assert_int_eq(pulse_lag_ms(&f), 500);
    f.skew_us = 0;
    ck_assert_int_eq(pulse_lag_ms(&f), 0);
    f.behind = false;
    f.commit_us = 1;
    ck_assert_int_eq(pulse_lag_ms(&f), 0);
}
END_TEST

START_TEST(time_left_is_the_longer_of_rows_and_indexes)
{
    scoped(drop_strbuf) struct strbuf basis = STRBUF_EMPTY;
    struct eta_facts f = {.bytes_left = 100 << 20, .rate_ms = 60000};
    ck_assert_int_eq(pulse_eta_ms(&f, &basis), -1);
    f.bytes_rate = 10 << 20;
    ck_assert_int_eq(pulse_eta_ms(&f, &basis), 10000);
    ck_assert_str_eq(basis.text, "100 MB of rows at 10 MB/s (of the last 1 min 00 s)");
    strbuf_clear(&basis);
    f.build_left = 50 << 20;
    ck_assert_int_eq(pulse_eta_ms(&f, &basis), 10000);
    ck_assert_ptr_nonnull(
        strstr(basis.text, "; 50 MB of indexes are not in it: none is built yet"));
    strbuf_clear(&basis);
    f.build_bytes = 10 << 20;
    f.build_ms = 10000;
    f.build_jobs = 2;
    ck_assert_int_eq(pulse_eta_ms(&f, &basis), 25000);
    ck_assert_ptr_nonnull(
        strstr(basis.text, "; 50 MB of indexes at 2.0 MB/s (as built so far, 2 at a time)"));
    strbuf_clear(&basis);
    f = (struct eta_facts){.bytes_left = 0};
    ck_assert_int_eq(pulse_eta_ms(&f, &basis), -1);
    f.build_left = 1;
    ck_assert_int_eq(pulse_eta_ms(&f, &basis), -1);
}
END_TEST

START_TEST(catching_up_needs_a_higher_rate)
{
    scoped(drop_strbuf) struct strbuf basis = STRBUF_EMPTY;
    ck_assert_int_eq(pulse_catch_up_ms(100, 10, 20, &basis), 10000);
    ck_assert_str_eq(basis.text, "100 bytes behind; applied 20 bytes/s, received 10 bytes/s");
    ck_assert_int_eq(pulse_catch_up_ms(100, 20, 20, &basis), -1);
}
END_TEST

static enum wait_for wait_of(struct backend_state source, struct backend_state target)
{
    return wait_classify(&source, &target);
}

START_TEST(who_waits_for_whom)
{
    const struct backend_state none = {""}, idle = {"idle", "Client", "ClientRead"},
                               works = {"active", "", ""}, io = {"active", "IO", "DataFileRead"},
                               reads = {"active", "Client", "ClientRead"},
                               writes = {"active", "Client", "ClientWrite"},
                               lock = {"active", "Lock", "relation"},
                               rests = {"idle in transaction", "Client", "ClientRead"};
    ck_assert_int_eq(wait_of(none, none), WAIT_NOTHING);
    ck_assert_int_eq(wait_of(idle, idle), WAIT_NOTHING);
    ck_assert_int_eq(wait_of(idle, works), WAIT_TARGET_WRITE);
    ck_assert_int_eq(wait_of(none, io), WAIT_TARGET_WRITE);
    ck_assert_int_eq(wait_of(none, rests), WAIT_NETWORK);
    ck_assert_int_eq(wait_of(rests, works), WAIT_TARGET_WRITE);
    ck_assert_int_eq(wait_of(io, none), WAIT_SOURCE_READ);
    ck_assert_int_eq(wait_of(io, reads), WAIT_SOURCE_READ);
    ck_assert_int_eq(wait_of(works, rests), WAIT_SOURCE_READ);
    ck_assert_int_eq(wait_of(writes, works), WAIT_TARGET_WRITE);
    ck_assert_int_eq(wait_of(writes, reads), WAIT_NETWORK);
    ck_assert_int_eq(wait_of(writes, none), WAIT_NETWORK);
    ck_assert_int_eq(wait_of(works, io), WAIT_BOTH);
    ck_assert_int_eq(wait_of(lock, reads), WAIT_LOCK);
    ck_assert_int_eq(wait_of(writes, lock), WAIT_LOCK);
    for (int wait = 0; wait < WAITS; wait++)
        ck_assert_str_ne(wait_sentence((enum wait_for)wait), "");
}
END_TEST

static bool span(struct db *db, int64_t since, int64_t now, struct sample *first,
                 struct sample *last)
{
    struct fault why;
    bool found;
    const struct sample_wish wish = {since * SECOND, now * SECOND};
    OK(sample_span(db, &wish, first, last, &found, &why));
    return found;
}

static void put_sample(struct db *db, int64_t at, int64_t bytes)
{
    struct fault why;
    const struct sample sample = {.at_us = at * SECOND, .bytes = bytes, .received = 7};
    OK(sample_put(db, &sample, &why));
}

START_TEST(samples_go_round)
{
    struct fault why;
    scoped(drop_db) struct db *db = NULL;
    struct sample first, last;
    const int64_t now = 1000 + 3 * SAMPLES_KEPT;
    OK(catalog_open(&db, ":memory:", DB_CREATE, &why));
    ck_assert(!span(db, 0, now, &first, &last));
    for (int i = 0; i < 3 * SAMPLES_KEPT; i++)
        put_sample(db, 1000 + i, i);
    ck_assert(span(db, 0, now, &first, &last));
    ck_assert_int_eq(last.bytes, 3 * SAMPLES_KEPT - 1);
    ck_assert_int_eq(first.bytes, 2 * SAMPLES_KEPT);
    ck_assert_uint_eq(last.received, 7);
    ck_assert(span(db, last.at_us / SECOND - 10, now, &first, &last));
    ck_assert_int_eq(last.bytes - first.bytes, 10);
    ck_assert(!span(db, last.at_us / SECOND, now, &first, &last));
}
END_TEST

START_TEST(samples_of_a_clock_that_was_set_back_are_not_the_last_ones)
{
    struct fault why;
    scoped(drop_db) struct db *db = NULL;
    struct sample first, last;
    OK(catalog_open(&db, ":memory:", DB_CREATE, &why));
    for (int i = 0; i < 20; i++)
        put_sample(db, 9000 + i, i);
    for (int i = 0; i < 5; i++)
        put_sample(db, 5000 + i, 20 + i);
    ck_assert(span(db, 4990, 5005, &first, &last));
    ck_assert_int_eq(first.bytes, 20);
    ck_assert_int_eq(last.bytes, 24);
}
END_TEST

SUITE(pulse, lag_is_never_more_than_the_time_since_all_was_applied,
      time_left_is_the_longer_of_rows_and_indexes, catching_up_needs_a_higher_rate,
      who_waits_for_whom, samples_go_round,
      samples_of_a_clock_that_was_set_back_are_not_the_last_ones)
