#include "cutover/handing.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/size.h"
#include "catalog/pause.h"
#include "catalog/position.h"
#include "catalog/run.h"
#include "cdc/apply.h"
#include "cutover/quiet.h"
#include "plan/ask.h"
#include "plan/marks.h"

#include <inttypes.h>

/* Of what the source may be frozen for: in that part of it the target must have caught up. */
enum { CATCH_UP_PART = 3 };

/* How long it takes to come to where the source is now says how long it will. */
static bool check_lag(struct handing *h, struct fault *why)
{
    struct job *job = h->job;
    struct position position;
    bool found;
    lsn_t now;
    char behind[32];
    int64_t begun = clock_ms(), most = h->cutover.max_downtime_ms / CATCH_UP_PART;
    if (!position_get(job->db, &position, &found, why) || !quiet_mark(job->source, &now, why))
        return false;
    size_text(behind, sizeof behind, position_behind(&position));
    leash_set_deadline(job->leash, most);
    bool good = quiet_apply(job->db, job->source, job->leash, now, &h->transactions, why);
    leash_end_deadline(job->leash);
    if (!good && why->id == FAULT_LATE)
        return fault_set(why, FAULT_CUTOVER_LAG,
                         "the target was %s behind and did not catch up within %" PRId64
                         " ms, a third of --max-downtime",
                         behind, most);
    h->guess_ms = clock_ms() - begun;
    strbuf_addf(&h->note, "%s behind, caught up in %" PRId64 " ms", behind, h->guess_ms);
    return good && pause_end(job->db, why);
}

/* Those that the run does not follow: where it may go on without them, that was said before. */
bool handing_look_at_tables(struct handing *h, struct fault *why)
{
    struct position position;
    bool found;
    struct newcomers *n = &h->tables;
    if (!position_get(h->job->db, &position, &found, why) ||
        !newcomers_look(n, h->job->db, h->job->source, position.publication, why))
        return false;
    struct listing *missed = n->come.count > 0       ? &n->come
                             : n->attached.count > 0 ? &n->attached
                                                     : &n->unpublished;
    return missed->count == 0 || h->job->settings->on_ddl == DDL_WARN ||
           fault_set(why, FAULT_CUTOVER_CHANGED, "tables of the source are not followed: %s",
                     listing_end(missed));
}

static bool warn_of_statistics(struct handing *h, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (conn_version(h->job->target) < 140000 ||
        !ask_with(h->job->target, ASK_WITHOUT_STATISTICS, 0, NULL, &rows, why))
        return conn_version(h->job->target) < 140000;
    if (rows_int(&rows, 0, 0) > 0)
        log_warning("%" PRId64 " tables of the target have no statistics: ANALYZE them, or the "
                    "application may be slow there at first",
                    rows_int(&rows, 0, 0));
    return true;
}

static bool warn_of_transactions(struct handing *h, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!ask_with(h->job->source, ASK_LONG_TRANSACTIONS, 0, NULL, &rows, why))
        return false;
    if (!rows_null(&rows, 0, 0))
        log_warning("transactions that have been open for long %s: %s",
                    h->cutover.freeze == FREEZE_NONE || h->cutover.freeze == FREEZE_LOCK
                        ? "would keep the cutover waiting"
                        : "will be ended",
                    rows_text(&rows, 0, 0));
    return true;
}

/* Changes bring rows. What else was altered since the copy, the user may have brought himself. */
static bool warn_of_definitions(struct handing *h, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf before = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf now = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf changed = STRBUF_EMPTY;
    bool found;
    if (!setting_get(h->job->db, SETTING_MARKS, &before, &found, why) ||
        (found && !marks_read(h->job->source, &now, why)))
        return false;
    if (found)
        marks_add_differences(&changed, before.text, now.text);
    if (changed.length == 0)
        return true;
    strbuf_addf(&h->note, "; changed on the source since the copy: %s", changed.text);
    log_warning("since the copy, these have changed on the source: %s. They do not follow: "
                "pghaul compare schema shows what the target lacks",
                changed.text);
    return true;
}

struct late handing_late(const struct handing *h)
{
    return (struct late){
        .db = h->job->db,
        .settings = h->job->settings,
        .run = h->job->run,
        .source = h->job->source,
        .target = h->job->target,
    };
}

/* What is brought anew while the source is frozen. */
static bool estimate(struct handing *h, struct fault *why)
{
    const struct late late = handing_late(h);
    struct late_estimate blobs, unlogged;
    char bytes[2][32];
    if (!late_blobs_estimate(&late, &blobs, why) || !late_unlogged_estimate(&late, &unlogged, why))
        return false;
    int64_t ms = blobs.milliseconds + unlogged.milliseconds;
    h->guess_ms += ms;
    if (blobs.count + unlogged.count > 0)
        strbuf_addf(&h->note,
                    "; large objects: %" PRId64 " (%s), unlogged tables: %" PRId64
                    " (%s): about %" PRId64 " ms",
                    blobs.count, size_text(bytes[0], sizeof bytes[0], blobs.bytes), unlogged.count,
                    size_text(bytes[1], sizeof bytes[1], unlogged.bytes), ms);
    return ms < h->cutover.max_downtime_ms ||
           fault_set(why, FAULT_CUTOVER_LONG,
                     "large objects and unlogged tables would take about %" PRId64
                     " ms, longer than --max-downtime",
                     ms);
}

/* They write whatever the database's settings are. */
static bool check_subscriptions(struct handing *h, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    return ask_with(h->job->source, ASK_WRITING_SUBSCRIPTIONS, 0, NULL, &rows, why) &&
           (rows_null(&rows, 0, 0) ||
            fault_set(why, FAULT_CUTOVER_SUBSCRIBED,
                      "the source itself gets changes by subscriptions: %s",
                      rows_text(&rows, 0, 0)));
}

bool handing_check(struct handing *h, struct fault *why)
{
    struct run run;
    bool found;
    if (!run_get(h->job->db, &run, &found, why))
        return false;
    if (run.phase != PHASE_FOLLOW)
        return fault_set(why, FAULT_CUTOVER_NOT_NOW, "the run does not follow yet");
    return freeze_prepare(&h->freeze, why) && quiet_check_prepared(h->job->source, why) &&
           check_subscriptions(h, why) && check_lag(h, why) && handing_look_at_tables(h, why) &&
           warn_of_transactions(h, why) && warn_of_statistics(h, why) && job_check(h->job, why) &&
           estimate(h, why) && warn_of_definitions(h, why);
}
