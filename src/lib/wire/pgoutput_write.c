#include "wire/pgoutput_write.h"

#include <string.h>

struct pgoutput_writer pgoutput_writer_over(void *to, size_t room)
{
    uint8_t *at = to;
    return (struct pgoutput_writer){.at = at, .end = at + room};
}

static bool has_room(struct pgoutput_writer *writer, size_t length)
{
    if (writer->short_ || length > (size_t)(writer->end - writer->at))
        writer->short_ = true;
    return !writer->short_;
}

static void put_bytes(struct pgoutput_writer *writer, const void *bytes, size_t length)
{
    if (length == 0 || !has_room(writer, length))
        return;
    memcpy(writer->at, bytes, length);
    writer->at += length;
}

static void put_number(struct pgoutput_writer *writer, uint64_t number, size_t length)
{
    if (!has_room(writer, length))
        return;
    for (size_t i = length; i > 0; i--)
        *writer->at++ = (uint8_t)(number >> (8 * (i - 1)));
}

static void put_u8(struct pgoutput_writer *writer, uint8_t number)
{
    put_number(writer, number, 1);
}

static void put_u32(struct pgoutput_writer *writer, uint32_t number)
{
    put_number(writer, number, 4);
}

static void put_u64(struct pgoutput_writer *writer, uint64_t number)
{
    put_number(writer, number, 8);
}

static void put_text(struct pgoutput_writer *writer, const char *text)
{
    put_bytes(writer, text, strlen(text) + 1);
}

void pgoutput_put_begin(struct pgoutput_writer *writer, uint32_t xid,
                        const struct pgoutput_begin *begin)
{
    put_u8(writer, PGOUTPUT_BEGIN);
    put_u64(writer, begin->commit_lsn);
    put_u64(writer, (uint64_t)begin->commit_time);
    put_u32(writer, xid);
}

void pgoutput_put_commit(struct pgoutput_writer *writer, const struct pgoutput_commit *commit)
{
    put_u8(writer, PGOUTPUT_COMMIT);
    put_u8(writer, 0);
    put_u64(writer, commit->commit_lsn);
    put_u64(writer, commit->end_lsn);
    put_u64(writer, (uint64_t)commit->commit_time);
}

void pgoutput_put_type(struct pgoutput_writer *writer, const struct pgoutput_type *type)
{
    put_u8(writer, PGOUTPUT_TYPE);
    put_u32(writer, type->oid);
    put_text(writer, type->namespace);
    put_text(writer, type->name);
}

void pgoutput_put_relation(struct pgoutput_writer *writer, const struct pgoutput_relation *relation)
{
    put_u8(writer, PGOUTPUT_RELATION);
    put_u32(writer, relation->oid);
    put_text(writer, relation->namespace);
    put_text(writer, relation->name);
    put_u8(writer, (uint8_t)relation->replica_identity);
    put_number(writer, relation->columns.count, 2);
}

void pgoutput_put_column(struct pgoutput_writer *writer, const struct pgoutput_column *column)
{
    put_u8(writer, column->key ? 1 : 0);
    put_text(writer, column->name);
    put_u32(writer, column->type);
    put_u32(writer, (uint32_t)column->typmod);
}

void pgoutput_put_change(struct pgoutput_writer *writer, enum pgoutput_tag tag, uint32_t relation)
{
    put_u8(writer, (uint8_t)tag);
    put_u32(writer, relation);
}

void pgoutput_put_old(struct pgoutput_writer *writer, enum pgoutput_old old_is, uint16_t count)
{
    put_u8(writer, (uint8_t)old_is);
    put_number(writer, count, 2);
}

void pgoutput_put_new(struct pgoutput_writer *writer, uint16_t count)
{
    put_u8(writer, 'N');
    put_number(writer, count, 2);
}

void pgoutput_put_value(struct pgoutput_writer *writer, const struct pgoutput_value *value)
{
    put_u8(writer, (uint8_t)value->kind);
    if (value->kind != PGOUTPUT_TEXT && value->kind != PGOUTPUT_BINARY)
        return;
    put_u32(writer, value->length);
    put_bytes(writer, value->bytes, value->length);
}

char *pgoutput_begin_text(struct pgoutput_writer *writer, size_t most)
{
    if (!has_room(writer, 1 + sizeof(uint32_t) + most))
        return NULL;
    return (char *)writer->at + 1 + sizeof(uint32_t);
}

void pgoutput_end_text(struct pgoutput_writer *writer, size_t length)
{
    put_u8(writer, PGOUTPUT_TEXT);
    put_u32(writer, (uint32_t)length);
    if (has_room(writer, length))
        writer->at += length;
}

void pgoutput_put_truncate(struct pgoutput_writer *writer, const struct pgoutput_truncate *truncate)
{
    put_u8(writer, PGOUTPUT_TRUNCATE);
    put_u32(writer, truncate->relations.count);
    put_u8(writer, (uint8_t)((truncate->cascade ? 1 : 0) | (truncate->restart_identity ? 2 : 0)));
}

void pgoutput_put_oid(struct pgoutput_writer *writer, uint32_t oid)
{
    put_u32(writer, oid);
}

void pgoutput_put_message(struct pgoutput_writer *writer, const struct pgoutput_logical *logical)
{
    put_u8(writer, PGOUTPUT_MESSAGE);
    put_u8(writer, logical->transactional ? 1 : 0);
    put_u64(writer, logical->lsn);
    put_text(writer, logical->prefix);
    put_u32(writer, logical->length);
    put_bytes(writer, logical->content, logical->length);
}
