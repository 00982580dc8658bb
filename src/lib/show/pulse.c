#include "show/pulse.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "base/size.h"
#include "base/text.h"
#include "catalog/objects.h"
#include "catalog/pause.h"
#include "catalog/sql.h"
#include "catalog/steering.h"
#include "cdc/spool_dir.h"
#include "run/phases.h"
#include "run/workdir.h"
#include "show/fields.h"

#include <inttypes.h>
#include <sys/statvfs.h>

#define SECOND_US INT64_C(1000000)

enum {
    RATE_SECONDS = 10, /* over which rates are taken, */
    ETA_SECONDS = 60,  /* … for the time that is left, */
    FRESH_SECONDS = 5, /* … if something was noted so lately */
    SEEN_SECONDS = 10, /* backends that were looked at since */
};

static bool is_running(const json_t *status)
{
    return strcmp(field_text(status, "state"), "running") == 0;
}

/* ---- rates ---- */

static int64_t per_second(int64_t first, int64_t last, int64_t us)
{
    return last <= first || us <= 0
               ? 0
               : (int64_t)((double)(last - first) * SECOND_US / (double)us + 0.5);
}

static double per_second_exactly(int64_t first, int64_t last, int64_t us)
{
    double rate = last <= first || us <= 0 ? 0 : (double)(last - first) * SECOND_US / (double)us;
    return (double)(int64_t)(rate * 10 + 0.5) / 10;
}

static bool get_span(struct db *db, int seconds, struct sample *ret_first, struct sample *ret_last,
                     bool *ret_found, struct fault *why)
{
    int64_t now = clock_utc_us();
    const struct sample_wish wish = {.since_us = now - seconds * SECOND_US, .now_us = now};
    if (!sample_span(db, &wish, ret_first, ret_last, ret_found, why))
        return false;
    *ret_found = *ret_found && now - ret_last->at_us < FRESH_SECONDS * SECOND_US;
    return true;
}

static void set_rate(json_t *rates, const char *key, int64_t first, int64_t last, int64_t us)
{
    json_object_set_new(rates, key, json_real(per_second_exactly(first, last, us)));
}

static bool collect_rates(struct db *db, json_t *status, struct fault *why)
{
    struct sample a, b;
    bool found;
    json_object_set_new(status, "rates", json_null());
    if (!get_span(db, RATE_SECONDS, &a, &b, &found, why))
        return false;
    if (!found || !is_running(status))
        return true;
    int64_t us = b.at_us - a.at_us;
    json_t *rates = field_new_object(status, "rates");
    field_set_int(rates, "over_ms", us / 1000);
    field_set_int(rates, "bytes", per_second(a.bytes, b.bytes, us));
    set_rate(rates, "rows", a.rows, b.rows, us);
    set_rate(rates, "transactions", a.transactions, b.transactions, us);
    set_rate(rates, "inserts", a.inserts, b.inserts, us);
    set_rate(rates, "updates", a.updates, b.updates, us);
    set_rate(rates, "deletes", a.deletes, b.deletes, us);
    field_set_int(rates, "received",
                  a.received == 0 ? 0 : per_second((int64_t)a.received, (int64_t)b.received, us));
    field_set_int(rates, "applied",
                  a.applied == 0 ? 0 : per_second((int64_t)a.applied, (int64_t)b.applied, us));
    return true;
}

/* ---- the time left ---- */

static const json_t *step_of(const json_t *status, const char *kind)
{
    size_t index;
    json_t *step;
    json_array_foreach(json_object_get(status, "steps"), index, step)
    {
        if (strcmp(field_text(step, "kind"), kind) == 0)
            return step;
    }
    return NULL;
}

static bool eta_of_copy(struct db *db, const json_t *status, struct strbuf *basis, int64_t *ret_ms,
                        struct fault *why)
{
    struct sample a, b;
    bool found;
    const json_t *progress = json_object_get(status, "progress");
    const json_t *builds = step_of(status, "index");
    struct eta_facts facts = {
        .bytes_left = field_int(progress, "bytes") - field_int(progress, "bytes_moved"),
        .build_left = field_int(builds, "size") - field_int(builds, "size_done"),
        .build_bytes = field_int(builds, "size_done"),
        .build_ms = field_int(builds, "cumulative_ms"),
        .build_jobs = field_int(builds, "concurrency"),
    };
    if (!get_span(db, ETA_SECONDS, &a, &b, &found, why))
        return false;
    if (found) {
        facts.bytes_rate = per_second(a.bytes, b.bytes, b.at_us - a.at_us);
        facts.rate_ms = (b.at_us - a.at_us) / 1000;
    }
    *ret_ms = pulse_eta_ms(&facts, basis);
    return true;
}

static bool collect_eta(struct db *db, const struct run *run, const struct position *position,
                        json_t *status, struct fault *why)
{
    int64_t ms = -1;
    const json_t *rates = json_object_get(status, "rates");
    scoped(drop_strbuf) struct strbuf basis = STRBUF_EMPTY;
    json_object_set_new(status, "eta", json_null());
    if (!is_running(status))
        return true;
    if (run->phase == PHASE_COPY && !eta_of_copy(db, status, &basis, &ms, why))
        return false;
    /* How fast the source writes is known by what comes, when all comes. */
    if (run->phase == PHASE_FOLLOW && position != NULL && json_is_object(rates) &&
        position_behind(position) > 0 && position_unreceived(position) == 0)
        ms = pulse_catch_up_ms(position_behind(position), field_int(rates, "received"),
                               field_int(rates, "applied"), &basis);
    if (ms < 0)
        return true;
    json_t *eta = field_new_object(status, "eta");
    field_set_int(eta, "ms", ms);
    field_set_text(eta, "basis", strbuf_text(&basis));
    return true;
}

/* ---- following ---- */

/* It was caught up when that was looked at last, and that is not long ago. */
static bool is_rest(const struct sample *last)
{
    return last->caught_up_us == 0 || clock_utc_us() - last->caught_up_us < NEWS_US;
}

static bool collect_lag(struct db *db, const struct run *run, const struct position *position,
                        json_t *status, struct fault *why)
{
    struct sample first, last = {.at_us = 0};
    struct source_seen seen;
    bool found;
    json_t *json = json_object_get(status, "position");
    const struct sample_wish wish = {.now_us = clock_utc_us()};
    if (!sample_span(db, &wish, &first, &last, &found, why) || !source_seen_get(db, &seen, why))
        return false;
    struct lag_facts facts = {
        .behind = position_behind(position) > 0 || !is_rest(&last),
        .now_us = clock_utc_us(),
        .commit_us = position->commit_us,
        .skew_us = seen.skew_us,
        .caught_up_us = last.caught_up_us,
    };
    /* As long as nothing was applied, the target is as the run found the source when it began. */
    if (facts.commit_us == 0 && facts.caught_up_us == 0)
        facts.caught_up_us = run->created_us;
    int64_t lag = is_running(status) && position->received != 0 ? pulse_lag_ms(&facts) : -1;
    json_object_set_new(json, "lag_ms", lag < 0 ? json_null() : json_integer(lag));
    field_set_lsn(json, "source_end", seen.wal_end);
    field_set_time(json, "source_end_at", seen.at_us);
    return true;
}

/* Of a spool that cannot be read, its reader will tell. */
static void collect_spool(const char *dir, const struct run *run, json_t *status)
{
    char path[PATH_MAX];
    int64_t bytes;
    struct statvfs disk;
    struct fault ignored;
    workdir_path(path, dir, "spool");
    const struct spool_place place = {.dir = path, .run = run->uuid};
    if (!spool_size(&place, &bytes, &ignored))
        return;
    json_t *spool = field_new_object(status, "spool");
    field_set_int(spool, "bytes", bytes);
    json_object_set_new(spool, "disk_free",
                        statvfs(dir, &disk) == 0
                            ? json_integer((int64_t)(disk.f_bavail * disk.f_frsize))
                            : json_null());
}

/* ---- what is waited for ---- */

struct process_seen {
    int64_t id;
    char role[24];
    int number;
    struct backend_state source, target;
    char object[200], holder[300];
    int64_t since_us;
};

struct waiting {
    json_t *list;
    struct process_seen process; /* the one that is being read; id 0: none */
    int counts[WAITS];
    const json_t *lock; /* the first one; borrowed from the list */
};

static void add_state(char *to, size_t size, const struct backend_state *backend)
{
    if (backend->type[0] != '\0')
        snprintf(to, size, "%s: %s, %s", backend->state, backend->type, backend->event);
    else
        strlcpy(to, backend->state, size);
}

static void end_process(struct waiting *waiting)
{
    char state[160];
    struct process_seen *p = &waiting->process;
    enum wait_for wait = wait_classify(&p->source, &p->target);
    if (p->id == 0 || wait == WAIT_NOTHING)
        return;
    json_t *json = json_object();
    json_array_append_new(waiting->list, json);
    field_set_text(json, "role", p->role);
    field_set_int(json, "number", p->number);
    field_set_text(json, "for", wait_word(wait));
    add_state(state, sizeof state, &p->source);
    field_set_text(json, "source", state);
    add_state(state, sizeof state, &p->target);
    field_set_text(json, "target", state);
    field_set_text(json, "object", p->object);
    field_set_text(json, "holder", p->holder);
    field_set_int(json, "since_ms", (clock_utc_us() - p->since_us) / 1000);
    waiting->counts[wait]++;
    if (wait == WAIT_LOCK && waiting->lock == NULL)
        waiting->lock = json;
}

static bool on_backend(void *arg, const struct stmt *row, struct fault *why)
{
    struct waiting *waiting = arg;
    struct process_seen *p = &waiting->process;
    (void)why;
    if (stmt_int(row, 0) != p->id) {
        end_process(waiting);
        *p = (struct process_seen){.id = stmt_int(row, 0), .number = (int)stmt_int(row, 2)};
        strlcpy(p->role, stmt_text(row, 1), sizeof p->role);
    }
    struct backend_state *backend =
        strcmp(stmt_text(row, 3), "source") == 0 ? &p->source : &p->target;
    strlcpy(backend->state, stmt_text(row, 4), sizeof backend->state);
    strlcpy(backend->type, stmt_text(row, 5), sizeof backend->type);
    strlcpy(backend->event, stmt_text(row, 6), sizeof backend->event);
    if (stmt_text(row, 8)[0] != '\0' || p->since_us == 0) {
        strlcpy(p->object, stmt_text(row, 7), sizeof p->object);
        strlcpy(p->holder, stmt_text(row, 8), sizeof p->holder);
        p->since_us = stmt_int(row, 9);
    }
    return true;
}

static void add_lock(struct strbuf *text, const json_t *wait)
{
    char time[32];
    strbuf_add(text, "a lock");
    if (field_text(wait, "object")[0] != '\0')
        strbuf_addf(text, " on %s", field_text(wait, "object"));
    strbuf_addf(text, " held by %s; %s %d has waited for %s", field_text(wait, "holder"),
                field_text(wait, "role"), (int)field_int(wait, "number"),
                duration_text(time, sizeof time, field_int(wait, "since_ms")));
}

/* A lock comes first, however few wait for one; else what most wait for. */
static enum wait_for chief_wait(const struct waiting *waiting)
{
    enum wait_for most = WAIT_NOTHING;
    for (int wait = WAIT_LOCK; wait < WAITS; wait++)
        if (waiting->counts[wait] > waiting->counts[most] || (wait == WAIT_LOCK && waiting->lock))
            most = (enum wait_for)wait;
        else if (most == WAIT_LOCK)
            break;
    return most;
}

static void set_chief_wait(const struct waiting *waiting, bool caught_up, json_t *status)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    enum wait_for wait = chief_wait(waiting);
    if (wait == WAIT_NOTHING && !caught_up) {
        json_object_set_new(status, "waits_for", json_null());
        return;
    }
    json_t *json = field_new_object(status, "waits_for");
    field_set_text(json, "what", wait == WAIT_NOTHING ? "changes" : wait_word(wait));
    if (wait == WAIT_LOCK)
        add_lock(&text, waiting->lock);
    else
        strbuf_add(&text, wait == WAIT_NOTHING
                              ? "changes of the source: all that was received is applied"
                              : wait_sentence(wait));
    field_set_text(json, "sentence", strbuf_text(&text));
    field_set_int(json, "workers", waiting->counts[wait]);
}

static bool collect_waits(struct db *db, const struct run *run, const struct position *position,
                          json_t *status, struct fault *why)
{
    struct waiting waiting = {.list = field_new_list(status, "waits")};
    bool works = is_running(status) && !json_is_true(json_object_get(status, "paused"));
    bool caught_up =
        works && run->phase == PHASE_FOLLOW && position != NULL && position_behind(position) == 0;
    /* Not from clocks of servers: it is we who have noted it. */
    int64_t since_us = clock_utc_us() - SEEN_SECONDS * SECOND_US;
    if (works && !catalog_list(db, SQL_BACKENDS, since_us, on_backend, &waiting, why))
        return false;
    end_process(&waiting);
    set_chief_wait(&waiting, caught_up, status);
    return true;
}

/* ---- the rest ---- */

/* The phase alone says too little of one in which many things are done, or that lasts for days. */
static bool collect_substate(struct db *db, const struct run *run, const struct position *position,
                             json_t *status, struct fault *why)
{
    const json_t *item = json_array_get(json_object_get(status, "running"), 0);
    const json_t *step = step_of(status, field_text(item, "kind"));
    const char *word = field_text(step, "kind"), *sentence = field_text(step, "sentence");
    struct pause pause = {.held = 0};
    struct steering steering;
    if (!is_running(status))
        word = sentence = "";
    else if (run->phase == PHASE_FOLLOW && position != NULL) {
        if (!pause_get(db, &pause, why))
            return false;
        int64_t behind = position_behind(position), unreceived = position_unreceived(position);
        word = pause.held != 0 ? "held" : behind > 0 ? "catching_up" : "caught_up";
        sentence = pause.held != 0  ? "held for a moment, for pghaul compare"
                   : unreceived > 0 ? "receiving what the source has written, and applying it"
                   : behind > 0     ? "applying what was received"
                                    : "all that was received is applied";
    }
    const json_t *cutover = json_object_get(status, "cutover");
    if (is_running(status) && (strcmp(field_text(cutover, "state"), "running") == 0 ||
                               strcmp(field_text(cutover, "state"), "handed over") == 0)) {
        word = "cutting_over";
        sentence = strcmp(field_text(cutover, "state"), "running") == 0
                       ? "a cutover is under way"
                       : "handed over: ending what is to be ended on the target";
    }
    if (!steering_get(db, &steering, why))
        return false;
    if (is_running(status) && steering.paused) {
        word = "paused";
        sentence = "paused, until pghaul resume";
    }
    json_object_set_new(status, "paused", json_boolean(steering.paused));
    field_set_time(status, "paused_since", steering.paused_us);
    field_set_text(status, "substate", word);
    field_set_text(status, "substate_sentence", sentence);
    return true;
}

static bool on_tables(void *arg, const struct stmt *row, struct fault *why)
{
    static const char *const keys[] = {"total", "done", "failed", "copying"};
    int64_t queued = stmt_int(row, 0);
    (void)why;
    for (int i = 0; i < 4; i++) {
        field_set_int(arg, keys[i], stmt_int(row, i));
        queued -= i == 0 ? 0 : stmt_int(row, i);
    }
    field_set_int(arg, "queued", queued);
    return true;
}

static bool on_counts(void *arg, const struct stmt *row, struct fault *why)
{
    (void)why;
    field_set_int(arg, "errors", stmt_int(row, 0));
    field_set_int(arg, "warnings", stmt_int(row, 1));
    return true;
}

static int64_t sum_of(const json_t *status, const char *const *kinds, const char *key)
{
    int64_t sum = 0;
    for (int i = 0; kinds[i] != NULL; i++)
        sum += field_int(step_of(status, kinds[i]), key);
    return sum;
}

/* What is known of the steps already, put together. */
static bool add_progress(struct db *db, json_t *status, struct fault *why)
{
    static const char *const copies[] = {"table", "part", "small", "config", NULL};
    static const char *const constraints[] = {"keys", "exclusion", "foreign_keys", NULL};
    static const char *const analyze[] = {"analyze", NULL};
    json_t *progress = json_object_get(status, "progress");
    int64_t rows;
    if (!db_int(db, why, &rows, 0, SQL_ROWS_EXPECTED, ""))
        return false;
    field_set_int(progress, "bytes_moved", sum_of(status, copies, "size_done"));
    field_set_int(progress, "rows", rows);
    field_set_int(progress, "rows_done", sum_of(status, copies, "rows"));
    field_set_int(progress, "constraints", sum_of(status, constraints, "items"));
    field_set_int(progress, "constraints_done", sum_of(status, constraints, "done"));
    field_set_int(progress, "analyze", sum_of(status, analyze, "items"));
    field_set_int(progress, "analyze_done", sum_of(status, analyze, "done"));
    return true;
}

bool pulse_collect(struct db *db, const char *dir, const struct run *run,
                   const struct position *position, json_t *status, struct fault *why)
{
    json_object_set_new(status, "spool", json_null());
    if (position != NULL)
        collect_spool(dir, run, status);
    return collect_substate(db, run, position, status, why) &&
           catalog_list(db, SQL_TABLES_BY_STATE, 0, on_tables, field_new_object(status, "tables"),
                        why) &&
           catalog_list(db, SQL_EVENT_COUNTS, 0, on_counts, field_new_object(status, "counts"),
                        why) &&
           add_progress(db, status, why) && collect_rates(db, status, why) &&
           collect_eta(db, run, position, status, why) &&
           (position == NULL || collect_lag(db, run, position, status, why)) &&
           collect_waits(db, run, position, status, why);
}
