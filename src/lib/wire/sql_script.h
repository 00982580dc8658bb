/*
 * sql_script.h - the statements of a script that pg_restore has written, and perhaps somebody
 * edited.
 */
#ifndef PGHAUL_WIRE_SQL_SCRIPT_H
#define PGHAUL_WIRE_SQL_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

struct sql_script {
    const char *at;
    const char *end;
    const char *label; /* of the comment "-- Name: …" that was passed last */
    size_t label_length;
    const char *command; /* the first of psql's commands that was passed, but \restrict; or NULL */
    size_t command_length;
};

struct sql_statement {
    const char *text; /* borrowed; from its first word to its semicolon */
    size_t length;
    const char
        *label; /* "accounts; Type: TABLE; Schema: public; Owner: …"; NULL before the first */
    size_t label_length;
};

struct sql_script sql_script_over(const char *text, size_t length);

/* The next statement. False at the end of the script. Lines of psql's own commands
 * (\restrict, \connect) between statements are skipped. A statement that is not
 * ended is given as far as it goes. */
bool sql_script_next(struct sql_script *script, struct sql_statement *ret_statement);

/* For "SET name = value" or "SET name TO value": the name. False for other statements, and when it
 * does not fit. */
bool sql_statement_setting(const struct sql_statement *statement, char *to, size_t size);

/* Does the statement begin with these words, in whatever case, with any white space between them?
 */
bool sql_statement_begins(const struct sql_statement *statement, const char *words);

/* For a statement that begins with `prefix`, byte by byte, and a name behind it: that name, without
 * its double quotes. False for other statements, and when it does not fit. */
bool sql_statement_name(const struct sql_statement *statement, const char *prefix, char *to,
                        size_t size);

#endif
