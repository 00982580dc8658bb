#include "base/strbuf.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void need(struct strbuf *buf, size_t more)
{
    size_t wanted = buf->length + more + 1;
    if (wanted <= buf->room)
        return;
    size_t room = buf->room == 0 ? 64 : buf->room;
    while (room < wanted)
        room *= 2;
    char *text = realloc(buf->text, room);
    if (text == NULL)
        err(1, "pghaul");
    buf->text = text;
    buf->room = room;
}

void strbuf_add_bytes(struct strbuf *buf, const char *bytes, size_t length)
{
    need(buf, length);
    if (length > 0)
        memcpy(buf->text + buf->length, bytes, length);
    buf->length += length;
    buf->text[buf->length] = '\0';
}

void strbuf_add(struct strbuf *buf, const char *text)
{
    strbuf_add_bytes(buf, text, strlen(text));
}

void strbuf_add_char(struct strbuf *buf, char c)
{
    strbuf_add_bytes(buf, &c, 1);
}

void strbuf_addf(struct strbuf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    need(buf, (size_t)length);
    va_start(args, format);
    vsnprintf(buf->text + buf->length, (size_t)length + 1, format, args);
    va_end(args);
    buf->length += (size_t)length;
}

void strbuf_add_identifier(struct strbuf *buf, const char *name)
{
    strbuf_add_char(buf, '"');
    for (; *name != '\0'; name++) {
        if (*name == '"')
            strbuf_add_char(buf, '"');
        strbuf_add_char(buf, *name);
    }
    strbuf_add_char(buf, '"');
}

void strbuf_add_literal(struct strbuf *buf, const char *text)
{
    if (strchr(text, '\\') != NULL)
        strbuf_add(buf, " E");
    strbuf_add_char(buf, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            strbuf_add_char(buf, *text);
        strbuf_add_char(buf, *text);
    }
    strbuf_add_char(buf, '\'');
}

void strbuf_add_qualified(struct strbuf *buf, const char *schema, const char *name)
{
    strbuf_add_identifier(buf, schema);
    strbuf_add_char(buf, '.');
    strbuf_add_identifier(buf, name);
}

void strbuf_clear(struct strbuf *buf)
{
    buf->length = 0;
    if (buf->text != NULL)
        buf->text[0] = '\0';
}

const char *strbuf_text(const struct strbuf *buf)
{
    return buf->text == NULL ? "" : buf->text;
}

void drop_strbuf(struct strbuf *buf)
{
    free(buf->text);
    *buf = (struct strbuf)STRBUF_EMPTY;
}

char *copy_string(const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL)
        err(1, "pghaul");
    return copy;
}

void *new_memory(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL)
        err(1, "pghaul");
    return memory;
}

/* Its room is the next power of two, so it need not be kept. */
void *grow_memory(void *list, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0)
        return list;
    void *memory = reallocarray(list, count == 0 ? 1 : 2 * count, size);
    if (memory == NULL)
        err(1, "pghaul");
    return memory;
}
