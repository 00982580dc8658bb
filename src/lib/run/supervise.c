/*
 * supervise.c - the loop of the supervisor.
 *
 * Events are: a message of a worker, the end of a worker, a signal, a deadline.
 * After each batch of events the supervisor looks at the catalog: a phase whose
 * items are all done gives way to the next one, and places of the crew are filled
 * or let go as the phase needs them (staff).
 */
#include "run/supervise.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "plan/plan.h"
#include "run/crew.h"
#include "run/phases.h"
#include "run/progress.h"

#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

enum {
    TICK_MS = 1000,
    WATCH_AFTER_MS = 2000,
    /* A guess at how long work takes one worker; and how much is worth starting another, which
       takes some 20 ms of two servers and ourselves. */
    ITEM_MS = 2,
    MEGABYTE_MS = 20,
    LITTLE_MS = 80,
    WORKER_MS = 60,
};

enum stopping { NOT_STOPPING, STOPPING_SOON, STOPPING_NOW };

struct supervisor {
    struct supervise *what;
    struct crew *crew;
    struct progress *progress;
    struct run run;
    int signals;
    enum phase phase;
    bool snapshot_known;
    bool resumed;          /* what a dead run has left is put in order */
    bool planned;          /* the plan of a resumed run was complete */
    bool data_open;        /* there are items that need the snapshot */
    enum phase decided;    /* the stage for which these are decided: */
    int copiers, builders; /* copy and build workers */
    enum stopping stopping;
    struct fault fault; /* why the run fails; id 0: it does not */
    int64_t began_ms;
    int64_t tick_ms; /* next one */
};

static void drop_signals(struct supervisor *s)
{
    drop_fd(&s->signals);
}

/* ---- failing and stopping ---- */

/* Who dumps the schema beside the planner may fail of the same cause, but says it worse. */
static bool explains_better(const struct supervisor *s, enum role role)
{
    return role == ROLE_SNAPSHOT && s->fault.id == FAULT_TOOL_FAILED;
}

/* Then the planner is heard before it is ended. */
static bool is_planning(const struct supervisor *s)
{
    bool open;
    struct fault ignored;
    return s->phase == PHASE_PLAN && crew_filled(s->crew, ROLE_SNAPSHOT) > 0 &&
           work_lane_open(s->what->db, PHASE_PLAN, LANE_PLAN, &open, &ignored) && open;
}

static void fail(struct supervisor *s, enum role role, const struct fault *why)
{
    struct fault ignored;
    if (s->fault.id == 0 || explains_better(s, role)) {
        s->fault = *why;
        log_fault_to_file(why);
        event_add(s->what->db, "error", why->id, why->text, &ignored);
    }
    if (role == ROLE_SCHEMA && why->id == FAULT_TOOL_FAILED && is_planning(s))
        return;
    s->stopping = STOPPING_NOW;
    crew_end(s->crew, ROLES, true);
}

static void on_stop_asked(struct supervisor *s)
{
    if (s->stopping == NOT_STOPPING) {
        s->stopping = STOPPING_SOON;
        log_info("stopping after the items in hand; ask again to stop at once");
        crew_end(s->crew, ROLES, false);
        return;
    }
    if (s->stopping == STOPPING_SOON)
        log_info("stopping now");
    s->stopping = STOPPING_NOW;
    crew_end(s->crew, ROLES, true);
}

static void take_signals(struct supervisor *s)
{
    struct signalfd_siginfo info;
    while (read(s->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            on_stop_asked(s);
        else if (info.ssi_signo == SIGUSR1)
            progress_print(s->progress);
    }
}

/* ---- messages ---- */

/* The lanes that a role may claim from now: its own, and in a small run others. */
static unsigned lanes_of(const struct supervisor *s, enum role role)
{
    const int *lanes = role_entry(role)->lanes;
    unsigned mask = 0;
    for (int i = 0; i < LANES_OF_ROLE && lanes[i] != NO_LANE; i++)
        if (i == 0 || (lanes[i] == LANE_COPY && s->copiers == 0) ||
            (lanes[i] == LANE_BUILD && s->builders == 0))
            mask |= 1U << lanes[i];
    return mask;
}

static void wake_lanes(struct supervisor *s, unsigned lanes)
{
    for (int role = 0; role < ROLES; role++) {
        unsigned mask = lanes_of(s, (enum role)role);
        if ((mask & lanes) != 0)
            crew_wake(s->crew, (enum role)role, mask);
    }
}

/* A worker found nothing, but somebody may have made work ready since it looked. */
static bool on_idle(struct supervisor *s, struct place *place, struct fault *why)
{
    unsigned mask = lanes_of(s, place->role);
    bool ready = false;
    for (int lane = 0; lane < LANES && !ready; lane++)
        if ((mask & 1U << lane) != 0 && !work_ready(s->what->db, (enum lane)lane, &ready, why))
            return false;
    if (ready)
        place_wake(place, mask);
    else
        place->state = PLACE_IDLE;
    return true;
}

static void on_log(const struct message *message)
{
    const char *who = message->text;
    const char *text = who + strlen(who) + 1;
    if (text < message->text + message->length)
        log_relayed((enum log_level)message->code, who, text);
}

static bool on_message(struct supervisor *s, struct place *place, const struct message *message,
                       struct fault *why)
{
    switch (message->type) {
    case MSG_READY:
        place->state = PLACE_BUSY;
        return true;
    case MSG_IDLE:
        return on_idle(s, place, why);
    case MSG_MOVED:
        place->moved = message->bytes;
        place->moved_work = message->work;
        return true;
    case MSG_DONE:
        place->failures = 0;
        place->moved_work = 0;
        progress_done(s->progress, (enum work_kind)message->code, message->bytes, message->rows);
        wake_lanes(s, message->lanes);
        return true;
    case MSG_FAULT:
        if (place->fault.id == 0)
            message_get_fault(message, &place->fault);
        return true;
    case MSG_LOG:
        on_log(message);
        return true;
    case MSG_SNAPSHOT:
        s->snapshot_known = true;
        return true;
    default:
        return fault_set(why, FAULT_BUG, "worker %s %d sent a message of type %u",
                         role_entry(place->role)->name, place->number, (unsigned)message->type);
    }
}

static bool take_messages(struct supervisor *s, struct place *place, struct fault *why)
{
    static struct message message;
    while (place->channel >= 0) {
        switch (channel_take(place->channel, &message)) {
        case CHANNEL_NOTHING:
            return true;
        case CHANNEL_CLOSED:
            drop_fd(&place->channel);
            return true;
        case CHANNEL_MESSAGE:
            if (!on_message(s, place, &message, why))
                return false;
        }
    }
    return true;
}

/* ---- resuming ---- */

/* After the dead run's traces are put in order: is anything left that needs a snapshot? */
static bool after_resume(struct supervisor *s, struct fault *why)
{
    bool open;
    if (!work_kind_is_done(s->what->db, WORK_PLAN, &s->planned, why) ||
        !work_data_open(s->what->db, &open, why))
        return false;
    s->data_open = open || !s->planned;
    s->resumed = true;
    return true;
}

static bool renew(struct supervisor *s, bool unfinished, struct fault *why)
{
    struct work_new item = {
        .stage = PHASE_PLAN,
        .lane = LANE_PLAN,
        .kind = WORK_RENEW,
    };
    if (unfinished)
        log_warning("the run's snapshot is gone: unfinished tables are copied in a new one, so the "
                    "copy is not consistent");
    return run_set_snapshot(s->what->db, 0, why) &&
           (!s->planned || work_add(s->what->db, &item, why));
}

/* The snapshot that a resumed run began with may be gone. That does not matter when no rows are
 * left to copy, or none were copied yet; else it is for the user to say. True when the run goes on.
 */
static bool snapshot_was_gone(struct supervisor *s, struct place *place)
{
    int64_t rows;
    struct fault why;
    if (place->role != ROLE_SNAPSHOT || place->fault.id != FAULT_SNAPSHOT_GONE ||
        !s->what->resume || s->phase != PHASE_NEW || s->stopping != NOT_STOPPING)
        return false;
    if (!work_rows_open(s->what->db, &rows, &why)) {
        fail(s, ROLE_SNAPSHOT, &why);
        return true;
    }
    bool unfinished = s->planned && rows > 0;
    if (unfinished && !s->what->not_consistent) {
        fault_during(&place->fault, "%lld unfinished items of the copy need it", (long long)rows);
        return false;
    }
    place->state = PLACE_EMPTY;
    if (!renew(s, unfinished, &why))
        fail(s, ROLE_SNAPSHOT, &why);
    return true;
}

/* ---- the end of a worker ---- */

static bool is_vital(enum role role)
{
    return role == ROLE_SNAPSHOT || role == ROLE_RESUME;
}

static void died_for_good(struct supervisor *s, struct place *place, int status)
{
    char ending[64];
    struct fault *why = &place->fault;
    if (why->id == 0)
        fault_set(why, FAULT_WORKER_DIED, "worker %s %d %s", role_entry(place->role)->name,
                  place->number, status_text(ending, sizeof ending, status));
    place->state = PLACE_CLOSED;
    fail(s, place->role, why);
}

/* Without the snapshot's holder the others can read on, but no replacement of theirs could. */
static void on_unplanned_end(struct supervisor *s, struct place *place, int status)
{
    char ending[64];
    struct fault ignored;
    bool said = place->fault.id != 0;
    bool may_heal = said ? place->fault.retry : true;
    /* Nothing has gone well yet in a run that cannot even connect. */
    bool early = s->phase < PHASE_SCHEMA && said;
    if (place->role == ROLE_WATCH) {
        place->state = PLACE_CLOSED;
        return;
    }
    if (snapshot_was_gone(s, place))
        return;
    if (is_vital(place->role) || !may_heal || early || s->stopping != NOT_STOPPING ||
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

static bool on_end(struct supervisor *s, struct place *place, struct fault *why)
{
    int status;
    if (!take_messages(s, place, why) || !child_reap(&place->child, &status, why))
        return false;
    drop_fd(&place->channel);
    bool quiet = place->fault.id == FAULT_STOPPED || place->fault.id == FAULT_ORPHANED;
    place->moved_work = 0;
    if (status == 0 || (quiet && place->told_to_end)) {
        place->state = place->role == ROLE_RESUME ? PLACE_CLOSED : PLACE_EMPTY;
        return place->role != ROLE_RESUME || after_resume(s, why);
    }
    on_unplanned_end(s, place, status);
    /* The dump's failure was waiting for the planner's. */
    if (s->fault.id != 0 && s->stopping != STOPPING_NOW)
        fail(s, place->role, &s->fault);
    return true;
}

/* ---- who is needed ---- */

static int64_t guess_ms(int64_t items, int64_t bytes)
{
    return items * ITEM_MS + (bytes >> 20) * MEGABYTE_MS;
}

/* Workers for a stage's lane, up to the user's number of jobs; none for a little work, which is
 * done by those who are there. */
static int wanted_for(int64_t items, int64_t bytes, int64_t jobs)
{
    int64_t ms = guess_ms(items, bytes);
    int64_t wanted = 1 + ms / WORKER_MS;
    if (ms < LITTLE_MS)
        return 0;
    wanted = wanted > jobs ? jobs : wanted;
    return (int)(wanted > items ? items : wanted);
}

static bool fill_up_to(struct supervisor *s, enum role role, int wanted, struct fault *why)
{
    for (int number = 1; number <= wanted; number++) {
        struct place *place = crew_place(s->crew, role, number);
        if (place->state == PLACE_EMPTY && !crew_fill(s->crew, place, why))
            return false;
    }
    return true;
}

/* How many copy and build workers a stage gets is decided once, when its work is known. */
static bool decide(struct supervisor *s, enum phase stage, struct fault *why)
{
    const struct settings *settings = s->what->settings;
    int64_t copies, copy_bytes, builds, build_bytes;
    if (s->decided == stage)
        return true;
    if (!work_lane_size(s->what->db, stage, LANE_COPY, &copies, &copy_bytes, why) ||
        !work_lane_size(s->what->db, stage, LANE_BUILD, &builds, &build_bytes, why))
        return false;
    s->decided = stage;
    s->copiers = wanted_for(copies, copy_bytes, settings->table_jobs);
    s->builders = wanted_for(builds, build_bytes, settings->index_jobs);
    return true;
}

static bool staff_copy_stage(struct supervisor *s, struct fault *why)
{
    bool copies, builds;
    if (!decide(s, PHASE_COPY, why) ||
        !work_lane_open(s->what->db, PHASE_COPY, LANE_COPY, &copies, why) ||
        !work_lane_open(s->what->db, PHASE_COPY, LANE_BUILD, &builds, why))
        return false;
    if (!copies && (s->builders > 0 || !builds))
        crew_end(s->crew, ROLE_COPY, false);
    return (!copies || fill_up_to(s, ROLE_COPY, s->copiers, why)) &&
           (!builds || fill_up_to(s, ROLE_BUILD, s->builders, why));
}

static bool staff_refresh_stage(struct supervisor *s, struct fault *why)
{
    bool builds;
    return decide(s, PHASE_REFRESH, why) && fill_up_to(s, ROLE_SCHEMA, 1, why) &&
           work_lane_open(s->what->db, PHASE_REFRESH, LANE_BUILD, &builds, why) &&
           (!builds || fill_up_to(s, ROLE_BUILD, s->builders, why));
}

/* As soon as the plan is there, those who will copy connect, while the schema is dumped and
 * created. */
static bool staff_ahead(struct supervisor *s, struct fault *why)
{
    bool planning;
    if (!work_lane_open(s->what->db, PHASE_PLAN, LANE_PLAN, &planning, why))
        return false;
    return planning || staff_copy_stage(s, why);
}

/* The snapshot is let go as soon as nobody reads in it, so that the source can vacuum. */
static bool staff_snapshot(struct supervisor *s, struct fault *why)
{
    bool open;
    if (!s->data_open)
        return true;
    if (!work_data_open(s->what->db, &open, why))
        return false;
    if (!open) {
        s->data_open = false;
        crew_end(s->crew, ROLE_SNAPSHOT, false);
    }
    return true;
}

static bool staff(struct supervisor *s, struct fault *why)
{
    if (s->stopping != NOT_STOPPING)
        return true;
    switch (s->phase) {
    case PHASE_NEW:
        if (!s->resumed)
            return fill_up_to(s, ROLE_RESUME, 1, why);
        /* Who will be needed next connects while the snapshot is taken. */
        return (!s->data_open || fill_up_to(s, ROLE_SNAPSHOT, 1, why)) &&
               fill_up_to(s, ROLE_SCHEMA, 1, why);
    case PHASE_PLAN:
    case PHASE_SCHEMA:
        return fill_up_to(s, ROLE_SCHEMA, 1, why) && staff_ahead(s, why);
    case PHASE_COPY:
        return fill_up_to(s, ROLE_SCHEMA, 1, why) && staff_copy_stage(s, why) &&
               staff_snapshot(s, why);
    case PHASE_REFRESH:
        return staff_refresh_stage(s, why);
    case PHASE_POST:
        crew_end(s->crew, ROLE_COPY, false);
        return fill_up_to(s, ROLE_SCHEMA, 1, why);
    case PHASE_CLOSE:
        crew_end(s->crew, ROLE_BUILD, false);
        return fill_up_to(s, ROLE_SCHEMA, 1, why);
    default:
        return true;
    }
}

/* ---- phases ---- */

static bool begin_phase(struct supervisor *s, enum phase phase, struct fault *why)
{
    FAILPOINT("supervisor.before_phase", why);
    if (!run_set_phase(s->what->db, phase, why))
        return false;
    s->phase = phase;
    progress_phase(s->progress, phase);
    if (phase == PHASE_DONE) {
        crew_end(s->crew, ROLES, false);
        crew_end(s->crew, ROLE_SNAPSHOT, false);
        return true;
    }
    log_debug("phase: %s", phase_entry(phase)->sentence);
    wake_lanes(s, ~0U);
    FAILPOINT("supervisor.phase", why);
    return true;
}

static bool leave_new(struct supervisor *s, struct fault *why)
{
    if (!s->resumed || (s->data_open && !s->snapshot_known))
        return true;
    return begin_phase(s, PHASE_PLAN, why);
}

static bool advance(struct supervisor *s, struct fault *why)
{
    if (s->stopping != NOT_STOPPING)
        return true;
    if (s->phase == PHASE_NEW && !leave_new(s, why))
        return false;
    while (s->phase > PHASE_NEW && s->phase < PHASE_DONE) {
        bool open;
        if (!work_stage_open(s->what->db, &open, why))
            return false;
        if (open)
            break;
        if (!begin_phase(s, s->phase + 1, why))
            return false;
    }
    return staff(s, why);
}

/* ---- time ---- */

/* Nobody works and nobody is coming, but there are items left: this would wait for ever. */
static bool check_stuck(struct supervisor *s, struct fault *why)
{
    if (s->stopping != NOT_STOPPING || s->phase == PHASE_DONE)
        return true;
    for (int i = 0; i < s->crew->count; i++) {
        const struct place *place = &s->crew->places[i];
        if (place->state == PLACE_STARTING || place->state == PLACE_WAITING ||
            (place->state == PLACE_BUSY && place->role != ROLE_WATCH))
            return true;
    }
    return fault_set(why, FAULT_BUG, "no worker is busy, but phase \"%s\" is not over",
                     phase_entry(s->phase)->word);
}

static bool write_moved(struct supervisor *s, struct fault *why)
{
    if (!db_begin(s->what->db, why))
        return false;
    for (int i = 0; i < s->crew->count; i++) {
        struct place *place = &s->crew->places[i];
        if (place->moved_work != 0 &&
            !work_moved(s->what->db, place->moved_work, place->moved, -1, why)) {
            db_rollback(s->what->db);
            return false;
        }
        place->moved_work = 0;
    }
    return db_commit(s->what->db, why);
}

static bool on_tick(struct supervisor *s, struct fault *why)
{
    s->tick_ms = clock_ms() + TICK_MS;
    if (!write_moved(s, why) || !check_stuck(s, why))
        return false;
    progress_tick(s->progress);
    if (s->phase >= PHASE_COPY && s->phase < PHASE_DONE && s->stopping == NOT_STOPPING &&
        clock_ms() - s->began_ms > WATCH_AFTER_MS)
        return fill_up_to(s, ROLE_WATCH, 1, why);
    return true;
}

static bool on_deadlines(struct supervisor *s, struct fault *why)
{
    int64_t now = clock_ms();
    for (int i = 0; i < s->crew->count; i++) {
        struct place *place = &s->crew->places[i];
        if (place->deadline == 0 || place->deadline > now)
            continue;
        place->deadline = 0;
        if (place->state == PLACE_WAITING) {
            place->state = PLACE_EMPTY;
            if (!crew_fill(s->crew, place, why))
                return false;
        } else if (place_filled(place)) {
            log_warning("worker %s %d does not end: killing it", role_entry(place->role)->name,
                        place->number);
            child_signal(&place->child, SIGKILL);
        }
    }
    return now < s->tick_ms || on_tick(s, why);
}

static int time_left(const struct supervisor *s)
{
    int64_t now = clock_ms(), next = s->tick_ms;
    for (int i = 0; i < s->crew->count; i++) {
        int64_t deadline = s->crew->places[i].deadline;
        if (deadline != 0 && deadline < next)
            next = deadline;
    }
    return next <= now ? 0 : (int)(next - now);
}

/* ---- the loop ---- */

static bool wait_and_handle(struct supervisor *s, struct fault *why)
{
    static struct pollfd fds[1 + 2 * CREW_MOST];
    struct crew *crew = s->crew;
    int count = crew->count;
    fds[0] = (struct pollfd){.fd = s->signals, .events = POLLIN};
    for (int i = 0; i < count; i++) {
        fds[1 + 2 * i] = (struct pollfd){.fd = crew->places[i].channel, .events = POLLIN};
        fds[2 + 2 * i] = (struct pollfd){.fd = crew->places[i].child.pidfd, .events = POLLIN};
    }
    if (poll(fds, 1 + 2 * (nfds_t)count, time_left(s)) < 0 && errno != EINTR)
        return fault_errno(why, FAULT_SYSTEM, "poll failed");
    if (fds[0].revents != 0)
        take_signals(s);
    for (int i = 0; i < count; i++) {
        if (fds[1 + 2 * i].revents != 0 && !take_messages(s, &crew->places[i], why))
            return false;
        if (fds[2 + 2 * i].revents != 0 && !on_end(s, &crew->places[i], why))
            return false;
    }
    return on_deadlines(s, why);
}

/* The snapshot's holder is the last to go: until then others may be reading. */
static bool is_over(struct supervisor *s)
{
    if (s->phase != PHASE_DONE && s->stopping == NOT_STOPPING)
        return false;
    int others = crew_filled(s->crew, ROLES) - crew_filled(s->crew, ROLE_SNAPSHOT);
    if (others > 0)
        return false;
    struct place *holder = crew_place(s->crew, ROLE_SNAPSHOT, 1);
    if (place_filled(holder) && !holder->told_to_end)
        crew_end(s->crew, ROLE_SNAPSHOT, true);
    return !place_filled(holder);
}

static void loop(struct supervisor *s)
{
    struct fault why;
    while (!is_over(s)) {
        if (!advance(s, &why) || (!is_over(s) && !wait_and_handle(s, &why)))
            fail(s, ROLES, &why);
    }
}

static bool open_signals(struct supervisor *s, struct fault *why)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return s->signals >= 0 || fault_errno(why, FAULT_SYSTEM, "cannot open a signalfd");
}

/* Writes the end of the run into the catalog. True when it is done. */
static bool end_run(struct supervisor *s, struct fault *why)
{
    struct fault ignored;
    int64_t rows = 0;
    if (s->fault.id != 0) {
        *why = s->fault;
        run_end(s->what->db, "failed", why, &ignored);
        return false;
    }
    if (s->phase == PHASE_DONE)
        return run_end(s->what->db, "done", NULL, why);
    work_rows_open(s->what->db, &rows, &ignored);
    fault_set(why, FAULT_STOPPED, "stopped while %s", phase_entry(s->phase)->sentence);
    if (rows > 0)
        fault_hint(why,
                   "Go on with --resume. Tables that are not finished need the run's snapshot: it "
                   "lives on if `pghaul snapshot` holds it, else add --not-consistent.");
    run_end(s->what->db, "stopped", why, &ignored);
    return false;
}

bool supervise(struct supervise *what, struct fault *why)
{
    scoped(drop_crew) struct crew *crew = new_memory(1, sizeof *crew);
    scoped(drop_progress) struct progress *progress = NULL;
    scoped(drop_signals) struct supervisor s = {
        .what = what,
        .crew = crew,
        .signals = -1,
        .resumed = !what->resume,
        .data_open = true,
        .copiers = 1, /* until it is decided, nobody helps */
        .builders = 1,
        .began_ms = clock_ms(),
    };
    crew->dir = what->dir->path;
    crew->source = what->source;
    crew->target = what->target;
    crew->lock = what->dir->lock;
    if (!open_signals(&s, why) || !progress_open(&progress, what->db, what->show_progress, why))
        return false;
    s.progress = progress;
    s.tick_ms = clock_ms() + TICK_MS;
    loop(&s);
    return end_run(&s, why);
}
