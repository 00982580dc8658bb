/*
 * cmd_reverse.c - the way back of a run that follows: prepared, begun and dropped by hand, and gone
 * by the process that followed the run.
 */
#include "clone.h"
#include "commands.h"
#include "one_of.h"

#include "base/log.h"
#include "base/scoped.h"
#include "catalog/catalog.h"
#include "catalog/position.h"
#include "run/back.h"

/* ---- going it ---- */

bool back_options(struct options *to, const struct options *from, const char *path)
{
    book_defaults(to);
    to->source = from->target;
    to->target = from->source;
    to->dir = path;
    to->log_level = from->log_level;
    to->verbose = from->verbose;
    to->quiet = from->quiet;
    return from->source != NULL && from->target != NULL;
}

static bool follow_back(const struct options *options, const char *dir, struct fault *why)
{
    char path[PATH_MAX];
    scoped(drop_options) struct options back = {0};
    back_path(path, dir);
    back_options(&back, options, path);
    back.resume = true;
    back.metrics = options->metrics;
    back.metrics_token_file = options->metrics_token_file;
    back.notify = options->notify;
    back.notify_lag_ms = options->notify_lag_ms;
    back.notify_stall_ms = options->notify_stall_ms;
    back.channel = options->channel; /* of one of several databases: who started it */
    log_info("going back from here on: what is written to the target comes to the source; see "
             "pghaul status --dir %s",
             path);
    return cmd_follow(&back, why);
}

static struct back back_of_clone(struct clone *clone, struct leash *leash)
{
    return (struct back){
        .dir = clone->dir.path,
        .db = clone->db,
        .settings = &clone->options->settings,
        .source = &clone->source,
        .target = &clone->target,
        .leash = leash,
    };
}

/* What is kept for a run that has ended would only pile up; but nothing else depends on it. */
static void release(const struct back *back)
{
    struct fault why;
    if (!back_release(back, &why))
        log_warning("the slot of the run may be left on the source, which keeps WAL for it: %s",
                    why.text);
}

bool back_go_on(struct clone *clone, bool *ret_gone, struct fault *why)
{
    char dir[PATH_MAX];
    enum back_state state;
    *ret_gone = false;
    if (!back_look(clone->dir.path, &state, why))
        return false;
    if (state != BACK_OPEN)
        return true;
    if (!book_recall(clone->options, clone->db, why))
        return false;
    {
        scoped(drop_leash) struct leash leash = {.signals = -1};
        const struct back back = back_of_clone(clone, &leash);
        if (!leash_open(&leash, -1, why))
            return false;
        release(&back);
        if (leash.wish != LEASH_GO)
            return leash_fault(&leash, why);
    }
    /* Others may look after the run that has ended, and the address of its metrics is needed. */
    strlcpy(dir, clone->dir.path, sizeof dir);
    drop_asides(&clone->asides);
    drop_db(&clone->db);
    drop_workdir(&clone->dir);
    *ret_gone = true;
    return follow_back(clone->options, dir, why);
}

/* ---- by hand ---- */

static bool enter(struct clone *clone, struct fault *why)
{
    char path[PATH_MAX], file[PATH_MAX];
    struct options *options = clone->options;
    if (!find_directory(options, NULL, path, why))
        return false;
    workdir_path(file, path, "catalog.db");
    if (access(file, F_OK) != 0)
        return fault_set(why, FAULT_DIR_NO_RUN, "there is no run in \"%s\"", path);
    strlcpy(clone->dir.path, path, sizeof clone->dir.path);
    return catalog_open(&clone->db, file, DB_EXISTING, why) &&
           run_get(clone->db, &clone->run, &clone->found, why) &&
           (clone->found || fault_set(why, FAULT_DIR_NO_RUN, "there is no run in \"%s\"", path)) &&
           one_of_refuse(clone->db, path, "pghaul reverse", why) &&
           book_recall(options, clone->db, why);
}

static bool prepare(struct clone *clone, const struct back *back, struct fault *why)
{
    if (!check_not_clean(clone->db, why) || !back_prepare(back, why))
        return false;
    log_info("the way back is prepared in %s/back; the target keeps its WAL until it is begun or "
             "dropped",
             back->dir);
    return true;
}

static bool drop(struct clone *clone, const struct back *back, struct fault *why)
{
    (void)clone;
    return back_undo(back, why);
}

static bool start(struct clone *clone, const struct back *back, struct fault *why)
{
    enum back_state state;
    bool over;
    if (!back_look(back->dir, &state, why) ||
        !work_kind_is_done(clone->db, WORK_FOLLOW, &over, why))
        return false;
    if (state != BACK_OPEN && (!over || strcmp(clone->run.state, "done") != 0))
        return fault_set(why, FAULT_BACK_EARLY, "run \"%s\" has not reached its end",
                         clone->run.name);
    return back_open(back->dir, why);
}

bool cmd_reverse(struct options *options, struct fault *why)
{
    static const struct {
        const char *word;
        bool (*run)(struct clone *clone, const struct back *back, struct fault *why);
    } words[] = {{"prepare", prepare}, {"drop", drop}, {"start", start}};
    const char *word = options->arguments[0];
    bool gone;
    size_t i = 0, count = sizeof words / sizeof words[0];
    scoped(drop_clone) struct clone clone = CLONE_NONE;
    clone.options = options;
    while (i < count && strcmp(words[i].word, word) != 0)
        i++;
    if (i == count)
        return fault_set(why, FAULT_BAD_VALUE,
                         "pghaul reverse knows prepare, start and drop, not \"%s\"", word);
    if (!set_up_log(options, "reverse", why) ||
        !read_side(options, SIDE_SOURCE, &clone.source, why) ||
        !read_side(options, SIDE_TARGET, &clone.target, why) || !enter(&clone, why))
        return false;
    {
        scoped(drop_leash) struct leash leash = {.signals = -1};
        const struct back back = back_of_clone(&clone, &leash);
        if (!leash_open(&leash, -1, why) || !words[i].run(&clone, &back, why))
            return false;
    }
    return words[i].run != start || back_go_on(&clone, &gone, why);
}
