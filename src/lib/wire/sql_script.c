/*
 * sql_script.c - the statements of a script that pg_restore has written, and perhaps somebody
 * edited.
 *
 * A statement ends at a semicolon outside of quotes, comments, parentheses and
 * SQL-standard function bodies (BEGIN ATOMIC … END), as psql sees it.
 */
#include "wire/sql_script.h"

#include <string.h>
#include <strings.h>

enum { WORDS_SEEN = 4 };

struct scan {
    const char *at;
    const char *end;
    int parentheses;
    int blocks;             /* depth of BEGIN ATOMIC and CASE within it */
    bool after_begin;       /* the last word was BEGIN */
    int words;              /* words of the statement so far */
    char first[WORDS_SEEN]; /* their first letters, lower case */
};

static bool is_word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_word(char c)
{
    return is_word_start(c) || (c >= '0' && c <= '9') || c == '$';
}

struct sql_script sql_script_over(const char *text, size_t length)
{
    return (struct sql_script){.at = text, .end = text + length};
}

/* Moves to the end of the line. */
static const char *line_end(const char *at, const char *end)
{
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    return newline == NULL ? end : newline;
}

static bool skip_block_comment(struct scan *scan)
{
    int depth = 0;
    while (scan->at < scan->end) {
        bool two = scan->end - scan->at >= 2;
        if (two && scan->at[0] == '/' && scan->at[1] == '*') {
            depth++;
            scan->at += 2;
        } else if (two && scan->at[0] == '*' && scan->at[1] == '/') {
            scan->at += 2;
            if (--depth == 0)
                return true;
        } else {
            scan->at++;
        }
    }
    return false;
}

/* Quoted text from its opening quote on; doubled quotes need no care, they open again. */
static void skip_quoted(struct scan *scan, bool escapes)
{
    char quote = *scan->at++;
    while (scan->at < scan->end) {
        char c = *scan->at++;
        if (c == quote)
            return;
        if (escapes && c == '\\' && scan->at < scan->end)
            scan->at++;
    }
}

/* $tag$ … $tag$; a lone dollar is passed over. */
static void skip_dollar_quoted(struct scan *scan)
{
    const char *tag = scan->at;
    const char *at = tag + 1;
    while (at < scan->end && is_word(*at) && *at != '$' && (at > tag + 1 || is_word_start(*at)))
        at++;
    if (at >= scan->end || *at != '$') {
        scan->at++;
        return;
    }
    size_t length = (size_t)(at + 1 - tag);
    const char *close = memmem(at + 1, (size_t)(scan->end - at - 1), tag, length);
    scan->at = close == NULL ? scan->end : close + length;
}

static bool creates_routine(const struct scan *scan)
{
    const char *f = scan->first;
    if (scan->words < 2 || f[0] != 'c')
        return false;
    int kind = f[1] == 'o' && f[2] == 'r' ? f[3] : f[1];
    return kind == 'f' || kind == 'p';
}

static bool word_is(const char *word, size_t length, const char *wanted)
{
    return length == strlen(wanted) && strncasecmp(word, wanted, length) == 0;
}

static void take_word(struct scan *scan)
{
    const char *word = scan->at;
    while (scan->at < scan->end && is_word(*scan->at))
        scan->at++;
    size_t length = (size_t)(scan->at - word);
    bool escapes = length == 1 && (*word == 'e' || *word == 'E');
    if (escapes && scan->at < scan->end && *scan->at == '\'') {
        skip_quoted(scan, true);
        return;
    }
    if (scan->words < WORDS_SEEN)
        scan->first[scan->words] = (char)(*word | 0x20);
    scan->words++;
    if (scan->parentheses > 0 || !creates_routine(scan))
        return;
    /* A body in SQL begins with BEGIN ATOMIC; a name may be begin, too. */
    bool begins = scan->after_begin && word_is(word, length, "atomic");
    scan->after_begin = word_is(word, length, "begin");
    if (begins || (scan->blocks > 0 && word_is(word, length, "case")))
        scan->blocks++;
    else if (scan->blocks > 0 && word_is(word, length, "end"))
        scan->blocks--;
}

/* Passes one token. True when it was the semicolon that ends the statement. */
static bool pass_token(struct scan *scan)
{
    char c = *scan->at;
    int next = scan->end - scan->at >= 2 ? scan->at[1] : '\0';
    if (c == '-' && next == '-')
        scan->at = line_end(scan->at, scan->end);
    else if (c == '/' && next == '*')
        skip_block_comment(scan);
    else if (c == '\'' || c == '"')
        skip_quoted(scan, false);
    else if (c == '$')
        skip_dollar_quoted(scan);
    else if (is_word(c))
        take_word(scan);
    else {
        scan->at++;
        scan->parentheses += c == '(' ? 1 : c == ')' && scan->parentheses > 0 ? -1 : 0;
        return c == ';' && scan->parentheses == 0 && scan->blocks == 0;
    }
    return false;
}

static void note_label(struct sql_script *script, const char *comment, const char *end)
{
    static const char prefix[] = "-- Name: ";
    size_t length = sizeof prefix - 1;
    if ((size_t)(end - comment) <= length || memcmp(comment, prefix, length) != 0)
        return;
    script->label = comment + length;
    script->label_length = (size_t)(end - comment) - length;
}

/* pg_dump writes \restrict and \unrestrict by itself. */
static void note_command(struct sql_script *script, const char *end)
{
    const char *word = script->at + (end - script->at > 3 && script->at[1] == 'u' ? 3 : 1);
    bool restricts = end - word >= 8 && memcmp(word, "restrict", 8) == 0 &&
                     (end - word == 8 || !is_word(word[8]));
    if (script->command != NULL || restricts)
        return;
    script->command = script->at;
    script->command_length = (size_t)(end - script->at);
}

/* One that is not closed is left to the server to refuse, as a statement. */
static bool skip_comment(struct sql_script *script)
{
    struct scan scan = {.at = script->at, .end = script->end};
    if (script->end - script->at < 2 || script->at[0] != '/' || script->at[1] != '*')
        return false;
    if (!skip_block_comment(&scan))
        return false;
    script->at = scan.at;
    return true;
}

/* Passes white space, comments and psql's commands before a statement. */
static void skip_between(struct sql_script *script)
{
    while (script->at < script->end) {
        char c = *script->at;
        bool comment = script->end - script->at >= 2 && c == '-' && script->at[1] == '-';
        if (comment || c == '\\') {
            const char *end = line_end(script->at, script->end);
            if (comment)
                note_label(script, script->at, end);
            else
                note_command(script, end);
            script->at = end;
        } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ';') {
            script->at++;
        } else if (!skip_comment(script)) {
            return;
        }
    }
}

bool sql_script_next(struct sql_script *script, struct sql_statement *ret_statement)
{
    skip_between(script);
    if (script->at >= script->end)
        return false;
    struct scan scan = {.at = script->at, .end = script->end};
    while (scan.at < scan.end && !pass_token(&scan))
        ;
    *ret_statement = (struct sql_statement){
        .text = script->at,
        .length = (size_t)(scan.at - script->at),
        .label = script->label,
        .label_length = script->label_length,
    };
    script->at = scan.at;
    return true;
}

bool sql_statement_setting(const struct sql_statement *statement, char *to, size_t size)
{
    const char *text = statement->text;
    const char *end = text + statement->length;
    if (statement->length < 5 || strncasecmp(text, "set ", 4) != 0)
        return false;
    const char *name = text + 4;
    const char *at = name;
    while (at < end && (is_word(*at) || *at == '.'))
        at++;
    size_t length = (size_t)(at - name);
    while (at < end && *at == ' ')
        at++;
    bool to_value = end - at > 3 && strncasecmp(at, "to ", 3) == 0;
    if (length == 0 || length >= size || at >= end || (*at != '=' && !to_value))
        return false;
    memcpy(to, name, length);
    to[length] = '\0';
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

bool sql_statement_begins(const struct sql_statement *statement, const char *words)
{
    const char *at = statement->text;
    const char *end = at + statement->length;
    for (; *words != '\0'; words++) {
        if (*words == ' ') {
            if (at == end || !is_space(*at))
                return false;
            while (at < end && is_space(*at))
                at++;
        } else if (at == end || strncasecmp(at++, words, 1) != 0) {
            return false;
        }
    }
    return at == end || !is_word(*at);
}

bool sql_statement_name(const struct sql_statement *statement, const char *prefix, char *to,
                        size_t size)
{
    size_t skip = strlen(prefix), length = 0;
    if (statement->length <= skip || memcmp(statement->text, prefix, skip) != 0)
        return false;
    const char *at = statement->text + skip;
    const char *end = statement->text + statement->length;
    bool quoted = *at == '"';
    for (at += quoted; at < end; at++) {
        bool closes = quoted ? *at == '"' : !is_word(*at);
        bool doubled = closes && quoted && at + 1 < end && at[1] == '"';
        if (closes && !doubled)
            break;
        if (length + 1 >= size)
            return false;
        to[length++] = *at;
        at += doubled;
    }
    if (length == 0 || length >= size || (quoted && at == end))
        return false;
    to[length] = '\0';
    return true;
}
