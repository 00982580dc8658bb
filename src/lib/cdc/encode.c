#include "cdc/encode.h"

#include "cdc/statement.h"

#include <endian.h>
#include <string.h>

enum { INT8_TYPE = 20 };

static void add_16(struct strbuf *to, uint16_t number)
{
    uint16_t bytes = htobe16(number);
    strbuf_add_bytes(to, (const char *)&bytes, sizeof bytes);
}

static void add_32(struct strbuf *to, uint32_t number)
{
    uint32_t bytes = htobe32(number);
    strbuf_add_bytes(to, (const char *)&bytes, sizeof bytes);
}

static void add_64(struct strbuf *to, uint64_t number)
{
    uint64_t bytes = htobe64(number);
    strbuf_add_bytes(to, (const char *)&bytes, sizeof bytes);
}

static bool has_bytes(const struct pgoutput_value *value)
{
    return value->kind == PGOUTPUT_TEXT || value->kind == PGOUTPUT_BINARY;
}

bool encoding_of(const struct destination *to, const struct pgoutput_value *row,
                 enum encoding *encoding, bool *known)
{
    for (int i = 0; i < to->count; i++) {
        if (!has_bytes(&row[i]))
            continue;
        enum encoding its = row[i].kind == PGOUTPUT_BINARY ? ENCODE_BINARY : ENCODE_TEXT;
        if ((*known && its != *encoding) || (its == ENCODE_BINARY && to->text_only))
            return false;
        *encoding = its;
        *known = true;
    }
    return true;
}

/* ---- arrays ---- */

bool encode_array_takes(const struct destination *destination, const struct pgoutput_value *row)
{
    for (int i = 0; i < destination->count; i++)
        if (destination->columns[i].no_null && !has_bytes(&row[i]))
            return false;
    return true;
}

static void add_array_header(struct strbuf *to, uint32_t type, size_t count)
{
    add_32(to, count > 0 ? 1 : 0); /* dimensions */
    add_32(to, 0);                 /* no NULL among them */
    add_32(to, type);
    if (count > 0) {
        add_32(to, (uint32_t)count);
        add_32(to, 1); /* the first is number 1 */
    }
}

void encode_array_begin(struct strbuf *to, const struct destination *destination, size_t rows,
                        enum encoding encoding)
{
    if (encoding == ENCODE_BINARY)
        add_array_header(to, destination->row_type, rows);
    else
        strbuf_add(to, "{");
}

static void add_binary_row(struct strbuf *to, const struct destination *destination,
                           const struct pgoutput_value *row)
{
    size_t size = 4;
    for (int i = 0; i < destination->count; i++)
        size += 8 + (has_bytes(&row[i]) ? row[i].length : 0);
    add_32(to, (uint32_t)size);
    add_32(to, (uint32_t)destination->count);
    for (int i = 0; i < destination->count; i++) {
        add_32(to, destination->columns[i].type);
        if (has_bytes(&row[i])) {
            add_32(to, row[i].length);
            strbuf_add_bytes(to, (const char *)row[i].bytes, row[i].length);
        } else {
            add_32(to, UINT32_MAX);
        }
    }
}

/* Within a record that is within an array: both have quotes of their own. */
static void add_text_value(struct strbuf *to, const struct pgoutput_value *value)
{
    const char *from = (const char *)value->bytes, *end = from + value->length;
    strbuf_add(to, "\\\"");
    while (from < end) {
        const char *plain = from;
        while (from < end && *from != '"' && *from != '\\')
            from++;
        strbuf_add_bytes(to, plain, (size_t)(from - plain));
        if (from < end)
            strbuf_add(to, *from++ == '"' ? "\\\"\\\"" : "\\\\\\\\");
    }
    strbuf_add(to, "\\\"");
}

void encode_array_row(struct strbuf *to, const struct destination *destination,
                      const struct pgoutput_value *row, enum encoding encoding)
{
    if (encoding == ENCODE_BINARY) {
        add_binary_row(to, destination, row);
        return;
    }
    strbuf_add(to, to->length == 1 ? "\"(" : ",\"(");
    for (int i = 0; i < destination->count; i++) {
        if (i > 0)
            strbuf_add_char(to, ',');
        if (has_bytes(&row[i]))
            add_text_value(to, &row[i]);
    }
    strbuf_add(to, ")\"");
}

void encode_array_end(struct strbuf *to, enum encoding encoding)
{
    if (encoding == ENCODE_TEXT)
        strbuf_add(to, "}");
}

void encode_numbers_begin(struct strbuf *to, size_t count)
{
    add_array_header(to, INT8_TYPE, count);
}

void encode_number(struct strbuf *to, int64_t number)
{
    add_32(to, sizeof number);
    add_64(to, (uint64_t)number);
}

/* ---- COPY ---- */

void encode_copy_begin(struct strbuf *to, enum encoding encoding)
{
    static const char signature[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0";
    if (encoding == ENCODE_BINARY)
        strbuf_add_bytes(to, signature, sizeof signature - 1);
}

static void add_copy_text(struct strbuf *to, const struct pgoutput_value *value)
{
    const char *from = (const char *)value->bytes, *end = from + value->length;
    if (!has_bytes(value)) {
        strbuf_add(to, "\\N");
        return;
    }
    while (from < end) {
        const char *plain = from;
        while (from < end && *from != '\\' && *from != '\n' && *from != '\r' && *from != '\t')
            from++;
        strbuf_add_bytes(to, plain, (size_t)(from - plain));
        if (from == end)
            break;
        strbuf_add(to, *from == '\n'   ? "\\n"
                       : *from == '\r' ? "\\r"
                       : *from == '\t' ? "\\t"
                                       : "\\\\");
        from++;
    }
}

void encode_copy_row(struct strbuf *to, const struct destination *destination, const uint8_t *mask,
                     const struct pgoutput_value *row, enum encoding encoding)
{
    uint16_t columns = 0;
    for (int i = 0; i < destination->count; i++)
        columns = (uint16_t)(columns + (mask[i] == MASK_SET));
    if (encoding == ENCODE_BINARY)
        add_16(to, columns);
    const char *tab = "";
    for (int i = 0; i < destination->count; i++) {
        if (mask[i] != MASK_SET)
            continue;
        if (encoding == ENCODE_TEXT) {
            strbuf_add(to, tab);
            add_copy_text(to, &row[i]);
            tab = "\t";
        } else if (has_bytes(&row[i])) {
            add_32(to, row[i].length);
            strbuf_add_bytes(to, (const char *)row[i].bytes, row[i].length);
        } else {
            add_32(to, UINT32_MAX);
        }
    }
    if (encoding == ENCODE_TEXT)
        strbuf_add_char(to, '\n');
}

void encode_copy_end(struct strbuf *to, enum encoding encoding)
{
    if (encoding == ENCODE_BINARY)
        add_16(to, UINT16_MAX);
}
