#include "../unit.h"

#include "wire/pgoutput.h"
#include "wire/reader.h"
#include "wire/walsender.h"

#define OUTSIDE ((struct pgoutput_mode){.in_stream = false})
#define IN_STREAM ((struct pgoutput_mode){.in_stream = true})
#define PARALLEL ((struct pgoutput_mode){.parallel = true})

/* All but the last were sent by PostgreSQL 15. That one is of protocol 4: made by hand. */
#define BEGIN "420000000001536128000303cdab6a4a40000002dd"
#define COMMIT "4300000000000153612800000000015362d0000303cdab6a4a40"
#define ORIGIN "4f0000000000aabbcc656c7365776865726500"
#define ORIGIN_IN_STREAM "4f0000000000000000656c7365776865726500"
#define TYPE "5900004002617070006d6f6f6400"
#define TYPE_IN_STREAM "59000002f300004002617070006d6f6f6400"
#define RELATION                                                                     \
    "5200004007617070006974656d73006400050169640000000017ffffffff006e616d65000000"   \
    "0019ffffffff006d6f6f640000004002ffffffff006269670000000019ffffffff007072696365" \
    "00000006a4000a0006"
#define RELATION_FULL                                                                  \
    "520000400e7075626c6963006c6f67730066000201610000000017ffffffff016200000004130000" \
    "0018"
#define RELATION_IN_STREAM                                                             \
    "52000002df000040117075626c696300626967006400020169640000000017ffffffff0074000000" \
    "0019ffffffff"
#define INSERT "49000040074e000574000000013274000000006e6e6e"
#define INSERT_IN_STREAM                                                               \
    "49000002f3000040074e000574000000023131740000000373756274000000026e6f740000000179" \
    "740000000531312e3030"
#define UPDATE "55000040074e0005740000000131740000000374776f74000000026f6b75740000000531322e3530"
#define UPDATE_BINARY                                                                  \
    "55000040074e0005620000000400000001620000000374776f62000000026f6b75620000000c0002" \
    "000000000002000c1388"
#define UPDATE_KEY "55000040074b00057400000001326e6e6e6e4e000574000000013374000000006e6e6e"
#define UPDATE_FULL "550000400e4f00027400000001317400000001614e00027400000001316e"
#define UPDATE_IN_STREAM "55000002e1000040114b00027400000001316e4e000274000000022d3174000000017a"
#define DELETE_KEY "44000040074b00057400000001336e6e6e6e"
#define DELETE_FULL "440000400e4f00027400000001316e"
#define DELETE_IN_STREAM "44000002e1000040114b00027400000001326e"
#define TRUNCATE "5400000001000000400e"
#define TRUNCATE_TWO "540000000203000040070000400e"
#define TRUNCATE_IN_STREAM "54000002e100000001000000400e"
#define MESSAGE "4d01000000000153612870676861756c0000000005696e206974"
#define MESSAGE_ALONE "4d00000000000153631070676861756c0000000000"
#define MESSAGE_IN_STREAM "4d000002df010000000001595b0870676861756c000000000873747265616d6564"
#define STREAM_START "53000002df01"
#define STREAM_START_AGAIN "53000002df00"
#define STREAM_STOP "45"
#define STREAM_COMMIT "63000002df000000000001595b080000000001595b88000303cdab6a721f"
#define STREAM_ABORT "41000002df000002e0"
#define BEGIN_PREPARE "6200000000015cb5d000000000015cb6c8000303cdab6a7c07000002e3676964206f6e6500"
#define PREPARE "500000000000015cb5d000000000015cb6c8000303cdab6a7c07000002e3676964206f6e6500"
#define COMMIT_PREPARED \
    "4b0000000000015cb6c800000000015cb708000303cdab6a7ca2000002e3676964206f6e6500"
#define ROLLBACK_PREPARED                                                              \
    "720000000000015cb84800000000015cb888000303cdab6a7cf0000303cdab6a7d08000002e46769" \
    "642074776f00"
#define STREAM_PREPARE \
    "70000000000001609fb0000000000160a0c8000303cdab6a8434000002e567696420746872656500"
#define STREAM_ABORT_PARALLEL "41000002df000002e00000000001595b08000303cdab6a721f"

#define KEEPALIVE "6b0000000001533e88000303cdb067c84400"
#define XLOG_DATA                                                                      \
    "770000000001534e980000000001534e98000303cdb067cb8f420000000001536128000303cdab6a" \
    "4a40000002dd"
#define XLOG_DATA_RELATION \
    "7700000000000000000000000000000000000303cdb067cbc85900004002617070006d6f6f6400"

/* The bytes in a piece of memory of just their size, for a sanitizer to watch; and free(). */
static uint8_t *bytes_of(const char *hex, size_t *ret_length)
{
    size_t length = strlen(hex) / 2;
    uint8_t *bytes = malloc(length + 1);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < length; i++) {
        const char pair[] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    *ret_length = length;
    return realloc(bytes, length > 0 ? length : 1);
}

static bool parses(const char *hex, struct pgoutput_mode mode)
{
    size_t length;
    uint8_t *bytes = bytes_of(hex, &length);
    struct pgoutput_message message;
    bool good = pgoutput_parse(bytes, length, mode, &message);
    free(bytes);
    return good;
}

/* What is borrowed stays good until the test, which is a process, ends. */
static struct pgoutput_message parsed(const char *hex, struct pgoutput_mode mode)
{
    static uint8_t *kept[64];
    static size_t count;
    size_t length;
    ck_assert_uint_lt(count, sizeof kept / sizeof kept[0]);
    uint8_t *bytes = kept[count++] = bytes_of(hex, &length);
    struct pgoutput_message message;
    ck_assert_msg(pgoutput_parse(bytes, length, mode, &message), "%s", hex);
    ck_assert_int_eq(message.tag, bytes[0]);
    return message;
}

/* A tuple as text: values with | after each, NULL as -, unchanged as =, binary as its bytes in
 * hex after \x. */
static const char *shown(struct pgoutput_tuple tuple)
{
    static char text[512];
    size_t at = 0;
    struct pgoutput_value value;
    text[0] = '\0';
    while (pgoutput_tuple_next(&tuple, &value)) {
        const char *sign = value.kind == PGOUTPUT_NULL        ? "-"
                           : value.kind == PGOUTPUT_UNCHANGED ? "="
                           : value.kind == PGOUTPUT_BINARY    ? "\\x"
                                                              : "";
        at += (size_t)snprintf(text + at, sizeof text - at, "%s", sign);
        for (uint32_t i = 0; i < value.length; i++)
            at += (size_t)snprintf(text + at, sizeof text - at,
                                   value.kind == PGOUTPUT_BINARY ? "%02x" : "%c", value.bytes[i]);
        at += (size_t)snprintf(text + at, sizeof text - at, "|");
    }
    ck_assert_uint_eq(tuple.count, 0);
    ck_assert_uint_eq(tuple.length, 0);
    return text;
}

static void expect_change(const char *hex, struct pgoutput_mode mode, uint32_t relation,
                          enum pgoutput_old old_is, const char *old_tuple, const char *new_tuple)
{
    struct pgoutput_message message = parsed(hex, mode);
    ck_assert_uint_eq(message.change.relation, relation);
    ck_assert_int_eq(message.change.old_is, old_is);
    ck_assert_str_eq(shown(message.change.old_tuple), old_tuple);
    ck_assert_str_eq(shown(message.change.new_tuple), new_tuple);
}

START_TEST(transactions_are_read)
{
    struct pgoutput_message message = parsed(BEGIN, OUTSIDE);
    ck_assert_uint_eq(message.xid, 0x2dd);
    ck_assert_uint_eq(message.begin.commit_lsn, 0x1536128);
    int64_t time = message.begin.commit_time;
    ck_assert_int_eq(time, 0x303cdab6a4a40);
    message = parsed(COMMIT, OUTSIDE);
    ck_assert_uint_eq(message.xid, 0);
    ck_assert_uint_eq(message.commit.commit_lsn, 0x1536128);
    ck_assert_uint_eq(message.commit.end_lsn, 0x15362d0);
    ck_assert_int_eq(message.commit.commit_time, time);
    ck_assert_str_eq(message.commit.gid, "");
    message = parsed(ORIGIN, OUTSIDE);
    ck_assert_uint_eq(message.origin.commit_lsn, 0xaabbcc);
    ck_assert_str_eq(message.origin.name, "elsewhere");
    /* As pg_replication_origin_xact_setup() was told when this was captured. */
    message = parsed("4200000000015363600002b0ec8515f340000002de", OUTSIDE);
    ck_assert_int_eq(message.begin.commit_time + PG_EPOCH_US, INT64_C(1704164645000000));
}
END_TEST

START_TEST(relations_and_types_are_read)
{
    struct pgoutput_message message = parsed(RELATION, OUTSIDE);
    ck_assert_uint_eq(message.relation.oid, 0x4007);
    ck_assert_str_eq(message.relation.namespace, "app");
    ck_assert_str_eq(message.relation.name, "items");
    ck_assert_int_eq(message.relation.replica_identity, PGOUTPUT_IDENTITY_DEFAULT);
    ck_assert_uint_eq(message.relation.columns.count, 5);
    static const struct pgoutput_column expected[] = {{true, "id", 23, -1},
                                                      {false, "name", 25, -1},
                                                      {false, "mood", 0x4002, -1},
                                                      {false, "big", 25, -1},
                                                      {false, "price", 1700, 0xa0006}};
    struct pgoutput_column column;
    size_t i = 0;
    for (; pgoutput_columns_next(&message.relation.columns, &column); i++) {
        ck_assert_uint_lt(i, 5);
        ck_assert(column.key == expected[i].key);
        ck_assert_str_eq(column.name, expected[i].name);
        ck_assert_uint_eq(column.type, expected[i].type);
        ck_assert_int_eq(column.typmod, expected[i].typmod);
    }
    ck_assert_uint_eq(i, 5);

    message = parsed(RELATION_FULL, OUTSIDE);
    ck_assert_int_eq(message.relation.replica_identity, PGOUTPUT_IDENTITY_FULL);
    while (pgoutput_columns_next(&message.relation.columns, &column))
        ck_assert(column.key);
    message = parsed(TYPE, OUTSIDE);
    ck_assert_uint_eq(message.type.oid, 0x4002);
    ck_assert_str_eq(message.type.namespace, "app");
    ck_assert_str_eq(message.type.name, "mood");
    /* A table in pg_catalog without columns. */
    message = parsed("5200000001007400690000", OUTSIDE);
    ck_assert_str_eq(message.relation.namespace, "");
    ck_assert_int_eq(message.relation.replica_identity, PGOUTPUT_IDENTITY_INDEX);
    ck_assert(!pgoutput_columns_next(&message.relation.columns, &column));
}
END_TEST

START_TEST(changes_are_read)
{
    expect_change(INSERT, OUTSIDE, 0x4007, PGOUTPUT_OLD_NONE, "", "2||-|-|-|");
    expect_change(UPDATE, OUTSIDE, 0x4007, PGOUTPUT_OLD_NONE, "", "1|two|ok|=|12.50|");
    expect_change(UPDATE_BINARY, OUTSIDE, 0x4007, PGOUTPUT_OLD_NONE, "",
                  "\\x00000001|\\x74776f|\\x6f6b|=|\\x0002000000000002000c1388|");
    expect_change(UPDATE_KEY, OUTSIDE, 0x4007, PGOUTPUT_OLD_KEY, "2|-|-|-|-|", "3||-|-|-|");
    expect_change(UPDATE_FULL, OUTSIDE, 0x400e, PGOUTPUT_OLD_ROW, "1|a|", "1|-|");
    expect_change(DELETE_KEY, OUTSIDE, 0x4007, PGOUTPUT_OLD_KEY, "3|-|-|-|-|", "");
    expect_change(DELETE_FULL, OUTSIDE, 0x400e, PGOUTPUT_OLD_ROW, "1|-|", "");
    expect_change("49000000014e0000", OUTSIDE, 1, PGOUTPUT_OLD_NONE, "", "");
}
END_TEST

static void expect_truncate(const char *hex, struct pgoutput_mode mode, uint32_t xid, bool cascade,
                            bool restart_identity, const char *oids)
{
    struct pgoutput_message message = parsed(hex, mode);
    char got[64] = "";
    uint32_t oid;
    while (pgoutput_relations_next(&message.truncate.relations, &oid))
        snprintf(got + strlen(got), sizeof got - strlen(got), "%x ", oid);
    ck_assert_str_eq(got, oids);
    ck_assert_uint_eq(message.xid, xid);
    ck_assert(message.truncate.cascade == cascade);
    ck_assert(message.truncate.restart_identity == restart_identity);
}

START_TEST(truncates_are_read)
{
    expect_truncate(TRUNCATE, OUTSIDE, 0, false, false, "400e ");
    expect_truncate(TRUNCATE_TWO, OUTSIDE, 0, true, true, "4007 400e ");
    expect_truncate(TRUNCATE_IN_STREAM, IN_STREAM, 0x2e1, false, false, "400e ");
    expect_truncate("540000000101000040ff", OUTSIDE, 0, true, false, "40ff ");
    expect_truncate("540000000102000040ff", OUTSIDE, 0, false, true, "40ff ");
}
END_TEST

static void expect_logical(const char *hex, struct pgoutput_mode mode, uint32_t xid,
                           bool transactional, lsn_t lsn, const char *content)
{
    struct pgoutput_message message = parsed(hex, mode);
    ck_assert_uint_eq(message.xid, xid);
    ck_assert(message.logical.transactional == transactional);
    ck_assert_uint_eq(message.logical.lsn, lsn);
    ck_assert_str_eq(message.logical.prefix, "pghaul");
    ck_assert_uint_eq(message.logical.length, strlen(content));
    ck_assert(memcmp(message.logical.content, content, message.logical.length) == 0);
}

START_TEST(logical_messages_are_read)
{
    expect_logical(MESSAGE, OUTSIDE, 0, true, 0x1536128, "in it");
    expect_logical(MESSAGE_ALONE, OUTSIDE, 0, false, 0x1536310, "");
    expect_logical(MESSAGE_IN_STREAM, IN_STREAM, 0x2df, true, 0x1595b08, "streamed");
}
END_TEST

START_TEST(streams_are_read)
{
    struct pgoutput_message message = parsed(STREAM_START, OUTSIDE);
    ck_assert_uint_eq(message.xid, 0x2df);
    ck_assert(message.stream_start.first);
    ck_assert(!parsed(STREAM_START_AGAIN, OUTSIDE).stream_start.first);
    parsed(STREAM_STOP, IN_STREAM);
    message = parsed(STREAM_COMMIT, OUTSIDE);
    ck_assert_uint_eq(message.xid, 0x2df);
    ck_assert_uint_eq(message.commit.commit_lsn, 0x1595b08);
    ck_assert_uint_eq(message.commit.end_lsn, 0x1595b88);
    ck_assert_int_eq(message.commit.commit_time, 0x303cdab6a721f);
    message = parsed(STREAM_ABORT, OUTSIDE);
    ck_assert_uint_eq(message.xid, 0x2df);
    ck_assert_uint_eq(message.stream_abort.subxid, 0x2e0);
    ck_assert_uint_eq(message.stream_abort.abort_lsn, 0);
    ck_assert_int_eq(message.stream_abort.abort_time, 0);
    message = parsed(STREAM_ABORT_PARALLEL, PARALLEL);
    ck_assert_uint_eq(message.xid, 0x2df);
    ck_assert_uint_eq(message.stream_abort.subxid, 0x2e0);
    ck_assert_uint_eq(message.stream_abort.abort_lsn, 0x1595b08);
    ck_assert_int_eq(message.stream_abort.abort_time, 0x303cdab6a721f);

    expect_change(INSERT_IN_STREAM, IN_STREAM, 0x4007, PGOUTPUT_OLD_NONE, "", "11|sub|no|y|11.00|");
    expect_change(UPDATE_IN_STREAM, IN_STREAM, 0x4011, PGOUTPUT_OLD_KEY, "1|-|", "-1|z|");
    expect_change(DELETE_IN_STREAM, IN_STREAM, 0x4011, PGOUTPUT_OLD_KEY, "2|-|", "");
    ck_assert_uint_eq(parsed(DELETE_IN_STREAM, IN_STREAM).xid, 0x2e1);
    message = parsed(RELATION_IN_STREAM, IN_STREAM);
    ck_assert_uint_eq(message.xid, 0x2df);
    ck_assert_str_eq(message.relation.name, "big");
    message = parsed(TYPE_IN_STREAM, IN_STREAM);
    ck_assert_uint_eq(message.xid, 0x2f3);
    ck_assert_str_eq(message.type.name, "mood");
    message = parsed(ORIGIN_IN_STREAM, IN_STREAM);
    ck_assert_uint_eq(message.xid, 0);
    ck_assert_str_eq(message.origin.name, "elsewhere");
}
END_TEST

static void expect_prepare(const char *hex, uint32_t xid, lsn_t prepare_lsn, lsn_t end_lsn,
                           int64_t time, const char *gid)
{
    struct pgoutput_message message = parsed(hex, OUTSIDE);
    ck_assert_uint_eq(message.xid, xid);
    ck_assert_uint_eq(message.prepare.prepare_lsn, prepare_lsn);
    ck_assert_uint_eq(message.prepare.end_lsn, end_lsn);
    ck_assert_int_eq(message.prepare.prepare_time, time);
    ck_assert_str_eq(message.prepare.gid, gid);
}

START_TEST(prepared_transactions_are_read)
{
    expect_prepare(BEGIN_PREPARE, 0x2e3, 0x15cb5d0, 0x15cb6c8, 0x303cdab6a7c07, "gid one");
    expect_prepare(PREPARE, 0x2e3, 0x15cb5d0, 0x15cb6c8, 0x303cdab6a7c07, "gid one");
    expect_prepare(STREAM_PREPARE, 0x2e5, 0x1609fb0, 0x160a0c8, 0x303cdab6a8434, "gid three");
    struct pgoutput_message message = parsed(COMMIT_PREPARED, OUTSIDE);
    ck_assert_uint_eq(message.xid, 0x2e3);
    ck_assert_uint_eq(message.commit.commit_lsn, 0x15cb6c8);
    ck_assert_uint_eq(message.commit.end_lsn, 0x15cb708);
    ck_assert_int_eq(message.commit.commit_time, 0x303cdab6a7ca2);
    ck_assert_str_eq(message.commit.gid, "gid one");
    message = parsed(ROLLBACK_PREPARED, OUTSIDE);
    ck_assert_uint_eq(message.xid, 0x2e4);
    ck_assert_uint_eq(message.rollback.prepare_end_lsn, 0x15cb848);
    ck_assert_uint_eq(message.rollback.rollback_end_lsn, 0x15cb888);
    ck_assert_int_eq(message.rollback.prepare_time, 0x303cdab6a7cf0);
    ck_assert_int_eq(message.rollback.rollback_time, 0x303cdab6a7d08);
    ck_assert_str_eq(message.rollback.gid, "gid two");
}
END_TEST

/* Every front part of every message, and every message with a byte behind it, is none. */
START_TEST(pieces_of_messages_are_refused)
{
    static const struct {
        const char *hex;
        struct pgoutput_mode mode;
    } messages[] = {
        {BEGIN, {0}},
        {COMMIT, {0}},
        {ORIGIN, {0}},
        {ORIGIN_IN_STREAM, {.in_stream = true}},
        {TYPE, {0}},
        {TYPE_IN_STREAM, {.in_stream = true}},
        {RELATION, {0}},
        {RELATION_FULL, {0}},
        {RELATION_IN_STREAM, {.in_stream = true}},
        {INSERT, {0}},
        {INSERT_IN_STREAM, {.in_stream = true}},
        {UPDATE, {0}},
        {UPDATE_BINARY, {0}},
        {UPDATE_KEY, {0}},
        {UPDATE_FULL, {0}},
        {UPDATE_IN_STREAM, {.in_stream = true}},
        {DELETE_KEY, {0}},
        {DELETE_FULL, {0}},
        {DELETE_IN_STREAM, {.in_stream = true}},
        {TRUNCATE, {0}},
        {TRUNCATE_TWO, {0}},
        {TRUNCATE_IN_STREAM, {.in_stream = true}},
        {MESSAGE, {0}},
        {MESSAGE_ALONE, {0}},
        {MESSAGE_IN_STREAM, {.in_stream = true}},
        {STREAM_START, {0}},
        {STREAM_START_AGAIN, {0}},
        {STREAM_STOP, {.in_stream = true}},
        {STREAM_COMMIT, {0}},
        {STREAM_ABORT, {0}},
        {STREAM_ABORT_PARALLEL, {.parallel = true}},
        {BEGIN_PREPARE, {0}},
        {PREPARE, {0}},
        {COMMIT_PREPARED, {0}},
        {ROLLBACK_PREPARED, {0}},
        {STREAM_PREPARE, {0}},
    };
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        size_t length;
        uint8_t *whole = bytes_of(messages[i].hex, &length);
        struct pgoutput_message message = {.xid = 77};
        for (size_t cut = 0; cut <= length + 1; cut++) {
            uint8_t *part = calloc(1, cut > 0 ? cut : 1);
            ck_assert_ptr_nonnull(part);
            memcpy(part, whole, cut < length ? cut : length);
            if (cut != length)
                ck_assert_msg(!pgoutput_parse(part, cut, messages[i].mode, &message),
                              "%zu bytes of %s", cut, messages[i].hex);
            free(part);
        }
        ck_assert_uint_eq(message.xid, 77);
        ck_assert_msg(pgoutput_parse(whole, length, messages[i].mode, &message), "%s",
                      messages[i].hex);
        free(whole);
    }
}
END_TEST

START_TEST(what_no_server_sends_is_refused)
{
    static const char *const wrong[] = {
        "",
        "00",
        "58",                                                   /* no such tag */
        "420000000001536128000303cdab6a4a4000000000",           /* xid 0 */
        "4301000000000153612800000000015362d0000303cdab6a4a40", /* flags of a Commit */
        "520000400761006200780000",                             /* a replica identity x */
        "52000000010074006400010274000000001700000000",         /* flags of a column */
        "49000000014b0000",                                     /* an Insert with a key */
        "49000000014e000178",                                   /* a value of kind x */
        "49000000014e0001747fffffff61",                         /* longer than the message */
        "49000000014e000174ffffffff",                           /* of length -1 */
        "49000000014effff6e",                                   /* 65535 values */
        "55000000014b0000",                                     /* an old tuple, no new one */
        "55000000014b00004b0000",                               /* two old ones */
        "44000000014e0000",                                     /* a Delete with a new tuple */
        "5400000001040000400e",                                 /* flags of a Truncate */
        "5440000000000000400e",                                 /* 2^30 relations: 2^32 bytes */
        "4d02000000000153631070676861756c0000000000",           /* flags of a Message */
        "53000002df02",                                         /* neither first nor later */
        "4b0100000000015cb6c800000000015cb708000303cdab6a7ca2000002e36100",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(!parses(wrong[i], OUTSIDE), "%s", wrong[i]);
    /* What begins or ends a transaction is not in a stream, and changes there have an xid. */
    static const char *const outside[] = {
        BEGIN,   COMMIT,          STREAM_START,      STREAM_COMMIT,  STREAM_ABORT, BEGIN_PREPARE,
        PREPARE, COMMIT_PREPARED, ROLLBACK_PREPARED, STREAM_PREPARE, INSERT,       TRUNCATE};
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
        ck_assert_msg(!parses(outside[i], IN_STREAM), "%s", outside[i]);
    ck_assert(!parses(STREAM_STOP, OUTSIDE));
    ck_assert(!parses(INSERT_IN_STREAM, OUTSIDE));
    ck_assert(!parses(STREAM_ABORT, PARALLEL));
    ck_assert(!parses(STREAM_ABORT_PARALLEL, OUTSIDE));
    ck_assert(!parses("44000000000000400e4f00027400000001316e", IN_STREAM));
}
END_TEST

START_TEST(walsender_messages_are_read)
{
    struct walsender_message message;
    size_t length;
    uint8_t *bytes = bytes_of(KEEPALIVE, &length);
    ck_assert(walsender_parse(bytes, length, &message));
    ck_assert_int_eq(message.tag, WALSENDER_KEEPALIVE);
    ck_assert_uint_eq(message.wal_end, 0x1533e88);
    ck_assert_int_eq(message.send_time, 0x303cdb067c844);
    ck_assert(!message.reply_requested);
    bytes[length - 1] = 1;
    ck_assert(walsender_parse(bytes, length, &message) && message.reply_requested);
    for (size_t cut = 0; cut < length; cut++)
        ck_assert(!walsender_parse(bytes, cut, &message));
    bytes[length - 1] = 2;
    ck_assert(!walsender_parse(bytes, length, &message));
    free(bytes);
    bytes = bytes_of(KEEPALIVE "00", &length);
    ck_assert(!walsender_parse(bytes, length, &message));
    bytes[0] = 's';
    ck_assert(!walsender_parse(bytes, length, &message));
    free(bytes);

    bytes = bytes_of(XLOG_DATA, &length);
    ck_assert(walsender_parse(bytes, length, &message));
    ck_assert_int_eq(message.tag, WALSENDER_XLOG_DATA);
    ck_assert_uint_eq(message.start, 0x1534e98);
    ck_assert_uint_eq(message.wal_end, 0x1534e98);
    ck_assert_int_eq(message.send_time, 0x303cdb067cb8f);
    struct pgoutput_message begin;
    ck_assert(pgoutput_parse(message.bytes, message.length, OUTSIDE, &begin));
    ck_assert_uint_eq(begin.xid, 0x2dd);
    for (size_t cut = 0; cut < 25; cut++)
        ck_assert(!walsender_parse(bytes, cut, &message));
    ck_assert(walsender_parse(bytes, 25, &message) && message.length == 0);
    free(bytes);
    bytes = bytes_of(XLOG_DATA_RELATION, &length);
    ck_assert(walsender_parse(bytes, length, &message));
    ck_assert_uint_eq(message.start, 0);
    ck_assert_uint_eq(message.length, length - 25);
    free(bytes);
}
END_TEST

START_TEST(standby_status_is_written)
{
    uint8_t got[STANDBY_STATUS_LENGTH];
    struct standby_status status = {.written = 0x0102030405060708,
                                    .flushed = 0x1112131415161718,
                                    .applied = 0x2122232425262728,
                                    .client_time = -2,
                                    .reply_requested = true};
    size_t length;
    uint8_t *expected = bytes_of("72010203040506070811121314151617182122232425262728"
                                 "fffffffffffffffe01",
                                 &length);
    ck_assert_uint_eq(length, sizeof got);
    standby_status_encode(&status, got);
    ck_assert(memcmp(got, expected, sizeof got) == 0);
    status.reply_requested = false;
    standby_status_encode(&status, got);
    ck_assert_uint_eq(got[33], 0);
    free(expected);
}
END_TEST

START_TEST(long_numbers_are_whole_or_none)
{
    struct reader reader = reader_over("\1\2\3\4\5\6\7\10\11", 9);
    ck_assert_uint_eq(take_u64(&reader), 0x0102030405060708);
    ck_assert(!reader_done(&reader));
    ck_assert_uint_eq(take_u8(&reader), 9);
    ck_assert(reader_done(&reader));
    reader = reader_over("\1\2\3\4\5\6\7", 7);
    ck_assert_uint_eq(take_u64(&reader), 0);
    ck_assert(reader.short_ && !reader_done(&reader));
}
END_TEST

SUITE(pgoutput, transactions_are_read, relations_and_types_are_read, changes_are_read,
      truncates_are_read, logical_messages_are_read, streams_are_read,
      prepared_transactions_are_read, pieces_of_messages_are_refused,
      what_no_server_sends_is_refused, walsender_messages_are_read, standby_status_is_written,
      long_numbers_are_whole_or_none)
