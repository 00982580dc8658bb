#include "show/fields.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "base/text.h"
#include "show/status.h"

void drop_json(json_t **json)
{
    json_decref(*json);
    *json = NULL;
}

json_t *status_json_text(const char *text)
{
    json_t *json = json_string(text);
    if (json != NULL)
        return json;
    scoped(drop_strbuf) struct strbuf shown = STRBUF_EMPTY;
    strbuf_add_shown(&shown, text);
    return json_string(strbuf_text(&shown));
}

void field_set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, text[0] == '\0' ? json_null() : status_json_text(text));
}

void field_set_int(json_t *object, const char *key, int64_t value)
{
    json_object_set_new(object, key, json_integer(value));
}

void field_set_time(json_t *object, const char *key, int64_t utc_us)
{
    char text[CLOCK_TEXT];
    field_set_text(object, key, utc_us == 0 ? "" : clock_text(text, utc_us));
}

void field_set_lsn(json_t *object, const char *key, lsn_t lsn)
{
    char text[LSN_TEXT];
    field_set_text(object, key, lsn == 0 ? "" : lsn_text(text, lsn));
}

json_t *field_new_list(json_t *object, const char *key)
{
    json_t *list = json_array();
    json_object_set_new(object, key, list);
    return list;
}

json_t *field_new_object(json_t *object, const char *key)
{
    json_t *json = json_object();
    json_object_set_new(object, key, json);
    return json;
}

int64_t field_int(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

const char *field_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}
