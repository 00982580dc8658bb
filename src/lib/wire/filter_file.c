#include "wire/filter_file.h"

#include <string.h>

static const struct {
    const char *section;
    bool include;
    const char *object;
} sections[] = {
    {"include-only-table", true, "table"},       {"include-only-schema", true, "schema"},
    {"exclude-table", false, "table"},           {"exclude-schema", false, "schema"},
    {"exclude-table-data", false, "table_data"}, {"exclude-index", false, "index"},
    {"exclude-extension", false, "extension"},   {"include-only-extension", true, "extension"},
};

static const char *const objects[] = {"table", "schema", "table_data", "index", "extension"};

struct line {
    const char *at;
    const char *end;
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void trim(struct line *line)
{
    while (line->at < line->end && is_space(*line->at))
        line->at++;
    while (line->at < line->end && is_space(line->end[-1]))
        line->end--;
}

/* Behind the regular expression ~/…/ that begins here; NULL: there is none. */
static const char *regular_end(const char *at, const char *end)
{
    if (end - at < 3 || at[0] != '~' || at[1] != '/')
        return NULL;
    for (at += 2; at < end; at++)
        if (*at == '/' && (at + 1 == end || at[1] == '.' || is_space(at[1])))
            return at + 1;
    return NULL;
}

/* A # outside of double quotes and regular expressions begins a comment. */
static void cut_comment(struct line *line)
{
    bool quoted = false;
    for (const char *at = line->at; at < line->end; at++) {
        bool part = !quoted && (at == line->at || at[-1] == '.');
        const char *end = part ? regular_end(at, line->end) : NULL;
        if (end != NULL)
            at = end - 1;
        else if (*at == '"')
            quoted = !quoted;
        else if (*at == '#' && !quoted)
            line->end = at;
    }
    trim(line);
}

static bool next_line(struct filter_file *file, struct line *ret_line)
{
    if (file->at >= file->end)
        return false;
    const char *newline = memchr(file->at, '\n', (size_t)(file->end - file->at));
    *ret_line = (struct line){file->at, newline == NULL ? file->end : newline};
    file->at = newline == NULL ? file->end : newline + 1;
    file->line++;
    trim(ret_line);
    return true;
}

static bool is_word(const struct line *line, const char *word)
{
    size_t length = (size_t)(line->end - line->at);
    return length == strlen(word) && memcmp(line->at, word, length) == 0;
}

static struct line take_word(struct line *line)
{
    struct line word = {line->at, line->at};
    while (word.end < line->end && !is_space(*word.end))
        word.end++;
    line->at = word.end;
    trim(line);
    return word;
}

struct filter_file filter_file_over(const char *text, size_t length)
{
    struct filter_file file = {.at = text, .end = text + length};
    struct filter_file look = file;
    struct line line;
    while (next_line(&look, &line)) {
        if (line.at == line.end || *line.at == '#' || *line.at == ';')
            continue;
        file.sections = *line.at == '[';
        break;
    }
    return file;
}

/* ---- pg_dump's grammar ---- */

static enum filter_found read_rule(struct line line, struct filter_entry *entry,
                                   const char **ret_wrong)
{
    struct line verb = take_word(&line);
    struct line object = take_word(&line);
    *ret_wrong = "it begins with neither include nor exclude";
    if (!is_word(&verb, "include") && !is_word(&verb, "exclude"))
        return FILTER_WRONG;
    entry->include = is_word(&verb, "include");
    entry->object = NULL;
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++)
        if (is_word(&object, objects[i]))
            entry->object = objects[i];
    *ret_wrong = "its second word is none of table, schema, table_data, index, extension";
    if (entry->object == NULL)
        return FILTER_WRONG;
    *ret_wrong = "it can be excluded, but not included";
    if (entry->include &&
        (strcmp(entry->object, "table_data") == 0 || strcmp(entry->object, "index") == 0))
        return FILTER_WRONG;
    *ret_wrong = "the pattern is missing";
    if (line.at == line.end)
        return FILTER_WRONG;
    entry->name = line.at;
    entry->name_length = (size_t)(line.end - line.at);
    entry->exact = false;
    return FILTER_FOUND;
}

/* ---- sections ---- */

static bool begin_section(struct filter_file *file, const struct line *line, const char **ret_wrong)
{
    struct line name = {line->at + 1, line->end - 1};
    *ret_wrong = "the section's name does not end with ]";
    if (line->end - line->at < 2 || line->end[-1] != ']')
        return false;
    *ret_wrong = "there is no such section, or it is not supported";
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        if (is_word(&name, sections[i].section)) {
            file->section = name.at;
            file->section_length = (size_t)(name.end - name.at);
            return true;
        }
    return false;
}

static enum filter_found read_name(const struct filter_file *file, struct line line,
                                   struct filter_entry *entry, const char **ret_wrong)
{
    struct line name = {file->section, file->section + file->section_length};
    *ret_wrong = "it is before the first section";
    if (file->section == NULL)
        return FILTER_WRONG;
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        if (is_word(&name, sections[i].section)) {
            entry->include = sections[i].include;
            entry->object = sections[i].object;
        }
    entry->name = line.at;
    entry->name_length = (size_t)(line.end - line.at);
    entry->exact = true;
    return FILTER_FOUND;
}

enum filter_found filter_file_next(struct filter_file *file, struct filter_entry *ret_entry,
                                   const char **ret_wrong)
{
    struct line line;
    while (next_line(file, &line)) {
        cut_comment(&line);
        if (line.at == line.end || (file->sections && *line.at == ';'))
            continue;
        if (!file->sections)
            return read_rule(line, ret_entry, ret_wrong);
        if (*line.at != '[')
            return read_name(file, line, ret_entry, ret_wrong);
        if (!begin_section(file, &line, ret_wrong))
            return FILTER_WRONG;
    }
    return FILTER_END;
}
