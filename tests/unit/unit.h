/*
 * unit.h - what every file of C unit tests includes.
 *
 * A file holds tests (START_TEST … END_TEST, each run in a process of its own by
 * Check) and ends with SUITE(name, test, test, …), in one line or several. The
 * build finds the suites by that word and writes the list of them.
 */
#ifndef PGHAUL_TESTS_UNIT_H
#define PGHAUL_TESTS_UNIT_H

#include "base/fault.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUITE(name, ...)                                            \
    Suite *suite_##name(void);                                      \
    Suite *suite_##name(void)                                       \
    {                                                               \
        const TTest *const tests[] = {__VA_ARGS__};                 \
        Suite *suite = suite_create(#name);                         \
        TCase *tcase = tcase_create(#name);                         \
        tcase_set_timeout(tcase, 60);                               \
        for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) \
            tcase_add_test(tcase, tests[i]);                        \
        suite_add_tcase(suite, tcase);                              \
        return suite;                                               \
    }

/* The call succeeds; or fails with this fault. Each needs a `struct fault why` in scope. */
#define OK(call) ck_assert_msg((call), "%s: %s", #call, why.text)
#define FAILS(call, fault_id)                             \
    do {                                                  \
        ck_assert_msg(!(call), "%s did not fail", #call); \
        ck_assert_int_eq(why.id, fault_id);               \
    } while (0)

#endif
