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

static bool is_regular(const char *at)
{
    return at[0] == '~' && at[1] == '/';
}

/* ~/…/ up to a dot or the end; NULL when it does not end. What begins so is for the server an ERE.
 */
static const char *put_regular(struct writer *writer, const char *at)
{
    const char *close = at + 2;
    while (*close != '\0' && !(close[0] == '/' && (close[1] == '.' || close[1] == '\0')))
        close++;
    if (*close == '\0')
        return NULL;
    writer->used = 0;
    for (const char *c = "(?e)"; *c != '\0'; c++)
        put(writer, *c);
    for (at += 2; at < close; at++)
        put(writer, *at);
    put(writer, '\0');
    return close + 1;
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

struct reader {
    struct writer writer;
    struct name_pattern *pattern;
    const char *at;
    int parts;
};

/* One part, up to a dot or the end; NULL when it is read, else why not. */
static const char *read_part(struct reader *reader)
{
    bool quoted = false;
    begin(&reader->writer, reader->pattern->name);
    if (is_regular(reader->at)) {
        reader->pattern->regular = true;
        reader->at = put_regular(&reader->writer, reader->at);
        return reader->at == NULL ? "a regular expression in it does not end with /" : NULL;
    }
    for (; *reader->at != '\0' && (quoted || *reader->at != '.'); reader->at++) {
        if (*reader->at == '"' && quoted && reader->at[1] == '"')
            put_character(&reader->writer, reader->at++, true);
        else if (*reader->at == '"')
            quoted = !quoted;
        else
            put_character(&reader->writer, reader->at, quoted);
    }
    end(&reader->writer);
    return quoted ? "a double quote in it does not end" : NULL;
}

static const char *read_parts(struct reader *reader)
{
    const char *wrong = read_part(reader);
    if (wrong != NULL || *reader->at == '\0')
        return wrong;
    if (reader->parts < 2)
        return "it has a dot";
    memcpy(reader->pattern->schema, reader->pattern->name, reader->writer.used);
    reader->at++;
    wrong = read_part(reader);
    return wrong == NULL && *reader->at != '\0' ? "it has more than one dot" : wrong;
}

bool name_pattern_parse(const char *text, int parts, struct name_pattern *ret_pattern,
                        const char **ret_wrong)
{
    struct reader reader = {.pattern = ret_pattern, .at = text, .parts = parts};
    ret_pattern->schema[0] = '\0';
    ret_pattern->regular = false;
    *ret_wrong = *text == '\0'                          ? "it is empty"
                 : strlen(text) > NAME_PATTERN_MOST - 1 ? "it is too long"
                                                        : read_parts(&reader);
    return *ret_wrong == NULL;
}
