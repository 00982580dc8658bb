#include "../unit.h"

#include "base/scoped.h"
#include "compare/compare.h"
#include "compare/row.h"
#include "compare/sum.h"

START_TEST(sums_are_taken_modulo_2_64)
{
    uint64_t number;
    ck_assert(sum_parse("0", &number) && number == 0);
    ck_assert(sum_parse("-1", &number) && number == UINT64_MAX);
    ck_assert(sum_parse("18446744073709551617", &number) && number == 1);
    ck_assert(sum_parse("-18446744073709551617", &number) && number == UINT64_MAX);
    ck_assert(!sum_parse("", &number));
    ck_assert(!sum_parse("-", &number));
    ck_assert(!sum_parse("1.5", &number));
}
END_TEST

/* With XOR the second pair of equal rows would vanish. */
START_TEST(a_doubled_row_is_seen)
{
    const struct sum row = {1, 7, UINT64_MAX};
    struct sum once = {0}, thrice = {0};
    sum_add(&once, &row);
    ck_assert(sum_is_same(&once, &row));
    for (int i = 0; i < 3; i++)
        sum_add(&thrice, &row);
    thrice.rows = 1;
    ck_assert(!sum_is_same(&once, &thrice));
}
END_TEST

START_TEST(columns_meet_by_name)
{
    scoped(drop_row_sql) struct row_sql sql = {.row = STRBUF_EMPTY};
    row_make(&sql,
             &(struct row_wish){
                 .source = "\"a\"\tint4\t\n\"b\"\ttext\t\n\"f\"\tfloat8\t\n\"x\"\"\n\"\t\town\n",
                 .target = "\"x\"\"\n\"\t\t\n\"f\"\tfloat8\t\n\"a\"\tint8\t\n\"c\"\ttext\t\n",
                 .key = "\"a\"",
                 .share = "",
             });
    ck_assert_str_eq(
        sql.row.text,
        "ROW(\"a\"::pg_catalog.text, CASE WHEN \"f\" = 'NaN' THEN 'NaN' ELSE \"f\" "
        "END::pg_catalog.float8, CASE WHEN pg_catalog.num_nonnulls(\"x\"\"\n\") = 1 THEN "
        "pg_catalog.format('%s', \"x\"\"\n\") END)");
    ck_assert_str_eq(
        sql.values.text,
        "ROW(\"a\"::pg_catalog.text COLLATE pg_catalog.\"C\", pg_catalog.float8send(CASE WHEN \"f\" "
        "= 'NaN' THEN 'NaN' ELSE \"f\" END::pg_catalog.float8), CASE WHEN "
        "pg_catalog.num_nonnulls(\"x\"\"\n\") = 1 THEN pg_catalog.format('%s', \"x\"\"\n\") END "
        "COLLATE pg_catalog.\"C\")");
    ck_assert_str_eq(sql.key.text, "ROW(\"a\"::pg_catalog.text)");
    ck_assert_str_eq(sql.columns.text, "\"a\", \"f\", \"x\"\"\n\"");
    ck_assert_str_eq(sql.note.text,
                     "column \"b\" is on the source only, column \"c\" is on the target only");
}
END_TEST

/* Blanks at the end of char(n) do not count: where they may be others, they are cut off. */
START_TEST(padded_text_of_one_length_is_taken_as_it_is)
{
    scoped(drop_row_sql) struct row_sql sql = {.row = STRBUF_EMPTY};
    row_make(&sql, &(struct row_wish){
                       .source = "\"a\"\tbpchar/8\t\n\"b\"\tbpchar/8\t\n",
                       .target = "\"a\"\tbpchar/8\t\n\"b\"\tbpchar/9\t\n",
                       .key = "",
                       .share = "",
                   });
    ck_assert_str_eq(sql.row.text, "ROW(\"a\"::pg_catalog.bpchar, \"b\"::pg_catalog.text)");
}
END_TEST

/* int8's own hash takes 0 and 2^32 for the same, for one. */
START_TEST(only_types_whose_hash_is_of_all_bits_go_as_values)
{
    scoped(drop_row_sql) struct row_sql sql = {.row = STRBUF_EMPTY};
    const char *columns =
        "\"a\"\tint4\t\n\"b\"\tint8\t\n\"c\"\tjsonb\t\n\"d\"\tbpchar/8\t\n\"e\"\tcircle\t\n";
    row_make(&sql,
             &(struct row_wish){.source = columns, .target = columns, .key = "", .share = ""});
    ck_assert_str_eq(
        sql.values.text,
        "ROW(\"a\"::pg_catalog.\"int4\", pg_catalog.int8send(\"b\"::pg_catalog.\"int8\"), "
        "pg_catalog.jsonb_send(\"c\"::pg_catalog.\"jsonb\"), \"d\"::pg_catalog.bpchar COLLATE "
        "pg_catalog.\"C\", \"e\"::pg_catalog.text COLLATE pg_catalog.\"C\")");
}
END_TEST

/* A number of both, which no other row has. */
START_TEST(a_key_that_is_a_number_is_a_seed)
{
    static const struct {
        const char *target, *key, *seed;
    } cases[] = {
        {"\"a\"\tint4\t\n\"b\"\ttext\t\n", "\"a\"", "\"a\"::pg_catalog.int8"},
        {"\"a\"\tint8\t\n\"b\"\ttext\t\n", "\"a\"", ""},
        {"\"a\"\tint4\t\n\"b\"\ttext\t\n", "\"b\"", ""},
        {"\"a\"\tint4\t\n\"b\"\ttext\t\n", "\"a\"\n\"b\"", ""},
        {"\"a\"\tint4\t\n\"b\"\ttext\t\n", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        scoped(drop_row_sql) struct row_sql sql = {.row = STRBUF_EMPTY};
        row_make(&sql, &(struct row_wish){.source = cases[0].target,
                                          .target = cases[i].target,
                                          .key = cases[i].key,
                                          .share = ""});
        ck_assert_str_eq(strbuf_text(&sql.seed), cases[i].seed);
    }
}
END_TEST

START_TEST(a_key_must_be_on_both_sides)
{
    scoped(drop_row_sql) struct row_sql sql = {.row = STRBUF_EMPTY};
    row_make(&sql, &(struct row_wish){
                       .source = "\"a\"\tint4\t\n\"b\"\tpoint\t\n",
                       .target = "\"b\"\tpoint\t\n",
                       .key = "\"b\"\n\"a\"",
                       .share = "",
                       .old = true,
                   });
    ck_assert_str_eq(strbuf_text(&sql.key), "");
    ck_assert_str_eq(sql.row.text, "ROW(\"b\"::pg_catalog.\"point\")");
}
END_TEST

START_TEST(only_some_columns)
{
    scoped(drop_row_sql) struct row_sql sql = {.row = STRBUF_EMPTY};
    row_make(&sql, &(struct row_wish){
                       .source = "\"a\"\tint4\t\n\"a, b\"\tint4\t\n\"b\"\tint4\t\n",
                       .target = "\"a\"\tint4\t\n\"a, b\"\tint4\t\n\"b\"\tint4\t\n",
                       .key = "\"a\"",
                       .share = "\"a, b\", \"b\"",
                   });
    ck_assert_str_eq(sql.columns.text, "\"a, b\", \"b\"");
    ck_assert_str_eq(strbuf_text(&sql.key), "");
    ck_assert_str_eq(strbuf_text(&sql.note), "");
}
END_TEST

START_TEST(nothing_in_common)
{
    scoped(drop_row_sql) struct row_sql sql = {.row = STRBUF_EMPTY};
    row_make(&sql, &(struct row_wish){.source = "", .target = "", .key = "", .share = ""});
    ck_assert_str_eq(sql.row.text, "ROW()");
    ck_assert_str_eq(sql.values.text, "ROW()");
}
END_TEST

START_TEST(the_encoding_both_can_speak)
{
    ck_assert_str_eq(compare_encoding("LATIN1", "UTF8"), "UTF8");
    ck_assert_str_eq(compare_encoding("SQL_ASCII", "UTF8"), "SQL_ASCII");
}
END_TEST

SUITE(compare, sums_are_taken_modulo_2_64, a_doubled_row_is_seen, columns_meet_by_name,
      padded_text_of_one_length_is_taken_as_it_is,
      only_types_whose_hash_is_of_all_bits_go_as_values, a_key_that_is_a_number_is_a_seed,
      a_key_must_be_on_both_sides, only_some_columns, nothing_in_common,
      the_encoding_both_can_speak)
