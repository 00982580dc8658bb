/*
 * guard.c - what of the source endangers a run that follows: the state of its slot, and tables that
 * come and are not followed.
 *
 * It has a process and a connection of its own, so that nothing it waits for keeps the changes
 * waiting.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/size.h"
#include "catalog/position.h"
#include "catalog/pulse.h"
#include "cdc/apply.h"
#include "pg/replication.h"
#include "plan/newcomers.h"
#include "proc/channel.h"
#include "run/follow.h"

enum {
    LOOK_MS = 5000,
    NEAR_PART = 4, /* of max_slot_wal_keep_size: less than that left is near the end */
};

struct guard {
    struct worker *worker;
    struct position position;
    char state[16]; /* as it was told last */
    bool near;      /* … and that it is near the end */
    struct newcomers newcomers;
};

static void drop_guard(struct guard *guard)
{
    drop_newcomers(&guard->newcomers);
}

static bool tell(struct guard *guard, bool warn, enum fault_id id, const char *text,
                 struct fault *why)
{
    if (warn)
        log_warning("%s", text);
    else
        log_info("%s", text);
    return event_add(guard->worker->db, warn ? "warning" : "info", (int)id, text, why);
}

/* ---- the slot ---- */

static bool tell_danger(struct guard *guard, const struct slot *slot, struct fault *why)
{
    char keeps[32], safe[32];
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    size_text(keeps, sizeof keeps, slot->keeps);
    if (strcmp(slot->state, "unreserved") == 0)
        strbuf_addf(&text,
                    "slot \"%s\" is about to be lost: the source keeps %s for it and may remove "
                    "them at its next checkpoint; raise max_slot_wal_keep_size there now",
                    guard->position.slot, keeps);
    else
        strbuf_addf(&text,
                    "slot \"%s\" may be lost soon: the source keeps %s for it, and %s more until "
                    "max_slot_wal_keep_size is reached; raise that, or look what receiving waits "
                    "for",
                    guard->position.slot, keeps, size_text(safe, sizeof safe, slot->safe));
    return tell(guard, true, FAULT_SLOT_LOST, text.text, why);
}

static bool tell_state(struct guard *guard, const struct slot *slot, struct fault *why)
{
    char keeps[32];
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    strbuf_addf(&text, "the source keeps %s of WAL for slot \"%s\"%s",
                size_text(keeps, sizeof keeps, slot->keeps), guard->position.slot,
                strcmp(slot->state, "extended") == 0 ? ", more than max_wal_size" : "");
    return tell(guard, false, FAULT_NONE, text.text, why);
}

/* Each change is told once. */
static bool look_at_slot(struct guard *guard, struct fault *why)
{
    struct slot slot;
    if (!slot_look(guard->worker->source, guard->position.slot, &slot, why))
        return false;
    if (!slot.found)
        return slot_lost(guard->position.slot, "somebody has dropped it", why);
    if (!position_slot_seen(guard->worker->db, slot.state, slot.keeps, slot.safe, why))
        return false;
    if (slot.lost)
        return slot_lost(guard->position.slot, slot.reason, why);
    bool near = strcmp(slot.state, "unreserved") == 0 ||
                (slot.most >= 0 && slot.safe >= 0 && slot.safe < slot.most / NEAR_PART);
    bool changed = strcmp(slot.state, guard->state) != 0;
    bool first = guard->state[0] == '\0' && strcmp(slot.state, "reserved") == 0;
    bool good = near && (changed || !guard->near)               ? tell_danger(guard, &slot, why)
                : !near && ((changed && !first) || guard->near) ? tell_state(guard, &slot, why)
                                                                : true;
    guard->near = near;
    strlcpy(guard->state, slot.state, sizeof guard->state);
    return good;
}

/* ---- how far the source is ---- */

static bool look_at_source(struct guard *guard, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    struct source_seen seen;
    int64_t asked = clock_utc_us();
    if (!wal_end(guard->worker->source, &seen.wal_end, why) ||
        !conn_query(
            guard->worker->source,
            "SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000000)::pg_catalog.int8",
            &rows, why)) {
        /* Only status needs it. */
        if (conn_broken(guard->worker->source))
            return false;
        log_debug("cannot ask where the source is: %s", why->text);
        return true;
    }
    seen.at_us = clock_utc_us();
    seen.skew_us = rows_int(&rows, 0, 0) - (asked + seen.at_us) / 2;
    return source_seen_put(guard->worker->db, &seen, why);
}

/* ---- the tables ---- */

/* At the end of the run there is nothing left to stop. */
static bool tell_tables(struct guard *guard, bool stops, enum fault_id id, const char *sentence,
                        struct listing *names, struct fault *why)
{
    struct worker *worker = guard->worker;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    if (names->count == 0)
        return true;
    strbuf_addf(&text, "%s: %s", sentence, listing_end(names));
    if (stops && worker->settings->on_ddl == DDL_STOP && worker->leash->wish == LEASH_GO)
        return fault_set(why, id, "%s", text.text);
    return tell(guard, true, id, text.text, why);
}

static bool look_at_tables(struct guard *guard, struct fault *why)
{
    struct worker *worker = guard->worker;
    struct newcomers *n = &guard->newcomers;
    return newcomers_look(n, worker->db, worker->source, guard->position.publication, why) &&
           tell_tables(guard, false, FAULT_TABLE_GONE_SOURCE,
                       "tables that are followed are not on the source any more", &n->gone, why) &&
           tell_tables(guard, false, FAULT_TABLE_KEYLESS,
                       "tables that are followed have no replica identity any more, so the "
                       "application cannot update or delete their rows",
                       &n->keyless, why) &&
           tell_tables(guard, true, FAULT_TABLE_UNFOLLOWED,
                       "tables are not published any more, and their changes do not follow",
                       &n->unpublished, why) &&
           tell_tables(guard, true, FAULT_TABLE_ATTACHED,
                       "partitions were attached, and what they had before does not follow",
                       &n->attached, why) &&
           tell_tables(guard, true, FAULT_TABLE_NEW,
                       "tables came to the source after the run began, and are not followed",
                       &n->come, why);
}

bool worker_guard(struct worker *worker, struct fault *why)
{
    bool found;
    scoped(drop_guard) struct guard guard = {.worker = worker};
    if (!position_get(worker->db, &guard.position, &found, why))
        return false;
    if (!found)
        return fault_set(why, FAULT_CATALOG, "the catalog has no position");
    if (!worker_say(worker, MSG_READY, 0, why))
        return false;
    while (worker->leash->wish == LEASH_GO)
        if (!look_at_slot(&guard, why) || !look_at_source(&guard, why) ||
            !look_at_tables(&guard, why) || !leash_poll(worker->leash, NULL, 0, LOOK_MS, why))
            return false;
    return worker->leash->wish == LEASH_NOW || look_at_tables(&guard, why);
}
