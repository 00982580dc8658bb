/*
 * follow_renew.c - another snapshot for a run that follows, whose place in the stream is known.
 *
 * The slot outlives a crash, its snapshot does not. Any later snapshot will do for a table, if it
 * is known of each streamed transaction whether the snapshot sees it. Its xids tell; and since what
 * it sees had committed when it was taken, that only has to be asked up to where WAL was then.
 */
#include "run/follow.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "catalog/position.h"
#include "pg/replication.h"
#include "run/hold.h"
#include "run/recopied.h"

#include <inttypes.h>

/* By a session of its own, since that of the snapshot must not write. What the snapshot sees is on
 * the source's disk then, so that no crash can undo what is copied; and an idle source streams up
 * to there. */
static bool ask_place(struct worker *worker, lsn_t *ret_settled, struct fault *why)
{
    scoped(drop_conn) struct conn *source = NULL;
    struct conn_wish wish = {
        .info = worker->source_info, .application = "pghaul renew", .kept = true};
    return conn_open(&source, &wish, worker->leash, why) && wal_end(source, ret_settled, why) &&
           wal_flush(source, why);
}

/* "Now" is later now. */
static bool put_off_end(struct worker *worker, lsn_t settled, struct fault *why)
{
    bool found;
    struct position position;
    if (!position_get(worker->db, &position, &found, why))
        return false;
    if (!found || position.end == 0 || position.end >= settled)
        return true;
    if (!position.end_was_now)
        return recopied_refuse_end(position.end, settled, why);
    log_info("the end, which was to be now, is put off until the tables are copied");
    return position_set_end(worker->db, "now", why);
}

static bool tell(struct worker *worker, lsn_t settled, struct fault *why)
{
    char lsn[LSN_TEXT];
    int64_t tables;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    if (!work_tables_open(worker->db, &tables, why))
        return false;
    if (tables == 0)
        return true;
    strbuf_addf(&text,
                "the snapshot is gone: %" PRId64 " unfinished tables are copied in a new one; all "
                "are consistent again when what committed before %s is applied",
                tables, lsn_text(lsn, settled));
    log_warning("%s", text.text);
    return event_add(worker->db, "warning", 0, text.text, why);
}

bool follow_take_later(struct worker *worker, struct snapshot *ret_snapshot, lsn_t *ret_settled,
                       struct fault *why)
{
    scoped(drop_rows) struct rows xids = ROWS_NONE;
    if (!hold_snapshot(worker->db, worker->source, HOLDER_RUN, ret_snapshot, why) ||
        !conn_query(worker->source, "SELECT pg_catalog.txid_current_snapshot()", &xids, why))
        return false;
    FAILPOINT("renew.taken", why);
    if (!ask_place(worker, ret_settled, why) || !put_off_end(worker, *ret_settled, why) ||
        !snapshot_settle(worker->db, ret_snapshot->seq, *ret_settled, rows_text(&xids, 0, 0), why))
        return false;
    FAILPOINT("renew.settled", why);
    return true;
}

bool follow_renew(struct worker *worker, struct snapshot *ret_snapshot, struct fault *why)
{
    lsn_t settled;
    return follow_take_later(worker, ret_snapshot, &settled, why) && tell(worker, settled, why);
}
