#include "plan/standby.h"

#include "base/listing.h"
#include "base/scoped.h"
#include "catalog/settings.h"
#include "plan/ask.h"
#include "plan/check.h"

static bool refuse_unlogged(struct conn *source, const struct selection *selection,
                            int64_t contents, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf without = STRBUF_EMPTY;
    scoped(drop_listing) struct listing names = {.count = 0};
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    strbuf_addf(&without, "{%s}", selection->no_data == NULL ? "" : selection->no_data);
    const char *const values[] = {selection->chosen, without.text,
                                  (contents & CONTENT_ROWS) != 0 ? "true" : "false",
                                  (contents & CONTENT_SEQUENCES) != 0 ? "true" : "false"};
    if (!ask_with(source, ASK_UNLOGGED, 4, values, &rows, why))
        return false;
    if (rows_count(&rows) == 0)
        return true;
    check_add_names(&names, &rows, 2);
    return fault_set(why, FAULT_UNLOGGED_ON_STANDBY,
                     "the source is a standby, where nobody can read what is unlogged: %s",
                     listing_end(&names));
}

bool standby_check(struct conn *source, const struct selection *selection, int64_t contents,
                   struct strbuf *warnings, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if ((contents & CONTENT_DATA) == 0)
        return true;
    if (!ask_with(source, ASK_STANDBY, 0, NULL, &rows, why))
        return false;
    if (!rows_bool(&rows, 0, 0))
        return true;
    if (rows_bool(&rows, 0, 1))
        strbuf_addf(warnings,
                    "the source is a standby with hot_standby_feedback = %s and %s = %s, so its "
                    "replay may end a longer copy: see PGH-%d\n",
                    rows_text(&rows, 0, 4), rows_text(&rows, 0, 2), rows_text(&rows, 0, 3),
                    FAULT_RECOVERY_CONFLICT);
    return refuse_unlogged(source, selection, contents, why);
}
