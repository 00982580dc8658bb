/*
 * main.c - runs all suites, or those whose name holds the argument; prints TAP.
 */
#include "unit.h"

#define SUITE_NAME(name) Suite *suite_##name(void);
#include "gen/suites.inc"
#undef SUITE_NAME

static const struct {
    const char *name;
    Suite *(*make)(void);
} suites[] = {
#define SUITE_NAME(name) {#name, suite_##name},
#include "gen/suites.inc"
#undef SUITE_NAME
};

int main(int argc, char **argv)
{
    SRunner *runner = srunner_create(NULL);
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++)
        if (argc < 2 || strstr(suites[i].name, argv[1]) != NULL)
            srunner_add_suite(runner, suites[i].make());
    srunner_set_tap(runner, "/dev/stdout");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
