#include "cdc/destination.h"

#include "base/scoped.h"
#include "base/strbuf.h"
#include "cdc/statement.h"
#include "plan/ask.h"

#include <stdlib.h>
#include <string.h>

/* Columns of ASK_DESTINATION. */
enum {
    OID,
    ROW_TYPE,
    KIND,
    NAME,
    TYPE,
    TYPMOD,
    GENERATED,
    ALWAYS,
    NOT_NULL,
    HAS_DEFAULT,
    BASE_NAMESPACE,
    BASE_NAME,
    OPERATOR_NAMESPACE,
    OPERATOR_NAME,
    HASHABLE,
    PRIMARY,
    TYPE_TEXT,
    BASE,
    TEXT_ONLY,
    NO_NULL,
};

static char *equal_operator(const char *namespace, const char *name)
{
    struct strbuf text = STRBUF_EMPTY;
    strbuf_add(&text, "OPERATOR(");
    strbuf_add_identifier(&text, namespace);
    strbuf_addf(&text, ".%s)", name);
    return text.text;
}

static char *quoted_name(const char *name)
{
    struct strbuf text = STRBUF_EMPTY;
    strbuf_add_identifier(&text, name);
    return text.text;
}

static void fill_column(struct destination_column *column, const struct rows *rows, int row)
{
    const char *name = rows_text(rows, row, NAME);
    column->name = copy_string(name);
    column->quoted = quoted_name(name);
    column->type = (uint32_t)rows_int(rows, row, TYPE);
    column->typmod = (int32_t)rows_int(rows, row, TYPMOD);
    column->type_text = copy_string(rows_text(rows, row, TYPE_TEXT));
    column->base = (uint32_t)rows_int(rows, row, BASE);
    column->base_namespace = copy_string(rows_text(rows, row, BASE_NAMESPACE));
    column->base_name = copy_string(rows_text(rows, row, BASE_NAME));
    column->equal = equal_operator(rows_text(rows, row, OPERATOR_NAMESPACE),
                                   rows_text(rows, row, OPERATOR_NAME));
    column->hashable = rows_bool(rows, row, HASHABLE);
    column->generated = rows_bool(rows, row, GENERATED);
    column->always = rows_bool(rows, row, ALWAYS);
    column->not_null = rows_bool(rows, row, NOT_NULL);
    column->no_null = rows_bool(rows, row, NO_NULL);
    column->needs_value = column->not_null && !rows_bool(rows, row, HAS_DEFAULT) &&
                          !column->always && !column->generated;
    column->primary = (int)rows_int(rows, row, PRIMARY);
}

bool destination_load(struct conn *target, const char *nspname, const char *relname,
                      unsigned serial, struct destination **ret_destination, struct fault *why)
{
    const char *const values[] = {nspname, relname};
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf quoted = STRBUF_EMPTY;
    if (!ask_with(target, ASK_DESTINATION, 2, values, &rows, why))
        return fault_during(why, "looking for table %s.%s", nspname, relname);
    *ret_destination = NULL;
    if (rows_count(&rows) == 0)
        return true;
    struct destination *destination = new_memory(1, sizeof *destination);
    destination->serial = serial;
    destination->users = 1;
    destination->oid = (uint32_t)rows_int(&rows, 0, OID);
    destination->row_type = (uint32_t)rows_int(&rows, 0, ROW_TYPE);
    destination->kind = rows_text(&rows, 0, KIND)[0];
    destination->nspname = copy_string(nspname);
    destination->relname = copy_string(relname);
    strbuf_add_qualified(&quoted, nspname, relname);
    destination->quoted = copy_string(quoted.text);
    /* A table may have no columns. */
    destination->count = rows_null(&rows, 0, NAME) ? 0 : rows_count(&rows);
    destination->columns =
        new_memory((size_t)destination->count + 1, sizeof(struct destination_column));
    destination->key = new_memory((size_t)destination->count + 1, sizeof(int));
    for (int row = 0; row < destination->count; row++) {
        fill_column(&destination->columns[row], &rows, row);
        destination->text_only = destination->text_only || rows_bool(&rows, row, TEXT_ONLY);
    }
    *ret_destination = destination;
    return true;
}

int destination_column(const struct destination *destination, const char *name)
{
    for (int i = 0; i < destination->count; i++)
        if (strcmp(destination->columns[i].name, name) == 0)
            return i;
    return -1;
}

static bool is_in_key(const struct destination *destination, const char *name)
{
    for (int i = 0; i < destination->key_count; i++)
        if (strcmp(destination->columns[destination->key[i]].name, name) == 0)
            return true;
    return false;
}

bool destination_has_unique_key(struct conn *target, const struct destination *destination,
                                bool *ret_unique, struct fault *why)
{
    char oid[16];
    const char *const values[] = {oid};
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    snprintf(oid, sizeof oid, "%u", destination->oid);
    if (!ask_with(target, ASK_UNIQUE_COLUMNS, 1, values, &rows, why))
        return false;
    *ret_unique = false;
    for (int row = 0; row < rows_count(&rows) && !*ret_unique;) {
        int64_t index = rows_int(&rows, row, 0);
        *ret_unique = true;
        for (; row < rows_count(&rows) && rows_int(&rows, row, 0) == index; row++)
            *ret_unique = *ret_unique && is_in_key(destination, rows_text(&rows, row, 1));
    }
    return true;
}

bool row_is_whole(const struct destination *to, const struct pgoutput_value *row)
{
    for (int i = 0; i < to->count; i++)
        if (row[i].kind == PGOUTPUT_UNCHANGED)
            return false;
    return true;
}

static void drop_column(struct destination_column *column)
{
    free(column->name);
    free(column->quoted);
    free(column->type_text);
    free(column->base_namespace);
    free(column->base_name);
    free(column->equal);
}

void drop_destination(struct destination **held)
{
    struct destination *destination = *held;
    *held = NULL;
    if (destination == NULL || --destination->users > 0)
        return;
    statements_forget(destination);
    for (int i = 0; i < destination->count; i++)
        drop_column(&destination->columns[i]);
    free(destination->columns);
    free(destination->key);
    free(destination->nspname);
    free(destination->relname);
    free(destination->quoted);
    free(destination);
}
