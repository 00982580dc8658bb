#include "wire/pgoutput.h"

#include "wire/reader.h"

enum { TRUNCATE_CASCADE = 1, TRUNCATE_RESTART_IDENTITY = 2 };

/* A byte of flags of which there is only one yet. */
static bool take_flag(struct reader *reader, bool *ret_set)
{
    uint8_t flags = take_u8(reader);
    if (flags > 1)
        return false;
    *ret_set = flags == 1;
    return true;
}

/* A byte of flags of which there is none yet. */
static bool take_no_flags(struct reader *reader)
{
    return take_u8(reader) == 0;
}

/* No transaction has the xid 0, which is ours for "none". */
static bool take_xid(struct reader *reader, uint32_t *ret_xid)
{
    uint32_t xid = take_u32(reader);
    if (xid == 0)
        return false;
    *ret_xid = xid;
    return true;
}

static int64_t take_time(struct reader *reader)
{
    return (int64_t)take_u64(reader);
}

/* Both the check of a tuple and the walk over it use this one, so they agree. */
static bool take_value(struct reader *reader, struct pgoutput_value *ret_value)
{
    uint8_t kind = take_u8(reader);
    struct pgoutput_value value = {.kind = (enum pgoutput_value_kind)kind};
    if (kind == PGOUTPUT_TEXT || kind == PGOUTPUT_BINARY) {
        value.length = take_u32(reader);
        value.bytes = take_bytes(reader, value.length);
        if (value.bytes == NULL)
            return false;
    } else if (kind != PGOUTPUT_NULL && kind != PGOUTPUT_UNCHANGED) {
        return false;
    }
    *ret_value = value;
    return true;
}

static bool take_tuple(struct reader *reader, struct pgoutput_tuple *ret_tuple)
{
    struct pgoutput_value value;
    uint16_t count = take_u16(reader);
    const uint8_t *values = reader->at;
    for (unsigned i = 0; i < count; i++)
        if (!take_value(reader, &value))
            return false;
    size_t length = (size_t)(reader->at - values);
    *ret_tuple = (struct pgoutput_tuple){.count = count, .length = length, .values = values};
    return true;
}

static bool take_column(struct reader *reader, struct pgoutput_column *ret_column)
{
    struct pgoutput_column column;
    if (!take_flag(reader, &column.key))
        return false;
    column.name = take_text(reader);
    column.type = take_u32(reader);
    column.typmod = (int32_t)take_u32(reader);
    if (reader->short_)
        return false;
    *ret_column = column;
    return true;
}

static bool take_columns(struct reader *reader, struct pgoutput_columns *ret_columns)
{
    struct pgoutput_column column;
    uint16_t count = take_u16(reader);
    const uint8_t *columns = reader->at;
    for (unsigned i = 0; i < count; i++)
        if (!take_column(reader, &column))
            return false;
    size_t length = (size_t)(reader->at - columns);
    *ret_columns = (struct pgoutput_columns){.count = count, .length = length, .columns = columns};
    return true;
}

/*
 * The bodies. A function here is false for what no server sends; that nothing was missing, and
 * nothing is left over, pgoutput_parse() sees at the end for all of them. Each fills all of its
 * member: compilers differ in how much of a union an initializer makes zero.
 */

static bool read_begin(struct reader *reader, struct pgoutput_message *message)
{
    message->begin.commit_lsn = take_u64(reader);
    message->begin.commit_time = take_time(reader);
    return take_xid(reader, &message->xid);
}

static bool read_commit(struct reader *reader, struct pgoutput_message *message)
{
    if (!take_no_flags(reader))
        return false;
    message->commit.commit_lsn = take_u64(reader);
    message->commit.end_lsn = take_u64(reader);
    message->commit.commit_time = take_time(reader);
    message->commit.gid = "";
    return true;
}

static bool read_stream_commit(struct reader *reader, struct pgoutput_message *message)
{
    return take_xid(reader, &message->xid) && read_commit(reader, message);
}

static bool read_commit_prepared(struct reader *reader, struct pgoutput_message *message)
{
    if (!read_commit(reader, message) || !take_xid(reader, &message->xid))
        return false;
    message->commit.gid = take_text(reader);
    return true;
}

static bool read_begin_prepare(struct reader *reader, struct pgoutput_message *message)
{
    message->prepare.prepare_lsn = take_u64(reader);
    message->prepare.end_lsn = take_u64(reader);
    message->prepare.prepare_time = take_time(reader);
    if (!take_xid(reader, &message->xid))
        return false;
    message->prepare.gid = take_text(reader);
    return true;
}

static bool read_prepare(struct reader *reader, struct pgoutput_message *message)
{
    return take_no_flags(reader) && read_begin_prepare(reader, message);
}

static bool read_rollback_prepared(struct reader *reader, struct pgoutput_message *message)
{
    if (!take_no_flags(reader))
        return false;
    message->rollback.prepare_end_lsn = take_u64(reader);
    message->rollback.rollback_end_lsn = take_u64(reader);
    message->rollback.prepare_time = take_time(reader);
    message->rollback.rollback_time = take_time(reader);
    if (!take_xid(reader, &message->xid))
        return false;
    message->rollback.gid = take_text(reader);
    return true;
}

static bool read_origin(struct reader *reader, struct pgoutput_message *message)
{
    message->origin.commit_lsn = take_u64(reader);
    message->origin.name = take_text(reader);
    return true;
}

static bool read_relation(struct reader *reader, struct pgoutput_message *message)
{
    struct pgoutput_relation *relation = &message->relation;
    relation->oid = take_u32(reader);
    relation->namespace = take_text(reader);
    relation->name = take_text(reader);
    uint8_t identity = take_u8(reader);
    switch (identity) {
    case PGOUTPUT_IDENTITY_DEFAULT:
    case PGOUTPUT_IDENTITY_NOTHING:
    case PGOUTPUT_IDENTITY_FULL:
    case PGOUTPUT_IDENTITY_INDEX:
        relation->replica_identity = (enum pgoutput_identity)identity;
        return take_columns(reader, &relation->columns);
    default:
        return false;
    }
}

static bool read_type(struct reader *reader, struct pgoutput_message *message)
{
    message->type.oid = take_u32(reader);
    message->type.namespace = take_text(reader);
    message->type.name = take_text(reader);
    return true;
}

static bool read_insert(struct reader *reader, struct pgoutput_message *message)
{
    message->change = (struct pgoutput_change){.relation = take_u32(reader)};
    return take_u8(reader) == 'N' && take_tuple(reader, &message->change.new_tuple);
}

static bool read_delete(struct reader *reader, struct pgoutput_message *message)
{
    message->change = (struct pgoutput_change){.relation = take_u32(reader)};
    uint8_t old = take_u8(reader);
    if (old != PGOUTPUT_OLD_KEY && old != PGOUTPUT_OLD_ROW)
        return false;
    message->change.old_is = (enum pgoutput_old)old;
    return take_tuple(reader, &message->change.old_tuple);
}

static bool read_update(struct reader *reader, struct pgoutput_message *message)
{
    message->change = (struct pgoutput_change){.relation = take_u32(reader)};
    uint8_t part = take_u8(reader);
    if (part == PGOUTPUT_OLD_KEY || part == PGOUTPUT_OLD_ROW) {
        message->change.old_is = (enum pgoutput_old)part;
        if (!take_tuple(reader, &message->change.old_tuple))
            return false;
        part = take_u8(reader);
    }
    return part == 'N' && take_tuple(reader, &message->change.new_tuple);
}

static bool read_truncate(struct reader *reader, struct pgoutput_message *message)
{
    struct pgoutput_truncate *truncate = &message->truncate;
    uint32_t count = take_u32(reader);
    uint8_t flags = take_u8(reader);
    if ((flags & ~(TRUNCATE_CASCADE | TRUNCATE_RESTART_IDENTITY)) != 0)
        return false;
    truncate->cascade = (flags & TRUNCATE_CASCADE) != 0;
    truncate->restart_identity = (flags & TRUNCATE_RESTART_IDENTITY) != 0;
    truncate->relations.count = count;
    /* The length of the list may be too much for a size_t, but no list is longer than its bytes. */
    if (count > (size_t)(reader->end - reader->at) / sizeof(uint32_t))
        return false;
    truncate->relations.oids = take_bytes(reader, count * sizeof(uint32_t));
    return true;
}

static bool read_logical(struct reader *reader, struct pgoutput_message *message)
{
    struct pgoutput_logical *logical = &message->logical;
    if (!take_flag(reader, &logical->transactional))
        return false;
    logical->lsn = take_u64(reader);
    logical->prefix = take_text(reader);
    logical->length = take_u32(reader);
    logical->content = take_bytes(reader, logical->length);
    return true;
}

static bool read_stream_start(struct reader *reader, struct pgoutput_message *message)
{
    return take_xid(reader, &message->xid) && take_flag(reader, &message->stream_start.first);
}

static bool read_stream_stop(struct reader *reader, struct pgoutput_message *message)
{
    (void)reader;
    (void)message;
    return true;
}

static bool read_stream_abort(struct reader *reader, struct pgoutput_message *message)
{
    message->stream_abort = (struct pgoutput_stream_abort){0};
    return take_xid(reader, &message->xid) && take_xid(reader, &message->stream_abort.subxid);
}

static void read_stream_abort_parallel(struct reader *reader, struct pgoutput_message *message)
{
    message->stream_abort.abort_lsn = take_u64(reader);
    message->stream_abort.abort_time = take_time(reader);
}

/* Where a message may stand. */
enum place {
    OUTSIDE,  /* of streams only: it begins or ends something */
    INSIDE,   /* a stream only */
    ANYWHERE, /* the same in both */
    CHANGE,   /* anywhere, but in a stream an xid comes first */
};

static const struct kind {
    enum pgoutput_tag tag;
    enum place place;
    bool (*read)(struct reader *reader, struct pgoutput_message *message);
} kinds[] = {
    {PGOUTPUT_INSERT, CHANGE, read_insert},
    {PGOUTPUT_UPDATE, CHANGE, read_update},
    {PGOUTPUT_DELETE, CHANGE, read_delete},
    {PGOUTPUT_BEGIN, OUTSIDE, read_begin},
    {PGOUTPUT_COMMIT, OUTSIDE, read_commit},
    {PGOUTPUT_RELATION, CHANGE, read_relation},
    {PGOUTPUT_TYPE, CHANGE, read_type},
    {PGOUTPUT_TRUNCATE, CHANGE, read_truncate},
    {PGOUTPUT_MESSAGE, CHANGE, read_logical},
    {PGOUTPUT_ORIGIN, ANYWHERE, read_origin},
    {PGOUTPUT_STREAM_START, OUTSIDE, read_stream_start},
    {PGOUTPUT_STREAM_STOP, INSIDE, read_stream_stop},
    {PGOUTPUT_STREAM_COMMIT, OUTSIDE, read_stream_commit},
    {PGOUTPUT_STREAM_ABORT, OUTSIDE, read_stream_abort},
    {PGOUTPUT_BEGIN_PREPARE, OUTSIDE, read_begin_prepare},
    {PGOUTPUT_PREPARE, OUTSIDE, read_prepare},
    {PGOUTPUT_COMMIT_PREPARED, OUTSIDE, read_commit_prepared},
    {PGOUTPUT_ROLLBACK_PREPARED, OUTSIDE, read_rollback_prepared},
    {PGOUTPUT_STREAM_PREPARE, OUTSIDE, read_prepare},
};

/* NULL when there is no such message, or not in such a place. */
static const struct kind *kind_of(uint8_t tag, bool in_stream)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].tag == (enum pgoutput_tag)tag)
            return kinds[i].place == (in_stream ? OUTSIDE : INSIDE) ? NULL : &kinds[i];
    return NULL;
}

bool pgoutput_parse(const void *bytes, size_t length, struct pgoutput_mode mode,
                    struct pgoutput_message *ret_message)
{
    struct pgoutput_message message = {.xid = 0};
    struct reader reader = reader_over(bytes, length);
    const struct kind *kind = kind_of(take_u8(&reader), mode.in_stream);
    if (kind == NULL)
        return false;
    message.tag = kind->tag;
    if (mode.in_stream && kind->place == CHANGE && !take_xid(&reader, &message.xid))
        return false;
    if (!kind->read(&reader, &message))
        return false;
    if (kind->tag == PGOUTPUT_STREAM_ABORT && mode.parallel)
        read_stream_abort_parallel(&reader, &message);
    if (!reader_done(&reader))
        return false;
    *ret_message = message;
    return true;
}

bool pgoutput_tuple_next(struct pgoutput_tuple *tuple, struct pgoutput_value *ret_value)
{
    if (tuple->count == 0)
        return false;
    struct reader reader = reader_over(tuple->values, tuple->length);
    if (!take_value(&reader, ret_value))
        return false;
    tuple->count--;
    tuple->length = (size_t)(reader.end - reader.at);
    tuple->values = reader.at;
    return true;
}

bool pgoutput_columns_next(struct pgoutput_columns *columns, struct pgoutput_column *ret_column)
{
    if (columns->count == 0)
        return false;
    struct reader reader = reader_over(columns->columns, columns->length);
    if (!take_column(&reader, ret_column))
        return false;
    columns->count--;
    columns->length = (size_t)(reader.end - reader.at);
    columns->columns = reader.at;
    return true;
}

bool pgoutput_relations_next(struct pgoutput_relations *relations, uint32_t *ret_oid)
{
    if (relations->count == 0)
        return false;
    struct reader reader = reader_over(relations->oids, sizeof(uint32_t));
    *ret_oid = take_u32(&reader);
    relations->count--;
    relations->oids = reader.at;
    return true;
}
