/*
 * supervise_ends.c - what becomes of the run when a worker ends, fails or is asked to stop.
 *
 * A worker whose fault may heal is replaced; the death of the one who holds the
 * snapshot, and every other fault, ends the run.
 */
#include "run/supervisor.h"

#include "base/scoped.h"
#include "base/strbuf.h"
#include "plan/plan.h"

/* ---- failing and stopping ---- */

/* Who dumps the schema beside the planner may fail of the same cause, but says it worse. */
static bool may_have_a_cause(const struct fault *why)
{
    return why->id == FAULT_TOOL_FAILED || why->id == FAULT_SNAPSHOT_GONE ||
           why->id == FAULT_SOURCE_CONNECT;
}

static bool explains_better(const struct supervisor *s, enum role role)
{
    return role == ROLE_SNAPSHOT && may_have_a_cause(&s->fault);
}

/* Then the planner is heard before it is ended. */
static bool is_planning(const struct supervisor *s)
{
    bool open;
    struct fault ignored;
    return s->phase == PHASE_PLAN && crew_filled(s->crew, ROLE_SNAPSHOT) > 0 &&
           work_lane_open(s->what->db, PHASE_PLAN, LANE_PLAN, &open, &ignored) && open;
}

void supervisor_fail(struct supervisor *s, enum role role, const struct fault *why)
{
    struct fault ignored;
    if (s->fault.id == 0 || explains_better(s, role)) {
        s->fault = *why;
        log_fault_to_file(why);
        event_add(s->what->db, "error", why->id, why->text, &ignored);
    }
    if (role == ROLE_SCHEMA && may_have_a_cause(why) && is_planning(s))
        return;
    s->stopping = STOPPING_NOW;
    crew_end(s->crew, ROLES, true);
}

void supervisor_stop(struct supervisor *s)
{
    s->lost = false;
    /* An item in hand would not come to its end. */
    if (s->stopping == NOT_STOPPING && !s->crew->paused) {
        s->stopping = STOPPING_SOON;
        log_info("stopping after the items in hand; ask again to stop at once");
        crew_end(s->crew, ROLES, false);
        return;
    }
    if (s->stopping != STOPPING_NOW)
        log_info("stopping now");
    s->stopping = STOPPING_NOW;
    crew_end(s->crew, ROLES, true);
}

/* It died, or lost a connection that it had. Who cannot even connect says so at once. */
static bool was_cut_off(const struct place *place)
{
    enum fault_id id = place->fault.id;
    return id == 0 || id == FAULT_SOURCE_LOST || id == FAULT_TARGET_LOST;
}

/* ---- resuming ---- */

/* After the dead run's traces are put in order: is anything left that needs a snapshot? */
static bool after_resume(struct supervisor *s, struct fault *why)
{
    bool open;
    if (!work_kind_is_done(s->what->db, WORK_PLAN, &s->planned, why) ||
        !work_data_open(s->what->db, &open, why))
        return false;
    s->data_open = open || (!s->planned && settings_have_source(s->what->settings));
    s->resumed = true;
    return supervisor_look(s, why);
}

static bool renew(struct supervisor *s, bool unfinished, struct fault *why)
{
    struct work_new item = {
        .stage = PHASE_PLAN,
        .lane = LANE_PLAN,
        .kind = WORK_RENEW,
    };
    if (unfinished && !s->what->settings->follow)
        log_warning("the run's snapshot is gone: unfinished tables are copied in a new one, so the "
                    "copy is not consistent");
    return run_set_snapshot(s->what->db, 0, why) &&
           (!s->planned || work_add(s->what->db, &item, why));
}

/* The snapshot that a resumed run began with may be gone. That does not matter when no rows are
 * left to copy, or none were copied yet, nor to a run that follows; else it is for the user to say.
 * True when the run goes on. */
static bool snapshot_was_gone(struct supervisor *s, struct place *place)
{
    int64_t rows;
    struct fault why;
    if (place->role != ROLE_SNAPSHOT || place->fault.id != FAULT_SNAPSHOT_GONE ||
        !s->what->resume || s->phase != PHASE_NEW || s->stopping != NOT_STOPPING)
        return false;
    if (!work_rows_open(s->what->db, &rows, &why)) {
        supervisor_fail(s, ROLE_SNAPSHOT, &why);
        return true;
    }
    bool unfinished = s->planned && rows > 0;
    if (unfinished && !s->what->not_consistent && !s->what->settings->follow) {
        fault_during(&place->fault, "%lld unfinished items of the copy need it", (long long)rows);
        return false;
    }
    place->state = PLACE_EMPTY;
    if (!renew(s, unfinished, &why))
        supervisor_fail(s, ROLE_SNAPSHOT, &why);
    return true;
}

/* ---- losing the snapshot ---- */

/* A run that follows goes on in a new one, as if it were resumed: everybody is ended, since nobody
 * may commit any more what he has read in the old one. A table that was rewritten cannot be read in
 * the old one either. Before there is a plan, slot and publication are made anew as well. */
static bool snapshot_is_lost(struct supervisor *s, const struct place *place)
{
    enum fault_id id = place->fault.id;
    /* Of a plan that failed, the holder says more than the dump, which only finds him gone. */
    bool heard = place->role == ROLE_SCHEMA && is_planning(s);
    bool lost = (id == FAULT_SNAPSHOT_GONE && !heard) ||
                (id == FAULT_TABLE_CHANGED && place->fault.retry) ||
                (place->role == ROLE_SNAPSHOT && was_cut_off(place));
    return lost && s->what->settings->follow && s->stopping == NOT_STOPPING && s->resumed &&
           s->what->settings->retry_for_ms > 0;
}

static void lose_snapshot(struct supervisor *s, struct place *place, const char *cause)
{
    struct fault ignored;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    strbuf_addf(&text, "worker %s %d %s; going on in a new snapshot", role_entry(place->role)->name,
                place->number, cause);
    log_warning("%s", text.text);
    event_add(s->what->db, "warning", FAULT_SNAPSHOT_GONE, text.text, &ignored);
    s->lost = true;
    s->fault.id = 0; /* of a dump that failed for this */
    s->stopping = STOPPING_NOW;
    place->state = PLACE_CLOSED;
    crew_end(s->crew, ROLES, true);
}

/* ---- the end of a worker ---- */

/* After the snapshot was lost, its server may take a while to come back. */
static bool is_vital(const struct supervisor *s, const struct place *place)
{
    bool begins = s->what->again && s->phase == PHASE_NEW;
    return !begins &&
           (place->role == ROLE_SNAPSHOT || (place->role == ROLE_RESUME && !was_cut_off(place)));
}

static void died_for_good(struct supervisor *s, struct place *place, int status)
{
    char ending[64];
    struct fault *why = &place->fault;
    if (why->id == 0)
        fault_set(why, FAULT_WORKER_DIED, "worker %s %d %s", role_entry(place->role)->name,
                  place->number, status_text(ending, sizeof ending, status));
    place->state = PLACE_CLOSED;
    supervisor_fail(s, place->role, why);
}

/* Without the snapshot's holder the others can read on, but no replacement of theirs could. */
static void on_unplanned_end(struct supervisor *s, struct place *place, int status)
{
    char ending[64];
    struct fault ignored;
    bool said = place->fault.id != 0;
    bool may_heal = said ? place->fault.retry : true;
    /* Nothing has gone well yet in a run that cannot even connect. */
    bool early = s->phase < PHASE_SCHEMA && !was_cut_off(place) && place->role != ROLE_RECEIVE &&
                 place->role != ROLE_GUARD && !s->what->again;
    if (place->role == ROLE_WATCH || s->lost) {
        place->state = PLACE_CLOSED;
        return;
    }
    if (snapshot_was_gone(s, place))
        return;
    if (snapshot_is_lost(s, place)) {
        lose_snapshot(s, place,
                      said ? place->fault.text : status_text(ending, sizeof ending, status));
        return;
    }
    if (is_vital(s, place) || !may_heal || early || s->stopping != NOT_STOPPING ||
        !place_failed(place, s->what->settings->retry_for_ms)) {
        died_for_good(s, place, status);
        return;
    }
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    strbuf_addf(&text, "worker %s %d %s", role_entry(place->role)->name, place->number,
                said ? place->fault.text : status_text(ending, sizeof ending, status));
    log_warning("%s; it will be replaced", text.text);
    event_add(s->what->db, "warning", said ? place->fault.id : FAULT_WORKER_DIED, text.text,
              &ignored);
}

bool supervisor_worker_ended(struct supervisor *s, struct place *place, int status,
                             struct fault *why)
{
    bool quiet = place->fault.id == FAULT_STOPPED || place->fault.id == FAULT_ORPHANED;
    place->moved_work = 0;
    if (status == 0 || (quiet && place->told_to_end)) {
        place->state = place->role == ROLE_RESUME ? PLACE_CLOSED : PLACE_EMPTY;
        if (place->role == ROLE_RECEIVE && !supervisor_look(s, why))
            return false;
        return place->role != ROLE_RESUME || after_resume(s, why);
    }
    on_unplanned_end(s, place, status);
    /* The dump's failure was waiting for the planner's. */
    if (s->fault.id != 0 && s->stopping != STOPPING_NOW)
        supervisor_fail(s, place->role, &s->fault);
    return true;
}
