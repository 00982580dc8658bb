#include "../unit.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/listing.h"
#include "base/lsn.h"
#include "base/secret.h"
#include "base/size.h"
#include "base/strbuf.h"
#include "base/text.h"

START_TEST(faults_gather_context)
{
    struct fault why;
    ck_assert(!fault_set(&why, FAULT_TABLE_CHANGED, "table %s\n", "a.b"));
    ck_assert(!fault_during(&why, "copying part %d", 3));
    ck_assert_str_eq(why.text, "copying part 3: table a.b");
    ck_assert_int_eq(fault_kind_of(&why), FAULT_KIND_SOURCE);
    ck_assert_str_eq(fault_remedy(&why), fault_entry(FAULT_TABLE_CHANGED)->remedy);
    fault_hint(&why, "do that");
    ck_assert_str_eq(fault_remedy(&why), "do that");
}
END_TEST

START_TEST(fault_ids_and_statuses_are_unique)
{
    for (const struct fault_entry *a = fault_entries(); a->id != 0; a++) {
        ck_assert_str_ne(a->title, "");
        ck_assert_str_ne(a->remedy, "");
        for (const struct fault_entry *b = a + 1; b->id != 0; b++)
            ck_assert_int_ne(a->id, b->id);
    }
    for (int a = 0; a < FAULT_KINDS; a++)
        for (int b = a + 1; b < FAULT_KINDS; b++)
            ck_assert_int_ne(fault_exit_status((enum fault_kind)a),
                             fault_exit_status((enum fault_kind)b));
    ck_assert_int_eq(fault_exit_status(FAULT_KIND_USAGE), 2);
}
END_TEST

START_TEST(a_fault_never_overflows)
{
    struct fault why;
    char longest[5000];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    fault_set(&why, FAULT_BUG, "%s", longest);
    fault_detail(&why, "%s", longest);
    fault_hint(&why, "%s", longest);
    for (int i = 0; i < 100; i++)
        fault_during(&why, "context %d", i);
    ck_assert_uint_lt(strlen(why.text), sizeof why.text);
    ck_assert_int_eq(strncmp(why.text, "context 99: context 98", 22), 0);
}
END_TEST

START_TEST(secrets_are_hidden_in_faults)
{
    struct fault why;
    secret_keep("hunter22");
    secret_keep("abc");
    fault_set(&why, FAULT_BUG, "password hunter22, again hunter22, abc");
    ck_assert_str_eq(why.text, "password ********, again ********, abc");
}
END_TEST

static void check_size(const char *text, bool good, int64_t bytes)
{
    int64_t got = -1;
    ck_assert_msg(size_parse(text, &got) == good, "%s", text);
    if (good)
        ck_assert_int_eq(got, bytes);
}

START_TEST(sizes_are_read_as_people_write_them)
{
    check_size("0", true, 0);
    check_size("4096", true, 4096);
    check_size("1kB", true, 1024);
    check_size("100 MB", true, INT64_C(104857600));
    check_size("2gb", true, INT64_C(2147483648));
    check_size("3TB", true, INT64_C(3298534883328));
    check_size("", false, 0);
    check_size("-1", false, 0);
    check_size("1.5GB", false, 0);
    check_size("GB", false, 0);
    check_size("1 G B", false, 0);
    check_size("9999999999999TB", false, 0);
    check_size("99999999999999999999", false, 0);
}
END_TEST

START_TEST(durations_are_read_as_people_write_them)
{
    int64_t ms;
    ck_assert(duration_parse("30", &ms) && ms == 30000);
    ck_assert(duration_parse("500ms", &ms) && ms == 500);
    ck_assert(duration_parse("5 min", &ms) && ms == 300000);
    ck_assert(duration_parse("1h", &ms) && ms == 3600000);
    ck_assert(!duration_parse("soon", &ms));
    ck_assert(!duration_parse("5 years", &ms));
}
END_TEST

START_TEST(numbers_are_shown_as_people_read_them)
{
    char text[64];
    ck_assert_str_eq(size_text(text, sizeof text, 0), "0 bytes");
    ck_assert_str_eq(size_text(text, sizeof text, 65536), "64 kB");
    ck_assert_str_eq(size_text(text, sizeof text, INT64_C(1395864371)), "1.3 GB");
    ck_assert_str_eq(count_text(text, sizeof text, 1234567), "1,234,567");
    ck_assert_str_eq(count_text(text, sizeof text, 999), "999");
    ck_assert_str_eq(count_text(text, sizeof text, -1000), "-1,000");
    ck_assert_str_eq(duration_text(text, sizeof text, 850), "850 ms");
    ck_assert_str_eq(duration_text(text, sizeof text, 12345), "12.3 s");
    ck_assert_str_eq(duration_text(text, sizeof text, 245000), "4 min 05 s");
    ck_assert_str_eq(duration_text(text, sizeof text, 11220000), "3 h 07 min");
    ck_assert_str_eq(clock_text(text, INT64_C(1795207621123456)), "2026-11-20T20:47:01.123Z");
}
END_TEST

START_TEST(lsns_are_read_and_shown)
{
    lsn_t lsn;
    char text[LSN_TEXT];
    ck_assert(lsn_parse("16/B374D848", &lsn));
    ck_assert_uint_eq(lsn, UINT64_C(0x16B374D848));
    ck_assert_str_eq(lsn_text(text, lsn), "16/B374D848");
    ck_assert(lsn_parse("FFFFFFFF/FFFFFFFF", &lsn));
    ck_assert_str_eq(lsn_text(text, lsn), "FFFFFFFF/FFFFFFFF");
    ck_assert(lsn_parse("0/0", &lsn) && lsn == 0);
    static const char *const wrong[] = {"",      "/",   "1",           "1/",  "/1",
                                        "1/2/3", "G/1", "123456789/1", "1/ 2"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(!lsn_parse(wrong[i], &lsn), "%s", wrong[i]);
}
END_TEST

START_TEST(an_lsn_behind_a_header_is_the_boundary)
{
    const uint64_t block = 8192, segment = 16 << 20;
    const lsn_t page = 0x2B12000, first = 0x3000000;
    ck_assert_uint_eq(lsn_before_header(page, block, segment), page);
    ck_assert_uint_eq(lsn_before_header(page + 24, block, segment), page);
    ck_assert_uint_eq(lsn_before_header(page + 32, block, segment), page + 32);
    ck_assert_uint_eq(lsn_before_header(page + 40, block, segment), page + 40);
    ck_assert_uint_eq(lsn_before_header(first + 40, block, segment), first);
    ck_assert_uint_eq(lsn_before_header(first + 24, block, segment), first + 24);
}

START_TEST(text_is_made_safe_to_show)
{
    struct strbuf buf = STRBUF_EMPTY;
    strbuf_add_shown(&buf, "a\nb\tc\x1b[31m d\xe9 \xc3\xa9 \xed\xa0\x80 \xf0\x9f\x90\x98 \x7f");
    ck_assert_str_eq(buf.text,
                     "a\\nb\\tc\\x1b[31m d\\xe9 \xc3\xa9 \\xed\\xa0\\x80 \xf0\x9f\x90\x98 \\x7f");
    drop_strbuf(&buf);
}
END_TEST

START_TEST(names_are_quoted_only_where_needed)
{
    struct strbuf name = STRBUF_EMPTY;
    strbuf_add_name(&name, "public", "a_table$1");
    ck_assert_str_eq(name.text, "public.a_table$1");
    strbuf_clear(&name);
    strbuf_add_name(&name, "Odd", "with \"quotes\"\n");
    ck_assert_str_eq(name.text, "\"Odd\".\"with \"\"quotes\"\"\\n\"");
    drop_strbuf(&name);
}
END_TEST

START_TEST(sql_is_quoted)
{
    struct strbuf buf = STRBUF_EMPTY;
    strbuf_add_identifier(&buf, "a\"b");
    strbuf_add_literal(&buf, "it's");
    strbuf_add_literal(&buf, "back\\slash'");
    ck_assert_str_eq(buf.text, "\"a\"\"b\"'it''s' E'back\\\\slash'''");
    drop_strbuf(&buf);
}
END_TEST

START_TEST(long_listings_end_in_a_number)
{
    struct listing names = {.count = 0};
    ck_assert_str_eq(listing_end(&names), "");
    listing_add(&names, "a");
    ck_assert_str_eq(listing_end(&names), "a");
    for (int i = 1; i < 10; i++)
        listing_add(&names, "b");
    ck_assert_str_eq(listing_end(&names), "a, b, b, b, b, b, b, b, b, b");
    ck_assert(listing_next(&names) == NULL);
    listing_add(&names, "c");
    ck_assert_str_eq(listing_end(&names), "a, b, b, b, b, b, b, b, b, b and 2 more");
    drop_listing(&names);
}

START_TEST(arrays_grow)
{
    size_t *list = NULL;
    for (size_t count = 0; count < 1000; count++) {
        list = grow_memory(list, count, sizeof *list);
        list[count] = count;
    }
    for (size_t i = 0; i < 1000; i++)
        ck_assert_uint_eq(list[i], i);
    free(list);
}

START_TEST(distances_between_words)
{
    ck_assert_int_eq(text_distance("clone", "clone"), 0);
    ck_assert_int_eq(text_distance("clnoe", "clone"), 1);
    ck_assert_int_eq(text_distance("", "abc"), 3);
    ck_assert_int_eq(text_distance("table-job", "table-jobs"), 1);
}
END_TEST

START_TEST(failpoints_are_parsed)
{
    struct failpoint_wish wish;
    const char *text = "  a.b:kill c:delay=20:3  bad:thing x:kill";
    ck_assert(failpoint_parse(&text, &wish));
    ck_assert_str_eq(wish.point, "a.b");
    ck_assert_int_eq(wish.action, ACTION_KILL);
    ck_assert_int_eq(wish.nth, 1);
    ck_assert(failpoint_parse(&text, &wish));
    ck_assert_int_eq(wish.action, ACTION_DELAY);
    ck_assert_int_eq(wish.delay_ms, 20);
    ck_assert_int_eq(wish.nth, 3);
    ck_assert(!failpoint_parse(&text, &wish));
    ck_assert_int_eq(strncmp(text, "  bad:thing", 11), 0);
    static const char *const wrong[] = {
        "", ":kill", "a", "a:", "a:kill:0", "a:kill:x", "a:delay=x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        text = wrong[i];
        ck_assert_msg(!failpoint_parse(&text, &wish), "%s", wrong[i]);
    }
}
END_TEST

SUITE(base, faults_gather_context, fault_ids_and_statuses_are_unique, a_fault_never_overflows,
      secrets_are_hidden_in_faults, sizes_are_read_as_people_write_them,
      durations_are_read_as_people_write_them, numbers_are_shown_as_people_read_them,
      lsns_are_read_and_shown, an_lsn_behind_a_header_is_the_boundary, text_is_made_safe_to_show,
      names_are_quoted_only_where_needed, sql_is_quoted, long_listings_end_in_a_number, arrays_grow,
      distances_between_words, failpoints_are_parsed)
