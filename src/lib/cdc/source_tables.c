#include "cdc/source_tables.h"

#include "base/log.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "plan/ask.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct source_tables {
    const struct conn_wish *connection;
    table_wanted *wanted;
    void *arg;
    struct leash *leash;
    struct conn *source;
    struct source_table **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
    struct source_table *relied; /* since the last check */
};

enum { FIRST_XID = 3 }; /* of those that transactions have */

/* ---- the tables in memory ---- */

static void drop_columns(struct source_column **columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free((*columns)[i].name);
        free((*columns)[i].type_name);
        free((*columns)[i].type_schema);
        free((*columns)[i].type_word);
    }
    free(*columns);
    *columns = NULL;
}

static void drop_table(struct source_table *table)
{
    drop_columns(&table->columns, table->count);
    free(table->schema);
    free(table->name);
    free(table->key);
    free(table);
}

/* For the columns of one table while they are gathered. */
struct column_list {
    struct source_column *columns;
    size_t count;
};

static void drop_column_list(struct column_list *list)
{
    drop_columns(&list->columns, list->count);
}

static struct source_column *add_column(struct column_list *list)
{
    list->columns = grow_memory(list->columns, list->count, sizeof *list->columns);
    struct source_column *column = &list->columns[list->count++];
    *column = (struct source_column){.name = NULL};
    return column;
}

static void take_columns(struct source_table *table, struct column_list *list)
{
    drop_columns(&table->columns, table->count);
    table->columns = give(list->columns);
    table->count = list->count;
    list->count = 0;
    table->retyped = false;
    table->described = 0;
}

void source_tables_open(struct source_tables **ret_tables, const struct conn_wish *connection,
                        table_wanted *wanted, void *arg, struct leash *leash)
{
    struct source_tables *tables = new_memory(1, sizeof *tables);
    *tables = (struct source_tables){
        .connection = connection, .wanted = wanted, .arg = arg, .leash = leash};
    tables->bucket_count = 64;
    tables->buckets = new_memory(tables->bucket_count, sizeof(struct source_table *));
    *ret_tables = tables;
}

void drop_source_tables(struct source_tables **tables)
{
    struct source_tables *t = *tables;
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->bucket_count; i++)
        while (t->buckets[i] != NULL) {
            struct source_table *table = t->buckets[i];
            t->buckets[i] = table->next;
            drop_table(table);
        }
    free(t->buckets);
    drop_conn(&t->source);
    free(t);
    *tables = NULL;
}

void source_tables_forget(struct source_tables *tables)
{
    for (size_t i = 0; i < tables->bucket_count; i++)
        for (struct source_table *table = tables->buckets[i]; table != NULL; table = table->next) {
            table->fresh = table->relied = false;
            table->described = 0;
        }
    tables->relied = NULL;
    drop_conn(&tables->source);
}

void source_tables_undescribe(struct source_tables *tables, uint64_t transaction)
{
    for (size_t i = 0; i < tables->bucket_count; i++)
        for (struct source_table *table = tables->buckets[i]; table != NULL; table = table->next)
            if (table->described == transaction)
                table->described = 0;
}

/* FNV-1a, of both names with a NUL between. */
static size_t bucket_of(const struct source_tables *tables, const char *schema, const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    const char *const texts[] = {schema, name};
    for (size_t i = 0; i < 2; i++) {
        for (const char *c = texts[i]; *c != '\0'; c++)
            hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
        hash *= UINT64_C(0x100000001b3);
    }
    return (hash ^ hash >> 32) & (tables->bucket_count - 1);
}

static void add_table(struct source_tables *tables, struct source_table *table)
{
    size_t bucket = bucket_of(tables, table->schema, table->name);
    table->next = tables->buckets[bucket];
    tables->buckets[bucket] = table;
}

static void grow_buckets(struct source_tables *tables)
{
    size_t count = tables->bucket_count;
    struct source_table **old = tables->buckets;
    if (tables->count < count)
        return;
    tables->bucket_count *= 2;
    tables->buckets = new_memory(tables->bucket_count, sizeof(struct source_table *));
    for (size_t i = 0; i < count; i++)
        for (struct source_table *table = old[i], *next; table != NULL; table = next) {
            next = table->next;
            add_table(tables, table);
        }
    free(old);
}

static struct source_table *look_up(const struct source_tables *tables, const char *schema,
                                    const char *name)
{
    struct source_table *table = tables->buckets[bucket_of(tables, schema, name)];
    while (table != NULL && (strcmp(table->schema, schema) != 0 || strcmp(table->name, name) != 0))
        table = table->next;
    return table;
}

static struct source_table *find_table(struct source_tables *tables, const char *schema,
                                       const char *name)
{
    struct source_table *table = look_up(tables, schema, name);
    if (table != NULL)
        return table;
    grow_buckets(tables);
    table = new_memory(1, sizeof *table);
    table->schema = copy_string(schema);
    table->name = copy_string(name);
    table->key = copy_string("");
    add_table(tables, table);
    tables->count++;
    return table;
}

static void add_told(struct strbuf *text, const struct told *told)
{
    scoped(drop_memory) char *copy = new_memory(told->length + 1, 1);
    strbuf_add_bytes(text, copy, told_copy(told, copy));
}

/* ---- asking ---- */

static bool fault_of_table(const struct source_table *table, enum fault_id id, const char *what,
                           struct fault *why)
{
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    strbuf_add_name(&name, table->schema, table->name);
    return fault_set(why, id, "table %s: %s", name.text, what);
}

static bool ask(struct source_tables *tables, enum ask question, int count,
                const char *const *values, struct rows *ret_rows, struct fault *why)
{
    if (tables->source != NULL && conn_broken(tables->source))
        drop_conn(&tables->source);
    if (tables->source == NULL &&
        !conn_open(&tables->source, tables->connection, tables->leash, why))
        return false;
    return ask_with(tables->source, question, count, values, ret_rows, why);
}

static bool is_in_key(const struct source_table *table, const char *attnum)
{
    size_t length = strlen(attnum);
    for (const char *at = table->key; *at != '\0'; at += strspn(at, " ")) {
        size_t word = strcspn(at, " ");
        if (word == length && memcmp(at, attnum, length) == 0)
            return true;
        at += word;
    }
    return false;
}

/* Names of types that are not built in. */
static bool ask_type_names(struct source_tables *tables, struct column_list *list,
                           struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf oids = STRBUF_EMPTY;
    strbuf_add(&oids, "{");
    for (size_t i = 0; i < list->count; i++)
        strbuf_addf(&oids, "%s%" PRIu32, i == 0 ? "" : ",", list->columns[i].type);
    strbuf_add(&oids, "}");
    const char *values[] = {oids.text};
    if (!ask(tables, ASK_TOLD_TYPE_NAMES, 1, values, &rows, why))
        return false;
    for (int row = 0; row < rows_count(&rows); row++)
        for (size_t i = 0; i < list->count; i++) {
            struct source_column *column = &list->columns[i];
            if (column->type != (uint32_t)rows_int(&rows, row, 0) || column->type_word != NULL)
                continue;
            column->type_schema = copy_string(rows_text(&rows, row, 1));
            column->type_word = copy_string(rows_text(&rows, row, 2));
        }
    return true;
}

static bool ask_columns(struct source_tables *tables, struct source_table *table, struct fault *why)
{
    char oid[16];
    const char *values[] = {oid};
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_column_list) struct column_list list = {.count = 0};
    snprintf(oid, sizeof oid, "%" PRIu32, table->oid);
    if (!ask(tables, ASK_TOLD_COLUMNS, 1, values, &rows, why))
        return false;
    for (int row = 0; row < rows_count(&rows); row++) {
        struct source_column *column = add_column(&list);
        column->name = copy_string(rows_text(&rows, row, 1));
        column->type = (uint32_t)rows_int(&rows, row, 2);
        column->typmod = (int32_t)rows_int(&rows, row, 3);
        column->type_name = copy_string(rows_text(&rows, row, 4));
        column->generated = rows_bool(&rows, row, 5);
        column->may_be_apart = rows_bool(&rows, row, 6);
        column->key =
            table->identity == PGOUTPUT_IDENTITY_FULL || is_in_key(table, rows_text(&rows, row, 0));
    }
    if (!ask_type_names(tables, &list, why))
        return false;
    take_columns(table, &list);
    return true;
}

static bool ask_tables(struct source_tables *tables, const struct source_table *table,
                       const char *oids, uint32_t xid, struct rows *ret_rows, struct fault *why)
{
    char text[16];
    const char *values[] = {table == NULL ? "" : table->schema, table == NULL ? "" : table->name,
                            oids, text};
    snprintf(text, sizeof text, "%" PRIu32, xid);
    return ask(tables, ASK_TOLD_TABLES, 4, values, ret_rows, why);
}

static bool identity_changed(const struct source_table *table, struct fault *why)
{
    return fault_of_table(table, FAULT_IDENTITY_CHANGED,
                          "what tells its rows apart is another since it was first met", why);
}

static bool same_identity(const struct source_table *table, const struct rows *rows, int row)
{
    return table->identity == (enum pgoutput_identity)rows_text(rows, row, 2)[0] &&
           strcmp(table->key, rows_text(rows, row, 3)) == 0;
}

/* The answer is of now, the change of then. */
static void warn_of_doubt(const struct source_table *table)
{
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    strbuf_add_name(&name, table->schema, table->name);
    log_warning("table %s: an index that can tell its rows apart is newer than changes that are "
                "received now; if another one did then, they are not understood rightly",
                name.text);
}

/* Of an answer of the catalogs, or of none. As pgoutput does, only tables count: no materialized
 * views. */
static bool ask_wanted(const struct source_tables *tables, const struct source_table *table,
                       const struct rows *rows, int row, bool *ret_wanted, struct fault *why)
{
    bool there = row < rows_count(rows);
    const struct table_met met = {
        .oid = there ? (uint32_t)rows_int(rows, row, 0) : 0,
        .schema = table->schema,
        .name = table->name,
        .above = there ? rows_text(rows, row, 7) : "",
    };
    *ret_wanted = !there || strcmp(rows_text(rows, row, 1), "r") == 0;
    return !*ret_wanted || tables->wanted == NULL ||
           tables->wanted(tables->arg, &met, ret_wanted, why);
}

/* One that nobody wants may come and go. */
static bool take_no_answer(const struct source_tables *tables, struct source_table *table,
                           const struct rows *none, struct fault *why)
{
    bool wanted;
    if (!ask_wanted(tables, table, none, 0, &wanted, why))
        return false;
    if (wanted)
        return fault_of_table(table, FAULT_TABLE_UNDESCRIBED,
                              "there are changes of it to receive, but it is not there any more",
                              why);
    table->oid = 0;
    table->wanted = false;
    table->asked = table->fresh = true;
    return true;
}

static bool take_answer(const struct source_tables *tables, struct source_table *table,
                        const struct rows *rows, struct fault *why)
{
    bool wanted;
    if (!ask_wanted(tables, table, rows, 0, &wanted, why))
        return false;
    table->wanted = wanted;
    table->oid = (uint32_t)rows_int(rows, 0, 0);
    table->identity = (enum pgoutput_identity)rows_text(rows, 0, 2)[0];
    drop_memory(&table->key);
    table->key = copy_string(rows_text(rows, 0, 3));
    table->has_identity = table->identity == PGOUTPUT_IDENTITY_FULL || *table->key != '\0';
    table->asked = table->fresh = true;
    return true;
}

bool source_table_ask(struct source_tables *tables, struct source_table *table, uint32_t xid,
                      struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!ask_tables(tables, table, "", xid, &rows, why))
        return false;
    if (rows_count(&rows) == 0)
        return take_no_answer(tables, table, &rows, why);
    bool first = !table->asked || table->oid != (uint32_t)rows_int(&rows, 0, 0);
    if (!first && table->wanted && !same_identity(table, &rows, 0))
        return identity_changed(table, why);
    if (!take_answer(tables, table, &rows, why))
        return false;
    if (!table->wanted)
        return true;
    table->doubtful = first && rows_bool(&rows, 0, 4);
    return ask_columns(tables, table, why);
}

bool source_table_get(struct source_tables *tables, const struct told_table *told, uint32_t xid,
                      struct source_table **ret_table, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf schema = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    add_told(&schema, &told->schema);
    add_told(&name, &told->name);
    struct source_table *table = find_table(tables, strbuf_text(&schema), strbuf_text(&name));
    if (!table->fresh && !source_table_ask(tables, table, xid, why))
        return false;
    *ret_table = table;
    return true;
}

void source_table_rely(struct source_tables *tables, struct source_table *table)
{
    if (table->doubtful)
        warn_of_doubt(table);
    table->doubtful = false;
    if (table->relied)
        return;
    table->relied = true;
    table->relied_next = tables->relied;
    tables->relied = table;
}

/* ---- what was told ---- */

static bool ask_type(struct source_tables *tables, const struct source_table *table,
                     const struct told_column *told, struct source_column *column,
                     struct fault *why)
{
    char oid[16];
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf type = STRBUF_EMPTY;
    strbuf_add_bytes(&type, told->type.at, told->type.length);
    snprintf(oid, sizeof oid, "%" PRIu32, told->type_oid);
    const char *values[] = {strbuf_text(&type), oid};
    if (!ask(tables, ASK_TOLD_TYPE, 2, values, &rows, why))
        return false;
    if (rows_count(&rows) == 0)
        return fault_of_table(table, FAULT_TABLE_UNDESCRIBED,
                              "the type of a column is not there any more", why);
    column->type = (uint32_t)rows_int(&rows, 0, 0);
    column->type_name = copy_string(rows_text(&rows, 0, 1));
    column->typmod = -1;
    column->may_be_apart = rows_bool(&rows, 0, 2);
    return true;
}

static const struct source_column *column_named(const struct source_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

static bool add_as_told(struct source_tables *tables, const struct source_table *table,
                        const struct told_column *told, struct column_list *list, size_t *keys,
                        struct fault *why)
{
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    struct source_column *column = add_column(list);
    add_told(&name, &told->name);
    column->name = copy_string(strbuf_text(&name));
    if (!ask_type(tables, table, told, column, why))
        return false;
    const struct source_column *now = column_named(table, column->name);
    column->key = table->identity == PGOUTPUT_IDENTITY_FULL || (now != NULL && now->key);
    *keys += column->key ? 1 : 0;
    column->generated = now != NULL && now->generated;
    if (now != NULL && now->type == column->type)
        column->typmod = now->typmod;
    return true;
}

bool source_table_as_told(struct source_tables *tables, struct source_table *table,
                          struct told_row row, struct fault *why)
{
    struct told_column told;
    size_t keys = 0, wanted = 0;
    scoped(drop_column_list) struct column_list list = {.count = 0};
    while (told_row_next(&row, &told))
        if (!add_as_told(tables, table, &told, &list, &keys, why))
            return false;
    for (size_t i = 0; i < table->count; i++)
        wanted += table->columns[i].key ? 1 : 0;
    if (table->identity != PGOUTPUT_IDENTITY_FULL && keys != wanted)
        return fault_of_table(table, FAULT_TABLE_UNDESCRIBED,
                              "a column that tells its rows apart now was not there, or had "
                              "another name, when it was changed",
                              why);
    if (!ask_type_names(tables, &list, why))
        return false;
    take_columns(table, &list);
    return true;
}

/* ---- is it still so? ---- */

static bool now_wanted(const struct source_table *table, struct fault *why)
{
    fault_of_table(table, FAULT_TABLE_UNDESCRIBED,
                   "it has become one of those that are followed while changes of it came", why);
    return fault_hint(why, "Changes of it that were made since then may be left out: copy them by "
                           "hand and go on with --resume, or begin anew with --restart.");
}

/* One that was renamed, or dropped, is asked for by its name when it is met again. */
static bool check_row(struct source_tables *tables, const struct rows *rows, int row,
                      struct fault *why)
{
    struct source_table *table = look_up(tables, rows_text(rows, row, 5), rows_text(rows, row, 6));
    bool wanted;
    if (table == NULL || !table->relied || table->oid != (uint32_t)rows_int(rows, row, 0))
        return true;
    if (!ask_wanted(tables, table, rows, row, &wanted, why))
        return false;
    if (wanted && !table->wanted)
        return now_wanted(table, why);
    if (wanted && !same_identity(table, rows, row))
        return identity_changed(table, why);
    table->relied = false;
    return true;
}

static void forget_relied(struct source_tables *tables)
{
    while (tables->relied != NULL) {
        struct source_table *table = tables->relied;
        tables->relied = table->relied_next;
        table->fresh = table->fresh && !table->relied;
        table->relied = false;
    }
}

bool source_tables_check(struct source_tables *tables, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf oids = STRBUF_EMPTY;
    if (tables->relied == NULL)
        return true;
    for (const struct source_table *table = tables->relied; table != NULL;
         table = table->relied_next)
        strbuf_addf(&oids, "%s%" PRIu32, oids.length == 0 ? "{" : ",", table->oid);
    strbuf_add(&oids, "}");
    if (!ask_tables(tables, NULL, oids.text, FIRST_XID, &rows, why))
        return false;
    for (int row = 0; row < rows_count(&rows); row++)
        if (!check_row(tables, &rows, row, why))
            return false;
    forget_relied(tables);
    return true;
}
