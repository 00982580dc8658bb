/* A message that was read is written again, and is the same. */
#include "fuzz.h"

#include "wire/pgoutput_write.h"

static void write_tuple(struct pgoutput_writer *writer, struct pgoutput_tuple tuple)
{
    struct pgoutput_value value;
    while (pgoutput_tuple_next(&tuple, &value))
        pgoutput_put_value(writer, &value);
}

static void write_change(struct pgoutput_writer *writer, const struct pgoutput_message *message)
{
    const struct pgoutput_change *change = &message->change;
    pgoutput_put_change(writer, message->tag, change->relation);
    if (change->old_is != PGOUTPUT_OLD_NONE) {
        pgoutput_put_old(writer, change->old_is, change->old_tuple.count);
        write_tuple(writer, change->old_tuple);
    }
    if (message->tag != PGOUTPUT_DELETE) {
        pgoutput_put_new(writer, change->new_tuple.count);
        write_tuple(writer, change->new_tuple);
    }
}

static void write_relation(struct pgoutput_writer *writer, const struct pgoutput_relation *relation)
{
    struct pgoutput_columns columns = relation->columns;
    struct pgoutput_column column;
    pgoutput_put_relation(writer, relation);
    while (pgoutput_columns_next(&columns, &column))
        pgoutput_put_column(writer, &column);
}

static void write_truncate(struct pgoutput_writer *writer, const struct pgoutput_truncate *truncate)
{
    struct pgoutput_relations relations = truncate->relations;
    uint32_t oid;
    pgoutput_put_truncate(writer, truncate);
    while (pgoutput_relations_next(&relations, &oid))
        pgoutput_put_oid(writer, oid);
}

/* False for what we never write. */
static bool write_message(struct pgoutput_writer *writer, const struct pgoutput_message *message)
{
    switch (message->tag) {
    case PGOUTPUT_BEGIN:
        pgoutput_put_begin(writer, message->xid, &message->begin);
        return true;
    case PGOUTPUT_COMMIT:
        pgoutput_put_commit(writer, &message->commit);
        return true;
    case PGOUTPUT_TYPE:
        pgoutput_put_type(writer, &message->type);
        return true;
    case PGOUTPUT_RELATION:
        write_relation(writer, &message->relation);
        return true;
    case PGOUTPUT_INSERT:
    case PGOUTPUT_UPDATE:
    case PGOUTPUT_DELETE:
        write_change(writer, message);
        return true;
    case PGOUTPUT_TRUNCATE:
        write_truncate(writer, &message->truncate);
        return true;
    case PGOUTPUT_MESSAGE:
        pgoutput_put_message(writer, &message->logical);
        return true;
    default:
        return false;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct pgoutput_mode mode = {.in_stream = false};
    struct pgoutput_message message;
    if (!pgoutput_parse(data, size, mode, &message))
        return 0;
    uint8_t *to = malloc(size);
    if (to == NULL)
        return 0;
    struct pgoutput_writer writer = pgoutput_writer_over(to, size);
    if (write_message(&writer, &message) &&
        (writer.short_ || writer.at != writer.end || memcmp(to, data, size) != 0))
        abort();
    /* A byte less is too little. */
    writer = pgoutput_writer_over(to, size - 1);
    if (write_message(&writer, &message) && !writer.short_)
        abort();
    free(to);
    return 0;
}
