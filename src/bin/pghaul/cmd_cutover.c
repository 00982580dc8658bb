/*
 * cmd_cutover.c - asks a run that follows to hand over, and shows how it goes.
 *
 * The run's own processes do it: who asked may go away, and ^C takes the wish back as long as that
 * is possible.
 */
#include "commands.h"
#include "one_of.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/scoped.h"
#include "catalog/catalog.h"
#include "catalog/cutover.h"
#include "catalog/position.h"
#include "catalog/run.h"
#include "proc/leash.h"
#include "run/back.h"
#include "run/workdir.h"

#include <inttypes.h>

enum { LOOK_MS = 50, US_PER_MS = 1000, AGAIN_MS = 1000 /* one wish may come as two signals */ };

struct asking {
    struct options *options;
    char path[PATH_MAX];
    struct db *db;
    struct leash leash;
    struct cutover cutover;
    int64_t shown;         /* steps, by their id */
    int64_t taken_back_ms; /* clock_ms; 0: not */
};

static void drop_asking(struct asking *a)
{
    drop_leash(&a->leash);
    drop_db(&a->db);
}

/* ---- asking ---- */

static bool check(struct asking *a, struct fault *why)
{
    struct position position;
    struct run run;
    bool follows, found;
    if (!one_of_refuse(a->db, a->path, "pghaul cutover", why) ||
        !position_get(a->db, &position, &follows, why) || !run_get(a->db, &run, &found, why))
        return false;
    if (!follows || !found)
        return fault_set(why, FAULT_NOT_FOLLOWING,
                         "the run in \"%s\" was not started with --follow", a->path);
    if (!check_not_clean(a->db, why) || !check_not_handed_over(a->db, why))
        return false;
    if (!workdir_is_locked(a->path))
        return fault_set(why, FAULT_CUTOVER_NOT_NOW, "the run in \"%s\" is not running", a->path);
    return run.phase == PHASE_FOLLOW ||
           fault_set(why, FAULT_CUTOVER_NOT_NOW, "the run in \"%s\" does not follow yet", a->path);
}

static bool copy_command(const char *option, const char *text, char *to, struct fault *why)
{
    if (!check_command(option, text, why))
        return false;
    strlcpy(to, text == NULL ? "" : text, CUTOVER_COMMAND);
    return true;
}

static bool wish_of(const struct options *options, struct cutover *ret_wish, struct fault *why)
{
    if (options->rehearse && options->dry_run)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "--rehearse and --dry-run exclude each other");
    if (options->reverse && (options->back || options->leave_open))
        return fault_set(why, FAULT_CONFLICTING_OPTIONS, "--reverse does not go with --%s",
                         options->back ? "back" : "leave-open");
    *ret_wish = (struct cutover){
        .kind = options->dry_run    ? CUTOVER_DRY_RUN
                : options->rehearse ? CUTOVER_REHEARSAL
                                    : CUTOVER_REAL,
        .freeze = (enum freeze_mode)options->freeze,
        .max_downtime_ms = options->max_downtime_ms,
        .verify = options->verify,
        .leave_open = options->leave_open,
        .reverse = options->reverse,
    };
    return copy_command("on-cutover", options->on_cutover, ret_wish->command, why) &&
           copy_command("before-freeze", options->before_freeze, ret_wish->before_command, why);
}

/* ---- showing ---- */

static bool show_step(void *arg, const struct cutover_step *step, struct fault *why)
{
    struct asking *a = arg;
    scoped(drop_strbuf) struct strbuf line = STRBUF_EMPTY;
    if (step->ended_us == 0 || step->id <= a->shown)
        return true;
    a->shown = step->id;
    strbuf_addf(&line, "%-14s %7" PRId64 " ms  %s\n", step->step,
                (step->ended_us - step->begun_us) / US_PER_MS, step->note);
    return a->options->quiet || print_text(&line, why);
}

static bool is_over(const struct cutover *cutover)
{
    return strcmp(cutover->state, "given up") == 0 || strcmp(cutover->state, "rehearsed") == 0 ||
           strcmp(cutover->state, "done") == 0;
}

static bool say_cut_off(struct asking *a, struct fault *why)
{
    struct run run;
    bool found;
    if (!run_get(a->db, &run, &found, why))
        return false;
    if (a->cutover.end == 0) {
        fault_set(why, FAULT_CUTOVER_CUT_OFF,
                  "the run in \"%s\" ended before it could hand over%s%s", a->path,
                  run.fault_text[0] == '\0' ? "" : ": ", run.fault_text);
        return fault_hint(why, "Go on with --resume: if the source is still frozen, that lets it "
                               "write again.");
    }
    fault_set(why, run.fault_id == 0 ? FAULT_WORKER_DIED : (enum fault_id)run.fault_id, "%s",
              run.fault_id == 0 ? "the run ended after the hand-over, before it was done"
                                : run.fault_text);
    return fault_hint(why,
                      "%s The source stays frozen, and the target has everything: go on with "
                      "pghaul follow --resume.",
                      run.fault_hint);
}

static bool take_back(struct asking *a, struct fault *why)
{
    struct leash *leash = &a->leash;
    if (!leash_poll(leash, NULL, 0, LOOK_MS, why))
        return false;
    if (leash->wish == LEASH_GO)
        return true;
    leash->wish = leash->asked = LEASH_GO;
    if (a->taken_back_ms == 0) {
        a->taken_back_ms = clock_ms();
        log_info("taking it back; what is handed over already stays so. Ask again to wait for it "
                 "no longer");
        return cutover_cancel(a->db, a->cutover.id, why);
    }
    if (clock_ms() < a->taken_back_ms + AGAIN_MS)
        return true;
    fault_set(why, FAULT_STOPPED, "stopped waiting for the cutover: the run goes on by itself");
    return fault_hint(why, "pghaul status shows where it is.");
}

static bool watch(struct asking *a, struct fault *why)
{
    for (;;) {
        bool locked = workdir_is_locked(a->path);
        if (!cutover_get(a->db, a->cutover.id, &a->cutover, why) ||
            !cutover_steps(a->db, a->cutover.id, show_step, a, why))
            return false;
        if (is_over(&a->cutover))
            return true;
        if (!locked)
            return say_cut_off(a, why);
        if (!take_back(a, why))
            return false;
    }
}

static bool tell_end(struct asking *a, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    const struct cutover *c = &a->cutover;
    int64_t ms = (c->ready_us - c->frozen_us) / US_PER_MS;
    char lsn[LSN_TEXT];
    if (strcmp(c->state, "given up") == 0) {
        *why = c->fault;
        if (fault_kind_of(why) == FAULT_KIND_GIVEN_UP)
            return false;
        fault_set(why, FAULT_CUTOVER_FAILED, "the cutover was given up: %s", c->fault.text);
        return fault_detail(why, "%s", c->fault.detail);
    }
    if (c->kind == CUTOVER_DRY_RUN)
        strbuf_add(&text, "nothing is in the way of a cutover now\n");
    else if (c->kind == CUTOVER_REHEARSAL)
        strbuf_addf(&text,
                    "rehearsed: the source was frozen for %" PRId64
                    " ms, and takes writes again; the run follows on\n",
                    ms);
    else
        strbuf_addf(&text,
                    "handed over at %s: the target was ready %" PRId64
                    " ms after the source was frozen\n",
                    lsn_text(lsn, c->end), ms);
    return print_text(&text, why);
}

bool cmd_cutover(struct options *options, struct fault *why)
{
    char file[PATH_MAX];
    struct cutover wish;
    scoped(drop_asking) struct asking a = {.options = options, .leash = LEASH_DEAF};
    if (!set_up_log(options, "cutover", why) || !wish_of(options, &wish, why) ||
        !find_directory(options, NULL, a.path, why) || !leash_open(&a.leash, -1, why))
        return false;
    if (options->back) {
        char dir[PATH_MAX];
        strlcpy(dir, a.path, sizeof dir);
        back_path(a.path, dir);
    }
    workdir_path(file, a.path, "catalog.db");
    if (options->back && access(file, F_OK) != 0)
        return fault_set(why, FAULT_CUTOVER_NOT_NOW,
                         "there is no way back: the cutover was without --reverse");
    return catalog_open(&a.db, file, DB_EXISTING, why) && check(&a, why) &&
           cutover_ask(a.db, &wish, &a.cutover.id, why) && watch(&a, why) && tell_end(&a, why);
}
