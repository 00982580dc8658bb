#include "wire/dump_text.h"

#include <string.h>

static const char mark[] = "--\n-- Name: ";
static const char over[] = "--\n-- PostgreSQL database dump complete";

/* Where this text is at the beginning of a line; `end` when it is not there. */
static const char *find_line(const char *at, const char *end, const char *wanted)
{
    size_t length = strlen(wanted);
    while ((size_t)(end - at) >= length) {
        const char *found = memmem(at, (size_t)(end - at), wanted, length);
        if (found == NULL)
            return end;
        if (found == at || found[-1] == '\n')
            return found;
        at = found + 1;
    }
    return end;
}

/* The last place of a word in a piece, which ends there; what is behind it is returned. */
static struct dump_piece cut_last(struct dump_piece *piece, const char *word)
{
    size_t length = strlen(word);
    for (size_t i = piece->length; i >= length; i--)
        if (memcmp(piece->text + i - length, word, length) == 0) {
            struct dump_piece behind = {piece->text + i, piece->length - i};
            piece->length = i - length;
            return behind;
        }
    return (struct dump_piece){piece->text + piece->length, 0};
}

static bool is_text(const struct dump_piece *piece, const char *text)
{
    return piece->length == strlen(text) && memcmp(piece->text, text, piece->length) == 0;
}

static bool begins(const struct dump_piece *piece, const char *text)
{
    return piece->length >= strlen(text) && memcmp(piece->text, text, strlen(text)) == 0;
}

static void trim(struct dump_piece *piece)
{
    while (piece->length > 0 && *piece->text == '\n') {
        piece->text++;
        piece->length--;
    }
    while (piece->length > 0 && piece->text[piece->length - 1] == '\n')
        piece->length--;
}

/* A setting in the last line of a body is for the objects behind it. */
static bool take_setting(struct dump_piece *body, const char *name, struct dump_piece *ret_value)
{
    size_t start = body->length;
    while (start > 0 && body->text[start - 1] != '\n')
        start--;
    struct dump_piece line = {body->text + start, body->length - start};
    if (!begins(&line, name) || line.text[line.length - 1] != ';')
        return false;
    size_t length = strlen(name);
    *ret_value = (struct dump_piece){line.text + length, line.length - length - 1};
    if (is_text(ret_value, "''"))
        ret_value->length = 0;
    body->length = start;
    trim(body);
    return true;
}

static void take_settings(struct dump_text *dump, struct dump_piece *body)
{
    trim(body);
    while (take_setting(body, "SET default_tablespace = ", &dump->tablespace) ||
           take_setting(body, "SET default_table_access_method = ", &dump->method)) {
    }
}

struct dump_text dump_text_over(const char *text, size_t length)
{
    const char *end = text + length;
    struct dump_text dump = {.at = find_line(text, end, mark), .end = end};
    struct dump_piece before = {text, (size_t)(dump.at - text)};
    dump.tablespace = dump.method = (struct dump_piece){text, 0};
    take_settings(&dump, &before);
    return dump;
}

static bool has_line(const struct dump_piece *body, const char *line)
{
    return find_line(body->text, body->text + body->length, line) != body->text + body->length;
}

static void depend(const struct dump_text *dump, struct dump_object *object)
{
    const struct dump_piece none = {object->body.text, 0};
    bool stored = is_text(&object->type, "TABLE") || is_text(&object->type, "MATERIALIZED VIEW");
    bool placed = stored || is_text(&object->type, "INDEX") || is_text(&object->type, "CONSTRAINT");
    object->tablespace = placed ? dump->tablespace : none;
    object->method = stored && !has_line(&object->body, "PARTITION BY ") ? dump->method : none;
}

bool dump_text_next(struct dump_text *dump, struct dump_object *object)
{
    if (dump->at == dump->end)
        return false;
    const char *head = dump->at + strlen(mark);
    const char *line = memchr(head, '\n', (size_t)(dump->end - head));
    line = line == NULL ? dump->end : line;
    object->name = (struct dump_piece){head, (size_t)(line - head)};
    cut_last(&object->name, "; Owner: ");
    object->schema = cut_last(&object->name, "; Schema: ");
    object->type = cut_last(&object->name, "; Type: ");
    const char *body = find_line(line, dump->end, "--\n");
    body += body == dump->end ? 0 : strlen("--\n");
    const char *next = find_line(body, dump->end, mark);
    const char *last = find_line(body, next, over);
    object->body = (struct dump_piece){body, (size_t)(last - body)};
    struct dump_text before = *dump;
    take_settings(dump, &object->body);
    depend(&before, object);
    dump->at = last == next ? next : dump->end;
    return true;
}
