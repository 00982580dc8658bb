#include "../unit.h"

#include "../../../src/bin/pghaul/book.h"
#include "base/scoped.h"
#include "catalog/catalog.h"
#include "catalog/run.h"
#include "plan/plan.h"

static bool parse(struct options *options, const char *command, int argc, const char *const *argv,
                  struct fault *why)
{
    memset(options, 0, sizeof *options);
    return book_parse(options, book_command(command), argc, (char **)(uintptr_t)argv, why);
}

#define PARSE(options, command, ...)                                                       \
    parse(options, command, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), \
          (const char *[]){__VA_ARGS__}, &why)

START_TEST(options_are_read)
{
    struct fault why;
    struct options o;
    OK(PARSE(&o, "clone", "--source", "a", "--target=b", "-J8", "-I", "2", "-qx",
             "--split-larger-than", "1GB", "--copy-format=binary", "--lock-timeout", "90s",
             "--maintenance-work-mem", "64MB"));
    ck_assert_str_eq(o.source, "a");
    ck_assert_str_eq(o.target, "b");
    ck_assert_int_eq(o.settings.table_jobs, 8);
    ck_assert_int_eq(o.settings.index_jobs, 2);
    ck_assert(o.quiet && o.settings.no_acl && !o.verbose);
    ck_assert_int_eq(o.settings.split_larger_than, 1 << 30);
    ck_assert_int_eq(o.settings.copy_format, FORMAT_BINARY);
    ck_assert_int_eq(o.settings.lock_timeout_ms, 90000);
    ck_assert_str_eq(o.settings.maintenance_work_mem, "64MB");
}
END_TEST

START_TEST(defaults_and_abbreviations)
{
    struct fault why;
    struct options o;
    OK(PARSE(&o, "clone", "--table-j", "3", "--restar"));
    ck_assert_int_eq(o.settings.table_jobs, 3);
    ck_assert_int_eq(o.settings.index_jobs, 4);
    ck_assert_int_eq(o.settings.split_larger_than, 0);
    ck_assert_int_eq(o.settings.copy_format, FORMAT_AUTO);
    ck_assert(o.restart && !o.resume);
    FAILS(PARSE(&o, "clone", "--no"), FAULT_UNKNOWN_OPTION);
    ck_assert_ptr_nonnull(strstr(why.text, "ambiguous"));
}
END_TEST

START_TEST(the_environment_comes_after_the_command_line)
{
    struct fault why;
    struct options o;
    setenv("PGHAUL_TABLE_JOBS", "7", 1);
    setenv("PGHAUL_SOURCE", "from env", 1);
    OK(PARSE(&o, "clone", "--table-jobs", "3"));
    ck_assert_int_eq(o.settings.table_jobs, 3);
    ck_assert_str_eq(o.source, "from env");
    OK(PARSE(&o, "clone", "-q"));
    ck_assert_int_eq(o.settings.table_jobs, 7);
    setenv("PGHAUL_TABLE_JOBS", "many", 1);
    FAILS(PARSE(&o, "clone", "-q"), FAULT_BAD_VALUE);
    ck_assert_ptr_nonnull(strstr(why.text, "PGHAUL_TABLE_JOBS"));
}
END_TEST

START_TEST(bad_values_name_the_option_and_the_range)
{
    static const char *const wrong[][3] = {
        {"--table-jobs", "0", "from 1 to 128"},
        {"--table-jobs", "129", "from 1 to 128"},
        {"--table-jobs", "4x", "from 1 to 128"},
        {"--split-larger-than", "1kB", "at least 1.0 MB"},
        {"--split-larger-than", "big", "auto or"},
        {"--copy-format", "csv", "auto|text|binary"},
        {"--lock-timeout", "-1", "duration"},
        {"--retry-for", "1 week", "duration"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct fault why;
        struct options o;
        FAILS(PARSE(&o, "clone", wrong[i][0], wrong[i][1]), FAULT_BAD_VALUE);
        ck_assert_msg(strstr(why.text, wrong[i][0]) && strstr(why.text, wrong[i][1]) &&
                          strstr(why.text, wrong[i][2]),
                      "%s", why.text);
    }
}
END_TEST

START_TEST(wrong_words_get_the_nearest_known_one)
{
    struct fault why;
    struct options o;
    FAILS(PARSE(&o, "clone", "--tabel-jobs", "4"), FAULT_UNKNOWN_OPTION);
    ck_assert_ptr_nonnull(strstr(why.hint, "--table-jobs"));
    FAILS(PARSE(&o, "ping", "--table-jobs", "4"), FAULT_UNKNOWN_OPTION);
    FAILS(PARSE(&o, "clone", "-J"), FAULT_MISSING_OPTION);
    FAILS(PARSE(&o, "clone", "--source"), FAULT_MISSING_OPTION);
    FAILS(PARSE(&o, "clone", "--resume=yes"), FAULT_BAD_VALUE);
    FAILS(PARSE(&o, "clone", "stray"), FAULT_UNKNOWN_OPTION);
    FAILS(PARSE(&o, "clone", "-Z"), FAULT_UNKNOWN_OPTION);
    FAILS(PARSE(&o, "list", "-q"), FAULT_MISSING_OPTION);
    ck_assert_str_eq(book_nearest_command("cloen"), "clone");
    ck_assert_str_eq(book_nearest_command("stats"), "status");
    ck_assert_ptr_null(book_nearest_command("zzzzzzzz"));
}
END_TEST

START_TEST(settings_are_kept_and_recalled)
{
    struct fault why;
    scoped(drop_options) struct options o = {0};
    struct db *db = NULL;
    OK(catalog_open(&db, ":memory:", DB_CREATE, &why));
    OK(PARSE(&o, "clone", "--source", "secret=1", "-J", "9", "--split-larger-than", "2GB",
             "--no-owner"));
    OK(book_keep(&o, db, &why));
    OK(PARSE(&o, "clone", "-J", "2"));
    OK(book_recall(&o, db, &why));
    ck_assert_int_eq(o.settings.table_jobs, 2);
    ck_assert_int_eq(o.settings.split_larger_than, INT64_C(2) << 30);
    ck_assert(o.settings.no_owner && !o.settings.no_acl);
    ck_assert_ptr_null(o.source);
    drop_options(&o);
    OK(PARSE(&o, "clone", "--split-larger-than", "3GB"));
    FAILS(book_recall(&o, db, &why), FAULT_RUN_DIFFERS);
    ck_assert_ptr_nonnull(strstr(why.text, "--split-larger-than 2GB"));
    drop_options(&o);
    OK(PARSE(&o, "clone", "--no-acl"));
    FAILS(book_recall(&o, db, &why), FAULT_RUN_DIFFERS);
    drop_db(&db);
}
END_TEST

static bool add_pair(void *arg, const char *name, const char *value, struct fault *why)
{
    (void)why;
    strbuf_addf(arg, "%s=%s ", name, value);
    return true;
}

START_TEST(some_settings_change_while_a_run_goes_on)
{
    struct fault why;
    scoped(drop_options) struct options o = {0};
    scoped(drop_options) struct options later = {0};
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    struct db *db = NULL;
    OK(catalog_open(&db, ":memory:", DB_CREATE, &why));
    OK(PARSE(&o, "clone", "-J", "9", "--max-rate", "50MB", "--retry-for", "7s"));
    ck_assert_int_eq(o.settings.max_rate, 50 << 20);
    OK(book_keep(&o, db, &why));
    OK(PARSE(&later, "clone", "-J", "2", "--retry-for", "8s"));
    OK(book_renew(&later, db, &why));
    /* What the catalog has holds, for these only. */
    ck_assert_int_eq(later.settings.table_jobs, 9);
    ck_assert_int_eq(later.settings.retry_for_ms, 8000);
    OK(setting_put(db, "table-jobs", "3", &why));
    OK(setting_put(db, "max-rate", "0", &why));
    OK(book_renew(&later, db, &why));
    ck_assert_int_eq(later.settings.table_jobs, 3);
    ck_assert_int_eq(later.settings.max_rate, 0);
    OK(book_each_live(&later, add_pair, &text, &why));
    ck_assert_str_eq(text.text,
                     "table-jobs=3 index-jobs=4 max-rate=0 spool-limit=auto spool-reserve=auto ");
    OK(book_check_live(&later, "index-jobs", "7", &why));
    ck_assert_int_eq(later.settings.index_jobs, 7);
    FAILS(book_check_live(&later, "index-jobs", "700", &why), FAULT_BAD_VALUE);
    FAILS(book_check_live(&later, "max-rate", "auto", &why), FAULT_BAD_VALUE);
    FAILS(book_check_live(&later, "index-job", "7", &why), FAULT_UNKNOWN_OPTION);
    FAILS(book_check_live(&later, "contents", "rows", &why), FAULT_UNKNOWN_OPTION);
    FAILS(book_check_live(&later, "retry-for", "7s", &why), FAULT_NOT_SETTABLE);
    ck_assert_ptr_nonnull(strstr(why.hint, "--resume --retry-for 7s"));
    FAILS(book_check_live(&later, "follow", "true", &why), FAULT_NOT_SETTABLE);
    drop_db(&db);
}
END_TEST

START_TEST(help_names_every_option)
{
    for (const struct command *command = book_commands(); command->name != NULL; command++) {
        struct strbuf help = STRBUF_EMPTY;
        book_add_help(&help, command);
        ck_assert_ptr_nonnull(strstr(help.text, "--help"));
        ck_assert_ptr_nonnull(strstr(help.text, command->name));
        drop_strbuf(&help);
    }
}
END_TEST

SUITE(book, options_are_read, defaults_and_abbreviations,
      the_environment_comes_after_the_command_line, bad_values_name_the_option_and_the_range,
      wrong_words_get_the_nearest_known_one, settings_are_kept_and_recalled,
      some_settings_change_while_a_run_goes_on, help_names_every_option)
