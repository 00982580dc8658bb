#include "plan/portion.h"

#include "base/scoped.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "catalog/filter.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "plan/ask.h"
#include "wire/name_pattern.h"
#include "wire/portion.h"

#include <inttypes.h>

enum { NAME_ROOM = 256 };

struct portion {
    struct db *db;
    struct conn *source;
    bool strict;
    enum filter_kind kind;
    const char *text;  /* of the filter */
    const char *value; /* in it: condition or list */
    int64_t tables;    /* found for it */
};

static bool bad(const struct portion *p, const char *wrong, struct fault *why)
{
    return fault_set(why, FAULT_BAD_VALUE, "--%s \"%s\": %s", filter_kind_word(p->kind), p->text,
                     wrong);
}

/* ---- rows ---- */

/* With parameters, even none, the server takes a single statement. */
static bool try_condition(struct portion *p, const struct table *table, const char *condition,
                          struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    strbuf_add(&sql, "SELECT FROM ONLY ");
    strbuf_add_qualified(&sql, table->nspname, table->relname);
    strbuf_addf(&sql, " %s LIMIT 0", condition);
    if (conn_query_params(p->source, sql.text, 0, NULL, &rows, why))
        return true;
    /* Of parameters, which have no values, some versions speak as of the protocol. */
    if (strncmp(why->sqlstate, "42", 2) == 0 || strncmp(why->sqlstate, "22", 2) == 0 ||
        strcmp(why->sqlstate, "08P01") == 0)
        why->id = FAULT_BAD_VALUE;
    fault_during(why, "--where \"%s\" on table %s.%s", p->text, table->nspname, table->relname);
    return fault_hint(why, "Names in it need their schemas: the search path is empty.");
}

/* On a line of its own, since the condition may end with a comment. It is tried between brackets of
 * two kinds: what leaves one of them ("a) or (b") would be cut in two where we add to it. */
static bool set_condition(struct portion *p, const struct table *table, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf condition = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf bracketed = STRBUF_EMPTY;
    if (table->condition != NULL)
        return bad(p, "a table that it matches has a condition already", why);
    strbuf_addf(&condition, "WHERE (%s\n)", p->value);
    strbuf_addf(&bracketed, "WHERE pg_catalog.array_ndims(ARRAY[%s\n]) = 1", p->value);
    return try_condition(p, table, condition.text, why) &&
           try_condition(p, table, bracketed.text, why) &&
           db_run(p->db, why, SQL_TABLE_SET_CONDITION, "si", condition.text, table->oid);
}

/* ---- columns ---- */

struct columns {
    struct strbuf wanted; /* quoted names, each on a line that begins and ends with a newline */
    int count;
    struct strbuf names, types, signature; /* as in struct table */
};

static void drop_columns(struct columns *c)
{
    drop_strbuf(&c->wanted);
    drop_strbuf(&c->names);
    drop_strbuf(&c->types);
    drop_strbuf(&c->signature);
}

static bool read_wanted(const struct portion *p, struct columns *c, struct fault *why)
{
    char name[NAME_ROOM];
    const char *at = p->value, *wrong;
    strbuf_add(&c->wanted, "\n");
    while (portion_next_name(&at, name, sizeof name, &wrong)) {
        scoped(drop_strbuf) struct strbuf line = STRBUF_EMPTY;
        strbuf_add(&line, "\n");
        strbuf_add_identifier(&line, name);
        strbuf_add(&line, "\n");
        if (strstr(c->wanted.text, line.text) != NULL)
            return bad(p, "it names a column twice", why);
        strbuf_add(&c->wanted, line.text + 1);
        c->count++;
    }
    return wrong == NULL || bad(p, wrong, why);
}

/* Columns keep the table's order. */
static int keep_wanted(struct columns *c, const struct table *table)
{
    const char *type = table->column_types;
    int kept = 0;
    for (const char *at = table->signature; *at != '\0';) {
        scoped(drop_strbuf) struct strbuf line = STRBUF_EMPTY;
        size_t whole = strcspn(at, "\n"), length = whole, type_length = strcspn(type, ",");
        while (length > 0 && at[length - 1] != '\t')
            length--;
        strbuf_add(&line, "\n");
        strbuf_add_bytes(&line, at, length - 1);
        strbuf_add(&line, "\n");
        if (strstr(c->wanted.text, line.text) != NULL) {
            strbuf_add(&c->names, kept == 0 ? "" : ", ");
            strbuf_add_bytes(&c->names, at, length - 1);
            strbuf_add(&c->types, kept == 0 ? "" : ",");
            strbuf_add_bytes(&c->types, type, type_length);
            strbuf_add_bytes(&c->signature, at, whole + 1);
            kept++;
        }
        at += whole + 1;
        type += type_length + (type[type_length] == ',');
    }
    return kept;
}

static bool set_columns(struct portion *p, const struct table *table, struct fault *why)
{
    scoped(drop_columns) struct columns c = {.count = 0};
    if (!read_wanted(p, &c, why))
        return false;
    if (keep_wanted(&c, table) != c.count) {
        scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
        strbuf_add_name(&name, table->nspname, table->relname);
        return fault_set(why, FAULT_BAD_VALUE,
                         "--columns \"%s\": table %s has no such column, or the server computes it",
                         p->text, name.text);
    }
    return db_run(p->db, why, SQL_TABLE_SET_COLUMNS, "sssi", c.names.text, c.types.text,
                  c.signature.text, table->oid);
}

/* ---- tables ---- */

static bool on_table(void *arg, const struct stmt *row, struct fault *why)
{
    struct portion *p = arg;
    scoped(drop_table) struct table table = {.owned = NULL};
    p->tables++;
    if (stmt_int(row, 1) != 0)
        return bad(p, "a table that it matches belongs to an extension", why);
    if (!table_get(p->db, stmt_int(row, 0), &table, why))
        return false;
    return p->kind == FILTER_WHERE ? set_condition(p, &table, why) : set_columns(p, &table, why);
}

static bool on_filter(void *arg, enum filter_kind kind, const char *text, struct fault *why)
{
    struct portion *p = arg;
    struct name_pattern pattern;
    size_t length;
    const char *wrong;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    if (kind != FILTER_WHERE && kind != FILTER_COLUMNS)
        return true;
    p->kind = kind;
    p->text = text;
    p->tables = 0;
    if (!portion_split(text, &length))
        return bad(p, kind == FILTER_WHERE ? "it takes TABLE=CONDITION" : "it takes TABLE=COLUMN,…",
                   why);
    p->value = text + length + 1;
    strbuf_add_bytes(&name, text, length);
    if (!name_pattern_parse(name.text, 2, &pattern, &wrong))
        return bad(p, wrong, why);
    const char *const values[] = {pattern.schema, pattern.name};
    if (!conn_run(p->source, "RESET search_path", why) ||
        !ask_with(p->source, ASK_MATCHING_TABLES, 2, values, &rows, why) ||
        !conn_run(p->source, "SET search_path = ''", why))
        return fault_during(why, "matching --%s \"%s\"", filter_kind_word(kind), text);
    for (int row = 0; row < rows_count(&rows); row++)
        if (!catalog_list(p->db, SQL_TABLE_AND_PARTITIONS, rows_int(&rows, row, 0), on_table, p,
                          why))
            return false;
    return p->tables > 0 || !p->strict ||
           fault_set(why, FAULT_NO_MATCH, "no table that is copied matches --%s \"%s\"",
                     filter_kind_word(kind), text);
}

bool portion_apply(struct db *db, struct conn *source, bool strict, struct fault *why)
{
    struct portion portion = {.db = db, .source = source, .strict = strict};
    return filter_list(db, on_filter, &portion, why);
}
