/*
 * several.c - a run over several databases of one server: a run for the roles, then one for each
 * database, so many at a time. Each is a process of its own with a work directory and a catalog
 * below ours, and may be looked at alone; what fails does not stop the others.
 *
 * With --follow, one that has copied all goes on for as long as its user wants, and others are
 * begun beside it. Each is ended, or handed over, by itself.
 */
#include "clone.h"
#include "commands.h"
#include "one_of.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/size.h"
#include "catalog/catalog.h"
#include "catalog/position.h"
#include "catalog/steering.h"
#include "catalog/work.h"
#include "plan/databases.h"
#include "proc/channel.h"
#include "proc/signals.h"
#include "run/back.h"
#include "run/launch.h"
#include "run/progress.h"

#include <errno.h>
#include <poll.h>

enum { LINE_EVERY_MS = 30000, LOOK_EVERY_MS = 1000, DESCRIPTION = 300 };

/* A run of ours that has a process. */
struct place {
    struct member *member; /* NULL: none */
    struct child child;
    int channel;
    struct fault fault; /* what it said before it ended; id 0: nothing */
    bool follows;       /* it has copied all: another one may be begun */
};

struct several {
    struct clone *clone;
    struct place *places;
    struct pollfd *fds;
    int count; /* of places: of those that follow there may be any number */
    int jobs;  /* runs that copy */
    struct run run;
    struct strbuf end; /* where those that are not begun yet are to end; empty: not said */
    bool all_follow;   /* or are over */
    int signals;
    int stops;          /* how often we were asked to end */
    int failed;         /* runs */
    struct fault fault; /* of the first that failed, with its name */
    char budget[PATH_MAX];
    int64_t next_line_ms, next_look_ms;
};

static void drop_several(struct several *s)
{
    for (int i = 0; i < s->count; i++) {
        drop_child(&s->places[i].child);
        drop_fd(&s->places[i].channel);
    }
    drop_memory(&s->places);
    drop_memory(&s->fds);
    drop_strbuf(&s->end);
    drop_fd(&s->signals);
}

bool several_wanted(const struct options *options)
{
    return options->all_databases || options->databases.count > 0;
}

/* ---- which ---- */

static bool add_database(void *arg, const char *name, int64_t bytes, struct fault *why)
{
    struct members *members = arg;
    (void)why;
    members->list = grow_memory(members->list, (size_t)members->count, sizeof *members->list);
    struct member *member = &members->list[members->count++];
    *member = (struct member){.roles = name == NULL, .bytes = bytes};
    strlcpy(member->name, name == NULL ? "roles" : name, sizeof member->name);
    return true;
}

static bool check_targets(struct clone *clone, struct leash *leash, struct fault *why)
{
    scoped(drop_conn) struct conn *target = NULL;
    if (!clone_connect_any(&clone->target, clone->options, leash, &target, why))
        return false;
    for (int i = 0; i < clone->members.count; i++) {
        const struct member *member = &clone->members.list[i];
        bool there;
        if (!member->roles &&
            !database_check(target, member->name, clone->options->settings.create, &there, why))
            return false;
    }
    return true;
}

bool several_choose(struct clone *clone, struct fault *why)
{
    const struct options *options = clone->options;
    scoped(drop_leash) struct leash leash = {.signals = -1};
    scoped(drop_conn) struct conn *source = NULL;
    struct databases_wish wish = {
        .names = (const char *const *)options->databases.list,
        .count = options->databases.count,
        .patterns = (const char *const *)options->excluded_databases.list,
        .pattern_count = options->excluded_databases.count,
        .strict = !options->settings.no_strict_names,
    };
    if (options->settings.contents == CONTENT_ROLES)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "roles belong to the server: pghaul copy roles takes no databases");
    if (options->settings.roles && !add_database(&clone->members, NULL, 0, why))
        return false;
    return leash_open(&leash, -1, why) &&
           clone_connect_any(&clone->source, options, &leash, &source, why) &&
           databases_choose(source, &wish, add_database, &clone->members, why) &&
           check_targets(clone, &leash, why) && several_check_room(clone, source, why) &&
           (leash.wish == LEASH_GO || leash_fault(&leash, why));
}

/* ---- making the run of one ---- */

struct beginning {
    struct one_of one;
    struct clone clone;
    char slot[SLOT_NAME];
    bool resume;
    bool over; /* it came to its end, and we to ours before we noted that */
};

static void drop_beginning(struct beginning *b)
{
    drop_clone(&b->clone);
    drop_one_of(&b->one);
}

/* Settings are ours, but that roles come only once, and slots are of the whole server. */
static bool settle(struct several *s, const struct member *member, struct beginning *b,
                   struct fault *why)
{
    struct options *options = &b->one.options;
    options->resume = false;
    options->name = member->name;
    if (member->roles) {
        options->endpos = NULL;
        return book_give_bits(options, "contents", CONTENT_ROLES, why) &&
               book_give(options, "follow", "false", why);
    }
    database_slot(b->slot, s->run.name, member->name);
    return book_give(options, "roles", "false", why) &&
           (!options->settings.follow || book_give(options, "slot", b->slot, why));
}

/* What was done to it alone since it ran the last time is found here. */
static bool go_on_with(struct beginning *b, struct fault *why)
{
    enum back_state back;
    struct clone *clone = &b->clone;
    if (!back_look(clone->dir.path, &back, why))
        return false;
    if (strcmp(clone->run.state, "done") == 0) {
        b->over = back != BACK_OPEN;
        return true;
    }
    return check_not_clean(clone->db, why) && book_keep(&b->one.options, clone->db, why) &&
           clone_change_end(clone, why) && run_set_resumed(clone->db, why);
}

/* A run that is there is gone on with if we ourselves do. */
static bool make_run(struct several *s, const struct member *member, struct beginning *b,
                     struct fault *why)
{
    struct clone *clone = &b->clone;
    const struct clone *all = s->clone;
    struct options *options = &b->one.options;
    one_of_choose(&b->one, all->options, all->dir.path, &all->members, member, &all->source,
                  &all->target);
    clone->options = options;
    if (!settle(s, member, b, why) ||
        !conninfo_read(&clone->source, SIDE_SOURCE, options->source, why) ||
        !conninfo_read(&clone->target, SIDE_TARGET, options->target, why) ||
        !clone_open(clone, b->one.path, why))
        return false;
    b->resume = clone->found && all->options->resume;
    if (b->resume)
        return go_on_with(b, why);
    if (!member->roles && s->end.length > 0)
        options->endpos = s->end.text;
    return clone_create(clone, why);
}

static bool put_setting(void *arg, const char *name, const char *value, struct fault *why)
{
    return setting_put(arg, name, value, why);
}

/* What the user has changed since we began. Who changes it does so in our catalog first, then in
 * those that are there: so none is missed if ours has not changed meanwhile. */
static bool hand_on_steering(struct several *s, struct db *db, struct fault *why)
{
    struct db *ours = s->clone->db;
    struct options *options = s->clone->options;
    struct steering before, after, theirs;
    if (!steering_get(ours, &after, why))
        return false;
    do {
        before = after;
        if (!steering_get(db, &theirs, why) || !book_renew(options, ours, why) ||
            !book_each_live(options, put_setting, db, why) ||
            (theirs.paused != before.paused && !steering_pause(db, before.paused, why)) ||
            !steering_get(ours, &after, why))
            return false;
    } while (after.version != before.version);
    return true;
}

/* What a maintenance connection must do, before the run has processes of its own. */
static bool make_database(struct several *s, const struct member *member, struct beginning *b,
                          struct fault *why)
{
    scoped(drop_leash) struct leash leash = {.signals = -1};
    return !s->clone->options->settings.create ||
           (leash_open(&leash, -1, why) &&
            clone_make_database(&b->clone, one_of_database(&s->clone->members, member), &leash,
                                why));
}

/* ---- processes ---- */

static bool launch_run(struct several *s, struct place *place, struct beginning *b,
                       struct fault *why)
{
    char path[PATH_MAX];
    strlcpy(path, b->clone.dir.path, sizeof path);
    /* The process locks it itself. */
    drop_workdir(&b->clone.dir);
    struct launch what = {
        .args = {"supervise", "--dir", path, "--name", place->member->name, "--budget", s->budget,
                 "--rate-file", s->clone->rate_file},
        .source = b->one.source.text,
        .target = b->one.target.text,
        .lock = s->clone->dir.lock,
    };
    int count = 9;
    if (b->resume)
        what.args[count++] = "--resume";
    if (b->resume && s->clone->options->not_consistent)
        what.args[count++] = "--not-consistent";
    return launch(&what, &place->child, &place->channel, why);
}

static bool is_copied(struct db *db, bool *ret_copied, struct fault *why)
{
    bool open;
    int64_t items;
    if (!work_open_before(db, PHASE_FOLLOW, &open, why) ||
        !work_kind_count(db, WORK_FOLLOW, &items, why))
        return false;
    *ret_copied = !open && items > 0;
    return true;
}

/* From its state on, whoever looks knows that a run that nobody has locked is only about to begin.
 * One that is over gets no process. */
static bool start(struct several *s, struct place *place, struct member *member, struct fault *why)
{
    scoped(drop_beginning) struct beginning b = {.one = ONE_OF_NONE, .clone = CLONE_NONE};
    *place = (struct place){.member = member, .child = CHILD_NONE, .channel = -1};
    if (members_set_state(s->clone->db, member, "running", why) && make_run(s, member, &b, why)) {
        if (b.over) {
            place->member = NULL;
            return members_set_state(s->clone->db, member, "done", why);
        }
        if (hand_on_steering(s, b.clone.db, why) && make_database(s, member, &b, why) &&
            is_copied(b.clone.db, &place->follows, why) && launch_run(s, place, &b, why))
            return true;
        clone_note_end(&b.clone, why);
    }
    place->member = NULL;
    return false;
}

static const char *describe(char *to, size_t size, const struct member *member)
{
    if (member->roles)
        strlcpy(to, "the roles", size);
    else
        snprintf(to, size, "database \"%s\"", member->name);
    return to;
}

static bool note_failure(struct several *s, struct member *member, const struct fault *fault,
                         struct fault *why)
{
    char name[DESCRIPTION];
    bool stopped = fault_kind_of(fault) == FAULT_KIND_STOPPED;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    if (stopped)
        return members_set_state(s->clone->db, member, "stopped", why);
    strbuf_addf(&text, "%s: PGH-%04d: %s", describe(name, sizeof name, member), (int)fault->id,
                fault->text);
    log_error("%s", text.text);
    if (s->failed++ == 0) {
        s->fault = *fault;
        fault_during(&s->fault, "%s", name);
    }
    return members_set_state(s->clone->db, member, "failed", why) &&
           event_add(s->clone->db, "error", fault->id, text.text, why);
}

static int count_state(const struct several *s, const char *state)
{
    int count = 0;
    for (int i = 0; i < s->clone->members.count; i++)
        count += strcmp(s->clone->members.list[i].state, state) == 0;
    return count;
}

/* One that was told to stop before it could listen has not begun anything. */
static bool fell_to_us(const struct several *s, int status)
{
    return s->stops > 0 && WIFSIGNALED(status) &&
           (WTERMSIG(status) == SIGTERM || WTERMSIG(status) == SIGINT);
}

static bool on_end(struct several *s, struct place *place, struct fault *why)
{
    char ending[64], name[DESCRIPTION];
    int status;
    struct member *member = place->member;
    if (!child_reap(&place->child, &status, why))
        return false;
    drop_fd(&place->channel);
    place->member = NULL;
    if (status != 0) {
        if (place->fault.id == 0 && fell_to_us(s, status))
            return members_set_state(s->clone->db, member, "stopped", why);
        if (place->fault.id == 0)
            fault_set(&place->fault, FAULT_WORKER_DIED, "its supervisor %s",
                      status_text(ending, sizeof ending, status));
        return note_failure(s, member, &place->fault, why);
    }
    if (!members_set_state(s->clone->db, member, "done", why))
        return false;
    log_info("done with %s: %d of %d", describe(name, sizeof name, member), count_state(s, "done"),
             s->clone->members.count);
    return true;
}

static void take_messages(struct place *place)
{
    static struct message message;
    while (place->channel >= 0) {
        enum channel_got got = channel_take(place->channel, &message);
        if (got == CHANNEL_NOTHING)
            return;
        if (got == CHANNEL_CLOSED)
            drop_fd(&place->channel);
        else if (message.type == MSG_FAULT)
            message_get_fault(&message, &place->fault);
    }
}

/* ---- the loop ---- */

static int busy(const struct several *s)
{
    int count = 0;
    for (int i = 0; i < s->count; i++)
        count += s->places[i].member != NULL;
    return count;
}

static int following(const struct several *s)
{
    int count = 0;
    for (int i = 0; i < s->count; i++)
        count += s->places[i].member != NULL && s->places[i].follows;
    return count;
}

static bool is_open(const struct member *member)
{
    return strcmp(member->state, "waiting") == 0;
}

/* The databases need the roles. */
static struct member *next_member(const struct several *s)
{
    const struct members *members = &s->clone->members;
    bool roles = members->list[0].roles && strcmp(members->list[0].state, "done") != 0;
    if (s->stops > 0)
        return NULL;
    for (int i = 0; i < (roles ? 1 : members->count); i++)
        if (is_open(&members->list[i]))
            return &members->list[i];
    return NULL;
}

static void stop(struct several *s, int number)
{
    if (s->stops++ == 0)
        log_info("stopping");
    for (int i = 0; i < s->count; i++)
        child_signal(&s->places[i].child, number);
}

/* Those that cannot even be begun do not stop the others. */
static bool fill_place(struct several *s, struct place *place, struct fault *why)
{
    struct member *member;
    char name[DESCRIPTION];
    while (place->member == NULL && (member = next_member(s)) != NULL) {
        struct fault fault;
        log_info("beginning with %s", describe(name, sizeof name, member));
        if (start(s, place, member, &fault))
            continue;
        if (fault_kind_of(&fault) == FAULT_KIND_STOPPED)
            stop(s, SIGTERM);
        if (!note_failure(s, member, &fault, why))
            return false;
    }
    return true;
}

static bool fill(struct several *s, struct fault *why)
{
    for (int i = 0; i < s->count && busy(s) - following(s) < s->jobs; i++)
        if (!fill_place(s, &s->places[i], why))
            return false;
    return true;
}

static void add_place(struct several *s, const struct place *place, struct strbuf *text)
{
    char path[PATH_MAX], file[PATH_MAX];
    struct fault ignored;
    struct progress_numbers numbers;
    scoped(drop_db) struct db *db = NULL;
    member_path(path, s->clone->dir.path, place->member);
    workdir_path(file, path, "catalog.db");
    strbuf_addf(text, "%s%s", text->length == 0 ? "" : "; ", place->member->name);
    if (!catalog_open(&db, file, DB_READ_ONLY, &ignored) ||
        !progress_read(db, &numbers, &ignored) || numbers.tables == 0)
        return;
    strbuf_add(text, ": ");
    progress_add_line(text, &numbers);
}

static void print_line(struct several *s)
{
    int follow = following(s);
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    s->next_line_ms = clock_ms() + LINE_EVERY_MS;
    for (int i = 0; i < s->count; i++)
        if (s->places[i].member != NULL && !s->places[i].follows)
            add_place(s, &s->places[i], &text);
    if (follow > 0)
        strbuf_addf(&text, "%s%d %s", text.length == 0 ? "" : "; ", follow,
                    follow == 1 ? "database follows" : "databases follow");
    log_relayed(LEVEL_INFO, "clone", strbuf_text(&text));
}

/* ---- those that follow ---- */

/* A catalog that cannot be read just now is asked again. */
static void look_at_place(struct several *s, struct place *place)
{
    char path[PATH_MAX], file[PATH_MAX], name[DESCRIPTION];
    struct fault ignored;
    scoped(drop_db) struct db *db = NULL;
    member_path(path, s->clone->dir.path, place->member);
    workdir_path(file, path, "catalog.db");
    if (!catalog_open(&db, file, DB_READ_ONLY, &ignored) ||
        !is_copied(db, &place->follows, &ignored) || !place->follows)
        return;
    log_info("%s is copied, and follows; to end that, pghaul cutover, or position set --end now, "
             "with --dir \"%s\"",
             describe(name, sizeof name, place->member), path);
}

static bool look(struct several *s, struct fault *why)
{
    s->next_look_ms = clock_ms() + LOOK_EVERY_MS;
    asides_look(&s->clone->asides);
    if (!s->clone->options->settings.follow)
        return true;
    for (int i = 0; i < s->count; i++)
        if (s->places[i].member != NULL && !s->places[i].follows)
            look_at_place(s, &s->places[i]);
    if (s->all_follow || following(s) == 0 || following(s) < busy(s) || next_member(s) != NULL)
        return true;
    s->all_follow = true;
    return run_set_phase(s->clone->db, PHASE_FOLLOW, why);
}

static void take_signals(struct several *s)
{
    int number;
    while ((number = signals_take(s->signals)) != 0) {
        if (number == SIGTERM || number == SIGINT)
            stop(s, number);
        else if (number == SIGUSR1)
            print_line(s);
    }
}

static bool wait_and_handle(struct several *s, struct fault *why)
{
    struct pollfd *fds = s->fds;
    int64_t now = clock_ms();
    fds[0] = (struct pollfd){.fd = s->signals, .events = POLLIN};
    for (int i = 0; i < s->count; i++) {
        fds[1 + 2 * i] = (struct pollfd){.fd = s->places[i].channel, .events = POLLIN};
        fds[2 + 2 * i] = (struct pollfd){.fd = s->places[i].child.pidfd, .events = POLLIN};
    }
    int64_t next = s->next_line_ms < s->next_look_ms ? s->next_line_ms : s->next_look_ms;
    int timeout = next <= now ? 0 : (int)(next - now);
    if (poll(fds, 1 + 2 * (nfds_t)s->count, timeout) < 0 && errno != EINTR)
        return fault_errno(why, FAULT_SYSTEM, "poll failed");
    take_signals(s);
    for (int i = 0; i < s->count; i++) {
        take_messages(&s->places[i]);
        if (s->places[i].member != NULL && fds[2 + 2 * i].revents != 0 &&
            !on_end(s, &s->places[i], why))
            return false;
    }
    if (s->next_line_ms <= clock_ms())
        print_line(s);
    return s->next_look_ms > clock_ms() || look(s, why);
}

static bool loop(struct several *s, struct fault *why)
{
    for (;;) {
        if (!fill(s, why))
            return false;
        if (busy(s) == 0)
            return true;
        if (!wait_and_handle(s, why))
            return false;
    }
}

/* ---- the end ---- */

/* The first failure says how we end. */
static bool say_failure(const struct several *s, struct fault *why)
{
    *why = s->fault;
    if (s->failed > 1)
        fault_during(why, "%d of %d runs have failed, the first one", s->failed,
                     s->clone->members.count);
    return fault_hint(why, "%s%s%sGo on with --resume when it is mended.", fault_remedy(&s->fault),
                      fault_remedy(&s->fault)[0] == '\0' ? "" : " ",
                      count_state(s, "done") > 0 ? "The others went on. " : "");
}

static bool end_run(struct several *s, struct fault *why)
{
    struct fault ignored;
    struct db *db = s->clone->db;
    int count = s->clone->members.count;
    if (s->failed > 0) {
        say_failure(s, why);
        run_end(db, "failed", why, &ignored);
        return false;
    }
    if (count_state(s, "done") == count)
        return run_set_phase(db, PHASE_DONE, why) && run_end(db, "done", NULL, why);
    fault_set(why, FAULT_STOPPED, "stopped: %d of %d runs are done", count_state(s, "done"), count);
    fault_hint(why, "Go on with --resume.");
    run_end(db, "stopped", why, &ignored);
    return false;
}

/* What a run like others says of itself stays for all of them until somebody removes it. */
static void say_what_stays(const struct several *s)
{
    if (s->clone->options->settings.follow)
        log_info("slots and publications of the databases stay on the source, and a slot keeps its "
                 "WAL: pghaul cleanup --dir %s removes them",
                 s->clone->dir.path);
}

static void make_places(struct several *s)
{
    const struct clone *clone = s->clone;
    s->jobs = (int)clone->options->database_jobs;
    s->count = clone->options->settings.follow ? clone->members.count : s->jobs;
    s->places = new_memory((size_t)s->count, sizeof *s->places);
    s->fds = new_memory(1 + 2 * (size_t)s->count, sizeof *s->fds);
    for (int i = 0; i < s->count; i++)
        s->places[i] = (struct place){.child = CHILD_NONE, .channel = -1};
}

static bool open_members(struct several *s, struct fault *why)
{
    for (int i = 0; i < s->clone->members.count; i++) {
        struct member *member = &s->clone->members.list[i];
        if (strcmp(member->state, "done") != 0 &&
            !members_set_state(s->clone->db, member, "waiting", why))
            return false;
    }
    return true;
}

bool several_run(struct clone *clone, struct fault *why)
{
    bool found;
    scoped(drop_several) struct several s = {
        .clone = clone,
        .signals = -1,
        .next_line_ms = clock_ms() + LINE_EVERY_MS,
    };
    make_places(&s);
    workdir_path(s.budget, clone->dir.path, "budget");
    if (!open_members(&s, why) || !run_get(clone->db, &s.run, &found, why) ||
        !setting_get(clone->db, SETTING_SEVERAL_END, &s.end, &found, why) ||
        !signals_open(&s.signals, why) || !run_set_phase(clone->db, PHASE_COPY, why) ||
        !loop(&s, why) || !end_run(&s, why))
        return false;
    say_what_stays(&s);
    return true;
}
