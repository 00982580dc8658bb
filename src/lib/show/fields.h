/*
 * fields.h - fields of JSON objects, as all our JSON has them (docs/status-json.md): "" and 0 for a
 * time or an LSN are null, text is valid UTF-8.
 */
#ifndef PGHAUL_SHOW_FIELDS_H
#define PGHAUL_SHOW_FIELDS_H

#include "base/lsn.h"

#include <jansson.h>

/* For scoped(). */
void drop_json(json_t **json);

void field_set_text(json_t *object, const char *key, const char *text);
void field_set_int(json_t *object, const char *key, int64_t value);
void field_set_time(json_t *object, const char *key, int64_t utc_us);
void field_set_lsn(json_t *object, const char *key, lsn_t lsn);

/* A new list, or object, in the object; borrowed. */
json_t *field_new_list(json_t *object, const char *key);
json_t *field_new_object(json_t *object, const char *key);

/* What is there; 0 and "" where it is not, or is null. Borrowed from the object. NULL is an object
 * without fields. */
int64_t field_int(const json_t *object, const char *key);
const char *field_text(const json_t *object, const char *key);

#endif
