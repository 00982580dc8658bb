#include "cdc/translate.h"

#include "base/scoped.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "cdc/transaction_buffer.h"
#include "wire/pgoutput_write.h"
#include "wire/test_decoding.h"
#include "wire/wal2json.h"

#include <stdlib.h>
#include <string.h>

struct plugin {
    const char *name;
    const char *options;
    const char *more; /* options that older ones do not know; "" */
    bool omits;       /* columns that an UPDATE left alone, and what it has no words for */
    bool (*parse)(const char *bytes, size_t length, struct told_change *ret_change);
};

/* Empty transactions are wanted: without them, test_decoding would tell no BEGIN and no COMMIT of
 * one that holds nothing but logical messages. */
static const struct plugin plugins[] = {
    {"test_decoding", "\"include-xids\" '1', \"include-timestamp\" '1'", "", false,
     test_decoding_parse},
    {"wal2json",
     "\"format-version\" '2', \"include-xids\" '1', \"include-timestamp\" '1', \"include-lsn\" '1',"
     " \"include-types\" '0', \"include-type-oids\" '1'",
     ", \"numeric-data-types-as-string\" '1'", true, wal2json_parse},
};

/* What comes next out of translator_next. */
enum stage { NOTHING, ALONE, BEGIN, MESSAGES, COMMIT };

struct translator {
    const struct plugin *plugin;
    struct source_tables *tables;
    struct transaction_buffer buffer;
    bool less; /* without the plugin's `more` options */
    struct strbuf options;
    lsn_t from;
    bool inside;
    lsn_t settled;
    uint32_t xid;
    uint64_t number;    /* of the transaction, counted by us */
    lsn_t begin;        /* where the message came that began it */
    lsn_t truncated_at; /* where a TRUNCATE came that may not be told wholly yet: */
    bool cascade, restart_identity;
    uint32_t *truncated; /* oids */
    uint32_t truncated_count;
    enum stage stage;
    struct pgoutput_commit commit;
    uint8_t edge[PGOUTPUT_ROOM]; /* a Begin or a Commit */
};

static const struct plugin *plugin_named(const char *name)
{
    for (size_t i = 0; i < sizeof plugins / sizeof plugins[0]; i++)
        if (strcmp(plugins[i].name, name) == 0)
            return &plugins[i];
    return NULL;
}

bool translator_knows(const char *plugin)
{
    return plugin_named(plugin) != NULL;
}

void translator_open(struct translator **ret_translator, const struct translator_wish *wish,
                     struct leash *leash)
{
    struct translator *t = new_memory(1, sizeof *t);
    t->plugin = plugin_named(wish->plugin);
    source_tables_open(&t->tables, wish->connection, wish->wanted, wish->arg, leash);
    transaction_buffer_open(&t->buffer, wish->dir);
    *ret_translator = t;
}

void drop_translator(struct translator **translator)
{
    if (*translator == NULL)
        return;
    drop_source_tables(&(*translator)->tables);
    drop_transaction_buffer(&(*translator)->buffer);
    drop_strbuf(&(*translator)->options);
    free((*translator)->truncated);
    free(*translator);
    *translator = NULL;
}

void translator_begin(struct translator *translator, lsn_t from)
{
    source_tables_forget(translator->tables);
    buffer_clear(&translator->buffer);
    translator->from = from;
    translator->inside = false;
    translator->stage = NOTHING;
    translator->truncated_count = 0;
}

const char *translator_options(struct translator *translator)
{
    const struct plugin *plugin = translator->plugin;
    strbuf_clear(&translator->options);
    strbuf_add(&translator->options, plugin->options);
    strbuf_add(&translator->options, translator->less ? "" : plugin->more);
    return translator->options.text;
}

bool translator_may_do_with_less(struct translator *translator, const struct fault *why)
{
    /* invalid_parameter_value */
    if (translator->less || *translator->plugin->more == '\0' ||
        strcmp(why->sqlstate, "22023") != 0)
        return false;
    translator->less = true;
    return true;
}

/* ---- what describes a table ---- */

static void write_type(struct transaction_buffer *buffer, lsn_t lsn,
                       const struct source_column *column)
{
    const struct pgoutput_type type = {
        .oid = column->type, .namespace = column->type_schema, .name = column->type_word};
    size_t room = PGOUTPUT_ROOM + strlen(type.namespace) + strlen(type.name);
    uint8_t *to = buffer_room(buffer, room);
    struct pgoutput_writer writer = pgoutput_writer_over(to, room);
    pgoutput_put_type(&writer, &type);
    buffer_added(buffer, lsn, (size_t)(writer.at - to));
}

static uint16_t sent_columns(const struct source_table *table)
{
    size_t count = 0;
    for (size_t i = 0; i < table->count; i++)
        count += table->columns[i].generated ? 0 : 1;
    return (uint16_t)count;
}

static void write_relation(struct transaction_buffer *buffer, lsn_t lsn,
                           const struct source_table *table)
{
    struct pgoutput_relation relation = {
        .oid = table->oid,
        .namespace = strcmp(table->schema, "pg_catalog") == 0 ? "" : table->schema,
        .name = table->name,
        .replica_identity = table->identity,
        .columns = {.count = sent_columns(table)},
    };
    size_t room = PGOUTPUT_ROOM + strlen(relation.namespace) + strlen(relation.name);
    for (size_t i = 0; i < table->count; i++)
        room += PGOUTPUT_ROOM + strlen(table->columns[i].name);
    uint8_t *to = buffer_room(buffer, room);
    struct pgoutput_writer writer = pgoutput_writer_over(to, room);
    pgoutput_put_relation(&writer, &relation);
    for (size_t i = 0; i < table->count; i++) {
        const struct source_column *from = &table->columns[i];
        const struct pgoutput_column column = {
            .key = from->key, .name = from->name, .type = from->type, .typmod = from->typmod};
        if (!from->generated)
            pgoutput_put_column(&writer, &column);
    }
    buffer_added(buffer, lsn, (size_t)(writer.at - to));
}

static void describe(struct translator *t, lsn_t lsn, struct source_table *table)
{
    if (table->described != 0)
        return;
    for (size_t i = 0; i < table->count; i++)
        if (table->columns[i].type_word != NULL && !table->columns[i].generated)
            write_type(&t->buffer, lsn, &table->columns[i]);
    write_relation(&t->buffer, lsn, table);
    table->described = t->number;
}

/* ---- rows ---- */

static bool unlike(const struct source_table *table, enum fault_id id, const char *what,
                   struct fault *why)
{
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    strbuf_add_name(&name, table->schema, table->name);
    return fault_set(why, id, "table %s: %s", name.text, what);
}

static bool is_named(const struct source_column *column, const struct told_column *told)
{
    return told_is(&told->name, column->name, strlen(column->name));
}

static bool is_column(const struct source_column *column, const struct told_column *told)
{
    return is_named(column, told) && (told->type_oid != 0 ? told->type_oid == column->type
                                                          : told_is(&told->type, column->type_name,
                                                                    strlen(column->type_name)));
}

/* Are these all columns of the table, in their order? `omits`: less those that may be stored apart.
 */
static bool is_whole(const struct source_table *table, struct told_row row, bool omits)
{
    struct told_column told;
    bool more = told_row_next(&row, &told);
    for (size_t i = 0; i < table->count; i++)
        if (more && is_column(&table->columns[i], &told))
            more = told_row_next(&row, &told);
        else if (!omits || !table->columns[i].may_be_apart)
            return false;
    return !more;
}

/* Are these the columns that tell its rows apart, in their order? With REPLICA IDENTITY FULL those
 * that are NULL are not told. */
static bool is_identity(const struct source_table *table, struct told_row row, bool typed)
{
    struct told_column told;
    bool full = table->identity == PGOUTPUT_IDENTITY_FULL;
    bool more = told_row_next(&row, &told);
    for (size_t i = 0; i < table->count; i++) {
        const struct source_column *column = &table->columns[i];
        if (more && (typed ? is_column(column, &told) : is_named(column, &told))) {
            if (!column->key)
                return false;
            more = told_row_next(&row, &told);
        } else if (column->key && !full) {
            return false;
        }
    }
    return !more;
}

static bool omits(const struct translator *t, const struct told_change *change)
{
    return t->plugin->omits && change->tag == TOLD_UPDATE;
}

/* Does what is known of the table fit what was told? */
static bool fits(const struct translator *t, const struct source_table *table,
                 const struct told_change *change, bool typed)
{
    bool full = table->identity == PGOUTPUT_IDENTITY_FULL;
    if (change->has_new && !is_whole(table, change->new_row, omits(t, change)))
        return false;
    if (change->has_old)
        return is_identity(table, change->old_row, typed && !table->retyped);
    return change->tag != TOLD_UPDATE || (table->has_identity && !full);
}

/* The catalogs may know better; if they know too much already, whole rows say how it was. A DELETE
 * has none: of columns that are of another type now it is believed. */
static bool make_fit(struct translator *t, struct source_table *table,
                     const struct told_change *change, struct fault *why)
{
    if (fits(t, table, change, true))
        return true;
    if (!source_table_ask(t->tables, table, t->xid, why))
        return false;
    if (change->has_new && !omits(t, change) && !is_whole(table, change->new_row, false) &&
        !source_table_as_told(t->tables, table, change->new_row, why))
        return false;
    if (fits(t, table, change, true))
        return true;
    table->retyped = fits(t, table, change, false);
    return table->retyped ||
           unlike(table, FAULT_TABLE_UNDESCRIBED,
                  "a change of it does not fit what the catalogs say of its columns and of what "
                  "tells its rows apart",
                  why);
}

static void put_told(struct pgoutput_writer *writer, const struct told_column *told)
{
    const struct pgoutput_value value = {.kind = told->kind == TOLD_NULL ? PGOUTPUT_NULL
                                                                         : PGOUTPUT_UNCHANGED};
    if (told->kind != TOLD_VALUE) {
        pgoutput_put_value(writer, &value);
        return;
    }
    size_t hex = told->bare_hex ? 2 : 0;
    char *to = pgoutput_begin_text(writer, hex + told->value.length);
    if (to == NULL)
        return;
    memcpy(to, "\\x", hex);
    pgoutput_end_text(writer, hex + told_copy(&told->value, to + hex));
}

/* All columns; those that were not told are as `other` says. */
static void put_row(struct pgoutput_writer *writer, const struct source_table *table,
                    struct told_row row, enum pgoutput_value_kind other)
{
    const struct pgoutput_value not_told = {.kind = other};
    struct told_column told;
    bool more = told_row_next(&row, &told);
    for (size_t i = 0; i < table->count; i++) {
        const struct source_column *column = &table->columns[i];
        bool here = more && is_named(column, &told);
        if (!column->generated && here)
            put_told(writer, &told);
        else if (!column->generated)
            pgoutput_put_value(writer, &not_told);
        if (here)
            more = told_row_next(&row, &told);
    }
}

static void write_change(struct translator *t, const struct walsender_message *message,
                         const struct source_table *table, const struct told_change *change)
{
    static const enum pgoutput_tag tags[] = {[TOLD_INSERT] = PGOUTPUT_INSERT,
                                             [TOLD_UPDATE] = PGOUTPUT_UPDATE,
                                             [TOLD_DELETE] = PGOUTPUT_DELETE};
    bool full = table->identity == PGOUTPUT_IDENTITY_FULL;
    uint16_t count = sent_columns(table);
    /* A value that is told takes more room there than here. */
    size_t room = PGOUTPUT_ROOM + message->length + 2 * table->count;
    uint8_t *to = buffer_room(&t->buffer, room);
    struct pgoutput_writer writer = pgoutput_writer_over(to, room);
    pgoutput_put_change(&writer, tags[change->tag], table->oid);
    if (change->has_old) {
        pgoutput_put_old(&writer, full ? PGOUTPUT_OLD_ROW : PGOUTPUT_OLD_KEY, count);
        put_row(&writer, table, change->old_row, PGOUTPUT_NULL);
    }
    if (change->has_new) {
        pgoutput_put_new(&writer, count);
        put_row(&writer, table, change->new_row, PGOUTPUT_UNCHANGED);
    }
    buffer_added(&t->buffer, message->start, (size_t)(writer.at - to));
}

/* Is each column of the identity in the new row, and the same? */
static bool same_key(const struct told_change *change)
{
    struct told_row old = change->old_row, new = change->new_row;
    struct told_column before, after;
    while (told_row_next(&old, &before)) {
        do
            if (!told_row_next(&new, &after))
                return false;
        while (!told_same(&after.name, &before.name));
        if (before.kind != after.kind ||
            (before.kind == TOLD_VALUE && !told_same(&before.value, &after.value)))
            return false;
    }
    return true;
}

enum { FLOAT4_OID = 700, FLOAT8_OID = 701, NUMERIC_OID = 1700 };

/* What the plugin leaves out without a word must not be missed. */
static bool is_told_wholly(const struct translator *t, const struct source_table *table,
                           struct fault *why)
{
    if (!t->plugin->omits)
        return true;
    if (!table->has_identity)
        return unlike(table, FAULT_PLUGIN_UNFIT,
                      "it has no replica identity, so the plugin leaves out updates and deletes of "
                      "its rows",
                      why);
    for (size_t i = 0; t->less && i < table->count; i++) {
        uint32_t type = table->columns[i].type;
        if (type == FLOAT4_OID || type == FLOAT8_OID || type == NUMERIC_OID)
            return unlike(table, FAULT_PLUGIN_UNFIT,
                          "it has columns of floating point or numeric, and the plugin is too old "
                          "for its option numeric-data-types-as-string: it tells NaN as NULL",
                          why);
    }
    return true;
}

static bool take_change(struct translator *t, const struct walsender_message *message,
                        struct told_change *change, struct fault *why)
{
    struct source_table *table;
    if (!source_table_get(t->tables, &change->table, t->xid, &table, why))
        return false;
    if (!table->wanted) {
        source_table_rely(t->tables, table);
        return true;
    }
    if (!change->has_old && !change->has_new)
        return unlike(table, FAULT_IDENTITY_MISSING,
                      "a row was deleted, and nothing tells which: it has no replica identity",
                      why);
    if (change->tag == TOLD_UPDATE && !change->has_old && !table->has_identity)
        return unlike(table, FAULT_IDENTITY_MISSING,
                      "a row was updated, and nothing tells which: it has no replica identity",
                      why);
    if (!is_told_wholly(t, table, why) || !make_fit(t, table, change, why))
        return false;
    /* As the others do: what was not changed is not told. */
    if (omits(t, change) && table->identity != PGOUTPUT_IDENTITY_FULL && same_key(change))
        change->has_old = false;
    else if (change->tag == TOLD_UPDATE && !change->has_old)
        source_table_rely(t->tables, table);
    describe(t, message->start, table);
    write_change(t, message, table, change);
    return true;
}

/* ---- the rest ---- */

/* All tables of one TRUNCATE make one message, however many the plugin needs. */
static void write_truncate(struct translator *t)
{
    const struct pgoutput_truncate truncate = {.cascade = t->cascade,
                                               .restart_identity = t->restart_identity,
                                               .relations = {.count = t->truncated_count}};
    if (t->truncated_count == 0)
        return;
    size_t room = PGOUTPUT_ROOM + sizeof(uint32_t) * t->truncated_count;
    uint8_t *to = buffer_room(&t->buffer, room);
    struct pgoutput_writer writer = pgoutput_writer_over(to, room);
    pgoutput_put_truncate(&writer, &truncate);
    for (uint32_t i = 0; i < t->truncated_count; i++)
        pgoutput_put_oid(&writer, t->truncated[i]);
    buffer_added(&t->buffer, t->truncated_at, (size_t)(writer.at - to));
    t->truncated_count = 0;
}

static bool take_truncate(struct translator *t, const struct walsender_message *message,
                          const struct told_change *change, struct fault *why)
{
    struct told_table told;
    struct source_table *table;
    for (struct told_tables tables = change->tables; told_tables_next(&tables, &told);) {
        if (!source_table_get(t->tables, &told, t->xid, &table, why))
            return false;
        if (!table->wanted)
            continue;
        describe(t, message->start, table);
        t->truncated = grow_memory(t->truncated, t->truncated_count, sizeof *t->truncated);
        t->truncated[t->truncated_count++] = table->oid;
    }
    t->truncated_at = message->start;
    t->cascade = change->cascade;
    t->restart_identity = change->restart_identity;
    return true;
}

static bool take_message(struct translator *t, const struct walsender_message *message,
                         const struct told_change *change)
{
    scoped(drop_memory) char *prefix = new_memory(change->prefix.length + 1, 1);
    scoped(drop_memory) char *content = new_memory(change->content.length + 1, 1);
    told_copy(&change->prefix, prefix);
    const struct pgoutput_logical logical = {
        .transactional = change->transactional,
        .lsn = message->start,
        .prefix = prefix,
        .length = (uint32_t)told_copy(&change->content, content),
        .content = (const uint8_t *)content,
    };
    if (change->transactional != t->inside)
        return false;
    if (!t->inside && message->start < t->from)
        return true;
    size_t room = PGOUTPUT_ROOM + message->length;
    uint8_t *to = buffer_room(&t->buffer, room);
    struct pgoutput_writer writer = pgoutput_writer_over(to, room);
    pgoutput_put_message(&writer, &logical);
    buffer_added(&t->buffer, message->start, (size_t)(writer.at - to));
    if (!t->inside)
        t->stage = ALONE;
    return true;
}

static bool take_begin(struct translator *t, const struct walsender_message *message,
                       const struct told_change *change)
{
    if (t->inside)
        return false;
    t->inside = true;
    t->begin = message->start;
    t->xid = change->xid;
    t->number++;
    return true;
}

/* What was described in a transaction that is not given out is not known to anybody. */
static void leave_out(struct translator *t)
{
    if (!buffer_is_empty(&t->buffer))
        source_tables_undescribe(t->tables, t->number);
    buffer_clear(&t->buffer);
}

static bool take_commit(struct translator *t, const struct walsender_message *message,
                        const struct told_change *change)
{
    if (!t->inside || change->xid != t->xid || message->start == 0)
        return false;
    t->inside = false;
    t->settled = message->start;
    t->commit = (struct pgoutput_commit){
        .commit_lsn = change->commit_lsn == 0 ? message->start - 1 : change->commit_lsn,
        .end_lsn = message->start,
        .commit_time = change->time,
        .gid = "",
    };
    if (t->commit.commit_lsn < t->from || buffer_is_empty(&t->buffer))
        leave_out(t);
    else
        t->stage = BEGIN;
    return true;
}

static bool unknown(const struct translator *t, const struct walsender_message *message,
                    struct fault *why)
{
    char lsn[LSN_TEXT];
    fault_set(why, FAULT_STREAM_UNKNOWN, "a message of %zu bytes at %s in the slot's stream",
              message->length, lsn_text(lsn, message->start));
    return !t->plugin->omits ? false
                             : fault_hint(why, "Of wal2json, versions from 2.5 on are understood; "
                                               "else use a slot of test_decoding.");
}

bool translator_take(struct translator *translator, const struct walsender_message *message,
                     struct fault *why)
{
    struct told_change change;
    translator->settled = 0;
    if (!translator->plugin->parse((const char *)message->bytes, message->length, &change))
        return unknown(translator, message, why);
    if (change.tag != TOLD_TRUNCATE || message->start != translator->truncated_at)
        write_truncate(translator);
    switch (change.tag) {
    case TOLD_BEGIN:
        return take_begin(translator, message, &change) || unknown(translator, message, why);
    case TOLD_COMMIT:
        return take_commit(translator, message, &change) || unknown(translator, message, why);
    case TOLD_MESSAGE:
        return take_message(translator, message, &change) || unknown(translator, message, why);
    case TOLD_TRUNCATE:
        return translator->inside ? take_truncate(translator, message, &change, why)
                                  : unknown(translator, message, why);
    default:
        return translator->inside ? take_change(translator, message, &change, why)
                                  : unknown(translator, message, why);
    }
}

bool translator_relieve(struct translator *translator, struct fault *why)
{
    return buffer_relieve(&translator->buffer, why);
}

/* ---- what is ready ---- */

static void give_begin(struct translator *t, struct walsender_message *message)
{
    const struct pgoutput_begin begin = {.commit_lsn = t->commit.commit_lsn,
                                         .commit_time = t->commit.commit_time};
    struct pgoutput_writer writer = pgoutput_writer_over(t->edge, sizeof t->edge);
    pgoutput_put_begin(&writer, t->xid, &begin);
    message->start = t->begin;
    message->length = (size_t)(writer.at - t->edge);
    t->stage = MESSAGES;
}

static void give_commit(struct translator *t, struct walsender_message *message)
{
    struct pgoutput_writer writer = pgoutput_writer_over(t->edge, sizeof t->edge);
    pgoutput_put_commit(&writer, &t->commit);
    message->start = t->commit.end_lsn;
    message->length = (size_t)(writer.at - t->edge);
    t->stage = NOTHING;
    buffer_clear(&t->buffer);
}

bool translator_next(struct translator *translator, bool *ret_found,
                     struct walsender_message *ret_message, struct fault *why)
{
    struct walsender_message message = {.tag = WALSENDER_XLOG_DATA, .bytes = translator->edge};
    struct transaction_message kept;
    bool found = false;
    *ret_found = translator->stage != NOTHING;
    if (translator->stage == BEGIN) {
        give_begin(translator, &message);
    } else if (*ret_found) {
        if (!buffer_next(&translator->buffer, &found, &kept, why))
            return false;
        if (found) {
            message.start = kept.lsn;
            message.length = kept.length;
            message.bytes = kept.bytes;
        } else if (translator->stage == MESSAGES) {
            give_commit(translator, &message);
        } else {
            translator->stage = NOTHING;
            buffer_clear(&translator->buffer);
            *ret_found = false;
        }
    }
    *ret_message = message;
    return true;
}

bool translator_inside(const struct translator *translator, lsn_t *ret_settled)
{
    *ret_settled = translator->settled;
    return translator->inside;
}

bool translator_check(struct translator *translator, struct fault *why)
{
    return source_tables_check(translator->tables, why);
}
