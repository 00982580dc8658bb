#include "compare/row.h"

#include <string.h>

struct column {
    const char *name; /* quoted */
    size_t name_length;
    const char *type;
    size_t type_length;
    bool own_cast;
};

/* The next line; false at the end. */
static bool next_column(const char **at, struct column *column)
{
    const char *line = *at;
    if (*line == '\0')
        return false;
    /* A quoted name may hold tabs and newlines. */
    const char *end = line + 1;
    while (*end != '\0' && (*end != '"' || end[1] == '"'))
        end += *end == '"' ? 2 : 1;
    end += *end == '"';
    column->name = line;
    column->name_length = (size_t)(end - line);
    column->type = end + (*end == '\t');
    column->type_length = strcspn(column->type, "\t\n");
    const char *cast = column->type + column->type_length;
    cast += *cast == '\t';
    column->own_cast = *cast == 'o';
    cast += strcspn(cast, "\n");
    *at = cast + (*cast == '\n');
    return true;
}

static bool find_column(const char *list, const char *name, size_t length, struct column *ret)
{
    struct column column;
    while (next_column(&list, &column))
        if (column.name_length == length && memcmp(column.name, name, length) == 0) {
            *ret = column;
            return true;
        }
    return false;
}

/* Of one built-in type. */
static bool is_same_type(const struct column *a, const struct column *b)
{
    return a->type_length == b->type_length && a->type_length > 0 &&
           memcmp(a->type, b->type, a->type_length) == 0;
}

static bool is_of(const struct column *column, const char *type)
{
    return strlen(type) == column->type_length &&
           memcmp(type, column->type, column->type_length) == 0;
}

static bool is_one_of(const struct column *column, const char *const *types)
{
    for (; *types != NULL; types++)
        if (is_of(column, *types))
            return true;
    return false;
}

/* Of one length: the blanks at the end are the same ones. */
static bool is_padded(const struct column *column)
{
    static const char begin[] = "bpchar/";
    return column->type_length >= sizeof begin - 1 &&
           memcmp(column->type, begin, sizeof begin - 1) == 0;
}

static const char *const numbers[] = {"float4", "float8", NULL};

static const char *const same_in_binary[] = {
    "bool",    "bytea",  "char",    "name",    "int8",      "int2", "int4",        "oid",
    "xid",     "xid8",   "money",   "macaddr", "macaddr8",  "inet", "cidr",        "text",
    "varchar", "date",   "time",    "timetz",  "timestamp", "uuid", "timestamptz", "interval",
    "bit",     "varbit", "numeric", "pg_lsn",  NULL,
};

/* Before version 12, floats had as many digits as extra_float_digits asks for, not as few as do. */
static const char *const with_floats[] = {
    "point",  "lseg",  "path",  "box",  "polygon",  "line",  "circle",  "_float4", "_float8",
    "_point", "_lseg", "_path", "_box", "_polygon", "_line", "_circle", NULL,
};

static void add_name(struct strbuf *sql, const struct column *column)
{
    strbuf_add_bytes(sql, column->name, column->name_length);
}

static void add_cast(struct strbuf *sql, const struct column *column)
{
    add_name(sql, column);
    strbuf_addf(sql, "::pg_catalog.\"%.*s\"", (int)column->type_length, column->type);
}

/* There are NaNs of different bits. */
static void add_float(struct strbuf *sql, const struct column *column)
{
    strbuf_add(sql, "CASE WHEN ");
    add_name(sql, column);
    strbuf_add(sql, " = 'NaN' THEN 'NaN' ELSE ");
    add_name(sql, column);
    strbuf_addf(sql, " END::pg_catalog.%.*s", (int)column->type_length, column->type);
}

/* A cast of the user's may lose something; what the type's own function prints does not. */
static void add_printed(struct strbuf *sql, const struct column *column)
{
    strbuf_add(sql, "CASE WHEN pg_catalog.num_nonnulls(");
    add_name(sql, column);
    strbuf_add(sql, ") = 1 THEN pg_catalog.format('%s', ");
    add_name(sql, column);
    strbuf_add(sql, ") END");
}

static void add_value(struct strbuf *sql, const struct column *a, const struct column *b,
                      const struct row_wish *wish)
{
    bool same = is_same_type(a, b);
    if (same && is_one_of(a, numbers)) {
        add_float(sql, a);
    } else if (same && (is_one_of(a, same_in_binary) || (wish->old && is_one_of(a, with_floats)))) {
        add_cast(sql, a);
    } else if (same && !wish->other_lengths && is_padded(a)) {
        add_name(sql, a);
        strbuf_add(sql, "::pg_catalog.bpchar");
    } else if (a->own_cast || b->own_cast) {
        add_printed(sql, a);
    } else {
        add_name(sql, a);
        strbuf_add(sql, "::pg_catalog.text");
    }
}

static void add_to_row(struct strbuf *row, const struct column *a, const struct column *b,
                       const struct row_wish *wish)
{
    strbuf_add(row, row->length == 0 ? "ROW(" : ", ");
    add_value(row, a, b, wish);
}

/* Types whose hash is that of all their bits. */
static const char *const hashed_by_bits[] = {
    "bool", "int2", "int4", "oid", "date", "uuid", "bytea", NULL,
};

/* What makes the binary form of the others. */
static const char *const senders[][2] = {
    {"char", "charsend"},
    {"int8", "int8send"},
    {"xid", "xidsend"},
    {"xid8", "xid8send"},
    {"money", "cash_send"},
    {"macaddr", "macaddr_send"},
    {"macaddr8", "macaddr8_send"},
    {"inet", "inet_send"},
    {"cidr", "cidr_send"},
    {"time", "time_send"},
    {"timetz", "timetz_send"},
    {"timestamp", "timestamp_send"},
    {"interval", "interval_send"},
    {"timestamptz", "timestamptz_send"},
    {"bit", "bit_send"},
    {"varbit", "varbit_send"},
    {"numeric", "numeric_send"},
    {"pg_lsn", "pg_lsn_send"},
    {"float4", "float4send"},
    {"float8", "float8send"},
    {"jsonb", "jsonb_send"},
};

static const char *sender_of(const struct column *column)
{
    for (size_t i = 0; i < sizeof senders / sizeof senders[0]; i++)
        if (is_of(column, senders[i][0]))
            return senders[i][1];
    return NULL;
}

static void add_to_values(struct strbuf *values, const struct column *a, const struct column *b,
                          const struct row_wish *wish)
{
    bool same = is_same_type(a, b);
    const char *sender = same ? sender_of(a) : NULL;
    strbuf_add(values, values->length == 0 ? "ROW(" : ", ");
    if (sender != NULL) {
        strbuf_addf(values, "pg_catalog.%s(", sender);
        if (is_one_of(a, numbers))
            add_float(values, a);
        else
            add_cast(values, a);
        strbuf_add(values, ")");
    } else {
        add_value(values, a, b, wish);
        if (!same || !is_one_of(a, hashed_by_bits))
            strbuf_add(values, " COLLATE pg_catalog.\"C\"");
    }
}

/* Is it among the columns that were asked for? Each is quoted, so it cannot be a part of one. */
static bool is_shared(const char *share, const struct column *column)
{
    for (const char *at = share; *at != '\0'; at++) {
        const char *end = at + 1;
        while (*end != '\0' && (*end != '"' || end[1] == '"'))
            end += *end == '"' ? 2 : 1;
        size_t length = (size_t)(end - at) + (*end == '"');
        if (length == column->name_length && memcmp(at, column->name, length) == 0)
            return true;
        at += length;
        if (*at == '\0')
            return false;
        at++; /* the comma; the loop goes over the space */
    }
    return false;
}

static void add_lonely(struct strbuf *note, const char *list, const char *other, const char *where)
{
    struct column column, ignored;
    while (next_column(&list, &column))
        if (!find_column(other, column.name, column.name_length, &ignored)) {
            strbuf_add(note, note->length == 0 ? "column " : ", column ");
            add_name(note, &column);
            strbuf_addf(note, " is on the %s only", where);
        }
}

static void make_seed(struct row_sql *sql, const struct row_wish *wish)
{
    static const char *const types[] = {"int2", "int4", "int8", NULL};
    struct column a, b;
    size_t length = strlen(wish->key);
    if (sql->key.length > 0 && find_column(wish->source, wish->key, length, &a) &&
        find_column(wish->target, wish->key, length, &b) && is_same_type(&a, &b) &&
        is_one_of(&a, types)) {
        add_name(&sql->seed, &a);
        strbuf_add(&sql->seed, "::pg_catalog.int8");
    }
}

static void make_key(struct row_sql *sql, const struct row_wish *wish)
{
    struct column a, b;
    const char *at = wish->key;
    while (*at != '\0') {
        const char *end = at + 1;
        while (*end != '\0' && (*end != '"' || end[1] == '"'))
            end += *end == '"' ? 2 : 1;
        size_t length = (size_t)(end - at) + (*end == '"');
        if (!find_column(wish->source, at, length, &a) ||
            !find_column(wish->target, at, length, &b) ||
            (*wish->share != '\0' && !is_shared(wish->share, &a))) {
            strbuf_clear(&sql->key);
            return;
        }
        add_to_row(&sql->key, &a, &b, wish);
        at += length;
        at += *at == '\n';
    }
    if (sql->key.length > 0)
        strbuf_add(&sql->key, ")");
    make_seed(sql, wish);
}

void row_make(struct row_sql *sql, const struct row_wish *wish)
{
    struct column a, b;
    const char *at = wish->source;
    while (next_column(&at, &a)) {
        if (!find_column(wish->target, a.name, a.name_length, &b) ||
            (*wish->share != '\0' && !is_shared(wish->share, &a)))
            continue;
        add_to_row(&sql->row, &a, &b, wish);
        add_to_values(&sql->values, &a, &b, wish);
        strbuf_add(&sql->columns, sql->columns.length == 0 ? "" : ", ");
        add_name(&sql->columns, &a);
    }
    strbuf_add(&sql->row, sql->row.length == 0 ? "ROW()" : ")");
    strbuf_add(&sql->values, sql->values.length == 0 ? "ROW()" : ")");
    make_key(sql, wish);
    if (*wish->share == '\0') {
        add_lonely(&sql->note, wish->source, wish->target, "source");
        add_lonely(&sql->note, wish->target, wish->source, "target");
    }
}

void drop_row_sql(struct row_sql *sql)
{
    drop_strbuf(&sql->row);
    drop_strbuf(&sql->values);
    drop_strbuf(&sql->seed);
    drop_strbuf(&sql->key);
    drop_strbuf(&sql->columns);
    drop_strbuf(&sql->note);
}
