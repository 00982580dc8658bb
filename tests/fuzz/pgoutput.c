/* Messages of pgoutput: the first byte is the mode. What was accepted can be walked to its end. */
#include "fuzz.h"

#include "wire/pgoutput.h"

/* Borrowed from here. */
static const uint8_t *from, *to;

static void touch_bytes(const uint8_t *bytes, size_t length)
{
    if (bytes < from || bytes > to || length > (size_t)(to - bytes))
        abort();
    touch(bytes, length);
}

static void touch_text(const char *text)
{
    touch_bytes((const uint8_t *)text, strlen(text) + 1);
}

static void walk_tuple(struct pgoutput_tuple tuple)
{
    struct pgoutput_value value;
    for (unsigned left = tuple.count; left > 0; left--) {
        if (!pgoutput_tuple_next(&tuple, &value))
            abort();
        if (value.kind == PGOUTPUT_TEXT || value.kind == PGOUTPUT_BINARY)
            touch_bytes(value.bytes, value.length);
        else if (value.bytes != NULL || value.length != 0)
            abort();
    }
    if (pgoutput_tuple_next(&tuple, &value) || tuple.length != 0)
        abort();
}

static void walk_relation(const struct pgoutput_relation *relation)
{
    struct pgoutput_columns columns = relation->columns;
    struct pgoutput_column column;
    touch_text(relation->namespace);
    touch_text(relation->name);
    for (unsigned left = columns.count; left > 0; left--) {
        if (!pgoutput_columns_next(&columns, &column))
            abort();
        touch_text(column.name);
    }
    if (pgoutput_columns_next(&columns, &column) || columns.length != 0)
        abort();
}

static void walk_truncate(struct pgoutput_relations relations)
{
    uint32_t oid;
    touch_bytes(relations.oids, relations.count * sizeof oid);
    for (uint32_t left = relations.count; left > 0; left--)
        if (!pgoutput_relations_next(&relations, &oid))
            abort();
    if (pgoutput_relations_next(&relations, &oid) || relations.oids != to)
        abort();
}

static void walk(const struct pgoutput_message *message)
{
    switch (message->tag) {
    case PGOUTPUT_INSERT:
    case PGOUTPUT_UPDATE:
    case PGOUTPUT_DELETE:
        if ((message->tag == PGOUTPUT_INSERT && message->change.old_is != PGOUTPUT_OLD_NONE) ||
            (message->tag == PGOUTPUT_DELETE && message->change.old_is == PGOUTPUT_OLD_NONE))
            abort();
        if (message->change.old_is != PGOUTPUT_OLD_NONE)
            walk_tuple(message->change.old_tuple);
        if (message->tag != PGOUTPUT_DELETE)
            walk_tuple(message->change.new_tuple);
        break;
    case PGOUTPUT_RELATION:
        walk_relation(&message->relation);
        break;
    case PGOUTPUT_TRUNCATE:
        walk_truncate(message->truncate.relations);
        break;
    case PGOUTPUT_TYPE:
        touch_text(message->type.namespace);
        touch_text(message->type.name);
        break;
    case PGOUTPUT_MESSAGE:
        touch_text(message->logical.prefix);
        touch_bytes(message->logical.content, message->logical.length);
        break;
    case PGOUTPUT_ORIGIN:
        touch_text(message->origin.name);
        break;
    case PGOUTPUT_COMMIT_PREPARED:
        touch_text(message->commit.gid);
        break;
    case PGOUTPUT_BEGIN_PREPARE:
    case PGOUTPUT_PREPARE:
    case PGOUTPUT_STREAM_PREPARE:
        touch_text(message->prepare.gid);
        break;
    case PGOUTPUT_ROLLBACK_PREPARED:
        touch_text(message->rollback.gid);
        break;
    default:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pgoutput_message message;
    if (size < 1)
        return 0;
    struct pgoutput_mode mode = {.in_stream = (data[0] & 1) != 0, .parallel = (data[0] & 2) != 0};
    from = data + 1;
    to = data + size;
    if (!pgoutput_parse(from, size - 1, mode, &message))
        return 0;
    if (message.tag != (enum pgoutput_tag)data[1])
        abort();
    walk(&message);
    /* A message says where it ends, so the front of one is none. */
    struct pgoutput_message ignored;
    if (pgoutput_parse(from, size - 2, mode, &ignored))
        abort();
    return 0;
}
