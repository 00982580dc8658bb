#include "wire/name_pattern.h"

#include <string.h>

struct writer {
    char *to;
    size_t used;
};

static void put(struct writer *writer, char c)
{
    writer->to[writer->used++] = c;
}

static void begin(struct writer *writer, char *to)
{
    *writer = (struct writer){.to = to};
    put(writer, '^');
    put(writer, '(');
}

static void end(struct writer *writer)
{
    put(writer, ')');
    put(writer, '$');
    put(writer, '\0');
}

/* One character of a part; two at the most are written for it. */
static void put_character(struct writer *writer, const char *at, bool quoted)
{
    char c = *at;
    if (!quoted && c == '*') {
        put(writer, '.');
        put(writer, '*');
        return;
    }
    if (!quoted && c == '?') {
        put(writer, '.');
        return;
    }
    bool array = !quoted && c == '[' && at[1] == ']';
    if (array || strchr(quoted ? "|*+?()[]{}.^$\\" : "$", c) != NULL)
        put(writer, '\\');
    if (!quoted && c >= 'A' && c <= 'Z')
        c = (char)(c | 0x20);
    put(writer, c);
}

bool name_pattern_parse(const char *text, int parts, struct name_pattern *ret_pattern,
                        const char **ret_wrong)
{
    struct writer writer;
    bool quoted = false;
    *ret_wrong = *text == '\0'                          ? "it is empty"
                 : strlen(text) > NAME_PATTERN_MOST - 1 ? "it is too long"
                                                        : NULL;
    if (*ret_wrong != NULL)
        return false;
    ret_pattern->schema[0] = '\0';
    begin(&writer, ret_pattern->name);
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"' && quoted && at[1] == '"') {
            put_character(&writer, at++, true);
        } else if (*at == '"') {
            quoted = !quoted;
        } else if (*at == '.' && !quoted) {
            if (parts < 2 || ret_pattern->schema[0] != '\0') {
                *ret_wrong = parts < 2 ? "it has a dot" : "it has more than one dot";
                return false;
            }
            end(&writer);
            memcpy(ret_pattern->schema, ret_pattern->name, writer.used);
            begin(&writer, ret_pattern->name);
        } else {
            put_character(&writer, at, quoted);
        }
    }
    end(&writer);
    *ret_wrong = quoted ? "a double quote in it does not end" : NULL;
    return !quoted;
}
