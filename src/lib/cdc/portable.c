#include "cdc/portable.h"

#include "base/scoped.h"
#include "base/strbuf.h"
#include "plan/ask.h"

#include <inttypes.h>
#include <stdlib.h>

void drop_portable(struct portable *portable)
{
    drop_conn(&portable->source);
    free(portable->good);
    portable->good = NULL;
    portable->good_count = 0;
}

static bool is_known(const struct portable *portable, uint32_t type)
{
    for (size_t i = 0; i < portable->good_count; i++)
        if (portable->good[i] == type)
            return true;
    return false;
}

static bool ask_source(struct portable *portable, const char *types, bool *ret_portable,
                       struct fault *why)
{
    const char *const values[] = {types};
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (portable->source != NULL && conn_broken(portable->source))
        drop_conn(&portable->source);
    if (portable->source == NULL &&
        !conn_open(&portable->source, portable->connection, portable->leash, why))
        return false;
    if (!ask_with(portable->source, ASK_UNPORTABLE, 1, values, &rows, why))
        return fault_during(why, "looking for types");
    *ret_portable = rows_count(&rows) == 0;
    return true;
}

bool portable_check(struct portable *portable, struct pgoutput_columns columns, bool *ret_portable,
                    struct fault *why)
{
    scoped(drop_strbuf) struct strbuf unknown = STRBUF_EMPTY;
    struct pgoutput_columns all = columns;
    struct pgoutput_column column;
    *ret_portable = true;
    while (pgoutput_columns_next(&columns, &column))
        if (!is_known(portable, column.type))
            strbuf_addf(&unknown, "%s%" PRIu32, unknown.length == 0 ? "{" : ",", column.type);
    if (unknown.length == 0)
        return true;
    strbuf_add(&unknown, "}");
    if (!ask_source(portable, unknown.text, ret_portable, why))
        return false;
    while (*ret_portable && pgoutput_columns_next(&all, &column))
        if (!is_known(portable, column.type)) {
            portable->good = grow_memory(portable->good, portable->good_count, sizeof(uint32_t));
            portable->good[portable->good_count++] = column.type;
        }
    return true;
}
