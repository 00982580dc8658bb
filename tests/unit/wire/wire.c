#include "../unit.h"

#include "base/strbuf.h"
#include "wire/filter_file.h"
#include "wire/frames.h"
#include "wire/name_pattern.h"
#include "wire/portion.h"
#include "wire/restore_list.h"
#include "wire/server_message.h"
#include "wire/sql_script.h"
#include "wire/xids.h"

static void add_message(struct strbuf *stream, char type, const char *body, size_t length)
{
    size_t size = length + 4;
    const char head[] = {type, (char)(size >> 24), (char)(size >> 16), (char)(size >> 8),
                         (char)size};
    strbuf_add_bytes(stream, head, sizeof head);
    strbuf_add_bytes(stream, body, length);
}

/* A COPY as a server sends it, cut anywhere: the data must come out the same. */
START_TEST(frames_survive_any_cut)
{
    struct strbuf stream = STRBUF_EMPTY, data = STRBUF_EMPTY;
    char row[700];
    add_message(&stream, 'H', "\0\0\0", 3);
    for (int i = 0; i < 50; i++) {
        memset(row, 'a' + i % 26, sizeof row);
        add_message(&stream, 'd', row, (size_t)(i * 13 % 700));
        add_message(&data, 'd', row, (size_t)(i * 13 % 700));
        if (i == 20)
            add_message(&stream, 'N', "notice", 7);
    }
    add_message(&stream, 'c', "", 0);
    add_message(&stream, 'C', "COPY 50", 8);
    add_message(&stream, 'Z', "T", 1);

    for (size_t step = 1; step < 2000; step += 7) {
        struct frames frames = {0};
        struct strbuf got = STRBUF_EMPTY, kinds = STRBUF_EMPTY;
        size_t from = 0, have = 0;
        while (from < stream.length) {
            size_t used;
            struct frame frame;
            switch (frames_next(&frames, stream.text + from, have - from, 4096, &used, &frame)) {
            case FRAMES_DATA:
                strbuf_add_bytes(&got, stream.text + from, used);
                from += used;
                break;
            case FRAMES_MESSAGE:
                strbuf_add_char(&kinds, frame.type);
                from += used;
                break;
            case FRAMES_MORE:
                ck_assert_uint_lt(have, stream.length);
                have = have + step > stream.length ? stream.length : have + step;
                break;
            case FRAMES_BAD:
                ck_abort_msg("bad frame at %zu, step %zu", from, step);
            }
        }
        ck_assert_str_eq(kinds.text, "HNcCZ");
        ck_assert_uint_eq(got.length, data.length);
        ck_assert(memcmp(got.text, data.text, data.length) == 0);
        ck_assert_int_eq(frames.messages, 50);
        ck_assert_int_eq(frames.payload, (int64_t)(data.length - 50 * 5));
        drop_strbuf(&got);
        drop_strbuf(&kinds);
    }
    drop_strbuf(&stream);
    drop_strbuf(&data);
}
END_TEST

START_TEST(bad_frames_are_found)
{
    struct frames frames = {0};
    struct frame frame;
    size_t used;
    ck_assert_int_eq(frames_next(&frames, "d\0\0\0\3x", 6, 4096, &used, &frame), FRAMES_BAD);
    ck_assert_int_eq(frames_next(&frames, "d\177\377\377\377x", 6, 4096, &used, &frame),
                     FRAMES_BAD);
    ck_assert_int_eq(frames_next(&frames, "E\0\0\0\0x", 6, 4096, &used, &frame), FRAMES_BAD);
    ck_assert_int_eq(frames_next(&frames, "E\0\1\0\0x", 6, 4096, &used, &frame), FRAMES_BAD);
    ck_assert_int_eq(frames_next(&frames, "E\0\0\0", 4, 4096, &used, &frame), FRAMES_MORE);
}
END_TEST

START_TEST(errors_are_read)
{
    static const char body[] =
        "SFEHLER\0VERROR\0C23505\0Mkaputt\0Ddetail\0WCOPY t, line 3\0Xunknown\0";
    struct server_error error;
    ck_assert(server_error_parse(body, sizeof body, &error));
    ck_assert_str_eq(error.severity, "ERROR");
    ck_assert_str_eq(error.sqlstate, "23505");
    ck_assert_str_eq(error.message, "kaputt");
    ck_assert_str_eq(error.detail, "detail");
    ck_assert_str_eq(error.hint, "");
    ck_assert_str_eq(error.context, "COPY t, line 3");
    for (size_t cut = 0; cut < sizeof body - 1; cut++)
        ck_assert(!server_error_parse(body, cut, &error));
}
END_TEST

START_TEST(tags_and_rows_are_read)
{
    char text[16];
    ck_assert_int_eq(command_tag_count("COPY 1000", 10), 1000);
    ck_assert_int_eq(command_tag_count("INSERT 0 5", 11), 5);
    ck_assert_int_eq(command_tag_count("BEGIN", 6), -1);
    ck_assert_int_eq(command_tag_count("", 0), -1);
    ck_assert_int_eq(command_tag_count("X 99999999999999999999", 22), -1);
    ck_assert(data_row_first("\0\1\0\0\0\5hello", 11, text, sizeof text));
    ck_assert_str_eq(text, "hello");
    ck_assert(data_row_first("\0\1\377\377\377\377", 6, text, sizeof text));
    ck_assert_str_eq(text, "");
    ck_assert(
        data_row_first("\0\1\0\0\0\40aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb", 38, text, sizeof text));
    ck_assert_str_eq(text, "aaaaaaaaaaaaaaa");
    ck_assert(!data_row_first("\0\0", 2, text, sizeof text));
    ck_assert(!data_row_first("\0\1\0\0\0\5hell", 10, text, sizeof text));
}
END_TEST

static void check_entry(const char *line, int dump_id, const char *description, const char *label)
{
    struct restore_entry entry;
    ck_assert_msg(restore_list_parse(line, strlen(line), &entry), "%s", line);
    ck_assert_int_eq(entry.dump_id, dump_id);
    ck_assert_uint_eq(entry.description_length, strlen(description));
    ck_assert(strncmp(entry.description, description, entry.description_length) == 0);
    ck_assert_uint_eq(entry.label_length, strlen(label));
    ck_assert(strncmp(entry.label, label, entry.label_length) == 0);
}

START_TEST(restore_lists_are_read)
{
    check_entry("215; 1259 16390 TABLE public accounts postgres", 215, "TABLE",
                "public accounts postgres");
    check_entry("3408; 2606 16521 FK CONSTRAINT public a a_b_fkey postgres", 3408, "FK CONSTRAINT",
                "public a a_b_fkey postgres");
    check_entry("1; 0 0 TABLE ATTACH app p postgres", 1, "TABLE ATTACH", "app p postgres");
    /* A schema may be called like the second word of a description. */
    check_entry("1; 1259 5 TABLE ATTACH p postgres", 1, "TABLE", "ATTACH p postgres");
    check_entry("1; 1259 5 MATERIALIZED VIEW DATA v postgres", 1, "MATERIALIZED VIEW",
                "DATA v postgres");
    check_entry("1; 0 5 MATERIALIZED VIEW DATA app v postgres", 1, "MATERIALIZED VIEW DATA",
                "app v postgres");
    check_entry("9; 6237 7 PUBLICATION TABLES IN SCHEMA Odd Names p Odd Names postgres", 9,
                "PUBLICATION TABLES IN SCHEMA", "Odd Names p Odd Names postgres");
    check_entry("9; 1 7 SOMETHING new thing", 9, "SOMETHING", "new thing");
    static const char *const wrong[] = {"",
                                        ";",
                                        "; comment",
                                        "1",
                                        "1;",
                                        "1; 2 3",
                                        "1; 2 3 ",
                                        "x; 1 2 TABLE a",
                                        "99999999999; 1 2 TABLE a b",
                                        "1; 2 -3 TABLE a b"};
    struct restore_entry entry;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(!restore_list_parse(wrong[i], strlen(wrong[i]), &entry), "%s", wrong[i]);
}
END_TEST

START_TEST(needs_of_entries_are_read)
{
    static const char text[] = ";\tdepends on: 9 221 x";
    const char *at = text, *end = text + sizeof text - 1;
    int32_t id;
    ck_assert(restore_needs_begin(&at, end));
    ck_assert(restore_needs_next(&at, end, &id) && id == 9);
    ck_assert(restore_needs_next(&at, end, &id) && id == 221);
    ck_assert(!restore_needs_next(&at, end, &id));
    at = "; Archive";
    ck_assert(!restore_needs_begin(&at, at + 9));
}
END_TEST

START_TEST(scripts_are_cut_into_statements)
{
    static const char script[] =
        "-- a comment; with a semicolon\n"
        "\\restrict abc\n"
        "SET search_path = '';\n"
        "\n--\n-- Name: f; Type: FUNCTION; Schema: app; Owner: me\n--\n\n"
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $_$ select ';' -- $$ ;\n$_$;\n"
        "CREATE FUNCTION g() RETURNS int BEGIN ATOMIC select case when 1=1 then 1 end; select 2; "
        "END;\n"
        "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC ; END;\n"
        "/* block /* nested; */ ; */ SELECT 'it''s;', E'\\';', \"odd\"\";\", (1;2);\n"
        "COMMENT ON TABLE t IS 'a\n--\n-- Name: fake; Type: TABLE\n;';\n"
        "BEGIN; COMMIT;\n"
        "SELECT $1, a$b$c; \\unrestrict\n"
        "SELECT 'not ended";
    static const char *const starts[] = {"SET search_path",
                                         "CREATE FUNCTION f",
                                         "CREATE FUNCTION g",
                                         "CREATE OR REPLACE",
                                         "SELECT 'it''s",
                                         "COMMENT ON",
                                         "BEGIN;",
                                         "COMMIT;",
                                         "SELECT $1",
                                         "SELECT 'not"};
    struct sql_script at = sql_script_over(script, sizeof script - 1);
    struct sql_statement statement;
    char name[32];
    size_t count = 0;
    while (sql_script_next(&at, &statement)) {
        ck_assert_uint_lt(count, sizeof starts / sizeof starts[0]);
        ck_assert_msg(strncmp(statement.text, starts[count], strlen(starts[count])) == 0,
                      "statement %zu is: %.*s", count, (int)statement.length, statement.text);
        if (count == 0) {
            ck_assert(sql_statement_setting(&statement, name, sizeof name));
            ck_assert_str_eq(name, "search_path");
            ck_assert_ptr_null(statement.label);
        } else {
            ck_assert(!sql_statement_setting(&statement, name, sizeof name));
            ck_assert(strncmp(statement.label, "f; Type: FUNCTION", 17) == 0);
        }
        count++;
    }
    ck_assert_uint_eq(count, sizeof starts / sizeof starts[0]);
    ck_assert_ptr_null(at.command);
}
END_TEST

static struct sql_statement only_statement(const char *script)
{
    struct sql_script at = sql_script_over(script, strlen(script));
    struct sql_statement statement;
    ck_assert_msg(sql_script_next(&at, &statement), "no statement in: %s", script);
    return statement;
}

static bool begins(const char *script, const char *words)
{
    struct sql_statement statement = only_statement(script);
    return sql_statement_begins(&statement, words);
}

static void expect_setting(const char *script, const char *expected)
{
    char name[16] = "";
    struct sql_statement statement = only_statement(script);
    bool found = sql_statement_setting(&statement, name, sizeof name);
    ck_assert_msg(found == (expected != NULL), "%s", script);
    if (expected != NULL)
        ck_assert_str_eq(name, expected);
}

START_TEST(edited_statements_are_told_apart)
{
    ck_assert(begins("/* a /* b */ */ -- c\n Commit;", "COMMIT"));
    ck_assert(begins("commit", "COMMIT"));
    ck_assert(begins("set\r\n\tLOCAL x = 1;", "SET LOCAL"));
    ck_assert(!begins("COMMITTED;", "COMMIT"));
    ck_assert(!begins("SET locale = 1", "SET LOCAL"));
    ck_assert(!begins("SET", "SET LOCAL"));
    ck_assert(!begins("SETLOCAL x", "SET LOCAL"));
    expect_setting("SET a.b = 'x';", "a.b");
    expect_setting("set work_mem to '1MB';", "work_mem");
    expect_setting("SET work_mem to", NULL);
    expect_setting("SET LOCAL work_mem = 1;", NULL);
    expect_setting("SET TIME ZONE 'UTC';", NULL);
    expect_setting("SET a_name_that_does_not_fit = 1;", NULL);
    /* One that is not closed is somebody's mistake, and must not swallow the rest. */
    ck_assert(begins("/* a ; SELECT 1;", "/*"));
}
END_TEST

START_TEST(commands_of_psql_are_noted)
{
    static const char script[] = "\\restrict x\nSELECT 1;\n\\unrestrict x\n\\i other.sql\n\\q\n";
    struct sql_script at = sql_script_over(script, sizeof script - 1);
    struct sql_statement statement;
    ck_assert(sql_script_next(&at, &statement));
    ck_assert_ptr_null(at.command);
    ck_assert(!sql_script_next(&at, &statement));
    ck_assert_uint_eq(at.command_length, strlen("\\i other.sql"));
    ck_assert(strncmp(at.command, "\\i other.sql", at.command_length) == 0);
}
END_TEST

static void expect_filters(const char *text, const char *expected)
{
    struct filter_file file = filter_file_over(text, strlen(text));
    struct filter_entry entry;
    struct strbuf got = STRBUF_EMPTY;
    const char *wrong;
    enum filter_found found;
    while ((found = filter_file_next(&file, &entry, &wrong)) == FILTER_FOUND)
        strbuf_addf(&got, "%d%s%s%s %.*s|", file.line, entry.include ? "+" : "-", entry.object,
                    entry.exact ? "=" : "", (int)entry.name_length, entry.name);
    if (found == FILTER_WRONG)
        strbuf_addf(&got, "%d: %s", file.line, wrong);
    ck_assert_str_eq(strbuf_text(&got), expected);
    drop_strbuf(&got);
}

START_TEST(files_of_filters_are_read)
{
    expect_filters("# all of it\n\ninclude table shop.*  # but\r\nexclude table_data \"a # b\"\n",
                   "3+table shop.*|4-table_data \"a # b\"|");
    expect_filters("; c\n[include-only-table]\npublic.t # x\n  \"S\".\"t\"\n[exclude-index]\ni",
                   "3+table= public.t|4+table= \"S\".\"t\"|6-index= i|");
    expect_filters("exclude schema a\ninclude extension e", "1-schema a|2+extension e|");
    expect_filters("include table_data a", "1: it can be excluded, but not included");
    expect_filters("include index a", "1: it can be excluded, but not included");
    expect_filters("table a", "1: it begins with neither include nor exclude");
    expect_filters("include view a",
                   "1: its second word is none of table, schema, table_data, index, extension");
    expect_filters("include table ", "1: the pattern is missing");
    expect_filters("[include-only-table\n", "1: the section's name does not end with ]");
    expect_filters("[nothing]\na", "1: there is no such section, or it is not supported");
    expect_filters("[exclude-table]\npublic.~/^x #1/ # c\n~/a b/.~/c#d/#e",
                   "2-table= public.~/^x #1/|3-table= ~/a b/.~/c|");
    expect_filters("[include-only-extension]\nuuid-ossp\n~/x # open",
                   "2+extension= uuid-ossp|3+extension= ~/x|");
    expect_filters("", "");
}
END_TEST

START_TEST(name_patterns_become_regular_expressions)
{
    static const struct {
        const char *text, *schema, *name;
    } good[] = {
        {"orders", "", "^(orders)$"},
        {"Shop.Order*", "^(shop)$", "^(order.*)$"},
        {"\"Shop\".\"a\"\"b.*\"", "^(Shop)$", "^(a\"b\\.\\*)$"},
        {"a?b|c+", "", "^(a.b|c+)$"},
        {"pre$[]", "", "^(pre\\$\\[])$"},
        {"\"(x)\"y", "", "^(\\(x\\)y)$"},
        {"*.*", "^(.*)$", "^(.*)$"},
        {"tabelle_\xc3\x84", "", "^(tabelle_\xc3\x84)$"},
    };
    struct name_pattern pattern;
    const char *wrong;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert_msg(name_pattern_parse(good[i].text, 2, &pattern, &wrong), "%s", good[i].text);
        ck_assert_str_eq(pattern.schema, good[i].schema);
        ck_assert_str_eq(pattern.name, good[i].name);
    }
    ck_assert(!pattern.regular);
    static const char *const regular[] = {"Shop.~/^A.b$/", "~/x/.\"Y\"", "~/a/b.c/.~//",
                                          "~/[.]\"/"};
    static const char *const schemas[] = {"^(shop)$", "(?e)x", "(?e)a/b.c", ""};
    static const char *const names[] = {"(?e)^A.b$", "^(Y)$", "(?e)", "(?e)[.]\""};
    for (size_t i = 0; i < sizeof regular / sizeof regular[0]; i++) {
        ck_assert_msg(name_pattern_parse(regular[i], 2, &pattern, &wrong), "%s", regular[i]);
        ck_assert(pattern.regular);
        ck_assert_str_eq(pattern.schema, schemas[i]);
        ck_assert_str_eq(pattern.name, names[i]);
    }
    static const char *const bad[] = {"",       "a.b.c",    "\"open",      "a\"b",
                                      "~/open", "~/a/.b.c", "~/a/.~/b/.c", "~/a/b"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!name_pattern_parse(bad[i], 2, &pattern, &wrong) && wrong != NULL, "%s",
                      bad[i]);
    ck_assert(!name_pattern_parse("~/a/.b", 1, &pattern, &wrong));
    ck_assert(!name_pattern_parse("a.b", 1, &pattern, &wrong));
    ck_assert_str_eq(wrong, "it has a dot");
}
END_TEST

/* The names of a list, with ; between them, or what is wrong with it. */
static const char *names_of(const char *list)
{
    static char all[256];
    char name[16];
    size_t length = 0;
    const char *wrong;
    all[0] = '\0';
    while (portion_next_name(&list, name, sizeof name, &wrong))
        length += (size_t)snprintf(all + length, sizeof all - length, "%s;", name);
    return wrong == NULL ? all : wrong;
}

START_TEST(portions_are_read)
{
    size_t length;
    ck_assert(portion_split("a.t=x = 5", &length) && length == 3);
    ck_assert(portion_split("\"a=b\".t=x", &length) && length == 7);
    ck_assert(!portion_split("=x", &length));
    ck_assert(!portion_split("t=  ", &length));
    ck_assert(!portion_split("\"t=x", &length));
    ck_assert(!portion_split("t", &length));
    ck_assert_str_eq(names_of("Id, \"Na\"\"m,E\" ,b"), "id;Na\"m,E;b;");
    ck_assert_str_eq(names_of(" \n"), "");
    ck_assert_str_eq(names_of("a,"), "it ends with a comma");
    ck_assert_str_eq(names_of("a b"), "a comma is missing between two names");
    ck_assert_ptr_nonnull(strstr(names_of("\"\""), "empty"));
    ck_assert_ptr_nonnull(strstr(names_of(",a"), "empty"));
    ck_assert_ptr_nonnull(strstr(names_of("\"a"), "quote"));
    ck_assert_ptr_nonnull(strstr(names_of("a234567890123456"), "too long"));
    ck_assert_str_eq(names_of("a23456789012345"), "a23456789012345;");
}
END_TEST

static void expect_name(const char *text, const char *expected)
{
    struct sql_statement statement = {.text = text, .length = strlen(text)};
    char name[12] = "";
    bool found = sql_statement_name(&statement, "SET default_tablespace = ", name, sizeof name);
    ck_assert_msg(found == (expected != NULL), "%s", text);
    if (expected != NULL)
        ck_assert_str_eq(name, expected);
}

START_TEST(names_in_statements_are_read)
{
    expect_name("SET default_tablespace = slow;", "slow");
    expect_name("SET default_tablespace = \"slow\";", "slow");
    expect_name("SET default_tablespace = \"a\"\"b;\";", "a\"b;");
    expect_name("SET default_tablespace = \"12345678901\";", "12345678901");
    expect_name("SET default_tablespace = \"123456789012\";", NULL);
    expect_name("SET default_tablespace = \"open", NULL);
    expect_name("SET default_tablespace = \"open\"\"", NULL);
    expect_name("SET default_tablespace = '';", NULL);
    expect_name("SET default_tablespace = ", NULL);
    expect_name("SET default_tablespace = ;", NULL);
    expect_name("SET default_table_access_method = heap;", NULL);
}
END_TEST

static bool sees(const char *snapshot, uint32_t xid)
{
    bool seen = false;
    ck_assert_msg(xids_see(snapshot, xid, &seen), "%s", snapshot);
    return seen;
}

START_TEST(snapshots_see_what_had_ended)
{
    ck_assert(sees("100:104:100,102", 99));
    ck_assert(!sees("100:104:100,102", 100));
    ck_assert(sees("100:104:100,102", 101));
    ck_assert(!sees("100:104:100,102", 102));
    ck_assert(sees("100:104:100,102", 103));
    ck_assert(!sees("100:104:100,102", 104));
    ck_assert(!sees("100:104:100,102", 105));
    ck_assert(sees("100:100:", 99));
    ck_assert(!sees("100:100:", 100));
    /* The stream has the lower 32 bits of an id; epoch 1 begins at 4294967296. */
    ck_assert(sees("4294967300:4294967305:4294967302", 4294967295U));
    ck_assert(sees("4294967300:4294967305:4294967302", 5));
    ck_assert(!sees("4294967300:4294967305:4294967302", 6));
    ck_assert(sees("4294967300:4294967305:4294967302", 7));
    ck_assert(!sees("4294967290:4294967305:4294967290", 4294967290U));
    ck_assert(sees("4294967290:4294967305:4294967290", 4294967291U));
    ck_assert(!sees("4294967290:4294967295:4294967290", 3));
}
END_TEST

START_TEST(what_is_no_snapshot_is_found)
{
    static const char *const bad[] = {"",       "1",       "1:",       "1:2",
                                      ":2:",    "1::",     "1:2:,",    "1:2:3,",
                                      "1:2:,3", "1:2:3 ",  "x:2:",     "1:2:x",
                                      "-1:2:3", "1:2:3;4", "1:2:3,,4", "1:18446744073709551616:"};
    bool seen;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!xids_see(bad[i], 1, &seen), "%s", bad[i]);
    ck_assert(sees("1:18446744073709551615:", 1));
}
END_TEST

SUITE(wire, files_of_filters_are_read, name_patterns_become_regular_expressions,
      frames_survive_any_cut, bad_frames_are_found, errors_are_read, tags_and_rows_are_read,
      restore_lists_are_read, needs_of_entries_are_read, scripts_are_cut_into_statements,
      edited_statements_are_told_apart, commands_of_psql_are_noted, portions_are_read,
      names_in_statements_are_read, snapshots_see_what_had_ended, what_is_no_snapshot_is_found)
