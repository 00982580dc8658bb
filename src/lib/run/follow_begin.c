/*
 * follow_begin.c - publication, slot and snapshot of a run that follows.
 */
#include "run/follow.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/position.h"
#include "check/sides.h"
#include "jobs/job.h"
#include "pg/replication.h"
#include "pg/snapshot.h"
#include "plan/ask.h"
#include "plan/check.h"
#include "plan/identity.h"
#include "plan/planning.h"
#include "plan/publication.h"
#include "run/reap.h"
#include "run/undecodable.h"
#include "run/workdir.h"

enum {
    LOOK_MS = 500,        /* how often it is asked whom the slot waits for, */
    WARN_AFTER_MS = 3000, /* when that is worth a warning, */
    WARN_EVERY_MS = 30000,
};

/* ---- dropping what is ours ---- */

/* The slot goes first: without its publications it could not be decoded. */
static bool drop_stream(struct conn *source, struct leash *leash, const struct position_left *made,
                        struct fault *why)
{
    bool active;
    if (!slot_await_free(source, leash, made->slot, &active, why) ||
        !slot_drop(source, made->slot, why))
        return false;
    FAILPOINT("undo.slot_dropped", why);
    return publication_drop(source, made->publication, why) &&
           publication_drop(source, made->insert_publication, why);
}

/* Identities go last: without them the application's updates of what is published would fail. */
static bool drop_made(struct worker *worker, struct conn *source, struct leash *leash,
                      const struct position_left *made, struct fault *why)
{
    return drop_stream(source, leash, made, why) &&
           identities_restore(worker->db, source, leash, made->run,
                              worker->settings->lock_timeout_ms, why);
}

static struct position_left own(const struct worker *worker, const struct position *position)
{
    struct position_left made = {.run = ""};
    strlcpy(made.run, worker->run.uuid, sizeof made.run);
    strlcpy(made.slot, position->slot, sizeof made.slot);
    strlcpy(made.publication, position->publication, sizeof made.publication);
    strlcpy(made.insert_publication, position->insert_publication, sizeof made.insert_publication);
    strlcpy(made.plugin, position->plugin, sizeof made.plugin);
    return made;
}

static bool open_for_undo(struct worker *worker, struct leash *leash, struct conn **ret_source,
                          struct fault *why)
{
    struct conn_wish wish = {
        .info = worker->source_info,
        .application = "pghaul undo",
        .role = worker->settings->source_role,
    };
    return conn_open(ret_source, &wish, leash, why);
}

bool follow_drop(struct worker *worker, struct fault *why)
{
    bool found;
    struct position position;
    scoped(drop_conn) struct conn *source = NULL;
    if (!position_get(worker->db, &position, &found, why))
        return false;
    if (!found || position.source_id[0] == '\0')
        return true;
    const struct position_left made = own(worker, &position);
    return open_for_undo(worker, worker->leash, &source, why) &&
           check_same(source, position.source_id, why) &&
           drop_made(worker, source, worker->leash, &made, why) && position_undone(worker->db, why);
}

bool follow_release(struct worker *worker, struct fault *why)
{
    bool found;
    struct position position;
    scoped(drop_conn) struct conn *source = NULL;
    if (!position_get(worker->db, &position, &found, why))
        return false;
    if (!found || position.source_id[0] == '\0' || position.slot[0] == '\0')
        return true;
    const struct position_left made = own(worker, &position);
    return position_clean(worker->db, why) && open_for_undo(worker, worker->leash, &source, why) &&
           check_same(source, position.source_id, why) &&
           drop_stream(source, worker->leash, &made, why) && position_released(worker->db, why);
}

void follow_undo(struct worker *worker)
{
    bool found, planned;
    struct fault why;
    struct position position;
    struct leash leash = {.channel = -1, .signals = -1};
    scoped(drop_strbuf) struct strbuf names = STRBUF_EMPTY;
    scoped(drop_conn) struct conn *source = NULL;
    if (!position_get(worker->db, &position, &found, &why) ||
        !work_kind_is_done(worker->db, WORK_PLAN, &planned, &why) || !found ||
        position.source_id[0] == '\0' || planned)
        return;
    const struct position_left made = own(worker, &position);
    if (!open_for_undo(worker, &leash, &source, &why) ||
        !drop_made(worker, source, &leash, &made, &why) || !position_undone(worker->db, &why)) {
        position_add_made(&names, position.slot, position.publication);
        log_warning("%s may be left on the source: %s", names.text, why.text);
    }
}

/* Of a run that was given up, in this directory. */
static bool drop_left(struct worker *worker, const char *source_id, struct fault *why)
{
    for (;;) {
        struct position_left left;
        bool found;
        scoped(drop_strbuf) struct strbuf made = STRBUF_EMPTY;
        if (!position_left(worker->db, &left, &found, why))
            return false;
        if (!found)
            return true;
        position_add_made(&made, left.slot, left.publication);
        if (strcmp(left.source_id, source_id) != 0)
            log_warning("a run that was given up has left %s on another source", made.text);
        else if (!drop_made(worker, worker->source, worker->leash, &left, why))
            return false;
        if (!position_drop(worker->db, left.run, why))
            return false;
    }
}

/* ---- before anything is made ---- */

/* Its name would be that of the slot. */
static bool may_publish(const struct worker *worker)
{
    return worker->settings->plugin == PLUGIN_AUTO || worker->settings->plugin == PLUGIN_PGOUTPUT;
}

/* What is copied is later than now. */
static bool end_is_ahead(struct worker *worker, const struct position *position, struct fault *why)
{
    char text[LSN_TEXT];
    lsn_t now;
    if (position->end == 0)
        return true;
    if (!wal_end(worker->source, &now, why))
        return false;
    return position->end >= now ||
           fault_set(why, FAULT_END_PASSED, "the copy begins behind the end: the source is at %s",
                     lsn_text(text, now));
}

static bool check_more(const struct worker *worker, const struct planning *planning,
                       struct fault *why)
{
    struct check_sides sides = {
        .source = worker->source,
        .target = worker->target,
        .settings = worker->settings,
        .chosen = planning->selection.chosen,
        .everything = planning->selection.everything,
        .slot = "",
    };
    return worker->settings->skip_check ||
           refusals_pass(planning->refusals, check_errors(&sides, why), why);
}

static bool check_all(const struct worker *worker, struct planning *planning,
                      struct strbuf *warnings, bool *ret_second, struct fault *why)
{
    return planning_choose(planning, why) && check_more(worker, planning, why) &&
           planning_fill(planning, why) && planning_check(planning, why) &&
           refusals_pass(planning->refusals,
                         publication_choose(worker->db, worker->source, planning->selection.chosen,
                                            (enum identity_policy)worker->settings->no_identity,
                                            warnings, ret_second, why),
                         why);
}

/* What is only to be found out by planning is found out before. The plan itself is made again, in
 * the snapshot, and then says the rest. */
static bool plan_ahead(struct worker *worker, bool *ret_second, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf warnings = STRBUF_EMPTY;
    scoped(drop_refusals) struct refusals refusals = {.source = worker->source};
    scoped(drop_planning) struct planning planning = {
        .db = worker->db,
        .source = worker->source,
        .target = worker->target,
        .settings = worker->settings,
        .refusals = &refusals,
    };
    if (!conn_run(worker->source,
                  "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SAVEPOINT pghaul_item", why) ||
        !refusals_end(&refusals, check_all(worker, &planning, &warnings, ret_second, why), why))
        return false;
    if (planning.large_objects > 0)
        strbuf_add(
            &warnings,
            "changes of large objects do not follow: what differs at the end is copied then\n");
    return warn_lines(worker->db, warnings.text, why) && conn_run(worker->source, "ROLLBACK", why);
}

/* ---- the slot ---- */

struct making {
    struct worker *worker;
    struct position *position;
    struct conn *walsender;
    int64_t process;      /* that of the walsender, for who comes after our death */
    char since[XID_TEXT]; /* what began before this had begun before all that */
    int64_t began_ms;
    int64_t warned_ms; /* 0: not yet */
};

static void drop_making(struct making *making)
{
    drop_conn(&making->walsender);
}

static bool open_walsender(struct making *making, bool replicates, struct fault *why)
{
    struct worker *worker = making->worker;
    const struct conn_wish wish = {.info = worker->source_info, .application = "pghaul slot"};
    return publication_open_walsender(&making->walsender, &wish, replicates, worker->leash, why) &&
           process_add(worker->db, "slot", 1, getpid(), &making->process, why) &&
           process_set_source(worker->db, making->process, conn_backend_pid(making->walsender),
                              conn_backend_start(making->walsender), why);
}

static bool name_writers(struct making *making, struct strbuf *names, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!ask_with(making->worker->source, ASK_WRITERS, 0, NULL, &rows, why))
        return false;
    for (int row = 0; row < rows_count(&rows); row++)
        strbuf_addf(names, "%s%s", row == 0 ? "" : "; ", rows_text(&rows, row, 0));
    if (rows_count(&rows) == 0)
        strbuf_add(names, "(none is known)");
    return true;
}

static bool on_waiting(void *arg, struct fault *why)
{
    struct making *making = arg;
    char time[32];
    int64_t now = clock_ms(), waited = now - making->began_ms;
    int64_t most = making->worker->settings->slot_timeout_ms;
    scoped(drop_strbuf) struct strbuf names = STRBUF_EMPTY;
    if (!name_writers(making, &names, why))
        return false;
    duration_text(time, sizeof time, waited);
    if (most > 0 && waited >= most)
        return fault_set(why, FAULT_SLOT_WAIT, "slot \"%s\" has waited %s for %s",
                         making->position->slot, time, names.text);
    if (waited >= WARN_AFTER_MS &&
        (making->warned_ms == 0 || now - making->warned_ms >= WARN_EVERY_MS)) {
        making->warned_ms = now;
        log_warning("slot \"%s\" waits for the end of transactions, since %s: %s",
                    making->position->slot, time, names.text);
    } else {
        log_debug("slot \"%s\" waits for %s", making->position->slot, names.text);
    }
    return true;
}

static bool make_slot(struct making *making, struct slot_made *ret_made, struct fault *why)
{
    struct slot_wish wish = {
        .name = making->position->slot,
        .plugin = making->position->plugin,
        .failover = making->worker->settings->failover_slot,
        .every_ms = LOOK_MS,
        .waiting = on_waiting,
        .arg = making,
    };
    making->began_ms = clock_ms();
    if (!xid_take(making->worker->source, making->since, why))
        return false;
    if (!slot_create(making->walsender, &wish, ret_made, why)) {
        if (strcmp(why->sqlstate, "42710") == 0)
            why->id = FAULT_SLOT_TAKEN;
        return false;
    }
    FAILPOINT("slot.made", why);
    return true;
}

/* Found out now, and not when the first of them comes. Whoever may not ask finds it out then, and
 * so does whose first change cannot be decoded. */
static bool check_numbers(struct making *making, struct fault *why)
{
    bool knows;
    if (strcmp(making->position->plugin, "wal2json") != 0)
        return true;
    if (!slot_knows(making->worker->source, making->position->slot,
                    "'format-version', '2', 'numeric-data-types-as-string', '1'", &knows, why))
        return strcmp(why->sqlstate, "42501") == 0 || strcmp(why->sqlstate, "XX000") == 0;
    return knows || publication_refuse_numbers(making->worker->db, why);
}

/* ---- the snapshot ---- */

static bool end_walsender(struct making *making, struct fault *why)
{
    drop_conn(&making->walsender);
    return process_reaped(making->worker->db, making->process, why);
}

/* What writes now is not streamed, but copied: in a snapshot of when it has ended. (For a way back,
 * nothing is copied: it begins when the target is opened, long after this.) */
static bool go_past(struct making *making, const char *names, lsn_t *ret_start,
                    struct snapshot *ret_snapshot, struct fault *why)
{
    lsn_t settled;
    struct worker *worker = making->worker;
    const struct undecodable_wait wait = {
        .publication = making->position->publication,
        .every_ms = LOOK_MS,
        .waiting = on_waiting,
        .arg = making,
    };
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    strbuf_addf(
        &text,
        "definitions changed while the slot was made, so that the source cannot decode what "
        "is being written now: waiting for its end, to begin behind that (%s)",
        names);
    log_info("%s", text.text);
    making->began_ms = clock_ms();
    making->warned_ms = 0;
    if (!event_add(worker->db, "info", 0, text.text, why) ||
        !conn_run(worker->source, "ROLLBACK", why) || !end_walsender(making, why))
        return false;
    FAILPOINT("slot.undecodable", why);
    return undecodable_pass(worker->source, worker->leash, &wait, ret_start, why) &&
           position_begin(worker->db, *ret_start, why) &&
           follow_take_later(worker, ret_snapshot, &settled, why);
}

/* Ours outlives the walsender's, so that that connection need not be kept. */
static bool keep_snapshot(struct making *making, const struct slot_made *made,
                          const struct snapshot_export *taken, struct snapshot *ret_snapshot,
                          struct fault *why)
{
    struct worker *worker = making->worker;
    struct snapshot snapshot = {
        .holder = HOLDER_RUN,
        .holder_pid = getpid(),
        .backend_pid = conn_backend_pid(worker->source),
    };
    strlcpy(snapshot.id, taken->id, sizeof snapshot.id);
    lsn_text(snapshot.lsn, made->consistent);
    strlcpy(snapshot.content, taken->content, sizeof snapshot.content);
    strlcpy(snapshot.backend_start, conn_backend_start(worker->source),
            sizeof snapshot.backend_start);
    if (!snapshot_add(worker->db, &snapshot, why) ||
        !position_begin(worker->db, made->consistent, why))
        return false;
    *ret_snapshot = snapshot;
    return end_walsender(making, why);
}

static bool take_snapshot(struct making *making, const struct slot_made *made, lsn_t *ret_start,
                          struct snapshot *ret_snapshot, struct fault *why)
{
    struct worker *worker = making->worker;
    struct snapshot_export taken;
    scoped(drop_strbuf) struct strbuf names = STRBUF_EMPTY;
    if (!snapshot_take_over(worker->source, made->snapshot, &taken, why) ||
        !undecodable_look(worker->source, making->since, &names, why))
        return false;
    if (names.length > 0)
        return go_past(making, names.text, ret_start, ret_snapshot, why);
    *ret_start = made->consistent;
    return snapshot_let_go(worker->source, why) &&
           keep_snapshot(making, made, &taken, ret_snapshot, why);
}

/* Somebody else was faster with the name: what he has made must not be dropped as ours. */
static bool not_ours(const struct making *making, bool published, struct fault *why)
{
    struct fault later;
    struct worker *worker = making->worker;
    const struct position *position = making->position;
    if (why->id == FAULT_SLOT_TAKEN &&
        ((published && (!publication_drop(worker->source, position->publication, &later) ||
                        !publication_drop(worker->source, position->insert_publication, &later))) ||
         !position_undone(worker->db, &later) ||
         !identities_restore(worker->db, worker->source, worker->leash, worker->run.uuid,
                             worker->settings->lock_timeout_ms, &later)))
        fault_detail(why, "%s", later.text);
    return false;
}

static bool intend(struct making *making, const char *source_id, const char *plugin,
                   struct fault *why)
{
    bool found;
    return position_intend(making->worker->db, source_id, plugin,
                           making->position->insert_publication, why) &&
           position_get(making->worker->db, making->position, &found, why);
}

static bool do_without(struct making *making, const char *source_id, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf warning = STRBUF_EMPTY;
    strbuf_addf(&warning, "%s: changes are read by plugin test_decoding instead", why->text);
    return warn_lines(making->worker->db, warning.text, why) &&
           intend(making, source_id, "test_decoding", why);
}

/* Before they are published: else the application's updates would fail. */
static bool make_identities(struct worker *worker, struct fault *why)
{
    return worker->settings->no_identity != IDENTITY_FULL ||
           identities_make_full(worker->db, worker->source, worker->leash,
                                worker->settings->lock_timeout_ms, why);
}

/* Plugin pgoutput alone can be told to send only the inserts of a table. */
static bool may_do_without(const struct making *making, const struct fault *why)
{
    return making->worker->settings->plugin == PLUGIN_AUTO && why->id == FAULT_PUBLICATION &&
           *making->position->insert_publication == '\0';
}

/* Only pgoutput needs one. Which plugin it is to be is known when that is made, or cannot be. */
static bool make_publication(struct making *making, const char *source_id, struct fault *why)
{
    static const char *const plugins[] = {[PLUGIN_AUTO] = "pgoutput",
                                          [PLUGIN_PGOUTPUT] = "pgoutput",
                                          [PLUGIN_TEST_DECODING] = "test_decoding",
                                          [PLUGIN_WAL2JSON] = "wal2json"};
    struct worker *worker = making->worker;
    const struct position *position = making->position;
    if (!intend(making, source_id, plugins[worker->settings->plugin], why))
        return false;
    FAILPOINT("publication.intended", why);
    if (!make_identities(worker, why))
        return false;
    if (!may_publish(worker))
        return true;
    if (!publication_make(worker->db, worker->source, worker->leash, position->publication,
                          position->insert_publication, worker->settings->lock_timeout_ms, why))
        return may_do_without(making, why) ? do_without(making, source_id, why)
                                           : not_ours(making, false, why);
    FAILPOINT("publication.made", why);
    return true;
}

static void say_where(const struct position *position, lsn_t start)
{
    char lsn[LSN_TEXT];
    bool published = *position->publication != '\0';
    log_info("following from %s on: slot \"%s\", %s \"%s\"", lsn_text(lsn, start), position->slot,
             published ? "publication" : "plugin",
             published ? position->publication : position->plugin);
}

static bool make_all(struct making *making, const char *source_id, struct snapshot *ret_snapshot,
                     struct fault *why)
{
    struct slot_made made;
    lsn_t start;
    struct worker *worker = making->worker;
    if (!workdir_wipe_spool(worker->dir, why) || !make_publication(making, source_id, why))
        return false;
    if (!make_slot(making, &made, why))
        return not_ours(making, true, why);
    if (!check_numbers(making, why) || !take_snapshot(making, &made, &start, ret_snapshot, why))
        return false;
    say_where(making->position, start);
    return true;
}

static bool clear_the_way(struct worker *worker, const struct position *position,
                          const char *source_id, struct fault *why)
{
    bool ours = position->source_id[0] != '\0' && strcmp(position->source_id, source_id) == 0;
    const struct position_left made = own(worker, position);
    return drop_left(worker, source_id, why) &&
           (!ours || (drop_made(worker, worker->source, worker->leash, &made, why) &&
                      position_undone(worker->db, why))) &&
           publication_check_names(worker->source, position->slot, may_publish(worker), why);
}

#define INSERTS "_inserts"

static void name_second(struct position *position, bool second)
{
    int most = SLOT_NAME - (int)sizeof INSERTS;
    *position->insert_publication = '\0';
    if (second)
        snprintf(position->insert_publication, sizeof position->insert_publication, "%.*s" INSERTS,
                 most, position->slot);
}

static bool connect_target(struct worker *worker, struct fault *why)
{
    return worker_load_run(worker, why) && worker_connect(worker, SIDE_TARGET, why) &&
           reap(worker, NULL, 0, worker->run.started_us, why);
}

bool follow_begin(struct worker *worker, struct snapshot *ret_snapshot, struct fault *why)
{
    bool found, replicates, second = false;
    struct position position;
    struct identity identity;
    scoped(drop_making) struct making making = {.worker = worker, .position = &position};
    if (!position_get(worker->db, &position, &found, why))
        return false;
    if (!found)
        return fault_set(why, FAULT_CATALOG, "the catalog has no position");
    if (!check_identity(worker->source, &identity, why) ||
        !publication_check_source(worker->source, &replicates, why) ||
        !publication_check_failover(worker->source, worker->settings->failover_slot, why) ||
        !connect_target(worker, why) || !worker_note_sides(worker, why) ||
        !end_is_ahead(worker, &position, why) ||
        !clear_the_way(worker, &position, identity.id, why) ||
        !check_may_apply(worker->target, why) || !plan_ahead(worker, &second, why) ||
        !open_walsender(&making, replicates, why))
        return false;
    name_second(&position, second);
    return make_all(&making, identity.id, ret_snapshot, why);
}
