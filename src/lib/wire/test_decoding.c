#include "wire/test_decoding.h"

#include <inttypes.h>
#include <string.h>

struct line {
    const char *at, *end;
};

static size_t left(const struct line *line)
{
    return (size_t)(line->end - line->at);
}

/* Moves behind the word, if it is next. */
static bool take_word(struct line *line, const char *word)
{
    size_t length = strlen(word);
    if (left(line) < length || memcmp(line->at, word, length) != 0)
        return false;
    line->at += length;
    return true;
}

static bool take_u64(struct line *line, uint64_t *ret_number)
{
    const char *begin = line->at;
    uint64_t number = 0;
    for (; line->at < line->end && *line->at >= '0' && *line->at <= '9'; line->at++) {
        if (number > (UINT64_MAX - 9) / 10)
            return false;
        number = number * 10 + (uint64_t)(*line->at - '0');
    }
    *ret_number = number;
    return line->at > begin;
}

static bool take_xid(struct line *line, uint32_t *ret_xid)
{
    uint64_t number;
    if (!take_u64(line, &number) || number == 0 || number > UINT32_MAX)
        return false;
    *ret_xid = (uint32_t)number;
    return true;
}

/* What stands in quotes, with two for one inside. */
static bool take_quoted(struct line *line, char quote, enum told_as as, struct told *ret_told)
{
    const char *at = line->at;
    bool doubled = false;
    if (at == line->end || *at != quote)
        return false;
    const char *begin = ++at;
    for (;;) {
        at = memchr(at, quote, (size_t)(line->end - at));
        if (at == NULL)
            return false;
        if (at + 1 == line->end || at[1] != quote)
            break;
        doubled = true;
        at += 2;
    }
    size_t length = (size_t)(at - begin);
    if (memchr(begin, '\0', length) != NULL)
        return false;
    *ret_told = (struct told){.as = doubled ? as : TOLD_PLAIN, .at = begin, .length = length};
    line->at = at + 1;
    return true;
}

static bool is_name_byte(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || c == '_' || (!first && c >= '0' && c <= '9');
}

/* As quote_identifier() writes it; none is empty. */
static bool take_name(struct line *line, struct told *ret_name)
{
    if (line->at < line->end && *line->at == '"')
        return take_quoted(line, '"', TOLD_NAME, ret_name) && ret_name->length > 0;
    const char *begin = line->at;
    while (line->at < line->end && is_name_byte(*line->at, line->at == begin))
        line->at++;
    *ret_name = (struct told){.at = begin, .length = (size_t)(line->at - begin)};
    return line->at > begin;
}

static bool take_table(struct line *line, struct told_table *ret_table)
{
    return take_name(line, &ret_table->schema) && take_word(line, ".") &&
           take_name(line, &ret_table->name);
}

/* ---- columns ---- */

/* In brackets; inside may be names in quotes, and the brackets of arrays. */
static bool take_type(struct line *line, struct told *ret_type)
{
    struct told ignored;
    if (!take_word(line, "["))
        return false;
    const char *begin = line->at;
    for (int depth = 1; line->at < line->end;) {
        if (*line->at == '"') {
            if (!take_quoted(line, '"', TOLD_NAME, &ignored))
                return false;
            continue;
        }
        if (*line->at == '\0')
            return false;
        depth += *line->at == '[' ? 1 : *line->at == ']' ? -1 : 0;
        if (depth == 0)
            break;
        line->at++;
    }
    *ret_type = (struct told){.at = begin, .length = (size_t)(line->at - begin)};
    return ret_type->length > 0 && take_word(line, "]");
}

static bool is_number(const struct told *value)
{
    if (told_is(value, "NaN", 3) || told_is(value, "Infinity", 8) || told_is(value, "-Infinity", 9))
        return true;
    for (size_t i = 0; i < value->length; i++)
        if (value->at[i] == '\0' || strchr("0123456789+-.e", value->at[i]) == NULL)
            return false;
    return value->length > 0 && value->at[0] != 'e';
}

/* Numbers, true and false, and the two words that are no values. */
static bool take_bare(struct line *line, struct told_column *column)
{
    const char *begin = line->at;
    const char *space = memchr(begin, ' ', left(line));
    line->at = space == NULL ? line->end : space;
    struct told value = {.at = begin, .length = (size_t)(line->at - begin)};
    column->value = (struct told){.at = begin};
    if (told_is(&value, "null", 4)) {
        column->kind = TOLD_NULL;
        return true;
    }
    if (told_is(&value, "unchanged-toast-datum", 21)) {
        column->kind = TOLD_UNCHANGED;
        return true;
    }
    column->kind = TOLD_VALUE;
    column->value = value;
    if (told_is(&column->type, "boolean", 7)) {
        column->value.length = 1;
        return told_is(&value, "true", 4) || told_is(&value, "false", 5);
    }
    return is_number(&value);
}

static bool take_column(struct line *line, struct told_column *ret_column)
{
    struct told_column column = {.type_oid = 0, .kind = TOLD_VALUE};
    if (!take_word(line, " ") || !take_name(line, &column.name) || !take_type(line, &column.type) ||
        !take_word(line, ":"))
        return false;
    bool bits = take_word(line, "B'");
    line->at -= bits ? 1 : 0;
    if (line->at < line->end && *line->at == '\'') {
        if (!take_quoted(line, '\'', TOLD_LITERAL, &column.value))
            return false;
    } else if (!take_bare(line, &column)) {
        return false;
    }
    *ret_column = column;
    return true;
}

static bool next_column(struct told_row *row, struct told_column *ret_column)
{
    struct line line = {.at = row->at, .end = row->end};
    if (!take_column(&line, ret_column))
        return false;
    row->at = line.at;
    return true;
}

/* Columns up to the end of the line, or to what comes after the old row of an UPDATE. */
static bool take_row(struct line *line, const char *until, struct told_row *ret_row)
{
    struct told_column column;
    const char *begin = line->at;
    while (line->at < line->end) {
        const char *end = line->at;
        if (until != NULL && take_word(line, until)) {
            *ret_row = (struct told_row){.at = begin, .end = end, .next = next_column};
            return true;
        }
        if (!take_column(line, &column))
            return false;
    }
    *ret_row = (struct told_row){.at = begin, .end = line->end, .next = next_column};
    return until == NULL;
}

static bool is_without_data(struct line *line)
{
    return take_word(line, " (no-tuple-data)");
}

static bool take_new_row(struct line *line, struct told_change *change)
{
    change->has_new = true;
    return !is_without_data(line) && take_row(line, NULL, &change->new_row);
}

static bool take_update(struct line *line, struct told_change *change)
{
    if (take_word(line, " old-key:")) {
        change->has_old = true;
        if (!take_row(line, " new-tuple:", &change->old_row))
            return false;
    }
    return take_new_row(line, change);
}

static bool take_delete(struct line *line, struct told_change *change)
{
    change->has_old = !is_without_data(line);
    return !change->has_old || take_row(line, NULL, &change->old_row);
}

/* ---- lines ---- */

static bool next_table(struct told_tables *tables, struct told_table *ret_table)
{
    struct line line = {.at = tables->at, .end = tables->end};
    if (!take_table(&line, ret_table))
        return false;
    tables->at = take_word(&line, ", ") ? line.at : line.end;
    return true;
}

static bool take_truncate(struct line *line, const char *tables, struct told_change *change)
{
    change->tag = TOLD_TRUNCATE;
    change->tables = (struct told_tables){.at = tables, .end = line->at, .next = next_table};
    if (!take_word(line, ": TRUNCATE:"))
        return false;
    if (take_word(line, " (no-flags)"))
        return true;
    change->restart_identity = take_word(line, " restart_seqs");
    change->cascade = take_word(line, " cascade");
    return change->restart_identity || change->cascade;
}

static bool take_change(struct line *line, struct told_change *change)
{
    static const struct {
        const char *word;
        enum told_tag tag;
        bool (*take)(struct line *line, struct told_change *change);
    } kinds[] = {
        {": INSERT:", TOLD_INSERT, take_new_row},
        {": UPDATE:", TOLD_UPDATE, take_update},
        {": DELETE:", TOLD_DELETE, take_delete},
    };
    struct told_table ignored;
    const char *tables = line->at;
    if (!take_table(line, &change->table))
        return false;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (take_word(line, kinds[i].word)) {
            change->tag = kinds[i].tag;
            return kinds[i].take(line, change);
        }
    while (take_word(line, ", "))
        if (!take_table(line, &ignored))
            return false;
    return take_truncate(line, tables, change);
}

/* The prefix may hold anything: it ends where the size fits what is left. */
static bool take_message(struct line *line, struct told_change *change)
{
    static const char mark[] = ", sz: ";
    change->tag = TOLD_MESSAGE;
    change->transactional = take_word(line, "1");
    if ((!change->transactional && !take_word(line, "0")) || !take_word(line, " prefix: "))
        return false;
    const char *begin = line->at;
    while (line->at < line->end) {
        uint64_t size;
        const char *found = memmem(line->at, left(line), mark, sizeof mark - 1);
        if (found == NULL || memchr(begin, '\0', (size_t)(found - begin)) != NULL)
            return false;
        line->at = found + sizeof mark - 1;
        if (!take_u64(line, &size) || !take_word(line, " content:") || size != left(line))
            continue;
        change->prefix = (struct told){.at = begin, .length = (size_t)(found - begin)};
        change->content = (struct told){.at = line->at, .length = left(line)};
        line->at = line->end;
        return true;
    }
    return false;
}

static bool take_begin(struct line *line, struct told_change *change)
{
    change->tag = TOLD_BEGIN;
    return take_xid(line, &change->xid);
}

static bool take_commit(struct line *line, struct told_change *change)
{
    change->tag = TOLD_COMMIT;
    if (!take_xid(line, &change->xid) || !take_word(line, " (at ") || left(line) == 0)
        return false;
    const char *begin = line->at;
    line->at = line->end - 1;
    return told_time(begin, (size_t)(line->at - begin), &change->time) && take_word(line, ")");
}

bool test_decoding_parse(const char *bytes, size_t length, struct told_change *ret_change)
{
    static const struct {
        const char *word;
        bool (*take)(struct line *line, struct told_change *change);
    } kinds[] = {
        {"table ", take_change},
        {"BEGIN ", take_begin},
        {"COMMIT ", take_commit},
        {"message: transactional: ", take_message},
    };
    struct line line = {.at = bytes, .end = bytes + length};
    struct told_change change = {.xid = 0};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (take_word(&line, kinds[i].word)) {
            if (!kinds[i].take(&line, &change) || line.at != line.end)
                return false;
            *ret_change = change;
            return true;
        }
    return false;
}
