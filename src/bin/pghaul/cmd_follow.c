/*
 * cmd_follow.c - goes on following with a run whose copy is finished.
 */
#include "clone.h"
#include "commands.h"
#include "one_of.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "catalog/cutover.h"
#include "catalog/position.h"

static bool enter(struct clone *clone, struct fault *why)
{
    char path[PATH_MAX], file[PATH_MAX];
    if (!find_directory(clone->options, NULL, path, why))
        return false;
    workdir_path(file, path, "catalog.db");
    if (access(file, F_OK) != 0)
        return fault_set(why, FAULT_DIR_NO_RUN, "there is no run in \"%s\"", path);
    if (!clone_enter(clone, path, why))
        return false;
    return clone->found || fault_set(why, FAULT_DIR_NO_RUN, "there is no run in \"%s\"", path);
}

static bool check_follows(struct clone *clone, struct position *ret_position, struct fault *why)
{
    bool follows;
    return one_of_refuse(clone->db, clone->dir.path, "pghaul follow", why) &&
           position_get(clone->db, ret_position, &follows, why) &&
           (follows || fault_set(why, FAULT_NOT_FOLLOWING,
                                 "run \"%s\" was not started with --follow, so it has no slot",
                                 clone->run.name));
}

static bool check_copied(struct clone *clone, struct fault *why)
{
    bool open;
    int64_t items;
    if (!check_not_clean(clone->db, why) || !check_not_handed_over(clone->db, why) ||
        !check_not_closed(clone->db, why) ||
        !work_open_before(clone->db, PHASE_FOLLOW, &open, why) ||
        !work_kind_count(clone->db, WORK_FOLLOW, &items, why))
        return false;
    return (!open && items > 0) ||
           fault_set(why, FAULT_COPY_UNFINISHED, "run \"%s\" has not copied everything yet",
                     clone->run.name);
}

/* All that comes after the copy is to be done again. */
static bool open_again_in_write(struct db *db, void *arg, struct fault *why)
{
    static const enum work_kind kinds[] = {WORK_FOLLOW,     WORK_LAST_SEQUENCES, WORK_LAST_UNLOGGED,
                                           WORK_LAST_BLOBS, WORK_CHECK,          WORK_FINAL,
                                           WORK_HAND_OVER};
    struct clone *clone = arg;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (!work_kind_reset(db, kinds[i], why))
            return false;
    return position_set_end(db, clone->options->endpos, why) &&
           book_keep(clone->options, db, why) && run_set_resumed(db, why);
}

static bool go_on_in_write(struct db *db, void *arg, struct fault *why)
{
    struct clone *clone = arg;
    return clone_change_end(clone, why) && book_keep(clone->options, db, why) &&
           run_set_resumed(db, why);
}

static bool begin(struct clone *clone, const struct position *position, struct fault *why)
{
    bool over;
    int64_t handed;
    const char *end = clone->options->endpos;
    if (!book_recall(clone->options, clone->db, why) || !check_follow(clone->options, why) ||
        !work_kind_is_done(clone->db, WORK_FOLLOW, &over, why))
        return false;
    if (!check_command("on-cutover", clone->options->on_cutover, why) ||
        !cutover_handed_over(clone->db, &handed, why))
        return false;
    if (handed != 0 && clone->options->on_cutover != NULL &&
        !cutover_set_command(clone->db, handed, clone->options->on_cutover, why))
        return false;
    if (!over || handed != 0 || clone->options->resume)
        return db_write(clone->db, go_on_in_write, clone, why);
    return (end == NULL || check_end_reachable(position, end, why)) &&
           db_write(clone->db, open_again_in_write, clone, why);
}

bool cmd_follow(struct options *options, struct fault *why)
{
    struct position position;
    scoped(drop_clone) struct clone clone = CLONE_NONE;
    clone.options = options;
    if (!set_up_log(options, "follow", why) ||
        !read_side(options, SIDE_SOURCE, &clone.source, why) ||
        !read_side(options, SIDE_TARGET, &clone.target, why) ||
        !asides_open(&clone.asides, options, why) || !enter(&clone, why) ||
        !check_follows(&clone, &position, why))
        return false;
    if (options->resume && strcmp(clone.run.state, "done") == 0) {
        bool gone;
        log_info("run \"%s\" has reached its end already", clone.run.name);
        return back_go_on(&clone, &gone, why);
    }
    if (!check_copied(&clone, why) || !begin(&clone, &position, why))
        return false;
    FAILPOINT("follow.opened", why);
    log_info("following on from %s to %s, work directory %s", strbuf_text(&clone.source.shown),
             strbuf_text(&clone.target.shown), clone.dir.path);
    options->resume = true;
    return clone_run(&clone, why);
}
