#include "wire/server_message.h"

#include "wire/reader.h"

#include <string.h>

bool server_error_parse(const char *body, size_t length, struct server_error *ret_error)
{
    *ret_error = (struct server_error){"", "", "", "", "", ""};
    struct reader reader = reader_over(body, length);
    for (;;) {
        char code = (char)take_u8(&reader);
        if (code == '\0')
            return !reader.short_;
        const char *text = take_text(&reader);
        if (code == 'V' || (code == 'S' && *ret_error->severity == '\0'))
            ret_error->severity = text;
        else if (code == 'C')
            ret_error->sqlstate = text;
        else if (code == 'M')
            ret_error->message = text;
        else if (code == 'D')
            ret_error->detail = text;
        else if (code == 'H')
            ret_error->hint = text;
        else if (code == 'W')
            ret_error->context = text;
    }
}

int64_t command_tag_count(const char *body, size_t length)
{
    size_t end = strnlen(body, length);
    size_t from = end;
    while (from > 0 && body[from - 1] >= '0' && body[from - 1] <= '9')
        from--;
    if (from == end || end - from > 18)
        return -1;
    int64_t count = 0;
    for (; from < end; from++)
        count = count * 10 + (body[from] - '0');
    return count;
}

bool data_row_first(const char *body, size_t length, char *to, size_t size)
{
    struct reader reader = reader_over(body, length);
    to[0] = '\0';
    if (take_u16(&reader) < 1)
        return false;
    uint32_t width = take_u32(&reader);
    if (reader.short_)
        return false;
    if (width == UINT32_MAX)
        return true;
    const uint8_t *value = take_bytes(&reader, width);
    if (value == NULL)
        return false;
    size_t shown = width < size - 1 ? width : size - 1;
    memcpy(to, value, shown);
    to[shown] = '\0';
    return true;
}
