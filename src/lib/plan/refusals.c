#include "plan/refusals.h"

#include "base/scoped.h"
#include "base/strbuf.h"

#include <stdlib.h>

void drop_refusals(struct refusals *refusals)
{
    free(refusals->list);
    refusals->list = NULL;
    refusals->count = 0;
}

void refusals_add(struct refusals *refusals, const struct fault *why)
{
    refusals->list = grow_memory(refusals->list, refusals->count, sizeof *refusals->list);
    refusals->list[refusals->count++] = *why;
}

static bool is_refusal(const struct fault *why)
{
    enum fault_kind kind = fault_kind_of(why);
    return !why->retry && (kind == FAULT_KIND_USAGE || kind == FAULT_KIND_SOURCE ||
                           kind == FAULT_KIND_TARGET || kind == FAULT_KIND_SYSTEM);
}

static bool go_back(struct refusals *refusals, const struct fault *why)
{
    struct fault ignored; /* the connection is lost, of which the next statement tells */
    if (refusals->source == NULL || why->sqlstate[0] == '\0' ||
        fault_kind_of(why) != FAULT_KIND_SOURCE)
        return true;
    return conn_run(refusals->source, "ROLLBACK TO SAVEPOINT pghaul_item", &ignored);
}

bool refusals_pass(struct refusals *refusals, bool good, const struct fault *why)
{
    if (good)
        return true;
    if (refusals == NULL || !is_refusal(why) || !go_back(refusals, why))
        return false;
    bool follows = why->id == FAULT_SOURCE_QUERY || why->id == FAULT_TARGET_QUERY;
    if (!follows || refusals->count == 0)
        refusals_add(refusals, why);
    return true;
}

bool refusals_end(const struct refusals *refusals, bool good, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf others = STRBUF_EMPTY;
    if (refusals->count == 0 || (!good && fault_kind_of(why) == FAULT_KIND_STOPPED))
        return good;
    *why = refusals->list[0];
    for (size_t i = 1; i < refusals->count; i++)
        strbuf_addf(&others, "%sPGH-%04d: %s", i == 1 ? "" : "; ", (int)refusals->list[i].id,
                    refusals->list[i].text);
    if (others.length > 0 && why->detail[0] == '\0')
        fault_detail(why, "besides, %s", others.text);
    return false;
}
