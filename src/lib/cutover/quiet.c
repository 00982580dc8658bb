#include "cutover/quiet.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "base/size.h"
#include "catalog/pause.h"
#include "catalog/position.h"
#include "pg/replication.h"
#include "pg/snapshot.h"
#include "plan/ask.h"

enum {
    LOOK_MS = 10,
    RENEW_MS = 500, /* of a wish that lasts PAUSE_LEASE_MS */
    APPLY_LOOK_MS = 4,
    PUSH_MS = 100, /* an idle server does not stream its last bytes by itself */
};

static bool nap(struct leash *leash, int ms, struct fault *why)
{
    return leash_poll(leash, NULL, 0, ms, why) &&
           (leash->wish == LEASH_GO || leash_fault(leash, why));
}

/* ---- who writes ---- */

static bool none_prepared(const struct rows *writing, struct fault *why)
{
    return rows_null(writing, 0, 1) ||
           fault_set(why, FAULT_CUTOVER_PREPARED, "transactions are prepared on the source: %s",
                     rows_text(writing, 0, 1));
}

bool quiet_check_prepared(struct conn *source, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    const char *const nobody_else[] = {"0"};
    return ask_with(source, ASK_WRITING_STILL, 1, nobody_else, &rows, why) &&
           none_prepared(&rows, why);
}

static bool writing_still(struct freeze *freeze, const char *xid, bool *ret_writing,
                          struct fault *why)
{
    const char *const values[] = {xid};
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!ask_with(freeze->source, ASK_WRITING_STILL, 1, values, &rows, why) ||
        !none_prepared(&rows, why))
        return false;
    /* With all tables locked, nobody has anything to commit that he could still write. */
    *ret_writing = freeze->mode != FREEZE_LOCK && !rows_null(&rows, 0, 0);
    if (*ret_writing && freeze->blocks.length == 0)
        strbuf_addf(&freeze->blocks, "transactions that write: %s", rows_text(&rows, 0, 0));
    return true;
}

static bool look(struct freeze *freeze, const char *xid, bool *ret_still, struct fault *why)
{
    bool left = false, writing = false;
    if ((freeze->mode != FREEZE_LOCK && !freeze_end_sessions(freeze, &left, why)) ||
        !writing_still(freeze, xid, &writing, why))
        return false;
    *ret_still = !left && !writing;
    return *ret_still || nap(freeze->leash, LOOK_MS, why);
}

bool quiet_wait(struct freeze *freeze, struct fault *why)
{
    bool still = false;
    char xid[XID_TEXT];
    strbuf_clear(&freeze->blocks);
    if (!xid_take(freeze->source, xid, why))
        return false;
    while (!still)
        if (!look(freeze, xid, &still, why))
            return why->id == FAULT_LATE && freeze->blocks.length > 0
                       ? fault_during(why, "waiting for %s", freeze->blocks.text)
                       : false;
    return true;
}

/* ---- the place ---- */

bool quiet_mark(struct conn *source, lsn_t *ret_end, struct fault *why)
{
    return conn_run(source,
                    "BEGIN; SET LOCAL synchronous_commit = on;"
                    " SELECT pg_catalog.pg_logical_emit_message(true, 'pghaul', 'cutover'); COMMIT",
                    why) &&
           wal_end(source, ret_end, why);
}

struct approach {
    struct db *db;
    struct conn *source;
    lsn_t end;
    int64_t renew_ms, push_ms; /* clock_ms: due then */
};

static bool is_there(struct approach *a, bool *ret_there, struct fault *why)
{
    struct pause pause;
    int64_t until, now = clock_ms();
    if (now >= a->renew_ms && !pause_ask(a->db, a->end, &until, why))
        return false;
    a->renew_ms = now >= a->renew_ms ? now + RENEW_MS : a->renew_ms;
    if (!pause_get(a->db, &pause, why))
        return false;
    *ret_there = pause.at == a->end && pause.held >= a->end;
    if (*ret_there || now < a->push_ms)
        return true;
    a->push_ms = now + PUSH_MS;
    return wal_flush(a->source, why);
}

static bool say_behind(struct db *db, struct fault *why)
{
    struct fault ignored;
    struct position now;
    char behind[32];
    bool found;
    if (why->id != FAULT_LATE || !position_get(db, &now, &found, &ignored) || !found)
        return false;
    return fault_during(why, "waiting for apply, which is %s behind",
                        size_text(behind, sizeof behind, position_behind(&now)));
}

bool quiet_apply(struct db *db, struct conn *source, struct leash *leash, lsn_t end,
                 int64_t *ret_transactions, struct fault *why)
{
    struct approach a = {.db = db, .source = source, .end = end, .push_ms = clock_ms() + PUSH_MS};
    struct position now;
    bool there, found;
    for (;;) {
        if (!is_there(&a, &there, why))
            return false;
        if (there)
            break;
        if (!nap(leash, APPLY_LOOK_MS, why))
            return say_behind(db, why);
        if (leash->paused)
            return fault_set(why, FAULT_CUTOVER_NOT_NOW, "the run is paused: pghaul resume");
    }
    if (!position_get(db, &now, &found, why))
        return false;
    *ret_transactions = now.transactions;
    return true;
}
