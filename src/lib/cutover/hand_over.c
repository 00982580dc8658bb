#include "cutover/hand_over.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "catalog/pause.h"
#include "catalog/run.h"
#include "catalog/steering.h"
#include "cdc/apply.h"
#include "cutover/handing.h"
#include "cutover/quiet.h"
#include "plan/marks.h"
#include "proc/spawn.h"
#include "proc/tool.h"

#include <inttypes.h>
#include <string.h>

enum {
    ROUNDS = 3, /* of looking whether somebody has written in spite of all */
    RETRY_MS = 1000,
    US_PER_MS = 1000,
};

static void drop_handing(struct handing *h)
{
    drop_freeze(&h->freeze);
    drop_newcomers(&h->tables);
    drop_strbuf(&h->marks);
    drop_strbuf(&h->note);
}

/* ---- before the source is frozen ---- */

/* So that little is left to do while nobody can write. */
static bool step_prepare(struct handing *h, struct fault *why)
{
    if (!job_last_sequences(h->job, why))
        return false;
    strbuf_addf(&h->note, "sequences set: %" PRId64, h->job->rows);
    const struct late late = handing_late(h);
    struct late_blobs_counts counts;
    if (!late_blobs_pass(&late, &counts, why))
        return false;
    if (counts.written > 0)
        strbuf_addf(&h->note, ", large objects written: %" PRId64, counts.written);
    return handing_look_at_tables(h, why) && marks_read(h->job->source, &h->marks, why);
}

static bool run_command(struct handing *h, const char *command, const char *const *env,
                        struct fault *why)
{
    const char *const args[] = {"sh", "-c", command, NULL};
    const struct tool tool = {.program = "/bin/sh", .args = args, .env = env, .joined = true};
    scoped(drop_strbuf) struct strbuf output = STRBUF_EMPTY;
    bool good = tool_run(&tool, h->job->leash, &output, why);
    for (char *line, *rest = output.text; (line = strsep(&rest, "\n")) != NULL;)
        if (*line != '\0')
            log_info("command: %s", line);
    return good;
}

static bool step_before_command(struct handing *h, struct fault *why)
{
    return run_command(h, h->cutover.before_command, NULL, why) ||
           fault_during(why, "the command of --before-freeze");
}

/* Making a slot waits for whoever writes, which is apply alone. */
static bool step_way_back(struct handing *h, struct fault *why)
{
    return h->ways->prepare(h->job, why);
}

/* ---- while it is frozen ---- */

/* Apply, which waits already, is told sooner how far to go. */
static bool step_freeze(struct handing *h, struct fault *why)
{
    int64_t until;
    if (!pause_ask(h->job->db, PAUSE_WHERE_IT_IS, &until, why) ||
        !cutover_frozen(h->job->db, h->cutover.id, why) || !freeze_begin(&h->freeze, why))
        return false;
    strbuf_add(&h->note, h->freeze.mode == FREEZE_NONE   ? "left to the user"
                         : h->freeze.mode == FREEZE_LOCK ? "tables are locked"
                                                         : "read-only");
    return true;
}

static bool step_quiet(struct handing *h, struct fault *why)
{
    if (!quiet_wait(&h->freeze, why))
        return false;
    freeze_keep_thawer(&h->freeze); /* there is room now */
    return true;
}

static bool step_marker(struct handing *h, struct fault *why)
{
    char lsn[LSN_TEXT];
    if (!quiet_mark(h->job->source, &h->end, why))
        return false;
    strbuf_add(&h->note, lsn_text(lsn, h->end));
    return true;
}

static bool step_apply(struct handing *h, struct fault *why)
{
    return quiet_apply(h->job->db, h->job->source, h->job->leash, h->end, &h->transactions, why);
}

static bool step_sequences(struct handing *h, struct fault *why)
{
    if (!job_last_sequences(h->job, why))
        return false;
    strbuf_addf(&h->note, "set: %" PRId64, h->job->rows);
    return true;
}

static bool step_blobs(struct handing *h, struct fault *why)
{
    const struct late late = handing_late(h);
    struct late_blobs_counts counts;
    if (!late_blobs_pass(&late, &counts, why))
        return false;
    if (counts.objects > 0)
        strbuf_addf(&h->note, "%" PRId64 ", written: %" PRId64, counts.objects, counts.written);
    return true;
}

static bool step_unlogged(struct handing *h, struct fault *why)
{
    const struct late late = handing_late(h);
    struct late_unlogged_counts counts;
    if (!late_unlogged_copy(&late, &counts, why))
        return false;
    if (counts.tables > 0)
        strbuf_addf(&h->note, "tables: %" PRId64 ", rows: %" PRId64, counts.tables, counts.rows);
    return counts.left == 0 || h->job->settings->on_ddl == DDL_WARN ||
           fault_set(why, FAULT_CUTOVER_CHANGED,
                     "%" PRId64 " unlogged tables of the source, named in warnings, do not come",
                     counts.left);
}

static bool step_schema(struct handing *h, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf marks = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf changed = STRBUF_EMPTY;
    if (!handing_look_at_tables(h, why) || !marks_read(h->job->source, &marks, why))
        return false;
    marks_add_differences(&changed, h->marks.text, marks.text);
    return changed.length == 0 ||
           fault_set(why, FAULT_CUTOVER_CHANGED,
                     "since the cutover began, these have changed on the source: %s", changed.text);
}

static bool step_verify(struct handing *h, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf source = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf target = STRBUF_EMPTY;
    const char *const args[] = {"pghaul", "compare", "data", "--dir", h->job->dir, "--quiet", NULL};
    strbuf_addf(&source, "PGHAUL_SOURCE=%s", h->job->source_info->full.text);
    strbuf_addf(&target, "PGHAUL_TARGET=%s", h->job->target_info->full.text);
    const char *const env[] = {source.text, target.text, NULL};
    const struct tool tool = {.program = own_program(), .args = args, .env = env};
    scoped(drop_strbuf) struct strbuf output = STRBUF_EMPTY;
    struct fault what;
    /* What changes do not bring is compared as well. Somebody may write it until nobody can
     * connect, so it comes once more then. */
    if (!step_sequences(h, why) || !step_blobs(h, why) || !step_unlogged(h, why))
        return false;
    strbuf_clear(&h->note);
    if (tool_run(&tool, h->job->leash, &output, &what))
        return true;
    if (h->job->leash->wish == LEASH_NOW)
        return leash_fault(h->job->leash, why);
    fault_set(why, FAULT_CUTOVER_DIFFERS, "comparing all rows has failed");
    return fault_detail(why, "%s%s", strbuf_text(&output), what.detail);
}

static bool step_close(struct handing *h, struct fault *why)
{
    if (!freeze_last(&h->freeze, why) || !freeze_close(&h->freeze, why))
        return false;
    strbuf_add(&h->note, h->freeze.closed                ? "nobody can connect"
                         : h->freeze.mode == FREEZE_NONE ? "left to the user"
                                                         : "read-only; who may connect can do so");
    return h->freeze.mode == FREEZE_NONE || quiet_wait(&h->freeze, why);
}

/* What somebody wrote in spite of all has come over as well; but he may go on with it, unless he
 * cannot connect any more. */
static bool step_last_look(struct handing *h, struct fault *why)
{
    for (int round = 0; round < ROUNDS; round++) {
        int64_t before = h->transactions;
        /* Who was connecting when the source was closed is there now. */
        if (!quiet_wait(&h->freeze, why) || !quiet_mark(h->job->source, &h->end, why) ||
            !step_apply(h, why) || !job_refresh_sequences(h->job, why))
            return false;
        if (h->transactions == before && h->job->rows == 0)
            return step_schema(h, why);
        if (!h->freeze.closed)
            break;
        log_warning("somebody has written to the frozen source: %" PRId64 " transactions, %" PRId64
                    " sequences; it came over, and is looked for again",
                    h->transactions - before, h->job->rows);
    }
    return fault_set(why, FAULT_CUTOVER_WRITTEN,
                     "somebody goes on writing to the source, though it is %s",
                     h->freeze.mode == FREEZE_NONE ? "said to be quiet" : "read-only");
}

/* ---- one after the other ---- */

struct step {
    const char *word;
    bool (*run)(struct handing *h, struct fault *why);
    bool frozen; /* within --max-downtime */
};

static const struct step steps[] = {
    {"check", handing_check, false},     {"prepare", step_prepare, false},
    {"way-back", step_way_back, false},  {"before-freeze", step_before_command, false},
    {"freeze", step_freeze, true},       {"quiet", step_quiet, true},
    {"marker", step_marker, true},       {"apply", step_apply, true},
    {"schema", step_schema, true},       {"verify", step_verify, true},
    {"close", step_close, true},         {"sequences", step_sequences, true},
    {"large-objects", step_blobs, true}, {"unlogged", step_unlogged, true},
    {"last-look", step_last_look, true},
};
enum { STEPS = sizeof steps / sizeof steps[0] };

static bool is_left_out(const struct handing *h, const struct step *step)
{
    return (step->run == step_verify && !h->cutover.verify) ||
           (step->run == step_way_back && !h->cutover.reverse) ||
           (step->run == step_before_command && *h->cutover.before_command == '\0');
}

static bool still_wanted(struct handing *h, struct fault *why)
{
    struct cutover now;
    struct steering steering;
    struct leash *leash = h->job->leash;
    if (!leash_look(leash, why) || !cutover_get(h->job->db, h->cutover.id, &now, why) ||
        !steering_get(h->job->db, &steering, why))
        return false;
    if (now.cancelled)
        return fault_set(why, FAULT_CUTOVER_CANCELLED, "the cutover was cancelled");
    if (steering.paused)
        return fault_set(why, FAULT_CUTOVER_NOT_NOW, "the run is paused: pghaul resume");
    return leash->wish == LEASH_GO || leash_fault(leash, why);
}

static bool do_step(struct handing *h, const struct step *step, struct fault *why)
{
    struct db *db = h->job->db;
    strbuf_clear(&h->note);
    if (!still_wanted(h, why) || !cutover_step_begin(db, h->cutover.id, step->word, why))
        return false;
    if (step->frozen && h->job->leash->deadline_ms == 0)
        leash_set_deadline(h->job->leash, h->cutover.max_downtime_ms);
    if (!step->run(h, why))
        return false;
    FAILPOINT("cutover.step", why);
    log_info("cutover: %s%s%s", step->word, h->note.length == 0 ? "" : ": ", strbuf_text(&h->note));
    return cutover_step_end(db, h->cutover.id, step->word, strbuf_text(&h->note), why);
}

static bool do_steps(struct handing *h, struct fault *why)
{
    for (int i = 0; i < STEPS; i++)
        if (!is_left_out(h, &steps[i]) && !do_step(h, &steps[i], why))
            return false;
    return true;
}

/* What was measured in a rehearsal says more than any guess. */
static bool step_foretell(struct handing *h, struct fault *why)
{
    enum { USUAL_MS = 200 };
    int64_t us;
    if (!cutover_last_downtime(h->job->db, &us, why))
        return false;
    for (int i = 1; i < STEPS; i++)
        if (!is_left_out(h, &steps[i]))
            strbuf_addf(&h->note, "%s%s", i == 1 ? "then " : ", ", steps[i].word);
    strbuf_addf(&h->note, "; the source would be frozen for about %" PRId64 " ms, %s",
                us > 0 ? us / US_PER_MS : h->guess_ms + USUAL_MS,
                us > 0 ? "as in the last rehearsal" : "which is a guess: rehearse it");
    return true;
}

static bool do_dry_run(struct handing *h, struct fault *why)
{
    static const struct step foretell = {"steps", step_foretell, false};
    return do_step(h, &steps[0], why) && do_step(h, &foretell, why);
}

/* ---- the end of it ---- */

/* For as long as it takes: a source that stays frozen is the worst that can be left. First over the
 * connection that is there, if any. */
static bool thaw_until_done(struct job *job, struct freeze *freeze, struct fault *why)
{
    struct db *db = job->db;
    struct leash *leash = job->leash;
    struct fault cause, ignored;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    bool any;
    for (bool told = false;; told = true) {
        if (!frozen_any(db, &any, why))
            return false;
        if (!any || (freeze != NULL && thaw_at_once(freeze)) ||
            thaw(db, job->source_info, job->settings->source_role, NULL, &cause))
            return true;
        if (!told) {
            if (!thaw_show(db, &sql, why))
                return false;
            log_warning(
                "the source is still frozen, or that it is not cannot be noted; trying on: %s; by hand: %s",
                cause.text, sql.text);
            event_add(db, "error", cause.id, cause.text, &ignored);
        }
        if (leash->asked == LEASH_NOW || !leash_poll(leash, NULL, 0, RETRY_MS, why)) {
            *why = cause;
            return fault_hint(why, "The source is still frozen: go on with --resume, or run: %s",
                              sql.text);
        }
    }
}

static void undo_way_back(struct handing *h)
{
    struct fault why;
    if (h->cutover.reverse && !h->ways->undo(h->job, &why))
        log_warning("the way back is left, and the target keeps WAL for it (pghaul reverse drop): "
                    "%s",
                    why.text);
}

static bool give_up(struct handing *h, struct fault *cause, struct fault *why)
{
    struct fault ignored;
    struct job *job = h->job;
    struct cutover now;
    if (fault_kind_of(cause) == FAULT_KIND_STOPPED) {
        cause->id = FAULT_CUTOVER_CUT_OFF;
        if (cutover_get(job->db, h->cutover.id, &now, &ignored) && now.cancelled)
            fault_set(cause, FAULT_CUTOVER_CANCELLED, "the cutover was cancelled");
    }
    leash_end_deadline(job->leash);
    drop_conn(&h->freeze.locker);
    pause_end(job->db, &ignored);
    if (!thaw_until_done(job, &h->freeze, why))
        return false;
    undo_way_back(h);
    log_warning("cutover given up: %s", cause->text);
    event_add(job->db, "warning", cause->id, cause->text, &ignored);
    return cutover_end(job->db, h->cutover.id, "given up", cause, why);
}

static bool end_rehearsal(struct handing *h, struct fault *why)
{
    struct fault first;
    struct job *job = h->job;
    leash_end_deadline(job->leash);
    /* It is let write again whatever cannot be noted. */
    bool good =
        h->cutover.kind != CUTOVER_REHEARSAL || cutover_ready(job->db, h->cutover.id, &first);
    good = good && pause_end(job->db, &first);
    drop_conn(&h->freeze.locker);
    if (!thaw_until_done(job, &h->freeze, why))
        return false;
    undo_way_back(h);
    if (good)
        return cutover_end(job->db, h->cutover.id, "rehearsed", NULL, why);
    *why = first;
    return false;
}

/* The run's end is where the source was left. */
static bool commit_to_it(struct handing *h, struct fault *why)
{
    FAILPOINT("cutover.before_hand_over", why);
    if (!still_wanted(h, why) || !cutover_hand_over(h->job->db, h->cutover.id, h->end, why))
        return false;
    leash_end_deadline(h->job->leash);
    FAILPOINT("cutover.handed_over", why);
    return true;
}

bool hand_over(struct job *job, const struct ways *ways, int64_t cutover, struct fault *why)
{
    struct fault cause;
    scoped(drop_handing) struct handing h = {
        .job = job,
        .ways = ways,
        .freeze = {.db = job->db,
                   .leash = job->leash,
                   .deaf = LEASH_DEAF,
                   .info = job->source_info,
                   .role = job->settings->source_role,
                   .source = job->source},
    };
    if (!cutover_get(job->db, cutover, &h.cutover, why) || !cutover_begin(job->db, cutover, why))
        return false;
    h.freeze.mode = h.cutover.freeze;
    h.freeze.open = h.cutover.reverse;
    bool real = h.cutover.kind == CUTOVER_REAL;
    bool good = h.cutover.kind == CUTOVER_DRY_RUN ? do_dry_run(&h, &cause) : do_steps(&h, &cause);
    if (!good || (real && !commit_to_it(&h, &cause))) {
        int64_t handed;
        if (!cutover_handed_over(job->db, &handed, why))
            return false;
        if (handed == 0)
            return give_up(&h, &cause, why);
        *why = cause;
        return false;
    }
    if (!real)
        return end_rehearsal(&h, why);
    log_info(
        "cutover: handed over; the run ends, and what comes to the source now is not followed");
    return cutover_step_begin(job->db, cutover, "finish", why) && pause_end(job->db, why);
}

/* ---- after a break ---- */

bool hand_over_recover(struct job *job, const struct ways *ways, struct fault *why)
{
    struct db *db = job->db;
    struct fault cause;
    int64_t handed, open;
    bool frozen;
    scoped(drop_handing) struct handing h = {.job = job, .ways = ways};
    if (!cutover_handed_over(db, &handed, why) || !cutover_open(db, &open, why) ||
        !frozen_any(db, &frozen, why))
        return false;
    if (handed != 0)
        return true;
    if (frozen) {
        log_warning("a cutover was cut off: letting the source write again");
        if (!thaw_until_done(job, NULL, why))
            return false;
    }
    if (open == 0)
        return true;
    if (!cutover_get(db, open, &h.cutover, why))
        return false;
    /* Asked for since the run goes on: this process is the one to do it. */
    if (strcmp(h.cutover.state, "asked") == 0 && h.cutover.asked_us >= job->run->started_us)
        return true;
    undo_way_back(&h);
    fault_set(&cause, FAULT_CUTOVER_CUT_OFF, "the cutover was cut off: its process ended");
    return cutover_end(db, open, "given up", &cause, why);
}

/* ---- when all is there ---- */

static bool note_on_target(struct job *job, struct fault *why)
{
    const char *const values[] = {job->run->uuid};
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    return conn_query_params(job->target,
                             "UPDATE pghaul.progress SET handed_over = pg_catalog.now()"
                             " WHERE run = $1 AND handed_over IS NULL",
                             1, values, &rows, why);
}

static void add_fact(struct strbuf *to, const char *name, const char *value)
{
    strbuf_clear(to);
    strbuf_addf(to, "%s=%s", name, value);
}

static bool run_hook(struct handing *h, struct fault *why)
{
    enum { FACTS = 6 };
    struct strbuf facts[FACTS] = {STRBUF_EMPTY};
    const char *env[FACTS + 1] = {NULL};
    char lsn[LSN_TEXT], ms[32];
    struct job *job = h->job;
    snprintf(ms, sizeof ms, "%" PRId64, (clock_utc_us() - h->cutover.frozen_us) / US_PER_MS);
    add_fact(&facts[0], "PGHAUL_RUN", job->run->name);
    add_fact(&facts[1], "PGHAUL_OLD", job->run->source);
    add_fact(&facts[2], "PGHAUL_NEW", job->run->target);
    add_fact(&facts[3], "PGHAUL_DIR", job->dir);
    add_fact(&facts[4], "PGHAUL_LSN", lsn_text(lsn, h->cutover.end));
    add_fact(&facts[5], "PGHAUL_DOWNTIME_MS", ms);
    for (int i = 0; i < FACTS; i++)
        env[i] = facts[i].text;
    bool good = run_command(h, h->cutover.command, env, why);
    for (int i = 0; i < FACTS; i++)
        drop_strbuf(&facts[i]);
    if (good || why->id != FAULT_TOOL_FAILED)
        return good;
    scoped(drop_memory) char *detail = copy_string(why->detail);
    fault_set(why, FAULT_CUTOVER_HOOK, "the command of --on-cutover failed: %s",
              h->cutover.command);
    return fault_detail(why, "%s", detail);
}

bool hand_over_finish(struct job *job, const struct ways *ways, struct fault *why)
{
    int64_t id;
    struct db *db = job->db;
    scoped(drop_handing) struct handing h = {.job = job, .ways = ways};
    if (!cutover_handed_over(db, &id, why) || (id != 0 && !cutover_get(db, id, &h.cutover, why)))
        return false;
    if (id == 0 || strcmp(h.cutover.state, "handed over") != 0)
        return true;
    if ((h.cutover.reverse && !ways->open(job, why)) || !ways->arrive(job, why) ||
        !note_on_target(job, why) || !cutover_step_end(db, id, "finish", "", why) ||
        !cutover_ready(db, id, why))
        return false;
    FAILPOINT("cutover.ready", why);
    if (*h.cutover.command != '\0' &&
        (!cutover_step_begin(db, id, "command", why) || !run_hook(&h, why) ||
         !cutover_step_end(db, id, "command", "", why)))
        return false;
    FAILPOINT("cutover.command", why);
    if (h.cutover.leave_open && !thaw_until_done(job, NULL, why))
        return false;
    return cutover_end(db, id, "done", NULL, why);
}
