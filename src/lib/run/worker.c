#include "run/worker.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/cutover.h"
#include "jobs/job.h"
#include "pg/session.h"
#include "pg/snapshot.h"
#include "plan/check.h"
#include "proc/channel.h"
#include "run/follow.h"
#include "run/reap.h"

enum { ATTEMPTS_MOST = 6, RECONNECTS_MOST = 30, RETRY_MS = 1000, MOMENT_MS = 200 };

static const struct role_entry roles[ROLES] = {
    [ROLE_RESUME] = {"resume",
                     "ends what a dead run has left and asks the target what is done",
                     true,
                     true,
                     {NO_LANE, NO_LANE, NO_LANE}},
    [ROLE_SNAPSHOT] = {"snapshot",
                       "takes or enters the snapshot, plans in it, and keeps it alive",
                       true,
                       true,
                       {LANE_PLAN, LANE_COPY, LANE_BUILD}},
    [ROLE_SCHEMA] = {"schema",
                     "dumps the schema and restores it by scripts",
                     false,
                     true,
                     {LANE_SCHEMA, LANE_COPY, LANE_BUILD}},
    [ROLE_COPY] = {"copy",
                   "copies rows, large objects and sequences",
                   true,
                   true,
                   {LANE_COPY, LANE_BUILD, NO_LANE}},
    [ROLE_BUILD] = {"build",
                    "builds indexes, adds keys, analyzes",
                    false,
                    true,
                    {LANE_BUILD, NO_LANE, NO_LANE}},
    [ROLE_WATCH] = {"watch",
                    "asks both servers what the run's backends do, and what they wait for",
                    false,
                    false,
                    {NO_LANE, NO_LANE, NO_LANE}},
    [ROLE_RECEIVE] = {"receive",
                      "takes the source's changes from the slot into the spool",
                      false,
                      false,
                      {NO_LANE, NO_LANE, NO_LANE}},
    [ROLE_APPLY] = {"apply",
                    "applies changes from the spool to the target",
                    false,
                    true,
                    {LANE_APPLY, NO_LANE, NO_LANE}},
    [ROLE_GUARD] = {"guard",
                    "looks after the slot, and for tables that come to the source",
                    true,
                    false,
                    {NO_LANE, NO_LANE, NO_LANE}},
    [ROLE_CUTOVER] = {"cutover",
                      "keeps sequences as the source's are, and hands over when asked to",
                      true,
                      true,
                      {NO_LANE, NO_LANE, NO_LANE}},
};

const struct role_entry *role_entry(enum role role)
{
    return &roles[role];
}

bool role_parse(const char *name, enum role *ret_role)
{
    for (int role = 0; role < ROLES; role++)
        if (strcmp(name, roles[role].name) == 0) {
            *ret_role = (enum role)role;
            return true;
        }
    return false;
}

/* By hand, under a debugger, there is no supervisor. */
static bool is_alone(const struct worker *worker)
{
    return worker->alone || worker->leash->channel < 0;
}

bool worker_say(struct worker *worker, int type, int64_t work, struct fault *why)
{
    return is_alone(worker) ||
           channel_say(worker->leash->channel, (enum message_type)type, work, why);
}

/* ---- connecting ---- */

bool worker_connect(struct worker *worker, enum side side, struct fault *why)
{
    char application[64];
    bool source = side == SIDE_SOURCE;
    /* The copies' own tables are locked by nobody for long on the target, and keys may wait
     * for each other's validation, so only reading has a limit. */
    bool limited = source || worker->role == ROLE_COPY || worker->role == ROLE_SNAPSHOT;
    snprintf(application, sizeof application, "pghaul %s %d", roles[worker->role].name,
             worker->number);
    struct conn_wish wish = {
        .info = source ? worker->source_info : worker->target_info,
        .application = application,
        .encoding = source || worker->run.encoding[0] == '\0' ? NULL : worker->run.encoding,
        .lock_timeout_ms = limited ? worker->settings->lock_timeout_ms : 0,
        .maintenance_work_mem = source ? NULL : worker->settings->maintenance_work_mem,
        /* These come when the plan is there, so others of this run were connected before. */
        .kept = worker->role == ROLE_COPY || worker->role == ROLE_BUILD ||
                worker->role == ROLE_WATCH || worker->role == ROLE_APPLY,
        .role = source ? worker->settings->source_role : worker->settings->role,
        .quote_all = source,
    };
    struct conn **conn = source ? &worker->source : &worker->target;
    if (!source)
        worker->target_matches = wish.encoding != NULL;
    if (!conn_open(conn, &wish, worker->leash, why))
        return false;
    int pid = conn_backend_pid(*conn);
    const char *start = conn_backend_start(*conn);
    return source ? process_set_source(worker->db, worker->process, pid, start, why)
                  : process_set_target(worker->db, worker->process, pid, start, why);
}

bool worker_load_run(struct worker *worker, struct fault *why)
{
    bool found;
    if (!run_get(worker->db, &worker->run, &found, why))
        return false;
    return found ||
           fault_set(why, FAULT_DIR_NO_RUN, "the catalog in \"%s\" has no run", worker->dir);
}

/* The run's snapshot may not be known when the worker starts. */
static bool find_snapshot(struct worker *worker, struct fault *why)
{
    bool found;
    if (worker->snapshot.seq != 0 || worker->run.snapshot == 0)
        return true;
    if (!snapshot_get(worker->db, worker->run.snapshot, &worker->snapshot, &found, why))
        return false;
    return found || fault_set(why, FAULT_CATALOG, "the catalog has no snapshot %lld",
                              (long long)worker->run.snapshot);
}

/* Only for the first item that reads in it: a worker that comes too late to copy may still build,
 * when the snapshot is gone already. */
static bool enter_snapshot(struct worker *worker, struct fault *why)
{
    if (worker->entered)
        return true;
    if (worker->source == NULL && !worker_connect(worker, SIDE_SOURCE, why))
        return false;
    worker->entered =
        snapshot_enter(worker->source, worker->snapshot.id, worker->snapshot.content, why);
    return worker->entered;
}

static bool connect_sides(struct worker *worker, struct fault *why)
{
    const struct role_entry *role = &roles[worker->role];
    return (!role->has_source || worker->source != NULL || worker->handed_over ||
            !settings_have_source(worker->settings) || worker_connect(worker, SIDE_SOURCE, why)) &&
           (!role->has_target || worker->target != NULL ||
            worker_connect(worker, SIDE_TARGET, why));
}

/* Names and rows are in the source's encoding everywhere; it may not have been known yet when the
 * target was connected. */
static bool match_encoding(struct worker *worker, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    /* Scripts of pg_dump name it, so this is said again before each item. */
    if (worker->run.encoding[0] != '\0' && session_encoding_is_own(worker->run.encoding))
        return conn_run(worker->target,
                        "SELECT pg_catalog.set_config('client_encoding',"
                        " pg_catalog.getdatabaseencoding(), false)",
                        why);
    if (worker->target_matches || worker->run.encoding[0] == '\0')
        return true;
    strbuf_add(&sql, "SET client_encoding = ");
    strbuf_add_literal(&sql, worker->run.encoding);
    worker->target_matches = conn_run(worker->target, sql.text, why);
    return worker->target_matches;
}

/* ---- items ---- */

static void on_moved(struct job *job, int64_t bytes)
{
    struct message message;
    struct fault ignored;
    if (job->leash->channel < 0)
        return;
    message_begin(&message, MSG_MOVED, job->work->id);
    message.bytes = bytes;
    channel_send(job->leash->channel, &message, &ignored);
}

static bool report_done(struct worker *worker, const struct job *job, unsigned lanes,
                        struct fault *why)
{
    struct message message;
    if (is_alone(worker))
        return true;
    message_begin(&message, MSG_DONE, job->work->id);
    message.code = (int32_t)job->work->kind;
    message.lanes = lanes;
    message.rows = job->rows;
    message.bytes = job->work->bytes;
    return channel_send(worker->leash->channel, &message, why);
}

/* After a hand-over the source may let nobody connect, and is of no interest any more. */
static bool look_at_hand_over(struct worker *worker, struct fault *why)
{
    int64_t id;
    if (!cutover_handed_over(worker->db, &id, why))
        return false;
    worker->handed_over = id != 0;
    return true;
}

/* Which databases these are: for a resume, which must find the same ones. */
bool worker_note_sides(struct worker *worker, struct fault *why)
{
    struct identity source, target;
    if (!check_sides(worker->source, worker->target, &source, &target, why))
        return false;
    return run_set_sides(worker->db, source.id, target.id, conn_version(worker->target), why);
}

/* Now and then something is asked of the source as it is then. */
static bool reach_source(struct worker *worker, struct fault *why)
{
    if (worker->source != NULL && conn_is_alive(worker->source))
        return true;
    drop_conn(&worker->source);
    return worker_connect(worker, SIDE_SOURCE, why);
}

/* What replication does not carry. A cutover has seen to it, before the hand-over. */
static bool is_last(enum work_kind kind)
{
    return kind == WORK_LAST_SEQUENCES || kind == WORK_LAST_UNLOGGED || kind == WORK_LAST_BLOBS;
}

static bool asks_source(const struct worker *worker, const struct work *work)
{
    return !worker->handed_over &&
           (is_last(work->kind) || (work->kind == WORK_CHECK && worker->settings->follow));
}

static bool do_job(struct worker *worker, struct job *job, struct fault *why)
{
    if (worker->handed_over && is_last(job->work->kind))
        return true;
    switch (job->work->kind) {
    case WORK_SETTLE:
        return worker_settle(worker, job, why);
    case WORK_FOLLOW:
        return worker_follow(worker, job, why);
    case WORK_HAND_OVER:
        return follow_hand_over(job, why);
    default:
        return job_run(job, why);
    }
}

static bool do_item(struct worker *worker, struct job *job, struct fault *why)
{
    unsigned lanes;
    bool reads = job->work->lane == LANE_COPY || job->work->lane == LANE_PLAN;
    if (!worker_load_run(worker, why) || !find_snapshot(worker, why) ||
        (reads && !enter_snapshot(worker, why)) || !match_encoding(worker, why) ||
        !look_at_hand_over(worker, why) ||
        (asks_source(worker, job->work) && !reach_source(worker, why)) ||
        (job->work->kind == WORK_PLAN &&
         (!worker_note_sides(worker, why) || !worker_load_run(worker, why))))
        return false;
    job->source = worker->source;
    if (job->work->kind == WORK_DUMP)
        worker->run.target_version = conn_version(worker->target);
    if (!do_job(worker, job, why))
        return false;
    FAILPOINT("work.before_finish", why);
    if (!work_finish(worker->db, job->work, worker->process, job->rows, job->bytes, &lanes, why))
        return false;
    FAILPOINT("work.after_finish", why);
    return report_done(worker, job, lanes, why);
}

bool worker_renew(struct worker *worker, struct fault *why)
{
    if (!worker->leash->steered)
        return true;
    worker->leash->steered = false;
    return worker->renew(worker->renew_arg, why);
}

/* The first lane that has something for us. Builds are limited by --index-jobs, whoever does them.
 */
static bool claim(struct worker *worker, struct work *ret_work, bool *ret_found, struct fault *why)
{
    const int *lanes = roles[worker->role].lanes;
    *ret_found = false;
    if (!worker_renew(worker, why))
        return false;
    if (worker->leash->paused)
        return true;
    for (int i = 0; i < LANES_OF_ROLE && lanes[i] != NO_LANE && !*ret_found; i++) {
        enum lane lane = (enum lane)lanes[i];
        if (i > 0 && (worker->leash->lanes & 1U << lane) == 0)
            continue;
        int64_t most = lane == LANE_BUILD ? worker->settings->index_jobs : INT64_MAX;
        if (!work_claim(worker->db, lane, most, worker->process, ret_work, ret_found, why))
            return false;
    }
    return true;
}

/* The source is let go when nothing is left to read, so that it can vacuum. */
static bool release_source(struct worker *worker, struct fault *why)
{
    bool open;
    if (worker->role == ROLE_SNAPSHOT || worker->source == NULL)
        return true;
    if (!work_lane_open(worker->db, PHASE_COPY, LANE_COPY, &open, why))
        return false;
    if (!open) {
        drop_conn(&worker->source);
        worker->entered = false;
    }
    return true;
}

/* The locks of the last item would keep the application's ALTER TABLE waiting for as long as others
 * read, so they go when nothing is to do for a moment. Whether the snapshot's own connection is
 * lost is found when it is watched. */
static bool let_go_of_item(struct worker *worker, struct job *job, struct fault *why)
{
    struct leash *leash = worker->leash;
    int64_t left, end = clock_ms() + MOMENT_MS;
    if (!worker->entered || worker->source == NULL)
        return true;
    while (leash->wish == LEASH_GO && !leash->woken && (left = end - clock_ms()) > 0)
        if (!leash_poll(leash, NULL, 0, (int)left, why))
            return false;
    if (leash->wish != LEASH_GO || leash->woken)
        return true;
    job->held_table = 0;
    return snapshot_let_go(worker->source, why) || worker->role == ROLE_SNAPSHOT;
}

/* Without a supervisor a worker ends when it finds nothing. */
static bool wait_for_work(struct worker *worker, struct job *job, bool *ret_end, struct fault *why)
{
    struct leash *leash = worker->leash;
    *ret_end = is_alone(worker);
    if (*ret_end)
        return true;
    if (!release_source(worker, why) || !worker_say(worker, MSG_IDLE, 0, why) ||
        !let_go_of_item(worker, job, why))
        return false;
    if (worker->role == ROLE_SNAPSHOT)
        return worker_keep_snapshot(worker, why);
    while (leash->wish == LEASH_GO && !leash->woken)
        if (!leash_poll(leash, NULL, 0, -1, why))
            return false;
    leash->woken = false;
    return true;
}

static bool reconnect_target(struct worker *worker, struct fault *why)
{
    drop_conn(&worker->target);
    for (int turn = 0; worker->leash->wish == LEASH_GO; turn++) {
        if (worker_connect(worker, SIDE_TARGET, why))
            return true;
        if (!why->retry || turn == RECONNECTS_MOST ||
            !leash_poll(worker->leash, NULL, 0, RETRY_MS, why))
            return false;
    }
    return leash_fault(worker->leash, why);
}

/* With the holder of the snapshot the whole run ends, so it tries again itself what another worker
 * would be replaced for. True when it may; *why is as it was, or says why not. */
static bool may_try_again(struct worker *worker, const struct work *work, struct fault *why)
{
    if (worker->role != ROLE_SNAPSHOT || work->lane == LANE_PLAN || !why->retry ||
        why->id == FAULT_TABLE_CHANGED || work->attempts >= ATTEMPTS_MOST ||
        conn_broken(worker->source) || worker->leash->wish != LEASH_GO)
        return false;
    log_warning("%s; trying again", why->text);
    return work_return(worker->db, worker->process, why->text, why) &&
           leash_poll(worker->leash, NULL, 0, RETRY_MS, why) &&
           (!conn_broken(worker->target) || reconnect_target(worker, why));
}

/* What the rows do not meet (integrity_constraint_violation): the cause is in the data. */
static bool is_broken_by_rows(const struct work *work, const struct fault *why)
{
    return (work->kind == WORK_INDEX || work->kind == WORK_KEYS || work->kind == WORK_EXCLUSION ||
            work->kind == WORK_FOREIGN_KEYS) &&
           (strncmp(why->sqlstate, "23", 2) == 0 || why->id == FAULT_KEY_BROKEN);
}

/* An index or a key that cannot be made must not cost the snapshot while rows are still to be read:
 * it is tried again when they are all there, and then ends the run. True when the worker goes on;
 * *why is as it was, or says why not. */
static bool put_off(struct worker *worker, const struct work *work, struct fault *why)
{
    int64_t rows;
    struct fault ignored;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    if (!is_broken_by_rows(work, why) || conn_broken(worker->target) ||
        worker->leash->wish != LEASH_GO || !work_rows_open(worker->db, &rows, &ignored) ||
        rows == 0)
        return false;
    strbuf_addf(&text, "%s; trying again when all rows are copied", why->text);
    log_warning("%s", text.text);
    return event_add(worker->db, "warning", why->id, text.text, why) &&
           conn_run(worker->target, "ROLLBACK", why) &&
           work_put_off(worker->db, work, PHASE_REFRESH, text.text, why);
}

struct job worker_job(const struct worker *worker)
{
    return (struct job){
        .db = worker->db,
        .leash = worker->leash,
        .settings = worker->settings,
        .run = &worker->run,
        .dir = worker->dir,
        .throttle = worker->throttle,
        .source_info = worker->source_info,
        .target_info = worker->target_info,
        .snapshot = &worker->snapshot,
        .moved = on_moved,
    };
}

static bool do_items(struct worker *worker, struct fault *why)
{
    struct job job = worker_job(worker);
    bool end = false;
    while (!end && worker->leash->wish == LEASH_GO) {
        scoped(drop_work) struct work work = {.id = 0};
        bool found;
        if (!leash_look(worker->leash, why))
            return false;
        if (worker->leash->wish != LEASH_GO)
            break;
        if (!claim(worker, &work, &found, why))
            return false;
        if (!found) {
            if (!wait_for_work(worker, &job, &end, why))
                return false;
            continue;
        }
        job.work = &work;
        job.target = worker->target;
        if (!do_item(worker, &job, why) && !put_off(worker, &work, why) &&
            !may_try_again(worker, &work, why))
            return false;
    }
    return true;
}

static bool live(struct worker *worker, struct fault *why)
{
    if (!worker_load_run(worker, why) ||
        !process_add(worker->db, roles[worker->role].name, worker->number, getpid(),
                     &worker->process, why))
        return false;
    if (worker->role == ROLE_RECEIVE)
        return reap(worker, roles[ROLE_RECEIVE].name, worker->number, 0, why) &&
               worker_receive(worker, why);
    if (worker->role == ROLE_WATCH)
        return worker_watch(worker, why);
    if (worker->role == ROLE_SNAPSHOT &&
        (!worker_connect(worker, SIDE_SOURCE, why) || !worker_take_snapshot(worker, why) ||
         !worker_load_run(worker, why)))
        return false;
    if ((worker->role == ROLE_RESUME || worker->role == ROLE_CUTOVER) &&
        !follow_recover(worker, why))
        return false;
    if (!look_at_hand_over(worker, why) || !connect_sides(worker, why))
        return false;
    if (worker->role == ROLE_RESUME)
        return worker_resume(worker, why);
    /* The run's own snapshot holder comes after all processes of an earlier run. */
    int64_t before = worker->role == ROLE_SNAPSHOT ? worker->run.started_us : 0;
    if (!reap(worker, before != 0 ? NULL : roles[worker->role].name,
              before != 0 ? 0 : worker->number, before, why))
        return false;
    if (worker->role == ROLE_GUARD)
        return worker_guard(worker, why);
    if (worker->role == ROLE_CUTOVER)
        return worker_cutover(worker, why);
    FAILPOINT("worker.ready", why);
    return worker_say(worker, MSG_READY, 0, why) && do_items(worker, why);
}

bool worker_run(struct worker *worker, struct fault *why)
{
    struct fault ignored;
    bool good = live(worker, why);
    drop_conn(&worker->source);
    drop_conn(&worker->target);
    if (worker->role == ROLE_SNAPSHOT && worker->settings->follow)
        follow_undo(worker);
    if (worker->process != 0)
        process_end(worker->db, worker->process, good ? "done" : why->text, &ignored);
    return good;
}
