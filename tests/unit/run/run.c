#include "../unit.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "run/crew.h"
#include "run/phases.h"
#include "run/progress.h"
#include "run/workdir.h"

#include <sys/stat.h>
#include <sys/wait.h>

START_TEST(progress_is_one_line)
{
    struct strbuf text = STRBUF_EMPTY;
    struct progress_numbers n = {.tables = 1200,
                                 .tables_done = 7,
                                 .indexes = 3,
                                 .bytes = INT64_C(10) << 30,
                                 .bytes_done = INT64_C(1) << 30,
                                 .rate = 100 << 20};
    progress_add_line(&text, &n);
    ck_assert_str_eq(
        text.text,
        "1.0 GB of 10 GB (10 %), 100 MB/s, about 1 min 32 s left, tables 7/1,200, indexes 0/3");
    drop_strbuf(&text);
    n = (struct progress_numbers){.tables = 1};
    progress_add_line(&text, &n);
    ck_assert_str_eq(text.text, "0 bytes of 0 bytes (100 %), tables 0/1");
    drop_strbuf(&text);
}
END_TEST

START_TEST(every_phase_has_a_sentence)
{
    for (int phase = 0; phase < PHASES; phase++)
        ck_assert_str_ne(phase_entry((enum phase)phase)->sentence, "");
}
END_TEST

START_TEST(places_back_off_and_give_up)
{
    struct place place = {.state = PLACE_BUSY, .started_ms = clock_ms()};
    fault_set(&place.fault, FAULT_TARGET_LOST, "lost");
    ck_assert(place_failed(&place, 60000));
    ck_assert_int_eq(place.state, PLACE_WAITING);
    int64_t first = place.deadline;
    for (int i = 0; i < 6; i++)
        ck_assert(place_failed(&place, 60000));
    ck_assert_int_gt(place.deadline, first + 1000);
    /* It has failed since longer than it may. */
    place.failing_since -= 61000;
    ck_assert(!place_failed(&place, 60000));
    /* A crash says nothing, so it is counted. */
    place = (struct place){.state = PLACE_BUSY, .started_ms = clock_ms()};
    int crashes = 0;
    while (place_failed(&place, 60000))
        crashes++;
    ck_assert_int_eq(crashes, 5);
    /* Lost connections are none. */
    place = (struct place){.state = PLACE_BUSY, .started_ms = clock_ms()};
    fault_set(&place.fault, FAULT_TARGET_LOST, "lost");
    for (int i = 0; i < 6; i++)
        ck_assert(place_failed(&place, 60000));
    place.fault.id = 0;
    for (int i = 0; i < 5; i++)
        ck_assert(place_failed(&place, 60000));
    ck_assert(!place_failed(&place, 60000));
    /* After a long life it begins to count anew. */
    place.started_ms -= 3600000;
    ck_assert(place_failed(&place, 60000));
}
END_TEST

START_TEST(directories_are_private_and_locked)
{
    struct fault why;
    struct workdir dir = {.lock = -1};
    char path[] = "/tmp/pgh-unit-XXXXXX", run[64];
    struct stat stat_;
    ck_assert_ptr_nonnull(mkdtemp(path));
    snprintf(run, sizeof run, "%s/a/b", path);
    OK(workdir_make(run, &why));
    ck_assert_int_eq(stat(run, &stat_), 0);
    ck_assert_int_eq(stat_.st_mode & 0777, 0700);
    ck_assert(!workdir_is_locked(run));
    OK(workdir_lock(&dir, run, "lock", &why));
    ck_assert(workdir_is_locked(run));
    struct workdir second = {.lock = -1};
    FAILS(workdir_lock(&second, run, "lock", &why), FAULT_DIR_BUSY);
    drop_workdir(&dir);
    ck_assert(!workdir_is_locked(run));
    OK(workdir_lock(&second, run, "lock", &why));
    drop_workdir(&second);
    setenv("XDG_STATE_HOME", "/x", 1);
    char where[200];
    OK(workdir_default(where, sizeof where, "../etc/name", &why));
    ck_assert_str_eq(where, "/x/pghaul/_._etc_name");
}
END_TEST

START_TEST(shares_beyond_a_smaller_number_are_found)
{
    /* Places of copiers come first, those of builders behind all of them; 0 and -1 are none. */
    ck_assert(budget_is_within(ROLE_COPY, 1, 1) && !budget_is_within(ROLE_COPY, 2, 1));
    ck_assert(budget_is_within(ROLE_COPY, 8, 8) && !budget_is_within(ROLE_COPY, 9, 8));
    ck_assert(budget_is_within(ROLE_BUILD, 1 + BUDGET_JOBS, 1) &&
              !budget_is_within(ROLE_BUILD, 2 + BUDGET_JOBS, 1));
    ck_assert(budget_is_within(ROLE_COPY, 0, 1) && budget_is_within(ROLE_BUILD, -1, 1));
}
END_TEST

SUITE(run, shares_beyond_a_smaller_number_are_found, progress_is_one_line,
      every_phase_has_a_sentence, places_back_off_and_give_up, directories_are_private_and_locked)
