#include "wire/wal2json.h"

#include "told.h"

#define TIMES "\"timestamp\":\"2026-11-21 22:37:32.22301+00\",\"lsn\":\"0/15414D8\""

static bool parse(const char *object, size_t length, struct told_change *ret_change)
{
    return wal2json_parse(keep(object, length), length, ret_change);
}

static struct told_change parsed(const char *object)
{
    struct told_change change;
    ck_assert_msg(parse(object, strlen(object), &change), "%s", object);
    return change;
}

/* Columns as name|type|value, each with ; behind; NULL as -, bytea with ~ before it. */
static const char *shown(struct told_row row)
{
    static char text[1024];
    struct told_column column;
    text[0] = '\0';
    while (told_row_next(&row, &column)) {
        char type[16];
        snprintf(type, sizeof type, "|%u|", column.type_oid);
        add_told(text, sizeof text, &column.name);
        strlcat(text, type, sizeof text);
        strlcat(text, column.bare_hex ? "~" : "", sizeof text);
        if (column.kind == TOLD_VALUE)
            add_told(text, sizeof text, &column.value);
        else
            strlcat(text, "-", sizeof text);
        strlcat(text, ";", sizeof text);
    }
    return text;
}

START_TEST(transactions_are_read)
{
    struct told_change change = parsed("{\"action\":\"B\",\"xid\":733," TIMES "}");
    ck_assert(change.tag == TOLD_BEGIN && change.xid == 733);
    change = parsed("{\"action\":\"C\",\"xid\":733," TIMES ",\"nextlsn\":\"0/1541508\"}");
    ck_assert(change.tag == TOLD_COMMIT && change.xid == 733);
    ck_assert_int_eq(change.time, 0x303cfc66c2a22);
    ck_assert_uint_eq(change.commit_lsn, 0x15414d8);
}
END_TEST

START_TEST(changes_are_read)
{
    struct told_change change = parsed(
        "{\"action\":\"I\",\"xid\":1," TIMES ",\"schema\":\"a\\\"b\",\"table\":\"t\",\"columns\":["
        "{\"name\":\"i\\nd\",\"typeoid\":23,\"value\":12345678901234567890.120},"
        "{\"name\":\"n\",\"typeoid\":1700,\"value\":\"NaN\"},"
        "{\"name\":\"x\",\"typeoid\":25,\"value\":\"it's \\\\ \\\"q\\\"\\t\\u0001/\"},"
        "{\"name\":\"y\",\"typeoid\":16,\"value\":true},{\"name\":\"z\",\"typeoid\":16,\"value\":"
        "false},{\"name\":\"b\",\"typeoid\":17,\"value\":\"00ff\"},"
        "{\"name\":\"null\",\"typeoid\":25,\"value\":null}]}");
    ck_assert(change.tag == TOLD_INSERT && change.has_new && !change.has_old);
    ck_assert(told_is(&change.table.schema, "a\"b", 3) && told_is(&change.table.name, "t", 1));
    ck_assert_str_eq(shown(change.new_row),
                     "i\nd|23|12345678901234567890.120;n|1700|NaN;x|25|it's \\ \"q\"\t\1/;"
                     "y|16|t;z|16|f;b|17|~00ff;null|25|-;");
    change = parsed("{\"action\":\"U\",\"schema\":\"s\",\"table\":\"t\",\"columns\":[{\"name\":"
                    "\"a\",\"typeoid\":23,\"value\":3}],\"identity\":[{\"name\":\"a\",\"typeoid\":"
                    "23,\"value\":2}],\"more\":\"x\"}");
    ck_assert(change.tag == TOLD_UPDATE && change.has_new && change.has_old);
    ck_assert_str_eq(shown(change.old_row), "a|23|2;");
    ck_assert_str_eq(shown(change.new_row), "a|23|3;");
    change = parsed("{\"action\":\"D\",\"schema\":\"s\",\"table\":\"t\",\"identity\":[]}");
    ck_assert(change.tag == TOLD_DELETE && !change.has_new && change.has_old);
    ck_assert_str_eq(shown(change.old_row), "");
}
END_TEST

START_TEST(the_rest_is_read)
{
    struct told_table table;
    struct told_change change = parsed("{\"action\":\"T\",\"schema\":\"s\",\"table\":\"t\"}");
    ck_assert(change.tag == TOLD_TRUNCATE && told_tables_next(&change.tables, &table));
    ck_assert(told_is(&table.schema, "s", 1) && told_is(&table.name, "t", 1));
    ck_assert(!told_tables_next(&change.tables, &table));
    change = parsed("{\"action\":\"M\",\"xid\":null,\"timestamp\":null,\"transactional\":true,"
                    "\"prefix\":\"p\",\"content\":\"\"}");
    ck_assert(change.tag == TOLD_MESSAGE && change.transactional && change.content.length == 0);
    ck_assert(told_is(&change.prefix, "p", 1));
}
END_TEST

START_TEST(other_objects_are_refused)
{
    static const char *const objects[] = {
        "",
        "{}",
        "[]",
        "{\"action\":\"X\"}",
        "{\"action\":\"BB\",\"xid\":1}",
        "{\"action\":\"B\"}",
        "{\"action\":\"B\",\"xid\":0}",
        "{\"action\":\"B\",\"xid\":null}",
        "{\"action\":\"B\",\"xid\":99999999999}",
        "{\"action\":\"B\",\"xid\":1}x",
        "{\"action\":\"B\",\"xid\":1,}",
        "{\"action\":\"C\",\"xid\":1,\"timestamp\":\"2026-11-21 22:37:32+00\"}",
        "{\"action\":\"C\",\"xid\":1,\"timestamp\":\"now\",\"lsn\":\"0/1\"}",
        "{\"action\":\"C\",\"xid\":1,\"timestamp\":\"2026-11-21 22:37:32+00\",\"lsn\":\"1\"}",
        "{\"action\":\"I\",\"schema\":\"s\",\"table\":\"t\"}",
        "{\"action\":\"I\",\"schema\":\"s\",\"columns\":[]}",
        "{\"action\":\"I\",\"schema\":\"s\",\"table\":null,\"columns\":[]}",
        "{\"action\":\"I\",\"schema\":\"s\",\"table\":\"t\",\"columns\":[{}]}",
        "{\"action\":\"I\",\"schema\":\"s\",\"table\":\"t\",\"columns\":[{\"name\":\"a\",\"typeoid\":23}]}",
        "{\"action\":\"I\",\"schema\":\"s\",\"table\":\"t\",\"columns\":[{\"name\":\"a\",\"value\":1}]}",
        "{\"action\":\"I\",\"schema\":\"s\",\"table\":\"t\",\"columns\":[{\"typeoid\":23,\"value\":1}]}",
        "{\"action\":\"I\",\"schema\":\"s\",\"table\":\"t\",\"columns\":[{\"name\":\"a\",\"typeoid\":"
        "23,\"value\":[1]}]}",
        "{\"action\":\"U\",\"schema\":\"s\",\"table\":\"t\",\"columns\":[]}",
        "{\"action\":\"D\",\"schema\":\"s\",\"table\":\"t\"}",
        "{\"action\":\"T\",\"schema\":\"s\"}",
        "{\"action\":\"M\",\"prefix\":\"\",\"content\":\"\"}",
        "{\"action\":\"T\",\"schema\":\"s\",\"table\":\"\\u0000\"}",
        "{\"action\":\"T\",\"schema\":\"s\",\"table\":\"\\u00ff\"}",
        "{\"action\":\"T\",\"schema\":\"s\",\"table\":\"\\u1001\"}",
        "{\"action\":\"T\",\"schema\":\"s\",\"table\":\"\\x\"}",
        "{\"action\":\"T\",\"schema\":\"s\",\"table\":\"a\nb\"}",
        "{\"action\":\"T\",\"schema\":\"s\",\"table\":\"t}",
        /* What the plugin does with types that are not escaped. */
        "{\"action\":\"T\",\"schema\":\"s\",\"type\":\"My Schema.x\".\"My Type\",\"table\":\"t\"}",
    };
    struct told_change change;
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++)
        ck_assert_msg(!parse(objects[i], strlen(objects[i]), &change), "%s", objects[i]);
    /* The front of an object is none. */
    static const char whole[] = "{\"action\":\"U\",\"schema\":\"s\",\"table\":\"t\",\"columns\":[{"
                                "\"name\":\"a\",\"typeoid\":23,\"value\":\"\\u0001\"}],"
                                "\"identity\":[]}";
    ck_assert(parse(whole, sizeof whole - 1, &change));
    for (size_t cut = 0; cut < sizeof whole - 1; cut++)
        ck_assert_msg(!parse(whole, cut, &change), "%zu", cut);
}
END_TEST

SUITE(wal2json, transactions_are_read, changes_are_read, the_rest_is_read,
      other_objects_are_refused)
