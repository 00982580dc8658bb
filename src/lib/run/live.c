#include "run/live.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "catalog/pause.h"
#include "catalog/position.h"
#include "catalog/run.h"
#include "cdc/spool_read.h"
#include "pg/replication.h"
#include "run/workdir.h"
#include "wire/pgoutput.h"
#include "wire/xids.h"

#include <inttypes.h>

enum {
    LOOK_MS = 10,
    TELL_MS = 3000,   /* when a wait is told of, */
    WAIT_MS = 120000, /* … and given up */
    TRIES = 50,       /* of a snapshot that is of one place in the stream */
    WHERE_IT_IS = 1,  /* an LSN that everybody has passed */
};

/* ---- which place ---- */

bool live_meet(struct live_order *order, uint32_t xid, lsn_t commit, struct fault *why)
{
    bool sees;
    if (!xids_see(order->xids, xid, &sees))
        return fault_set(why, FAULT_CATALOG, "\"%s\" is not what a snapshot sees", order->xids);
    if (sees && commit > order->seen)
        order->seen = commit;
    if (!sees && (order->unseen == 0 || commit < order->unseen))
        order->unseen = commit;
    return true;
}

lsn_t live_place(const struct live_order *order, lsn_t known)
{
    if (order->unseen == 0)
        return known;
    return order->unseen > order->seen ? order->unseen : 0;
}

/* ---- waiting for apply ---- */

static bool nap(const struct live *live, struct fault *why)
{
    return leash_poll(live->leash, NULL, 0, LOOK_MS, why) &&
           (live->leash->wish == LEASH_GO || leash_fault(live->leash, why));
}

struct wait {
    const struct live *live;
    int64_t begun_ms;
    bool told;
};

/* The wish is renewed long before it ends. */
static bool wait_more(struct wait *wait, lsn_t at, const char *what, struct fault *why)
{
    int64_t waited = clock_ms() - wait->begun_ms;
    if (!workdir_is_locked(wait->live->dir))
        return fault_set(why, FAULT_COMPARE_NOT_LIVE, "the run has ended");
    if (waited > WAIT_MS)
        return fault_set(why, FAULT_COMPARE_HELD, "waited in vain for %s", what);
    if (waited > TELL_MS && !wait->told)
        log_warning("waiting for %s", what);
    wait->told = waited > TELL_MS;
    return pause_ask(wait->live->db, at, why) && nap(wait->live, why);
}

static bool hold_at(const struct live *live, lsn_t at, const char *what, lsn_t *ret_applied,
                    struct fault *why)
{
    struct wait wait = {.live = live, .begun_ms = clock_ms()};
    struct pause pause;
    if (!pause_ask(live->db, at, why))
        return false;
    for (;;) {
        if (!pause_get(live->db, &pause, why))
            return false;
        if (pause.at == at && pause.held != 0) {
            *ret_applied = pause.held;
            return true;
        }
        if (!wait_more(&wait, at, what, why))
            return false;
    }
}

/* ---- the stream ---- */

struct reading {
    const struct live *live;
    struct spool_reader *reader;
    struct live_order order;
    lsn_t known; /* what committed before it was met */
};

static bool meet_record(struct reading *r, const struct spool_record *record, struct fault *why)
{
    const struct pgoutput_mode mode = {.in_stream = false};
    struct pgoutput_message message;
    if (record->kind == SPOOL_POSITION && record->lsn > r->known)
        r->known = record->lsn;
    if (record->kind != SPOOL_CHANGE || record->length == 0 || *record->bytes != PGOUTPUT_BEGIN)
        return true;
    if (!pgoutput_parse(record->bytes, record->length, mode, &message))
        return fault_set(why, FAULT_STREAM_UNKNOWN, "a transaction in the spool has no beginning");
    return live_meet(&r->order, message.xid, message.begin.commit_lsn, why);
}

/* What is in the spool by now. Of the last block all is read before its end counts. */
static bool read_there_is(struct reading *r, struct fault *why)
{
    lsn_t settled = 0;
    for (;;) {
        struct spool_entry entry;
        bool found;
        if (!spool_next(r->reader, &found, &entry, why))
            return false;
        if (!found) {
            r->known = settled > r->known ? settled : r->known;
            return true;
        }
        settled = entry.settled;
        if (!meet_record(r, &entry.record, why))
            return false;
    }
}

static void drop_reading(struct reading *r)
{
    drop_spool_reader(&r->reader);
}

/* Reads until all that committed before `until` was met. */
static bool find_place(const struct live *live, const char *xids, lsn_t applied, lsn_t until,
                       lsn_t *ret_place, struct fault *why)
{
    char path[PATH_MAX];
    workdir_path(path, live->dir, "spool");
    const struct spool_place place = {.dir = path, .run = live->run};
    scoped(drop_reading) struct reading reading = {.live = live, .order = {.xids = xids}};
    struct wait wait = {.live = live, .begun_ms = clock_ms()};
    reading.known = applied;
    spool_reader_open(&reading.reader, &place, applied);
    for (;;) {
        if (!read_there_is(&reading, why))
            return false;
        if (reading.known >= until)
            break;
        if (!wait_more(&wait, WHERE_IT_IS, "what the source has written to be received", why))
            return false;
    }
    *ret_place = live_place(&reading.order, until);
    return true;
}

/* ---- both snapshots ---- */

static bool take(struct conn *conn, struct snapshot_export *ret_export, struct fault *why)
{
    return conn_run(conn, "ROLLBACK", why) && snapshot_take(conn, ret_export, why);
}

static bool take_source(const struct live *live, struct conn *source, struct conn *other,
                        lsn_t applied, struct snapshot_export *ret_source, lsn_t *ret_place,
                        struct fault *why)
{
    for (int i = 0; i < TRIES; i++) {
        scoped(drop_rows) struct rows xids = ROWS_NONE;
        lsn_t until;
        if (!take(source, ret_source, why) ||
            !conn_query(source, "SELECT pg_catalog.txid_current_snapshot()", &xids, why) ||
            !wal_end(other, &until, why) || !wal_flush(other, why) ||
            !find_place(live, rows_text(&xids, 0, 0), applied, until, ret_place, why))
            return false;
        if (*ret_place != 0 && *ret_place >= applied)
            return true;
        log_debug("a snapshot that is of no one place in the stream: taking another one");
    }
    return fault_set(why, FAULT_COMPARE_HELD,
                     "no snapshot of the source was of one place in the stream");
}

static bool take_both(const struct live *live, struct conn *source, struct conn *target,
                      struct snapshot_export *ret_source, struct snapshot_export *ret_target,
                      struct fault *why)
{
    lsn_t applied, place;
    char lsn[LSN_TEXT];
    scoped(drop_conn) struct conn *other = NULL;
    struct conn_wish wish = {
        .info = live->source_info, .application = "pghaul compare", .kept = true};
    if (!conn_open(&other, &wish, live->leash, why) ||
        !hold_at(live, WHERE_IT_IS, "apply to come to the end of a transaction", &applied, why))
        return false;
    int64_t begun = clock_ms();
    FAILPOINT("live.held", why);
    if (!take_source(live, source, other, applied, ret_source, &place, why) ||
        !hold_at(live, place, "apply to come to the place of the source's snapshot", &applied,
                 why) ||
        !take(target, ret_target, why) || !pause_end(live->db, why))
        return false;
    log_info("both sides are compared as of %s; apply was held for %" PRId64 " ms",
             lsn_text(lsn, place), clock_ms() - begun);
    return true;
}

static bool check(const struct live *live, struct fault *why)
{
    struct position position;
    struct run run;
    bool found, made;
    if (!position_get(live->db, &position, &found, why) || !run_get(live->db, &run, &made, why))
        return false;
    if (!found)
        return fault_set(why, FAULT_NOT_FOLLOWING, "the run in \"%s\" does not follow", live->dir);
    return (workdir_is_locked(live->dir) && made && run.phase == PHASE_FOLLOW) ||
           fault_set(why, FAULT_COMPARE_NOT_LIVE, "the run in \"%s\" does not apply changes now",
                     live->dir);
}

bool live_snapshots(const struct live *live, struct conn *source, struct conn *target,
                    struct snapshot_export *ret_source, struct snapshot_export *ret_target,
                    struct fault *why)
{
    struct fault ignored; /* the wish ends by itself */
    if (!check(live, why))
        return false;
    if (take_both(live, source, target, ret_source, ret_target, why))
        return true;
    pause_end(live->db, &ignored);
    return false;
}
