#include "wire/wal2json.h"

#include <string.h>

struct text {
    const char *at, *end;
};

static bool take_char(struct text *text, char c)
{
    if (text->at == text->end || *text->at != c)
        return false;
    text->at++;
    return true;
}

static bool take_word(struct text *text, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(text->end - text->at) < length || memcmp(text->at, word, length) != 0)
        return false;
    text->at += length;
    return true;
}

/* Behind a backslash. PostgreSQL writes \u for control characters only. */
static bool take_escape(struct text *text)
{
    if (text->at == text->end)
        return false;
    if (*text->at != 'u')
        return *text->at != '\0' && strchr("\"\\/bfnrt", *text->at++) != NULL;
    if (!take_word(text, "u00") || text->end - text->at < 2)
        return false;
    bool zero = memcmp(text->at, "00", 2) == 0;
    bool good = *text->at >= '0' && *text->at <= '7' && text->at[1] != '\0' &&
                strchr("0123456789abcdefABCDEF", text->at[1]) != NULL;
    text->at += 2;
    return good && !zero;
}

static bool take_string(struct text *text, struct told *ret_told)
{
    struct told told = {.as = TOLD_PLAIN};
    if (!take_char(text, '"'))
        return false;
    told.at = text->at;
    while (text->at < text->end && *text->at != '"') {
        if ((unsigned char)*text->at < ' ')
            return false;
        if (*text->at++ != '\\')
            continue;
        told.as = TOLD_JSON;
        if (!take_escape(text))
            return false;
    }
    told.length = (size_t)(text->at - told.at);
    *ret_told = told;
    return take_char(text, '"');
}

static bool is_number_byte(char c)
{
    return c != '\0' && strchr("0123456789+-.eE", c) != NULL;
}

/* A string, a number, true, false or null: not a list nor an object. */
static bool take_plain(struct text *text, enum told_kind *ret_kind, struct told *ret_told)
{
    *ret_kind = TOLD_VALUE;
    if (text->at < text->end && *text->at == '"')
        return take_string(text, ret_told);
    *ret_told = (struct told){.as = TOLD_PLAIN, .at = text->at, .length = 1};
    if (take_word(text, "true") || take_word(text, "false"))
        return true;
    if (take_word(text, "null")) {
        *ret_kind = TOLD_NULL;
        return true;
    }
    while (text->at < text->end && is_number_byte(*text->at))
        text->at++;
    ret_told->length = (size_t)(text->at - ret_told->at);
    return ret_told->length > 0;
}

static bool take_oid(const struct told *told, uint32_t *ret_number)
{
    uint64_t number = 0;
    if (told->length == 0 || told->length > 10)
        return false;
    for (size_t i = 0; i < told->length; i++) {
        if (told->at[i] < '0' || told->at[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(told->at[i] - '0');
    }
    *ret_number = (uint32_t)number;
    return number > 0 && number <= UINT32_MAX;
}

/* ---- columns ---- */

enum { BYTEA_OID = 17 };

static bool is_key(const struct told *key, const char *word)
{
    return told_is(key, word, strlen(word));
}

static bool take_column(struct text *text, struct told_column *ret_column)
{
    struct told_column column = {.kind = TOLD_NULL};
    struct told key, told;
    enum told_kind kind;
    bool named = false, valued = false;
    if (!take_char(text, '{'))
        return false;
    do {
        if (!take_string(text, &key) || !take_char(text, ':') || !take_plain(text, &kind, &told))
            return false;
        if (is_key(&key, "name")) {
            column.name = told;
            named = kind == TOLD_VALUE;
        } else if (is_key(&key, "typeoid")) {
            if (kind != TOLD_VALUE || !take_oid(&told, &column.type_oid))
                return false;
        } else if (is_key(&key, "value")) {
            column.kind = kind;
            column.value = told;
            valued = true;
        }
    } while (take_char(text, ','));
    column.bare_hex = column.type_oid == BYTEA_OID;
    *ret_column = column;
    return named && valued && column.type_oid != 0 && take_char(text, '}');
}

static bool next_column(struct told_row *row, struct told_column *ret_column)
{
    struct text text = {.at = row->at, .end = row->end};
    if (!take_column(&text, ret_column))
        return false;
    row->at = take_char(&text, ',') ? text.at : text.end;
    return true;
}

static bool take_row(struct text *text, struct told_row *ret_row)
{
    struct told_column column;
    if (!take_char(text, '['))
        return false;
    const char *begin = text->at;
    if (text->at < text->end && *text->at != ']')
        do
            if (!take_column(text, &column))
                return false;
        while (take_char(text, ','));
    *ret_row = (struct told_row){.at = begin, .end = text->at, .next = next_column};
    return take_char(text, ']');
}

/* ---- objects ---- */

/* What an object has, before it is known what its action needs. */
struct members {
    char action;
    bool has_xid, has_time, has_schema, has_table, has_lsn, has_transactional;
    bool has_prefix, has_content;
};

static bool take_action(const struct told *told, struct members *members,
                        struct told_change *change)
{
    static const struct {
        char action;
        enum told_tag tag;
    } actions[] = {
        {'B', TOLD_BEGIN},  {'C', TOLD_COMMIT},   {'I', TOLD_INSERT},  {'U', TOLD_UPDATE},
        {'D', TOLD_DELETE}, {'T', TOLD_TRUNCATE}, {'M', TOLD_MESSAGE},
    };
    for (size_t i = 0; told->length == 1 && i < sizeof actions / sizeof actions[0]; i++)
        if (actions[i].action == *told->at) {
            members->action = *told->at;
            change->tag = actions[i].tag;
            return true;
        }
    return false;
}

static bool take_lsn(const struct told *told, lsn_t *ret_lsn)
{
    char text[LSN_TEXT];
    if (told->length >= sizeof text)
        return false;
    text[told_copy(told, text)] = '\0';
    return lsn_parse(text, ret_lsn);
}

static bool take_member(struct text *text, const struct told *key, struct members *members,
                        struct told_change *change)
{
    enum told_kind kind;
    struct told told;
    if (is_key(key, "columns"))
        return (change->has_new = true) && take_row(text, &change->new_row);
    if (is_key(key, "identity"))
        return (change->has_old = true) && take_row(text, &change->old_row);
    if (!take_plain(text, &kind, &told))
        return false;
    if (kind == TOLD_NULL)
        return true;
    if (is_key(key, "action"))
        return take_action(&told, members, change);
    if (is_key(key, "xid"))
        return (members->has_xid = take_oid(&told, &change->xid));
    if (is_key(key, "timestamp"))
        return (members->has_time = told_time(told.at, told.length, &change->time));
    if (is_key(key, "lsn"))
        return (members->has_lsn = take_lsn(&told, &change->commit_lsn));
    if (is_key(key, "transactional")) {
        change->transactional = told_is(&told, "t", 1);
        return (members->has_transactional = true);
    }
    const struct {
        const char *word;
        struct told *to;
        bool *has;
    } texts[] = {
        {"schema", &change->table.schema, &members->has_schema},
        {"table", &change->table.name, &members->has_table},
        {"prefix", &change->prefix, &members->has_prefix},
        {"content", &change->content, &members->has_content},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (is_key(key, texts[i].word)) {
            *texts[i].to = told;
            *texts[i].has = true;
        }
    return true;
}

/* The object is its own list of one table. */
static bool next_table(struct told_tables *tables, struct told_table *ret_table);

static bool read_object(struct text *text, struct told_change *ret_change)
{
    struct told_change change = {.xid = 0};
    struct members has = {.action = '\0'};
    struct told key;
    const char *begin = text->at;
    if (!take_char(text, '{'))
        return false;
    do
        if (!take_string(text, &key) || !take_char(text, ':') ||
            !take_member(text, &key, &has, &change))
            return false;
    while (take_char(text, ','));
    if (!take_char(text, '}') || text->at != text->end)
        return false;
    change.tables = (struct told_tables){.at = begin, .end = text->end, .next = next_table};
    *ret_change = change;
    bool table = has.has_schema && has.has_table;
    switch (has.action) {
    case 'B':
        return has.has_xid;
    case 'C':
        return has.has_xid && has.has_time && has.has_lsn;
    case 'I':
        return table && change.has_new && !change.has_old;
    case 'U':
        return table && change.has_new && change.has_old;
    case 'D':
        return table && !change.has_new && change.has_old;
    case 'T':
        return table;
    case 'M':
        return has.has_transactional && has.has_prefix && has.has_content;
    default:
        return false;
    }
}

static bool next_table(struct told_tables *tables, struct told_table *ret_table)
{
    struct text text = {.at = tables->at, .end = tables->end};
    struct told_change change;
    if (!read_object(&text, &change))
        return false;
    *ret_table = change.table;
    tables->at = tables->end;
    return true;
}

bool wal2json_parse(const char *bytes, size_t length, struct told_change *ret_change)
{
    struct text text = {.at = bytes, .end = bytes + length};
    return length > 0 && read_object(&text, ret_change);
}
