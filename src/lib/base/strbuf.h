/*
 * strbuf.h - a string that grows.
 *
 * Out of memory ends the process: there is nothing useful that a migration
 * tool could do then, and everything is resumable.
 */
#ifndef PGHAUL_BASE_STRBUF_H
#define PGHAUL_BASE_STRBUF_H

#include <stddef.h>

struct strbuf {
    char *text; /* NUL-terminated; NULL until something was added */
    size_t length;
    size_t room; /* bytes allocated */
};

#define STRBUF_EMPTY \
    {                \
        NULL, 0, 0   \
    }

void strbuf_add(struct strbuf *buf, const char *text);
void strbuf_add_bytes(struct strbuf *buf, const char *bytes, size_t length);
void strbuf_add_char(struct strbuf *buf, char c);
void strbuf_addf(struct strbuf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds an SQL identifier in double quotes, or an SQL literal in single quotes
 * (in the E'' form where it holds a backslash). */
void strbuf_add_identifier(struct strbuf *buf, const char *name);
void strbuf_add_literal(struct strbuf *buf, const char *text);

/* Adds "schema"."name". */
void strbuf_add_qualified(struct strbuf *buf, const char *schema, const char *name);

/* Empties the string; keeps its memory for the next use. */
void strbuf_clear(struct strbuf *buf);

/* The text, never NULL. Borrowed: valid until the next change. */
const char *strbuf_text(const struct strbuf *buf);

/* Frees the memory; the strbuf is empty and usable again. For scoped(). */
void drop_strbuf(struct strbuf *buf);

/* Copies that end the process when memory is out. The caller frees them. */
char *copy_string(const char *text);
void *new_memory(size_t count, size_t size); /* zeroed */

/* `list`, an array of `count` that only this function makes and grows (NULL at first), with room
 * for one more. */
void *grow_memory(void *list, size_t count, size_t size);

#endif
