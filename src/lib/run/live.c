#include "run/live.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "catalog/pause.h"
#include "catalog/position.h"
#include "catalog/run.h"
#include "catalog/steering.h"
#include "cdc/spool_read.h"
#include "pg/replication.h"
#include "run/workdir.h"
#include "wire/pgoutput.h"
#include "wire/xids.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/file.h>

enum {
    LOOK_MS = 10,
    TELL_MS = 3000,   /* when a wait is told of, */
    WAIT_MS = 120000, /* … and given up */
    TRIES = 50,       /* of a snapshot that is of one place in the stream */
    HOLDS = 5,        /* of apply, when it was not kept until both snapshots were taken */
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

/* Apply waits from the first wish to the last one, if each was renewed before it ended. */
struct hold {
    const struct live *live;
    int64_t until_us; /* 0: there is no wish yet */
    bool lost;        /* apply may have gone on meanwhile */
};

static bool still_held(struct hold *hold, int64_t until_us, struct fault *why)
{
    hold->lost = until_us != 0 && clock_utc_us() >= until_us;
    return !hold->lost ||
           fault_set(why, FAULT_COMPARE_HELD, "apply went on before both snapshots were taken");
}

/* The clock is read after the wish was written, which may have taken long. */
static bool ask_hold(struct hold *hold, lsn_t at, struct fault *why)
{
    int64_t before_us = hold->until_us;
    return pause_ask(hold->live->db, at, &hold->until_us, why) && still_held(hold, before_us, why);
}

struct wait {
    struct hold *hold;
    int64_t begun_ms;
    bool told;
};

static bool check_not_paused(const struct live *live, struct fault *why)
{
    struct steering steering;
    if (!steering_get(live->db, &steering, why))
        return false;
    if (!steering.paused)
        return true;
    fault_set(why, FAULT_COMPARE_NOT_LIVE, "the run in \"%s\" is paused", live->dir);
    return fault_hint(why,
                      "Apply has to go on to where the source is read: let it, with pghaul resume "
                      "--dir \"%s\", then compare.",
                      live->dir);
}

/* The wish is renewed long before it ends. */
static bool wait_more(struct wait *wait, lsn_t at, const char *what, struct fault *why)
{
    int64_t waited = clock_ms() - wait->begun_ms;
    const struct live *live = wait->hold->live;
    if (!workdir_is_locked(live->dir))
        return fault_set(why, FAULT_COMPARE_NOT_LIVE, "the run in \"%s\" has ended", live->dir);
    if (!check_not_paused(live, why))
        return false;
    if (waited > WAIT_MS)
        return fault_set(why, FAULT_COMPARE_HELD, "waited in vain for %s", what);
    if (waited > TELL_MS && !wait->told)
        log_warning("waiting for %s", what);
    wait->told = waited > TELL_MS;
    return ask_hold(wait->hold, at, why) && nap(live, why);
}

static bool hold_at(struct hold *hold, lsn_t at, const char *what, lsn_t *ret_applied,
                    struct fault *why)
{
    struct wait wait = {.hold = hold, .begun_ms = clock_ms()};
    struct pause pause;
    if (!ask_hold(hold, at, why))
        return false;
    for (;;) {
        if (!pause_get(hold->live->db, &pause, why))
            return false;
        if (pause.at == at && pause.held != 0) {
            *ret_applied = pause.held;
            return true;
        }
        if (!wait_more(&wait, at, what, why))
            return false;
    }
}

/* Two that hold apply at once would let each other's go on. The lock ends with the file, which is
 * the caller's from its opening on. */
static bool be_alone(const struct live *live, int *fd, struct fault *why)
{
    char path[PATH_MAX];
    int64_t begun_ms = clock_ms();
    workdir_path(path, live->dir, "live.lock");
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0)
        return fault_errno(why, FAULT_DIR_UNUSABLE, "cannot open \"%s\"", path);
    for (bool told = false; flock(*fd, LOCK_EX | LOCK_NB) != 0; told = true) {
        if (errno != EWOULDBLOCK)
            return fault_errno(why, FAULT_DIR_UNUSABLE, "cannot lock \"%s\"", path);
        if (clock_ms() - begun_ms > WAIT_MS)
            return fault_set(why, FAULT_COMPARE_HELD,
                             "another compare of this run is about to take its snapshots");
        if (!told)
            log_info("waiting for another compare of this run to take its snapshots");
        if (!nap(live, why))
            return false;
    }
    return true;
}

/* ---- the stream ---- */

struct reading {
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
static bool find_place(struct hold *hold, const char *xids, lsn_t applied, lsn_t until,
                       lsn_t *ret_place, struct fault *why)
{
    char path[PATH_MAX];
    workdir_path(path, hold->live->dir, "spool");
    const struct spool_place place = {.dir = path, .run = hold->live->run};
    scoped(drop_reading) struct reading reading = {.order = {.xids = xids}};
    struct wait wait = {.hold = hold, .begun_ms = clock_ms()};
    reading.known = applied;
    spool_reader_open(&reading.reader, &place, applied);
    for (;;) {
        if (!read_there_is(&reading, why))
            return false;
        if (reading.known >= until)
            break;
        if (!wait_more(&wait, PAUSE_WHERE_IT_IS, "what the source has written to be received", why))
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

static bool take_source(struct hold *hold, struct conn *source, struct conn *other, lsn_t applied,
                        struct snapshot_export *ret_source, lsn_t *ret_place, struct fault *why)
{
    for (int i = 0; i < TRIES; i++) {
        scoped(drop_rows) struct rows xids = ROWS_NONE;
        lsn_t until;
        if (!ask_hold(hold, PAUSE_WHERE_IT_IS, why) || !take(source, ret_source, why) ||
            !conn_query(source, "SELECT pg_catalog.txid_current_snapshot()", &xids, why) ||
            !wal_end(other, &until, why) || !wal_flush(other, why) ||
            !find_place(hold, rows_text(&xids, 0, 0), applied, until, ret_place, why))
            return false;
        if (*ret_place != 0 && *ret_place >= applied)
            return true;
        log_debug("a snapshot that is of no one place in the stream: taking another one");
    }
    return fault_set(why, FAULT_COMPARE_HELD,
                     "no snapshot of the source was of one place in the stream");
}

struct both {
    struct conn *source, *target;
    struct conn *other; /* a second one of the source */
    struct snapshot_export *ret_source, *ret_target;
};

static bool take_both(struct hold *hold, const struct both *both, struct fault *why)
{
    lsn_t applied, place = 0;
    char lsn[LSN_TEXT];
    if (!hold_at(hold, PAUSE_WHERE_IT_IS, "apply to come to the end of a transaction", &applied,
                 why))
        return false;
    int64_t begun = clock_ms();
    FAILPOINT("live.held", why);
    if (!take_source(hold, both->source, both->other, applied, both->ret_source, &place, why))
        return false;
    FAILPOINT("live.placed", why);
    if (!hold_at(hold, place, "apply to come to the place of the source's snapshot", &applied,
                 why) ||
        !take(both->target, both->ret_target, why))
        return false;
    FAILPOINT("live.taken", why);
    if (!still_held(hold, hold->until_us, why) || !pause_end(hold->live->db, why))
        return false;
    log_info("both sides are compared as of %s; apply was held for %" PRId64 " ms",
             lsn_text(lsn, place), clock_ms() - begun);
    return true;
}

/* Once more when this process, or a server, took too long to answer. */
static bool take_in_time(const struct live *live, const struct both *both, struct fault *why)
{
    for (int i = 1;; i++) {
        struct hold hold = {.live = live};
        if (take_both(&hold, both, why))
            return true;
        if (!hold.lost || i == HOLDS)
            return false;
        log_info("%s: holding it once more", why->text);
        /* Else its wish, renewed too late, may stand with a place that apply has left. */
        if (!pause_end(live->db, why))
            return false;
    }
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
    if (!workdir_is_locked(live->dir))
        return fault_set(why, FAULT_COMPARE_NOT_LIVE, "the run in \"%s\" is not running",
                         live->dir);
    if (made && run.phase == PHASE_FOLLOW)
        return check_not_paused(live, why);
    if (made && run.phase > PHASE_FOLLOW)
        return fault_set(why, FAULT_COMPARE_NOT_LIVE,
                         "the run in \"%s\" applies no more changes: it is ending", live->dir);
    fault_set(why, FAULT_COMPARE_NOT_LIVE, "the run in \"%s\" does not apply changes yet",
              live->dir);
    return fault_hint(why, "Compare when it follows: pghaul status --dir \"%s\" tells.", live->dir);
}

bool live_snapshots(const struct live *live, struct conn *source, struct conn *target,
                    struct snapshot_export *ret_source, struct snapshot_export *ret_target,
                    struct fault *why)
{
    struct fault ignored; /* the wish ends by itself */
    scoped(drop_conn) struct conn *other = NULL;
    scoped(drop_fd) int alone = -1;
    struct conn_wish wish = {
        .info = live->source_info, .application = "pghaul compare", .kept = true};
    if (!check(live, why) || !conn_open(&other, &wish, live->leash, why) ||
        !be_alone(live, &alone, why))
        return false;
    struct both both = {source, target, other, ret_source, ret_target};
    if (take_in_time(live, &both, why))
        return true;
    pause_end(live->db, &ignored);
    return false;
}
