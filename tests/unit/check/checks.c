#include "../unit.h"

#include "base/strbuf.h"
#include "check/check.h"
#include "check/here.h"
#include "check/report.h"
#include "check/sides.h"

START_TEST(every_check_says_what_it_is)
{
    int count = 0;
    for (const struct check *check = checks(); check->id != 0; check++, count++) {
        const char *const texts[] = {check->title, check->means, check->remedy};
        for (int i = 0; i < 3; i++) {
            ck_assert_msg(texts[i] != NULL && *texts[i] != '\0', "PGH-%04d", check->id);
            ck_assert_ptr_null(strpbrk(texts[i], "\n|"));
        }
        ck_assert_msg(check->sql == CHECK_SQLS || check->mend == CHECK_SQLS, "PGH-%04d", check->id);
    }
    ck_assert_int_ge(count, 60);
}
END_TEST

/* One that is there twice is so for other circumstances; one of a fault is that fault. */
START_TEST(ids_are_unique)
{
    for (const struct check *check = checks(); check->id != 0; check++) {
        for (const struct check *other = check + 1; other->id != 0; other++)
            ck_assert_msg(check->id != other->id || check->when != other->when, "PGH-%04d twice",
                          check->id);
        ck_assert_msg((check->id >= 7000 && check->id < 7200) || fault_entry(check->id) != NULL,
                      "PGH-%04d is in no range", check->id);
    }
}
END_TEST

START_TEST(questions_are_made_for_each_version)
{
    static const int versions[] = {90600,  100000, 110000, 120000, 130000, 140000,
                                   150000, 160000, 170000, 180000, 190000};
    for (size_t v = 0; v < sizeof versions / sizeof versions[0]; v++)
        for (int which = 0; which < CHECK_SQLS; which++) {
            struct strbuf sql = STRBUF_EMPTY;
            check_sql_add(&sql, (enum check_sql)which, versions[v], v % 2 == 0 ? NULL : "{1,2}");
            ck_assert(sql.length > 10);
            if (v % 2 == 0)
                ck_assert_ptr_null(strpbrk(sql.text, "{}"));
            drop_strbuf(&sql);
        }
}
END_TEST

START_TEST(logical_decoding_on_demand_is_known_of_nineteen)
{
    struct strbuf old = STRBUF_EMPTY, new = STRBUF_EMPTY;
    check_sql_add(&old, CHECK_LOGICAL_ON_DEMAND, 180000, NULL);
    check_sql_add(&new, CHECK_LOGICAL_ON_DEMAND, 190000, NULL);
    ck_assert_ptr_null(strstr(old.text, "= 'replica'"));
    ck_assert_ptr_nonnull(strstr(new.text, "= 'replica'"));
    drop_strbuf(&old);
    drop_strbuf(&new);
}
END_TEST

START_TEST(clocks_are_compared_with_the_time_that_it_took)
{
    ck_assert_int_eq(check_skew(100, 100, 200), 0);
    ck_assert_int_eq(check_skew(100, 150, 200), 0);
    ck_assert_int_eq(check_skew(100, 200, 200), 0);
    ck_assert_int_eq(check_skew(100, 40, 200), 60);
    ck_assert_int_eq(check_skew(100, 260, 200), 60);
}
END_TEST

START_TEST(clocks_and_lines_are_judged)
{
    struct findings findings = {.list = NULL};
    check_judge_clock(&findings, "source", 5000000);
    check_judge_line(&findings, 1 << 20, 100 * 1000);
    ck_assert_int_eq(findings.count, 0);
    check_judge_clock(&findings, "source", 5000001);
    check_judge_line(&findings, 1 << 20, 200 * 1000);
    ck_assert_int_eq(findings.count, 2);
    ck_assert_int_eq(findings.list[0].check->id, CHECK_CLOCKS);
    ck_assert_str_eq(findings.list[0].objects[0].detail, "5.0 s from this machine's");
    ck_assert_int_eq(findings.list[1].check->id, CHECK_SLOW_LINE);
    ck_assert_str_eq(findings.list[1].objects[0].detail, "5.0 MB in a second");
    drop_findings(&findings);
}
END_TEST

START_TEST(the_gravest_come_first_and_decide)
{
    struct findings findings = {.list = NULL};
    ck_assert_int_eq(report_status(&findings), 0);
    findings_add(&findings, check_of(7014), CHECK_SOURCE, "");
    ck_assert_int_eq(report_status(&findings), 0);
    findings_add(&findings, check_of(7050), CHECK_TARGET, "");
    findings_add(&findings, check_of(7009), CHECK_SOURCE, "");
    ck_assert_int_eq(report_status(&findings), 10);
    findings_add(&findings, check_of(FAULT_ROLE_MISSING), CHECK_TARGET, "");
    ck_assert_int_eq(report_status(&findings), 11);
    findings_sort(&findings);
    static const int order[] = {FAULT_ROLE_MISSING, 7009, 7050, 7014};
    for (size_t i = 0; i < findings.count; i++)
        ck_assert_int_eq(findings.list[i].check->id, order[i]);
    drop_findings(&findings);
}
END_TEST

START_TEST(names_are_shown_and_statements_are_kept)
{
    struct findings findings = {.list = NULL};
    struct finding *finding = findings_add(&findings, check_of(7014), CHECK_SOURCE, "a\nb");
    finding_add_object(finding, "public", "two\nlines", NULL, "ALTER \"two\nlines\"", true);
    ck_assert_str_eq(finding->text, "a\\nb");
    ck_assert_str_eq(finding->objects[0].name, "public.\"two\\nlines\"");
    ck_assert_str_eq(finding->objects[0].sql, "ALTER \"two\\nlines\"");
    ck_assert_str_eq(finding->objects[0].runs, "ALTER \"two\nlines\"");
    ck_assert_str_eq(finding->objects[0].detail, "");
    drop_findings(&findings);
}
END_TEST

START_TEST(statements_are_told_once_under_their_server)
{
    struct findings findings = {.list = NULL};
    struct finding_statement told;
    size_t at = 0;
    struct finding *finding =
        findings_add(&findings, check_of(FAULT_NO_IDENTITY), CHECK_SOURCE, "");
    finding_add_object(finding, NULL, "a", NULL, "ONE", true);
    finding_add_object(finding, NULL, "b", NULL, "ONE", true);
    finding_add_object(finding, NULL, "c", NULL, NULL, false);
    finding_add_object(finding, NULL, "d", NULL, "TWO", true);
    finding_add_object(finding, NULL, "e", NULL, "THREE", false);
    finding_add_object(finding, NULL, "f", NULL, "THREE", false);
    ck_assert(finding_next_statement(finding, &at, &told) && told.leads && told.safe);
    ck_assert_str_eq(told.sql, "ONE");
    ck_assert(finding_next_statement(finding, &at, &told) && !told.leads && told.safe);
    ck_assert_str_eq(told.sql, "TWO");
    ck_assert(finding_next_statement(finding, &at, &told) && told.leads && !told.safe);
    ck_assert_str_eq(told.sql, "THREE");
    ck_assert(!finding_next_statement(finding, &at, &told));
    drop_findings(&findings);
}
END_TEST

START_TEST(every_id_is_explained)
{
    struct strbuf text = STRBUF_EMPTY;
    for (const struct fault_entry *entry = fault_entries(); entry->id != 0; entry++)
        ck_assert(report_explain(&text, entry->id));
    for (const struct check *check = checks(); check->id != 0; check++)
        ck_assert(report_explain(&text, check->id));
    ck_assert(!report_explain(&text, 1));
    ck_assert(!report_explain(&text, 7199));
    drop_strbuf(&text);
}
END_TEST

SUITE(checks, every_check_says_what_it_is, ids_are_unique, questions_are_made_for_each_version,
      logical_decoding_on_demand_is_known_of_nineteen,
      clocks_are_compared_with_the_time_that_it_took, clocks_and_lines_are_judged,
      the_gravest_come_first_and_decide, names_are_shown_and_statements_are_kept,
      statements_are_told_once_under_their_server, every_id_is_explained)
