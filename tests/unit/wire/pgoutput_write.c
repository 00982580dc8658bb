#include "../unit.h"

#include "wire/pgoutput_write.h"

#define OUTSIDE ((struct pgoutput_mode){.in_stream = false})

static uint8_t written[256];

static struct pgoutput_writer begin(void)
{
    memset(written, 0xee, sizeof written);
    return pgoutput_writer_over(written, sizeof written);
}

static struct pgoutput_message read_back(const struct pgoutput_writer *writer)
{
    struct pgoutput_message message;
    ck_assert(!writer->short_);
    ck_assert(pgoutput_parse(written, (size_t)(writer->at - written), OUTSIDE, &message));
    return message;
}

START_TEST(transactions_are_written)
{
    struct pgoutput_writer writer = begin();
    const struct pgoutput_begin from = {.commit_lsn = 0x1020304050607080, .commit_time = -5};
    pgoutput_put_begin(&writer, 77, &from);
    struct pgoutput_message message = read_back(&writer);
    ck_assert_int_eq(message.tag, PGOUTPUT_BEGIN);
    ck_assert_uint_eq(message.xid, 77);
    ck_assert_uint_eq(message.begin.commit_lsn, from.commit_lsn);
    ck_assert_int_eq(message.begin.commit_time, -5);
    writer = begin();
    const struct pgoutput_commit commit = {.commit_lsn = 1, .end_lsn = 2, .commit_time = 3};
    pgoutput_put_commit(&writer, &commit);
    message = read_back(&writer);
    ck_assert_int_eq(message.tag, PGOUTPUT_COMMIT);
    ck_assert(message.commit.commit_lsn == 1 && message.commit.end_lsn == 2 &&
              message.commit.commit_time == 3);
}
END_TEST

START_TEST(tables_are_written)
{
    struct pgoutput_writer writer = begin();
    const struct pgoutput_relation relation = {.oid = 7,
                                               .namespace = "n",
                                               .name = "t",
                                               .replica_identity = PGOUTPUT_IDENTITY_INDEX,
                                               .columns = {.count = 2}};
    const struct pgoutput_column key = {.key = true, .name = "a", .type = 23, .typmod = -1};
    const struct pgoutput_column other = {.name = "", .type = UINT32_MAX, .typmod = 14};
    pgoutput_put_relation(&writer, &relation);
    pgoutput_put_column(&writer, &key);
    pgoutput_put_column(&writer, &other);
    struct pgoutput_message message = read_back(&writer);
    struct pgoutput_column column;
    ck_assert_int_eq(message.tag, PGOUTPUT_RELATION);
    ck_assert_int_eq(message.relation.replica_identity, PGOUTPUT_IDENTITY_INDEX);
    ck_assert_str_eq(message.relation.name, "t");
    ck_assert(pgoutput_columns_next(&message.relation.columns, &column) && column.key &&
              column.typmod == -1);
    ck_assert(pgoutput_columns_next(&message.relation.columns, &column) && !column.key &&
              column.type == UINT32_MAX);
    writer = begin();
    const struct pgoutput_type type = {.oid = 9, .namespace = "", .name = "mood"};
    pgoutput_put_type(&writer, &type);
    message = read_back(&writer);
    ck_assert_int_eq(message.tag, PGOUTPUT_TYPE);
    ck_assert_str_eq(message.type.name, "mood");
}
END_TEST

START_TEST(changes_are_written)
{
    struct pgoutput_writer writer = begin();
    const struct pgoutput_value null = {.kind = PGOUTPUT_NULL};
    const struct pgoutput_value same = {.kind = PGOUTPUT_UNCHANGED};
    struct pgoutput_value value;
    pgoutput_put_change(&writer, PGOUTPUT_UPDATE, 7);
    pgoutput_put_old(&writer, PGOUTPUT_OLD_KEY, 1);
    pgoutput_put_value(&writer, &null);
    pgoutput_put_new(&writer, 2);
    char *text = pgoutput_begin_text(&writer, 10);
    memcpy(text, "abc", 3);
    pgoutput_end_text(&writer, 3);
    pgoutput_put_value(&writer, &same);
    struct pgoutput_message message = read_back(&writer);
    ck_assert_int_eq(message.tag, PGOUTPUT_UPDATE);
    ck_assert_int_eq(message.change.old_is, PGOUTPUT_OLD_KEY);
    ck_assert(pgoutput_tuple_next(&message.change.old_tuple, &value) &&
              value.kind == PGOUTPUT_NULL);
    ck_assert(pgoutput_tuple_next(&message.change.new_tuple, &value) && value.length == 3 &&
              memcmp(value.bytes, "abc", 3) == 0);
    ck_assert(pgoutput_tuple_next(&message.change.new_tuple, &value) &&
              value.kind == PGOUTPUT_UNCHANGED);
    writer = begin();
    const struct pgoutput_truncate truncate = {.restart_identity = true, .relations = {.count = 1}};
    pgoutput_put_truncate(&writer, &truncate);
    pgoutput_put_oid(&writer, 12);
    message = read_back(&writer);
    ck_assert(!message.truncate.cascade && message.truncate.restart_identity);
    writer = begin();
    const struct pgoutput_logical logical = {.transactional = true,
                                             .lsn = 5,
                                             .prefix = "p",
                                             .length = 2,
                                             .content = (const uint8_t *)"\0x"};
    pgoutput_put_message(&writer, &logical);
    message = read_back(&writer);
    ck_assert(message.logical.transactional && message.logical.lsn == 5 &&
              memcmp(message.logical.content, "\0x", 2) == 0);
}
END_TEST

START_TEST(too_little_room_is_told)
{
    uint8_t room[8];
    struct pgoutput_writer writer = pgoutput_writer_over(room, sizeof room);
    ck_assert_ptr_null(pgoutput_begin_text(&writer, 4));
    ck_assert(writer.short_);
    const struct pgoutput_begin from = {.commit_lsn = 1};
    writer = pgoutput_writer_over(room, sizeof room);
    pgoutput_put_begin(&writer, 1, &from);
    ck_assert(writer.short_);
}
END_TEST

SUITE(pgoutput_write, transactions_are_written, tables_are_written, changes_are_written,
      too_little_room_is_told)
