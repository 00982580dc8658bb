/*
 * supervise.c - the loop of the supervisor.
 *
 * Events are: a message of a worker, the end of a worker, a signal, a deadline.
 * After each batch of events the supervisor looks at the catalog: a phase whose
 * items are all done gives way to the next one, and places of the crew are filled
 * or let go as the phase needs them (staff).
 */
#include "run/supervisor.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/scoped.h"
#include "catalog/cutover.h"
#include "proc/signals.h"

#include <errno.h>
#include <poll.h>
#include <sys/wait.h>

enum { TICK_MS = 1000, WATCH_AFTER_MS = 2000, LONG_LIFE_MS = 30000, PAUSE_MS = 1000 };

static void drop_supervisor(struct supervisor *s)
{
    drop_fd(&s->signals);
    drop_throttle(&s->throttle);
}

static void take_signals(struct supervisor *s)
{
    int number;
    while ((number = signals_take(s->signals)) != 0) {
        if (number == SIGTERM || number == SIGINT)
            supervisor_stop(s);
        else if (number == SIGUSR1)
            progress_print(s->progress);
    }
}

/* Like our own workers, we do not outlive who started us. */
static void on_orphaned(struct supervisor *s)
{
    s->what->channel = -1;
    supervisor_stop(s);
    supervisor_stop(s);
}

/* ---- messages ---- */

/* A worker found nothing, but somebody may have made work ready since it looked. */
static bool on_idle(struct supervisor *s, struct place *place, struct fault *why)
{
    unsigned mask = supervisor_lanes(s, place->role);
    bool ready = false;
    for (int lane = 0; lane < LANES && !ready && !s->crew->paused; lane++)
        if ((mask & 1U << lane) != 0 &&
            !work_ready(s->what->db, (enum lane)lane,
                        lane == LANE_BUILD ? s->what->settings->index_jobs : INT64_MAX, &ready,
                        why))
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
        place->failures = place->crashes = 0;
        place->moved_work = 0;
        progress_done(s->progress, (enum work_kind)message->code, message->rows, message->bytes);
        /* An item that ended has left room for the next build. */
        supervisor_wake(s, message->lanes | 1U << LANE_BUILD);
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

static bool on_end(struct supervisor *s, struct place *place, struct fault *why)
{
    int status;
    if (!take_messages(s, place, why) || !child_reap(&place->child, &status, why))
        return false;
    place_ended(s->crew, place);
    return supervisor_worker_ended(s, place, status, why);
}

/* ---- phases ---- */

static bool begin_phase(struct supervisor *s, enum phase phase, struct fault *why)
{
    bool planned = true;
    FAILPOINT("supervisor.before_phase", why);
    if (phase == PHASE_SCHEMA && settings_have_source(s->what->settings) &&
        !work_kind_is_done(s->what->db, WORK_PLAN, &planned, why))
        return false;
    if (!planned)
        return fault_set(why, FAULT_CATALOG, "the run has no plan");
    if (!run_set_phase(s->what->db, phase, why))
        return false;
    s->phase = phase;
    progress_phase(s->progress, phase);
    if (phase == PHASE_DONE) {
        crew_end(s->crew, ROLES, false);
        crew_end(s->crew, ROLE_SNAPSHOT, false);
        /* It has nothing to finish, and may be asking a server that does not answer. */
        crew_end(s->crew, ROLE_WATCH, true);
        return true;
    }
    log_debug("phase: %s", phase_entry(phase)->sentence);
    supervisor_wake(s, ~0U);
    FAILPOINT("supervisor.phase", why);
    return true;
}

static bool leave_new(struct supervisor *s, struct fault *why)
{
    if (!s->resumed || (s->data_open && !s->snapshot_known))
        return true;
    return begin_phase(s, PHASE_PLAN, why);
}

static enum phase next_phase(const struct supervisor *s)
{
    enum phase next = s->phase + 1;
    return next == PHASE_FOLLOW && !s->what->settings->follow ? next + 1 : next;
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
        if (!begin_phase(s, next_phase(s), why))
            return false;
    }
    return supervisor_staff(s, why);
}

/* ---- time ---- */

/* What these do brings no phase to its end. */
static bool is_aside(enum role role)
{
    return role == ROLE_WATCH || role == ROLE_RECEIVE || role == ROLE_GUARD || role == ROLE_CUTOVER;
}

/* Nobody works and nobody is coming, but there are items left: this would wait for ever. Only true
 * after advance() has made of the last events what there is to make. */
static bool check_stuck(struct supervisor *s, struct fault *why)
{
    if (s->stopping != NOT_STOPPING || s->phase == PHASE_DONE || s->crew->short_of ||
        s->crew->paused)
        return true;
    for (int i = 0; i < s->crew->count; i++) {
        const struct place *place = &s->crew->places[i];
        if (place->state == PLACE_STARTING || place->state == PLACE_WAITING ||
            (place->state == PLACE_BUSY && !is_aside(place->role)))
            return true;
    }
    return fault_set(why, FAULT_BUG, "no worker is busy, but phase \"%s\" is not over",
                     phase_entry(s->phase)->word);
}

/* The catalog's write lock may be taken for long while there is nothing to move. */
static bool has_moved(const struct supervisor *s)
{
    for (int i = 0; i < s->crew->count; i++)
        if (s->crew->places[i].moved_work != 0)
            return true;
    return false;
}

static bool write_moved(struct supervisor *s, struct fault *why)
{
    if (!has_moved(s))
        return true;
    if (!db_begin(s->what->db, why))
        return false;
    for (int i = 0; i < s->crew->count; i++) {
        struct place *place = &s->crew->places[i];
        if (place->moved_work != 0 &&
            !work_moved(s->what->db, place->moved_work, place->moved, why)) {
            db_rollback(s->what->db);
            return false;
        }
        place->moved_work = 0;
    }
    return db_commit(s->what->db, why);
}

/* Whatever its worker waits for: a command, a statement, apply. Another worker takes its place. */
static bool end_cancelled_cutover(struct supervisor *s, struct fault *why)
{
    bool cancelled;
    if (s->phase != PHASE_FOLLOW)
        return true;
    if (!cutover_cancelled(s->what->db, &cancelled, why))
        return false;
    if (cancelled)
        crew_end(s->crew, ROLE_CUTOVER, true);
    return true;
}

static bool on_tick(struct supervisor *s, struct fault *why)
{
    s->tick_ms = clock_ms() + TICK_MS;
    if (s->what->each_second != NULL)
        s->what->each_second(s->what->each_second_arg);
    if (!write_moved(s, why) || !check_stuck(s, why) || !supervisor_look(s, why) ||
        !end_cancelled_cutover(s, why))
        return false;
    progress_tick(s->progress);
    if (s->phase < PHASE_COPY || s->phase >= PHASE_DONE || s->stopping != NOT_STOPPING)
        return true;
    supervisor_sample(s);
    if (clock_ms() - s->began_ms > WATCH_AFTER_MS)
        return crew_fill_up_to(s->crew, ROLE_WATCH, 1, why);
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
    int64_t now = clock_ms(), next = s->tick_ms < s->steer_ms ? s->tick_ms : s->steer_ms;
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
    static struct pollfd fds[2 + 2 * CREW_MOST];
    struct crew *crew = s->crew;
    int count = crew->count;
    fds[0] = (struct pollfd){.fd = s->signals, .events = POLLIN};
    fds[1] = (struct pollfd){.fd = s->what->channel, .events = POLLIN};
    for (int i = 0; i < count; i++) {
        fds[2 + 2 * i] = (struct pollfd){.fd = crew->places[i].channel, .events = POLLIN};
        fds[3 + 2 * i] = (struct pollfd){.fd = crew->places[i].child.pidfd, .events = POLLIN};
    }
    if (poll(fds, 2 + 2 * (nfds_t)count, time_left(s)) < 0 && errno != EINTR)
        return fault_errno(why, FAULT_SYSTEM, "poll failed");
    if (fds[0].revents != 0)
        take_signals(s);
    if (fds[1].revents != 0)
        on_orphaned(s);
    for (int i = 0; i < count; i++) {
        if (fds[2 + 2 * i].revents != 0 && !take_messages(s, &crew->places[i], why))
            return false;
        if (fds[3 + 2 * i].revents != 0 && !on_end(s, &crew->places[i], why))
            return false;
    }
    return true;
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
        if (!supervisor_steer(s, &why) || !advance(s, &why) || !on_deadlines(s, &why) ||
            (!is_over(s) && !wait_and_handle(s, &why)))
            supervisor_fail(s, ROLES, &why);
    }
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
    if (rows > 0 && !s->what->settings->follow)
        fault_hint(why,
                   "Go on with --resume. Tables that are not finished need the run's snapshot: it "
                   "lives on if `pghaul snapshot` holds it, else add --not-consistent.");
    run_end(s->what->db, "stopped", why, &ignored);
    return false;
}

/* Until the end of the run, or of its snapshot: then *ret_lost is true. Begins after pause_ms. */
static bool supervise_once(struct supervise *what, int64_t pause_ms, bool *ret_lost,
                           struct fault *why)
{
    scoped(drop_crew) struct crew *crew = new_memory(1, sizeof *crew);
    scoped(drop_progress) struct progress *progress = NULL;
    scoped(drop_supervisor) struct supervisor s = {
        .what = what,
        .crew = crew,
        .signals = -1,
        .resumed = !what->resume,
        .data_open = settings_have_source(what->settings),
        .staff = {.copiers = 1, .builders = 1}, /* until it is decided, nobody helps */
        .began_ms = clock_ms(),
    };
    crew->dir = what->dir->path;
    crew->source = what->source;
    crew->target = what->target;
    crew->lock = what->dir->lock;
    crew->budget = what->budget;
    crew->rate = what->rate_file;
    if (pause_ms > 0)
        place_wait(crew_place(crew, ROLE_RESUME, 1), pause_ms);
    if (!signals_open(&s.signals, why))
        return false;
    progress = progress_new(what->db, what->show_progress);
    s.progress = progress;
    s.tick_ms = clock_ms() + TICK_MS;
    if (!supervisor_steer_begin(&s, why))
        return false;
    loop(&s);
    *ret_lost = s.lost && s.fault.id == 0;
    return *ret_lost || end_run(&s, why);
}

/* A source that loses snapshot after snapshot is given as much time as a worker that fails. */
bool supervise(struct supervise *what, struct fault *why)
{
    struct fault ignored;
    int64_t since = 0, pause_ms = 0;
    for (;;) {
        bool lost;
        int64_t began = clock_ms();
        if (!supervise_once(what, pause_ms, &lost, why))
            return false;
        if (!lost)
            return true;
        int64_t now = clock_ms();
        bool planned;
        if (!work_kind_is_done(what->db, WORK_PLAN, &planned, why))
            return false;
        /* Without a plan it has come nowhere, however long it took. */
        bool again = since != 0 && (!planned || now - began <= LONG_LIFE_MS);
        since = again ? since : now;
        pause_ms = again ? PAUSE_MS : 0;
        if (now - since >= what->settings->retry_for_ms) {
            fault_set(why, FAULT_SNAPSHOT_GONE, "the snapshot is lost again and again");
            run_end(what->db, "failed", why, &ignored);
            return false;
        }
        what->resume = what->again = true;
        if (!run_set_resumed(what->db, why))
            return false;
    }
}
