#include "cdc/mirrored.h"

#include <string.h>

bool mirrored_tells(const struct relation *relation)
{
    return strcmp(relation->relname, "progress") == 0 && strcmp(relation->nspname, "pghaul") == 0;
}

/* A text is the same in both forms of values. */
static bool begins(const struct pgoutput_value *value, const char *text)
{
    return (value->kind == PGOUTPUT_TEXT || value->kind == PGOUTPUT_BINARY) &&
           value->length >= strlen(text) && memcmp(value->bytes, text, strlen(text)) == 0;
}

/* The column is the table's key, so that each row has it. */
bool mirrored_is_of(const struct relation *relation, const struct pgoutput_change *change,
                    const char *run, bool *ret_is, struct fault *why)
{
    struct pgoutput_tuple tuple =
        change->new_tuple.count > 0 ? change->new_tuple : change->old_tuple;
    struct pgoutput_value value;
    if (tuple.count == relation->count)
        for (int i = 0; pgoutput_tuple_next(&tuple, &value); i++)
            if (strcmp(relation->columns[i].name, "run") == 0) {
                *ret_is = begins(&value, run);
                return true;
            }
    return fault_set(why, FAULT_STREAM_UNKNOWN,
                     "a change of table %s.%s does not tell which run it is of", relation->nspname,
                     relation->relname);
}
