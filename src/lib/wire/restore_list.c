/*
 * restore_list.c - lines of `pg_restore --list`.
 *
 * A line is "DUMPID; TABLEOID OID DESCRIPTION SCHEMA NAME OWNER", with nothing
 * quoted, so where the description ends must be known. Descriptions of more
 * than one word are listed here; a schema may be called like the second word of
 * one ("DATA"), which the oids tell apart: those entries have no object.
 */
#include "wire/restore_list.h"

#include <string.h>

static const struct {
    const char *words;
    bool without_object; /* table_oid is 0 */
} long_descriptions[] = {
    {"ACCESS METHOD", false},
    {"BLOB COMMENTS", false},
    {"BLOB METADATA", false},
    {"CHECK CONSTRAINT", false},
    {"DATABASE PROPERTIES", false},
    {"DEFAULT ACL", false},
    {"EVENT TRIGGER", false},
    {"FK CONSTRAINT", false},
    {"FOREIGN DATA WRAPPER", false},
    {"FOREIGN TABLE", false},
    {"INDEX ATTACH", true},
    {"LARGE OBJECT", false},
    {"MATERIALIZED VIEW DATA", true},
    {"MATERIALIZED VIEW", false},
    {"OPERATOR CLASS", false},
    {"OPERATOR FAMILY", false},
    {"PROCEDURAL LANGUAGE", false},
    {"PUBLICATION TABLES IN SCHEMA", false},
    {"PUBLICATION TABLE", false},
    {"ROW SECURITY", false},
    {"SECURITY LABEL", false},
    {"SEQUENCE OWNED BY", true},
    {"SEQUENCE SET", true},
    {"SHELL TYPE", false},
    {"STATISTICS DATA", true},
    {"SUBSCRIPTION TABLE", false},
    {"TABLE ATTACH", true},
    {"TABLE DATA", true},
    {"TEXT SEARCH CONFIGURATION", false},
    {"TEXT SEARCH DICTIONARY", false},
    {"TEXT SEARCH PARSER", false},
    {"TEXT SEARCH TEMPLATE", false},
    {"USER MAPPING", false},
};

struct line {
    const char *at;
    const char *end;
};

static bool take_number(struct line *line, uint32_t *ret)
{
    uint64_t number = 0;
    const char *from = line->at;
    while (line->at < line->end && *line->at >= '0' && *line->at <= '9' && number <= UINT32_MAX)
        number = number * 10 + (uint64_t)(*line->at++ - '0');
    *ret = (uint32_t)number;
    return line->at > from && number <= UINT32_MAX;
}

static bool take_word(struct line *line, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(line->end - line->at) < length || memcmp(line->at, word, length) != 0)
        return false;
    line->at += length;
    return true;
}

static size_t description_length(const struct line *line, uint32_t table_oid)
{
    size_t left = (size_t)(line->end - line->at);
    for (size_t i = 0; i < sizeof long_descriptions / sizeof long_descriptions[0]; i++) {
        size_t length = strlen(long_descriptions[i].words);
        if (left > length && memcmp(line->at, long_descriptions[i].words, length) == 0 &&
            line->at[length] == ' ' && (!long_descriptions[i].without_object || table_oid == 0))
            return length;
    }
    const char *space = memchr(line->at, ' ', left);
    return space == NULL ? left : (size_t)(space - line->at);
}

bool restore_list_parse(const char *text, size_t length, struct restore_entry *ret_entry)
{
    struct line line = {.at = text, .end = text + length};
    struct restore_entry entry;
    uint32_t dump_id;
    if (!take_number(&line, &dump_id) || dump_id > INT32_MAX || !take_word(&line, "; ") ||
        !take_number(&line, &entry.table_oid) || !take_word(&line, " ") ||
        !take_number(&line, &entry.oid) || !take_word(&line, " "))
        return false;
    entry.dump_id = (int32_t)dump_id;
    entry.description = line.at;
    entry.description_length = description_length(&line, entry.table_oid);
    line.at += entry.description_length;
    if (entry.description_length == 0 || !take_word(&line, " "))
        return false;
    entry.label = line.at;
    entry.label_length = (size_t)(line.end - line.at);
    *ret_entry = entry;
    return true;
}

bool restore_needs_begin(const char **line, const char *end)
{
    struct line at = {.at = *line, .end = end};
    if (!take_word(&at, ";\tdepends on:"))
        return false;
    *line = at.at;
    return true;
}

bool restore_needs_next(const char **at, const char *end, int32_t *ret_dump_id)
{
    struct line line = {.at = *at, .end = end};
    uint32_t number;
    if (!take_word(&line, " ") || !take_number(&line, &number) || number > INT32_MAX)
        return false;
    *ret_dump_id = (int32_t)number;
    *at = line.at;
    return true;
}
