/*
 * follow.c - the two halves of following: from the slot to the spool, from there to the target.
 */
#include "run/follow.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "catalog/back.h"
#include "catalog/landing.h"
#include "catalog/pause.h"
#include "catalog/position.h"
#include "cdc/apply.h"
#include "cdc/receive.h"
#include "cdc/room.h"
#include "cdc/spool_dir.h"
#include "jobs/deferred.h"
#include "jobs/firing.h"
#include "plan/ask.h"
#include "plan/publication.h"
#include "proc/channel.h"
#include "run/recopied.h"
#include "run/workdir.h"

#include <inttypes.h>

enum {
    SEGMENT_BYTES = 64 << 20,
    BINARY_SINCE = 140000,
    IDLE_MS = 300,        /* after that time without news an end may need a push, */
    LOOK_AGAIN_MS = 1000, /* … and how often that is looked at */
    NOTE_MS = 200,        /* between two notes of how far apply is */
    PAUSE_LOOK_MS = 20,   /* how often one who waits looks whether he is to go on, */
    PAUSED_LOOK_MS = 200, /* … or, in a run that is paused, to be held */
};

static bool get_position(struct worker *worker, struct position *ret_position, struct fault *why)
{
    bool found;
    if (!position_get(worker->db, ret_position, &found, why))
        return false;
    return (found && ret_position->consistent != 0) ||
           fault_set(why, FAULT_CATALOG, "the catalog does not say where the slot begins");
}

static struct spool_place spool_of(const struct worker *worker, char path[PATH_MAX])
{
    workdir_path(path, worker->dir, "spool");
    return (struct spool_place){.dir = path, .run = worker->run.uuid};
}

/* ---- receiving ---- */

struct receiver {
    struct worker *worker;
    struct receive_position noted;
    struct receive_wish *wish;
    bool held;         /* nothing is received for lack of room, as noted */
    int64_t look_ms;   /* when nothing has come until then, */
    lsn_t flushed_for; /* … this end may need a push; done for this one */
};

/* An ordinary connection, for a moment. */
static bool ask_source(struct worker *worker, struct conn **ret_source, struct fault *why)
{
    struct conn_wish wish = {
        .info = worker->source_info, .application = "pghaul question", .kept = true};
    return conn_open(ret_source, &wish, worker->leash, why);
}

static bool resolve_now(struct worker *worker, lsn_t *ret_end, struct fault *why)
{
    char lsn[LSN_TEXT];
    scoped(drop_conn) struct conn *source = NULL;
    if (!ask_source(worker, &source, why) || !wal_end(source, ret_end, why) ||
        !position_resolve_end(worker->db, *ret_end, why))
        return false;
    log_info("the end is at %s", lsn_text(lsn, *ret_end));
    return true;
}

/* An end that lies in what the server has not flushed yet. */
static bool push(struct receiver *receiver, lsn_t end, struct fault *why)
{
    lsn_t now;
    scoped(drop_conn) struct conn *source = NULL;
    if (!ask_source(receiver->worker, &source, why) || !wal_end(source, &now, why))
        return false;
    if (now < end)
        return true;
    receiver->flushed_for = end;
    return wal_flush(source, why);
}

/* Where it fails, the end is reached somewhat later. */
static void push_if_idle(struct receiver *receiver, const struct receive_position *now, lsn_t end)
{
    struct fault why;
    if (end == 0 || now->received >= end || receiver->flushed_for == end ||
        clock_ms() < receiver->look_ms)
        return;
    receiver->look_ms = clock_ms() + LOOK_AGAIN_MS;
    if (!push(receiver, end, &why))
        log_debug("%s", why.text);
}

static bool note_held(struct receiver *receiver, const char *held, struct fault *why)
{
    bool before = receiver->held;
    receiver->held = *held != '\0';
    if (receiver->held == before)
        return true;
    return *held == '\0' ? event_add(receiver->worker->db, "info", 0,
                                     "there is room again for what is received", why)
                         : event_add(receiver->worker->db, "warning", FAULT_SPOOL_LIMIT, held, why);
}

static bool note_timeline(void *arg, uint32_t timeline, struct fault *why)
{
    struct receiver *receiver = arg;
    return position_set_timeline(receiver->worker->db, timeline, why);
}

static bool renew_room(struct receiver *receiver, struct fault *why)
{
    const struct settings *settings = receiver->worker->settings;
    if (!worker_renew(receiver->worker, why))
        return false;
    receiver->wish->spool_limit = settings->spool_limit;
    receiver->wish->reserve = settings->spool_reserve;
    return true;
}

static bool on_received(void *arg, const struct receive_position *now, lsn_t *end,
                        struct fault *why)
{
    struct receiver *receiver = arg;
    struct worker *worker = receiver->worker;
    struct position position;
    if (!renew_room(receiver, why))
        return false;
    if (now->received != receiver->noted.received)
        receiver->look_ms = clock_ms() + IDLE_MS;
    if ((now->received != receiver->noted.received || now->durable != receiver->noted.durable) &&
        !position_received(worker->db, now->received, now->durable, why))
        return false;
    receiver->noted = *now;
    if (!note_held(receiver, now->held, why) || !get_position(worker, &position, why))
        return false;
    if (position.end_now)
        return resolve_now(worker, end, why);
    *end = position.end;
    push_if_idle(receiver, now, *end);
    return true;
}

/* What the server has forgotten at our word we must have. */
static bool open_spool(struct worker *worker, const struct position *position,
                       struct spool **ret_spool, struct fault *why)
{
    char path[PATH_MAX];
    const struct spool_place place = spool_of(worker, path);
    struct spool_span span;
    struct slot slot;
    scoped(drop_conn) struct conn *source = NULL;
    if (!ask_source(worker, &source, why) ||
        !receive_check_slot(source, position->slot, &slot, why) || !spool_span(&place, &span, why))
        return false;
    if (position->received != 0 && span.last == 0)
        return fault_set(why, FAULT_SPOOL_GONE, "there is nothing in \"%s\" any more", path);
    int64_t size = room_segment_size(worker->settings->spool_limit, SEGMENT_BYTES);
    /* A run may begin behind its slot (undecodable.h). */
    lsn_t start = slot.confirmed > position->consistent ? slot.confirmed : position->consistent;
    return spool_open(ret_spool, &place, size, start, why);
}

/* Where there is no publication, we choose. */
static bool is_followed(void *arg, const struct table_met *table, bool *ret_wanted,
                        struct fault *why)
{
    struct receiver *receiver = arg;
    if (!publication_covers(receiver->worker->db, table->oid, table->schema, table->name,
                            table->above, ret_wanted, why))
        return false;
    if (table->oid == 0 && !*ret_wanted)
        log_debug("table %s.%s is not there any more, and none of those that are followed",
                  table->schema, table->name);
    return true;
}

static bool note_text(void *arg, struct fault *why)
{
    const struct receiver *receiver = arg;
    return position_take_text(receiver->worker->db, why);
}

bool worker_receive(struct worker *worker, struct fault *why)
{
    char path[PATH_MAX];
    struct position position;
    struct receive_position reached;
    char publications[2 * SLOT_NAME];
    scoped(drop_spool) struct spool *spool = NULL;
    /* Both as soon as the plan is there, so that the first and all later ones find the same. */
    if (!get_position(worker, &position, why) ||
        !position_choose_format(worker->db,
                                worker->run.source_version >= BINARY_SINCE &&
                                    strcmp(position.plugin, "pgoutput") == 0,
                                why) ||
        !get_position(worker, &position, why) || !open_spool(worker, &position, &spool, why))
        return false;
    snprintf(publications, sizeof publications, "%s%s%s", position.publication,
             *position.insert_publication == '\0' ? "" : ",", position.insert_publication);
    struct receiver receiver = {.worker = worker};
    struct conn_wish walsender = {
        .info = worker->source_info, .application = "pghaul receive", .replication = true};
    struct conn_wish catalogs = {.info = worker->source_info,
                                 .application = "pghaul receive catalogs"};
    struct receive_wish wish = {
        .connection = &walsender,
        .slot = position.slot,
        .start = position.consistent,
        .publications = publications,
        .told = {.wanted = is_followed, .arg = &receiver, .dir = spool_of(worker, path).dir},
        .catalogs = &catalogs,
        .source = position.source_id,
        .retry_for_ms = worker->settings->retry_for_ms,
        .spool_limit = worker->settings->spool_limit,
        .reserve = worker->settings->spool_reserve,
        .binary = strcmp(position.format, "binary") == 0,
        .note_text = note_text,
        .timeline = position.timeline,
        .note_timeline = note_timeline,
        .tick = on_received,
        .arg = &receiver,
    };
    receiver.wish = &wish;
    receiver.noted.held = "";
    receiver.noted.received = receiver.noted.durable = spool_settled(spool);
    /* From now on a spool that is gone is no new one. */
    if (!db_durable(worker->db, true, why) ||
        !position_received(worker->db, receiver.noted.received, receiver.noted.durable, why) ||
        !db_durable(worker->db, false, why) ||
        !on_received(&receiver, &receiver.noted, &wish.end, why))
        return false;
    return worker_say(worker, MSG_READY, 0, why) &&
           receive_run(&wish, spool, worker->leash, &reached, why);
}

/* ---- applying ---- */

struct applier {
    struct worker *worker;
    const struct recopied *recopied;
    lsn_t until; /* of the first leg, where all tables are of one moment; 0: to the run's end */
    struct apply_position noted;
    int64_t note_ms; /* clock_ms: it is due to be noted again */
};

static bool is_news(const struct apply_position *a, const struct apply_position *b)
{
    return a->applied != b->applied || a->flushed != b->flushed ||
           a->counts.transactions != b->counts.transactions ||
           a->counts.conflicts != b->counts.conflicts;
}

static bool note_applied(struct applier *applier, const struct apply_position *now,
                         struct fault *why)
{
    const struct apply_counts *is = &now->counts, *was = &applier->noted.counts;
    struct position news = {
        .applied = now->applied,
        .flushed = now->flushed,
        .commit_us = now->commit_time == 0 ? 0 : now->commit_time + PG_EPOCH_US,
        .transactions = is->transactions - was->transactions,
        .inserts = is->inserts - was->inserts,
        .updates = is->updates - was->updates,
        .deletes = is->deletes - was->deletes,
        .truncates = is->truncates - was->truncates,
        .conflicts = is->conflicts - was->conflicts,
    };
    if (!is_news(now, &applier->noted))
        return true;
    applier->noted = *now;
    return position_applied(applier->worker->db, &news, why);
}

/* The nearest of what apply is not to pass; 0: nothing. A run that is paused is to end where it is,
 * before the next transaction. */
static lsn_t nearest(const struct worker *worker, lsn_t end, const struct pause *pause)
{
    if (worker->leash->paused)
        return PAUSE_WHERE_IT_IS;
    return pause->at != 0 && (end == 0 || pause->at < end) ? pause->at : end;
}

static bool on_applied(void *arg, const struct apply_position *now, lsn_t *end, struct fault *why)
{
    struct applier *applier = arg;
    struct position position;
    struct pause pause;
    int64_t ms = clock_ms();
    /* What others wish is looked for more often than is told to them. */
    if (ms >= applier->note_ms) {
        if (!note_applied(applier, now, why))
            return false;
        applier->note_ms = ms + NOTE_MS;
    }
    if (!get_position(applier->worker, &position, why) ||
        !pause_get(applier->worker->db, &pause, why))
        return false;
    if (position.end != 0 && position.end < applier->until)
        return recopied_refuse_end(position.end, applier->until, why);
    *end = nearest(applier->worker, applier->until != 0 ? applier->until : position.end, &pause);
    return true;
}

static bool on_copied_in(void *arg, uint32_t relation, const struct copied **ret_copied,
                         struct fault *why)
{
    const struct applier *applier = arg;
    return recopied_find(applier->recopied, relation, ret_copied, why);
}

/* The guard may not have looked yet. Where the source may not be asked, the table is missing. A new
 * partition may belong to a table that has others on the target. */
static bool on_missing(void *arg, uint32_t relation, bool *ret_gone, struct fault *why)
{
    const struct applier *applier = arg;
    char oid[16];
    const char *const values[] = {oid};
    scoped(drop_conn) struct conn *source = NULL;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    snprintf(oid, sizeof oid, "%" PRIu32, relation);
    *ret_gone = false;
    if (ask_source(applier->worker, &source, why) &&
        ask_with(source, ASK_TABLE_NAME, 1, values, &rows, why)) {
        *ret_gone = rows_count(&rows) == 0;
        return *ret_gone || landing_add(applier->worker->db, relation, rows_text(&rows, 0, 2), why);
    }
    log_debug("%s", why->text);
    return why->id != FAULT_STOPPED && !why->retry;
}

/* Until the run is not paused, and nobody wishes any more that nothing goes beyond that place. */
static bool wait_paused(struct worker *worker, lsn_t applied, struct fault *why)
{
    for (;;) {
        struct pause pause;
        if (!pause_get(worker->db, &pause, why))
            return false;
        bool held = pause.at != 0 && pause.at <= applied;
        if ((!held && !worker->leash->paused) || worker->leash->wish != LEASH_GO)
            return true;
        if (held && pause.held != applied && !pause_hold(worker->db, &pause, applied, why))
            return false;
        if (!leash_poll(worker->leash, NULL, 0, held ? PAUSE_LOOK_MS : PAUSED_LOOK_MS, why))
            return false;
    }
}

/* An end that is set anew while the old one is being reached is not missed. */
static bool apply_to_the_end(struct worker *worker, struct apply_wish *wish,
                             const struct applier *begun, struct fault *why)
{
    char lsn[LSN_TEXT];
    for (;;) {
        struct apply_position reached;
        struct position now;
        struct applier applier = *begun;
        wish->arg = &applier;
        if (!apply_run(wish, worker->leash, &reached, why) ||
            !note_applied(&applier, &reached, why) || !get_position(worker, &now, why))
            return false;
        lsn_t end = begun->until != 0 ? begun->until : now.end;
        if (end != 0 && reached.applied >= end)
            log_info("applied all that committed before %s", lsn_text(lsn, end));
        if (end != 0 && reached.applied >= end)
            return true;
        if (!wait_paused(worker, reached.applied, why))
            return false;
        if (worker->leash->wish != LEASH_GO)
            return leash_fault(worker->leash, why);
        /* Those of the last call. */
        if (!conn_run(worker->target, "DEALLOCATE ALL", why))
            return false;
        wish->end = end;
    }
}

static bool apply(struct worker *worker, const struct position *position, lsn_t until,
                  struct fault *why)
{
    char path[PATH_MAX];
    bool back;
    char mirrored[BACK_UUID];
    scoped(drop_recopied) struct recopied recopied = {.db = worker->db};
    if (!recopied_read(&recopied, why) || !back_of(worker->db, mirrored, &back, why))
        return false;
    const struct applier begun = {.worker = worker, .recopied = &recopied, .until = until};
    struct apply_wish wish = {
        .target = worker->target,
        .db = worker->db,
        .spool = spool_of(worker, path),
        .run = worker->run.uuid,
        .start = position->consistent,
        .end = until != 0 ? until : position->end,
        .mirrored = back ? mirrored : NULL,
        .on_conflict = (enum conflict_policy)worker->settings->on_conflict,
        .on_ddl = (enum ddl_policy)worker->settings->on_ddl,
        .tick = on_applied,
        .copied_in = recopied.count == 0 ? NULL : on_copied_in,
        .is_gone = on_missing,
    };
    return apply_to_the_end(worker, &wish, &begun, why);
}

/* That connection was for applying alone. */
static bool connect_anew(struct worker *worker, struct job *job, struct fault *why)
{
    job->target = NULL;
    drop_conn(&worker->target);
    if (!worker_connect(worker, SIDE_TARGET, why))
        return false;
    job->target = worker->target;
    return true;
}

static bool follow(struct worker *worker, struct job *job, lsn_t until, struct fault *why)
{
    struct position position;
    if (!get_position(worker, &position, why) || !firing_switch_off(job, why) ||
        (until == 0 && !deferred_warn(job, why)) || !apply(worker, &position, until, why) ||
        !connect_anew(worker, job, why) || (until == 0 && !deferred_check(job, why)))
        return false;
    return firing_switch_on(job, why);
}

bool worker_follow(struct worker *worker, struct job *job, struct fault *why)
{
    return follow(worker, job, 0, why);
}

bool worker_settle(struct worker *worker, struct job *job, struct fault *why)
{
    char lsn[LSN_TEXT];
    lsn_t until;
    if (!snapshot_settled(worker->db, &until, why))
        return false;
    if (until == 0)
        return true;
    log_info("applying what committed before %s: then all tables are of one moment",
             lsn_text(lsn, until));
    FAILPOINT("settle.begun", why);
    if (!follow(worker, job, until, why))
        return false;
    FAILPOINT("settle.applied", why);
    return true;
}
