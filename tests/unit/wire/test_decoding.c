#include "wire/test_decoding.h"

#include "told.h"

static bool parse(const char *line, size_t length, struct told_change *ret_change)
{
    return test_decoding_parse(keep(line, length), length, ret_change);
}

static struct told_change parsed(const char *line)
{
    struct told_change change;
    ck_assert_msg(parse(line, strlen(line), &change), "%s", line);
    return change;
}

static bool parses(const char *line)
{
    struct told_change change;
    return parse(line, strlen(line), &change);
}

/* Columns as name|type|value, each with ; behind; NULL as -, unchanged as =. */
static const char *shown(struct told_row row)
{
    static char text[1024];
    struct told_column column;
    text[0] = '\0';
    while (told_row_next(&row, &column)) {
        add_told(text, sizeof text, &column.name);
        strlcat(text, "|", sizeof text);
        add_told(text, sizeof text, &column.type);
        strlcat(text, "|", sizeof text);
        if (column.kind == TOLD_VALUE)
            add_told(text, sizeof text, &column.value);
        else
            strlcat(text, column.kind == TOLD_NULL ? "-" : "=", sizeof text);
        strlcat(text, ";", sizeof text);
    }
    return text;
}

static void is_table(const struct told_table *table, const char *schema, const char *name)
{
    ck_assert(told_is(&table->schema, schema, strlen(schema)));
    ck_assert(told_is(&table->name, name, strlen(name)));
}

START_TEST(transactions_are_read)
{
    struct told_change change = parsed("BEGIN 733");
    ck_assert_int_eq(change.tag, TOLD_BEGIN);
    ck_assert_uint_eq(change.xid, 733);
    change = parsed("COMMIT 4294967295 (at 2026-11-21 22:37:32.22301+00)");
    ck_assert_int_eq(change.tag, TOLD_COMMIT);
    ck_assert_uint_eq(change.xid, UINT32_MAX);
    /* As pgoutput told it of the same commit. */
    ck_assert_int_eq(change.time, 0x303cfc66c2a22);
    ck_assert_uint_eq(change.commit_lsn, 0);
    ck_assert_int_eq(parsed("COMMIT 1 (at 2000-01-01 00:00:00+00)").time, 0);
    ck_assert_int_eq(parsed("COMMIT 1 (at 2000-02-29 00:00:00.1+00)").time, INT64_C(5097600100000));
    ck_assert_int_eq(parsed("COMMIT 1 (at 1999-12-31 23:59:59.999999+00)").time, -1);
    ck_assert_int_eq(parsed("COMMIT 1 (at 2100-03-01 00:00:00+00)").time,
                     INT64_C(3160857600000000));
}
END_TEST

START_TEST(changes_are_read)
{
    struct told_change change = parsed("table public.t: INSERT: id[integer]:1 b[boolean]:true "
                                       "no[boolean]:false n[numeric]:NaN f[double precision]:"
                                       "-1.5e+300 x[text]:'it''s \\ \"q\"\n' bi[bit]:B'101' "
                                       "arr[integer[]]:'{1,NULL,3}' z[text]:null");
    ck_assert_int_eq(change.tag, TOLD_INSERT);
    is_table(&change.table, "public", "t");
    ck_assert(change.has_new && !change.has_old);
    ck_assert_str_eq(shown(change.new_row), "id|integer|1;b|boolean|t;no|boolean|f;n|numeric|NaN;"
                                            "f|double precision|-1.5e+300;x|text|it's \\ \"q\"\n;"
                                            "bi|bit|101;arr|integer[]|{1,NULL,3};z|text|-;");
    change = parsed("table public.t: UPDATE: id[integer]:1 x[text]:unchanged-toast-datum "
                    "y[text]:'unchanged-toast-datum' z[text]:''");
    ck_assert(change.tag == TOLD_UPDATE && change.has_new && !change.has_old);
    ck_assert_str_eq(shown(change.new_row),
                     "id|integer|1;x|text|=;y|text|unchanged-toast-datum;z|text|;");
    change = parsed("table public.t: UPDATE: old-key: id[integer]:2 new-tuple: id[integer]:3");
    ck_assert(change.has_new && change.has_old);
    ck_assert_str_eq(shown(change.old_row), "id|integer|2;");
    ck_assert_str_eq(shown(change.new_row), "id|integer|3;");
    change = parsed("table public.t: UPDATE: old-key: new-tuple: a[text]:''''");
    ck_assert(change.has_old);
    ck_assert_str_eq(shown(change.old_row), "");
    ck_assert_str_eq(shown(change.new_row), "a|text|';");
    change = parsed("table public.t: DELETE: id[integer]:3");
    ck_assert(change.tag == TOLD_DELETE && change.has_old && !change.has_new);
    ck_assert_str_eq(shown(change.old_row), "id|integer|3;");
    change = parsed("table public.t: DELETE: (no-tuple-data)");
    ck_assert(change.tag == TOLD_DELETE && !change.has_old);
    change = parsed("table public.t: INSERT:");
    ck_assert(change.has_new);
    ck_assert_str_eq(shown(change.new_row), "");
}
END_TEST

START_TEST(odd_names_are_read)
{
    struct told_change change =
        parsed("table \"Sch:e.m\"\"a\".\"T a:b[l].\"\"e\": UPDATE: old-key: \"i d\"[integer]:1 "
               "\"old-key\"[\"S:\"\".x\".\"My \"\"Type[]\"[]]:' new-tuple: a[b]:''c''' new-tuple: "
               "\"c:[]\"\" \"[character varying]:'x'");
    is_table(&change.table, "Sch:e.m\"a", "T a:b[l].\"e");
    ck_assert_str_eq(
        shown(change.old_row),
        "i d|integer|1;old-key|\"S:\"\".x\".\"My \"\"Type[]\"[]| new-tuple: a[b]:'c';");
    ck_assert_str_eq(shown(change.new_row), "c:[]\" |character varying|x;");
    struct told one = {.as = TOLD_NAME, .at = "a\"\"b", .length = 4};
    struct told other = {.as = TOLD_PLAIN, .at = "a\"bc", .length = 3};
    ck_assert(told_same(&one, &other));
    other.length = 4;
    ck_assert(!told_same(&one, &other) && !told_same(&other, &one));
}
END_TEST

START_TEST(truncates_are_read)
{
    struct told_table table;
    struct told_change change = parsed("table public.t: TRUNCATE: (no-flags)");
    ck_assert(change.tag == TOLD_TRUNCATE && !change.cascade && !change.restart_identity);
    change = parsed("table public.t, \"a, b\".\": TRUNCATE:\": TRUNCATE: restart_seqs cascade");
    ck_assert(change.cascade && change.restart_identity);
    ck_assert(told_tables_next(&change.tables, &table));
    is_table(&table, "public", "t");
    ck_assert(told_tables_next(&change.tables, &table));
    is_table(&table, "a, b", ": TRUNCATE:");
    ck_assert(!told_tables_next(&change.tables, &table));
    change = parsed("table public.t: TRUNCATE: cascade");
    ck_assert(change.cascade && !change.restart_identity);
    change = parsed("table public.t: TRUNCATE: restart_seqs");
    ck_assert(!change.cascade && change.restart_identity);
}
END_TEST

START_TEST(messages_are_read)
{
    struct told_change change =
        parsed("message: transactional: 1 prefix: pre, sz: 9 content:con\"t'ent");
    ck_assert(change.tag == TOLD_MESSAGE && change.transactional);
    ck_assert(told_is(&change.prefix, "pre", 3) && told_is(&change.content, "con\"t'ent", 9));
    change = parsed("message: transactional: 0 prefix: , sz: 0 content:");
    ck_assert(!change.transactional && change.prefix.length == 0 && change.content.length == 0);
    change = parsed("message: transactional: 0 prefix: a, sz: 3 content:b, sz: 2 content:xy");
    ck_assert(told_is(&change.prefix, "a, sz: 3 content:b", 18));
    static const char zero[] = "message: transactional: 0 prefix: z, sz: 2 content:\0\1";
    ck_assert(parse(zero, sizeof zero - 1, &change));
    ck_assert(told_is(&change.content, "\0\1", 2));
}
END_TEST

START_TEST(other_lines_are_refused)
{
    static const char *const lines[] = {
        "",
        "BEGIN",
        "BEGIN 0",
        "BEGIN 4294967296",
        "BEGIN 1 ",
        "COMMIT 1",
        "COMMIT 1 (at )",
        "COMMIT 1 (at 2026-11-21 22:37:32.22301+01)",
        "COMMIT 1 (at 2026-13-21 22:37:32+00)",
        "COMMIT 1 (at 2026-00-21 22:37:32+00)",
        "COMMIT 1 (at 2026-11-21 22:37:32.+00)",
        "COMMIT 1 (at 2026-11-21 22:37:32.1234567+00)",
        "COMMIT 1 (at 2026-11-21 22:37:32+00",
        "COMMIT 1 (at infinity)",
        "PREPARE TRANSACTION 'x', txid 7",
        "opening a streamed block for transaction",
        "table public.t: INSERT: (no-tuple-data)",
        "table public.t: UPDATE: old-key: id[integer]:2",
        "table public.t: UPDATE: (no-tuple-data)",
        "table public.t: MERGE: id[integer]:2",
        "table public: INSERT: id[integer]:2",
        "table public.T: INSERT: id[integer]:2",
        "table \"\".t: INSERT: id[integer]:2",
        "table public.\"t: INSERT: id[integer]:2",
        "table public.t: INSERT: id[integer]:",
        "table public.t: INSERT: id[integer]:2 ",
        "table public.t: INSERT: id[integer]:2  b[integer]:3",
        "table public.t: INSERT: id[]:2",
        "table public.t: INSERT: id[integer:2",
        "table public.t: INSERT: id[\"integer]:2",
        "table public.t: INSERT: id[integer]2",
        "table public.t: INSERT: id[boolean]:t",
        "table public.t: INSERT: id[text]:'a",
        "table public.t: INSERT: id[text]:'a'b",
        "table public.t: INSERT: id[integer]:2'",
        "table public.t: TRUNCATE:",
        "table public.t: TRUNCATE: ",
        "table public.t: TRUNCATE: cascade restart_seqs",
        "table public.t, : TRUNCATE: cascade",
        "table public.t, public.u: INSERT:",
        "message: transactional: 2 prefix: , sz: 0 content:",
        "message: transactional: 0 prefix: , sz: 1 content:",
        "message: transactional: 0 prefix: , sz: 0 content:a",
        "message: transactional: 0 prefix: ",
    };
    struct told_change change;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        ck_assert_msg(!parses(lines[i]), "%s", lines[i]);
    static const char zero[] = "table public.t: INSERT: id[text]:'a\0'";
    ck_assert(!parse(zero, sizeof zero - 1, &change));
    static const char in_type[] = "table public.t: INSERT: id[te\0xt]:'a'";
    ck_assert(!parse(in_type, sizeof in_type - 1, &change));
    /* The front of a line is a line only where a column, or the flags of a TRUNCATE, ends. */
    static const char whole[] = "table public.t: INSERT: id[integer[]]:'{''1''}' b[text]:null";
    for (size_t cut = 0; cut < sizeof whole - 1; cut++)
        ck_assert_msg(parse(whole, cut, &change) ==
                          (cut == 23 || cut == 41 || cut == 44 || cut == 47),
                      "%zu", cut);
}
END_TEST

SUITE(test_decoding, transactions_are_read, changes_are_read, odd_names_are_read,
      truncates_are_read, messages_are_read, other_lines_are_refused)
