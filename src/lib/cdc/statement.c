#include "cdc/statement.h"

#include "base/scoped.h"

#include <stdlib.h>
#include <string.h>

/* ---- pieces ---- */

/* Its children, if it has any, are tables of their own, with changes of their own. */
static void add_table(struct strbuf *sql, const struct destination *d)
{
    strbuf_addf(sql, "%s%s", d->kind == 'p' ? "" : "ONLY ", d->quoted);
}

static void add_rows(struct strbuf *sql, const struct destination *d, int parameter)
{
    strbuf_addf(sql, "pg_catalog.unnest($%d::%s[])", parameter, d->quoted);
}

/* "a, b": the columns that are set. */
static void add_columns(struct strbuf *sql, const struct destination *d, const uint8_t *mask,
                        const char *before)
{
    const char *comma = "";
    for (int i = 0; i < d->count; i++)
        if (mask[i] == MASK_SET) {
            strbuf_addf(sql, "%s%s%s", comma, before, d->columns[i].quoted);
            comma = ", ";
        }
}

static bool sets_any(const struct destination *d, const uint8_t *mask)
{
    for (int i = 0; i < d->count; i++)
        if (mask[i] == MASK_SET)
            return true;
    return false;
}

/* "t.k = r.k AND …": the key, and what must be as it is. */
static void add_match(struct strbuf *sql, const struct destination *d, const uint8_t *mask)
{
    const char *and = " WHERE ";
    for (int i = 0; i < d->key_count; i++) {
        const struct destination_column *column = &d->columns[d->key[i]];
        strbuf_addf(sql, "%st.%s %s r.%s", and, column->quoted, column->equal, column->quoted);
        and = " AND ";
    }
    for (int i = 0; mask != NULL && i < d->count; i++)
        if (mask[i] == MASK_SAME)
            strbuf_addf(sql, " AND t.%s %s r.%s", d->columns[i].quoted, d->columns[i].equal,
                        d->columns[i].quoted);
}

/* ---- by key ---- */

static void add_set_insert(struct strbuf *sql, const struct destination *d, const uint8_t *mask)
{
    strbuf_addf(sql, "INSERT INTO %s (", d->quoted);
    add_columns(sql, d, mask, "");
    strbuf_add(sql, ") OVERRIDING SYSTEM VALUE SELECT ");
    add_columns(sql, d, mask, "r.");
    strbuf_add(sql, " FROM ");
    add_rows(sql, d, 1);
    strbuf_add(sql, " AS r");
}

static void add_set_update(struct strbuf *sql, const struct destination *d, const uint8_t *mask)
{
    const char *comma = "";
    bool sets = sets_any(d, mask);
    /* Where nothing is to be written the row must be there all the same. */
    strbuf_add(sql, sets ? "UPDATE " : "SELECT FROM ");
    add_table(sql, d);
    strbuf_add(sql, sets ? " AS t SET " : " AS t, ");
    for (int i = 0; i < d->count; i++)
        if (mask[i] == MASK_SET) {
            const char *name = d->columns[i].quoted;
            strbuf_addf(sql, "%s%s = r.%s", comma, name, name);
            comma = ", ";
        }
    strbuf_add(sql, sets ? " FROM " : "");
    add_rows(sql, d, 1);
    strbuf_add(sql, " AS r");
    add_match(sql, d, mask);
}

static void add_set_delete(struct strbuf *sql, const struct destination *d)
{
    strbuf_add(sql, "DELETE FROM ");
    add_table(sql, d);
    strbuf_add(sql, " AS t USING ");
    add_rows(sql, d, 1);
    strbuf_add(sql, " AS r");
    add_match(sql, d, NULL);
}

/* ---- by image ---- */

/* "(c0, c1, …, n)": names for the columns of a row and its number that clash with none. */
static void add_alias(struct strbuf *sql, const struct destination *d, const char *alias,
                      const char *number)
{
    strbuf_addf(sql, " WITH ORDINALITY AS %s (", alias);
    for (int i = 0; i < d->count; i++)
        strbuf_addf(sql, "c%d, ", i);
    strbuf_addf(sql, "%s)", number);
}

/* There are several NaN: a calculated one, which came in binary form, is not the bytes of the one
 * that is read from text. */
static bool has_floats(const struct destination_column *column)
{
    static const uint32_t types[] = {
        700,  701,  600,  601,  602,  603,  604,  628, 718, /* float4, float8, point, … circle */
        1021, 1022, 1017, 1018, 1019, 1020, 1027, 629, 719, /* their arrays */
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (column->base == types[i])
            return true;
    return false;
}

static void add_image(struct strbuf *sql, const struct destination *d, const uint8_t *mask,
                      bool table)
{
    const char *comma = "";
    strbuf_add(sql, "ROW(");
    for (int i = 0; i < d->count; i++) {
        if (mask[i] == MASK_NONE)
            continue;
        if (table)
            strbuf_addf(sql, "%st.%s", comma, d->columns[i].quoted);
        else
            strbuf_addf(sql, "%so.c%d", comma, i);
        strbuf_add(sql, has_floats(&d->columns[i]) ? "::pg_catalog.text" : "");
        comma = ", ";
    }
    /* Without the cast it would be the operator of each column that is looked for. */
    strbuf_add(sql, ")::pg_catalog.record");
}

/* One row, of parameters from this one on, each value in the form in which it came; it has the
 * number 1. Returns the next parameter. */
static int add_one_row(struct strbuf *sql, const struct destination *d, const uint8_t *mask,
                       int parameter, const char *alias, const char *number)
{
    strbuf_add(sql, "(SELECT ");
    for (int i = 0; i < d->count; i++)
        if (mask[i] != MASK_NONE)
            strbuf_addf(sql, "$%d AS c%d, ", parameter++, i);
    strbuf_addf(sql, "1 AS %s OFFSET 0) AS %s", number, alias);
    return parameter;
}

/* The rows that are there for each image, numbered. Columns by which they can be hashed spare the
 * comparison of each with each. Returns the next parameter of one row. */
static int add_found(struct strbuf *sql, const struct destination *d, const uint8_t *mask, bool one)
{
    int next = 2;
    strbuf_add(sql, "WITH f AS (SELECT t.ctid AS tid, t.tableoid AS tab, o.j,"
                    " pg_catalog.row_number() OVER (PARTITION BY o.j) AS k FROM ");
    add_table(sql, d);
    strbuf_add(sql, " AS t JOIN ");
    if (one) {
        next = add_one_row(sql, d, mask, 1, "o", "j");
    } else {
        add_rows(sql, d, 1);
        add_alias(sql, d, "o", "j");
    }
    strbuf_add(sql, " ON ");
    for (int i = 0; i < d->count; i++)
        if (mask[i] == MASK_EQUAL)
            strbuf_addf(sql, "t.%s %s o.c%d AND ", d->columns[i].quoted, d->columns[i].equal, i);
        else if (mask[i] == MASK_NULL)
            strbuf_addf(sql, "t.%s IS NULL AND ", d->columns[i].quoted);
    add_image(sql, d, mask, true);
    strbuf_add(sql, " OPERATOR(pg_catalog.*=) ");
    add_image(sql, d, mask, false);
    strbuf_add(sql, ") ");
    return next;
}

static void add_place(struct strbuf *sql, const struct destination *d)
{
    strbuf_addf(sql, " t.ctid OPERATOR(pg_catalog.=) f.tid%s",
                d->kind == 'p' ? " AND t.tableoid OPERATOR(pg_catalog.=) f.tab" : "");
}

static void add_image_update(struct strbuf *sql, const struct destination *d, const uint8_t *mask,
                             bool one)
{
    const char *comma = "";
    int next = add_found(sql, d, mask, one);
    strbuf_add(sql, "UPDATE ");
    add_table(sql, d);
    strbuf_add(sql, " AS t SET ");
    for (int i = 0; i < d->count; i++) {
        const struct destination_column *column = &d->columns[i];
        if (mask[i] == MASK_NONE || column->generated || column->always)
            continue;
        strbuf_addf(sql, "%s%s = v.c%d", comma, column->quoted, i);
        comma = ", ";
    }
    strbuf_addf(sql,
                " FROM f JOIN ROWS FROM (pg_catalog.unnest(%s::pg_catalog.int8[]),"
                " pg_catalog.unnest(%s::pg_catalog.int8[]))"
                " WITH ORDINALITY AS p (j, k, i) ON p.j = f.j AND p.k = f.k JOIN ",
                one ? "'{1}'" : "$2", one ? "'{1}'" : "$3");
    if (one) {
        add_one_row(sql, d, mask, next, "v", "i");
    } else {
        add_rows(sql, d, 4);
        add_alias(sql, d, "v", "i");
    }
    strbuf_add(sql, " ON v.i = p.i WHERE");
    add_place(sql, d);
}

static void add_image_delete(struct strbuf *sql, const struct destination *d, const uint8_t *mask,
                             bool one)
{
    add_found(sql, d, mask, one);
    strbuf_add(sql, "DELETE FROM ");
    add_table(sql, d);
    strbuf_addf(sql,
                " AS t USING f JOIN pg_catalog.unnest(%s::pg_catalog.int8[]) WITH ORDINALITY"
                " AS p (count, j) ON p.j = f.j AND f.k <= p.count WHERE",
                one ? "'{1}'" : "$2");
    add_place(sql, d);
}

/* ---- one row ---- */

static void add_one_insert(struct strbuf *sql, const struct destination *d, const uint8_t *mask)
{
    int parameter = 0;
    strbuf_addf(sql, "INSERT INTO %s ", d->quoted);
    if (!sets_any(d, mask)) {
        strbuf_add(sql, "DEFAULT VALUES");
        return;
    }
    strbuf_add(sql, "(");
    add_columns(sql, d, mask, "");
    strbuf_add(sql, ") OVERRIDING SYSTEM VALUE VALUES (");
    for (int i = 0; i < d->count; i++)
        if (mask[i] == MASK_SET) {
            parameter++;
            strbuf_addf(sql, "%s$%d", parameter == 1 ? "" : ", ", parameter);
        }
    strbuf_add(sql, ")");
}

static void add_one_key(struct strbuf *sql, const struct destination *d, int *parameter)
{
    for (int i = 0; i < d->key_count; i++) {
        const struct destination_column *column = &d->columns[d->key[i]];
        strbuf_addf(sql, "%s t.%s %s $%d", i == 0 ? " WHERE" : " AND", column->quoted,
                    column->equal, ++*parameter);
    }
}

static void add_one_update(struct strbuf *sql, const struct destination *d, const uint8_t *mask)
{
    int parameter = 0;
    const char *comma = "";
    bool sets = sets_any(d, mask);
    scoped(drop_strbuf) struct strbuf same = STRBUF_EMPTY;
    strbuf_add(sql, sets ? "UPDATE " : "SELECT FROM ");
    add_table(sql, d);
    strbuf_add(sql, sets ? " AS t SET " : " AS t");
    for (int i = 0; i < d->count; i++) {
        const struct destination_column *column = &d->columns[i];
        if (mask[i] == MASK_SET) {
            strbuf_addf(sql, "%s%s = $%d", comma, column->quoted, ++parameter);
            comma = ", ";
        } else if (mask[i] == MASK_SAME) {
            strbuf_addf(&same, " AND t.%s %s $%d", column->quoted, column->equal, ++parameter);
        }
    }
    add_one_key(sql, d, &parameter);
    strbuf_add(sql, strbuf_text(&same));
}

/* What is not given stays as it was. */
static void add_one_replace(struct strbuf *sql, const struct destination *d, const uint8_t *mask)
{
    int parameter = 0, keys = 0;
    const char *comma = "";
    scoped(drop_strbuf) struct strbuf names = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf values = STRBUF_EMPTY;
    for (int i = 0; i < d->count; i++) {
        const struct destination_column *column = &d->columns[i];
        if (column->generated)
            continue;
        strbuf_addf(&names, "%s%s", comma, column->quoted);
        if (mask[i] == MASK_SET)
            strbuf_addf(&values, "%s$%d", comma, ++parameter);
        else
            strbuf_addf(&values, "%sd.%s", comma, column->quoted);
        comma = ", ";
    }
    keys = parameter;
    strbuf_add(sql, "WITH d AS (DELETE FROM ");
    add_table(sql, d);
    strbuf_add(sql, " AS t");
    add_one_key(sql, d, &keys);
    strbuf_addf(sql, " RETURNING *) INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM d",
                d->quoted, names.text, values.text);
}

static void add_one_delete(struct strbuf *sql, const struct destination *d)
{
    int parameter = 0;
    strbuf_add(sql, "DELETE FROM ");
    add_table(sql, d);
    strbuf_add(sql, " AS t");
    add_one_key(sql, d, &parameter);
}

void statement_add_sql(struct strbuf *sql, const struct destination *destination,
                       enum statement_kind kind, const uint8_t *mask)
{
    switch (kind) {
    case SET_INSERT:
        add_set_insert(sql, destination, mask);
        break;
    case SET_UPDATE:
        add_set_update(sql, destination, mask);
        break;
    case SET_DELETE:
        add_set_delete(sql, destination);
        break;
    case IMAGE_UPDATE:
    case ONE_IMAGE_UPDATE:
        add_image_update(sql, destination, mask, kind == ONE_IMAGE_UPDATE);
        break;
    case IMAGE_DELETE:
    case ONE_IMAGE_DELETE:
        add_image_delete(sql, destination, mask, kind == ONE_IMAGE_DELETE);
        break;
    case ONE_INSERT:
        add_one_insert(sql, destination, mask);
        break;
    case ONE_UPDATE:
        add_one_update(sql, destination, mask);
        break;
    case ONE_REPLACE:
        add_one_replace(sql, destination, mask);
        break;
    case ONE_DELETE:
        add_one_delete(sql, destination);
        break;
    }
}

void statement_add_copy(struct strbuf *sql, const struct destination *destination,
                        const uint8_t *mask, bool binary)
{
    strbuf_addf(sql, "COPY %s (", destination->quoted);
    add_columns(sql, destination, mask, "");
    strbuf_addf(sql, ") FROM STDIN%s", binary ? " WITH (FORMAT binary)" : "");
}

/* ---- which there are ---- */

struct destination_statement *statement_find(struct destination *destination,
                                             enum statement_kind kind, const uint8_t *mask)
{
    size_t length = (size_t)destination->count;
    struct destination_statement *found = destination->statements;
    while (found != NULL && (found->kind != kind || memcmp(found->mask, mask, length) != 0))
        found = found->next;
    if (found != NULL)
        return found;
    found = new_memory(1, sizeof *found + length);
    found->kind = kind;
    memcpy(found->mask, mask, length);
    snprintf(found->name, sizeof found->name, "d%u_%u", destination->serial,
             destination->statement_count++);
    found->next = destination->statements;
    destination->statements = found;
    return found;
}

void statements_forget(struct destination *destination)
{
    while (destination->statements != NULL) {
        struct destination_statement *first = destination->statements;
        destination->statements = first->next;
        free(first);
    }
}
