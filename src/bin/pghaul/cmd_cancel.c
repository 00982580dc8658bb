/*
 * cmd_cancel.c - stops a run at any place, and removes what it has made on the servers, never data.
 *
 * The run is stopped first; then it is noted that it goes on no more; then all is removed, and last
 * the run is called cancelled. So this may be killed anywhere and be begun again.
 */
#include "cleanup.h"
#include "commands.h"
#include "one_of.h"

#include "base/failpoint.h"
#include "base/listing.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "catalog/cutover.h"
#include "catalog/objects.h"
#include "run/halt.h"
#include "run/reap.h"

/* ---- what is on the servers ---- */

/* Of workers that were killed: they may go on with their last statement. */
static bool end_sessions(struct cleanup *c, struct fault *why)
{
    struct worker worker = {.role = ROLE_RESUME,
                            .leash = &c->leash,
                            .db = c->db,
                            .settings = &c->options->settings,
                            .source = c->source,
                            .target = c->target};
    return reap(&worker, NULL, 0, 0, why);
}

/* Who reads from the slot has no process of ours any more, but may not have noticed. */
static bool end_reader(struct cleanup *c, const struct position_left *made, struct fault *why)
{
    const char *const values[] = {made->slot};
    scoped(drop_rows) struct rows ended = ROWS_NONE;
    bool good = conn_be_user(c->source, why) &&
                conn_query_params(c->source,
                                  "SELECT pg_catalog.pg_terminate_backend(a.pid)"
                                  " FROM pg_catalog.pg_replication_slots s"
                                  " JOIN pg_catalog.pg_stat_activity a ON a.pid = s.active_pid"
                                  " WHERE s.slot_name = $1"
                                  " AND s.database = pg_catalog.current_database()"
                                  " AND a.application_name LIKE 'pghaul %'",
                                  1, values, &ended, why) &&
                conn_be_role(c->source, why);
    if (good && rows_count(&ended) > 0)
        log_info("source: backend that reads from slot \"%s\": ended", made->slot);
    return good || fault_during(why, "ending who reads from slot \"%s\"", made->slot);
}

static bool end_readers(struct cleanup *c, struct fault *why)
{
    for (size_t i = 0; i < c->made.count && c->source != NULL; i++)
        if (strcmp(c->made.list[i].source_id, c->source_id) == 0 &&
            !end_reader(c, &c->made.list[i], why))
            return false;
    return true;
}

/* ---- the report ---- */

static bool on_unfinished(void *arg, const struct stmt *row, struct fault *why)
{
    struct strbuf *to = listing_next(arg);
    (void)why;
    if (to != NULL)
        strbuf_add_name(to, stmt_text(row, 0), stmt_text(row, 1));
    return true;
}

static bool report_unmade(struct cleanup *c, struct fault *why)
{
    int64_t open;
    if (!db_int(c->db, why, &open, 0, SQL_UNMADE_COUNT, ""))
        return false;
    if (open > 0)
        log_warning("indexes, keys and constraints that are not made on the target: %lld",
                    (long long)open);
    return true;
}

static bool report(struct cleanup *c, struct fault *why)
{
    char lsn[LSN_TEXT];
    bool planned;
    scoped(drop_listing) struct listing names = {.count = 0};
    if (!work_kind_is_done(c->db, WORK_PLAN, &planned, why) ||
        !catalog_list(c->db, SQL_TABLES_UNFINISHED, 0, on_unfinished, &names, why))
        return false;
    if (names.count > 0)
        log_warning("tables that are not complete on the target: %s", listing_end(&names));
    if (c->follows && planned && c->position.applied != 0)
        log_warning("changes that committed on the source after %s are not on the target",
                    lsn_text(lsn, c->position.applied));
    return report_unmade(c, why) && say_snapshot_held(c->db, why);
}

/* ---- one run ---- */

/* After the hand-over of a cutover there is only forwards. */
static bool check_open(const struct cleanup *c, struct fault *why)
{
    int64_t handed;
    if (!cutover_handed_over(c->db, &handed, why))
        return false;
    if (handed != 0)
        return fault_set(why, FAULT_HANDED_OVER, "run \"%s\" was handed over by a cutover",
                         c->run.name);
    return strcmp(c->run.state, "done") != 0 ||
           fault_set(why, FAULT_NOTHING_TO_CANCEL, "run \"%s\" is done: there is nothing to cancel",
                     c->run.name);
}

static bool connect(struct cleanup *c, struct fault *why)
{
    bool source = settings_have_source(&c->options->settings);
    if ((source && !read_side(c->options, SIDE_SOURCE, &c->source_info, why)) ||
        !read_side(c->options, SIDE_TARGET, &c->target_info, why))
        return false;
    /* A source that is frozen takes writes again, whether or not the target answers. */
    if (cleanup_connect_source(c, why) && cleanup_connect_target(c, why))
        return true;
    cleanup_by_hand(c, why);
    log_warning("run \"%s\" is stopped, but not cancelled", c->run.name);
    return false;
}

static bool remove_all(struct cleanup *c, struct fault *why)
{
    if (!setting_put_durably(c->db, SETTING_CANCEL, "begun", why))
        return false;
    FAILPOINT("cancel.noted", why);
    if (!end_sessions(c, why) || !end_readers(c, why))
        return false;
    FAILPOINT("cancel.sessions_ended", why);
    return cleanup_all(c, why);
}

static bool cancel_one(struct cleanup *c, struct fault *why)
{
    if (!check_open(c, why) || !halt(&c->dirs[0], c->path, &c->leash, why) || !cleanup_lock(c, why))
        return false;
    FAILPOINT("cancel.stopped", why);
    if (!check_open(c, why) || !book_recall(c->options, c->db, why) || !connect(c, why) ||
        !remove_all(c, why))
        return false;
    FAILPOINT("cancel.removed", why);
    if (!report(c, why) || !run_end(c->db, "cancelled", NULL, why))
        return false;
    log_info("run \"%s\" is cancelled: what is on the target stays there", c->run.name);
    return true;
}

/* ---- the runs of several databases ---- */

struct several {
    struct cleanup *all;
    struct members members;
    struct conninfo source, target; /* of the server */
};

static void drop_several(struct several *s)
{
    drop_members(&s->members);
    drop_conninfo(&s->source);
    drop_conninfo(&s->target);
}

/* After its hand-over there is only forwards. */
static bool leave_handed_over(const struct cleanup *c, const char *name, bool *ret_left,
                              struct fault *why)
{
    int64_t handed;
    if (!cutover_handed_over(c->db, &handed, why))
        return false;
    *ret_left = handed != 0 && strcmp(c->run.state, "done") != 0;
    if (*ret_left)
        log_warning(
            "database \"%s\" was handed over, so it is not cancelled: pghaul follow --resume "
            "--dir \"%s\" brings it to its end",
            name, c->path);
    return true;
}

static bool cancel_member(struct several *s, struct member *member, struct fault *why)
{
    bool left;
    scoped(drop_one_of) struct one_of one = ONE_OF_NONE;
    one_of_choose(&one, s->all->options, s->all->path, &s->members, member, &s->source, &s->target);
    scoped(drop_cleanup) struct cleanup c = cleanup_new(&one.options);
    c.who = s->all->who;
    strlcpy(c.path, one.path, sizeof c.path);
    bool over = strcmp(member->state, "done") == 0 || strcmp(member->state, "cancelled") == 0;
    if (over || !one.there)
        return true;
    if (!leash_open(&c.leash, -1, why) || !cleanup_find(&c, why) ||
        !leave_handed_over(&c, member->name, &left, why))
        return false;
    if (left)
        return true;
    if (strcmp(c.run.state, "cancelled") != 0 && strcmp(c.run.state, "done") != 0 &&
        !cancel_one(&c, why))
        return fault_during(why, "%s", member->name);
    return strcmp(c.run.state, "done") == 0 ||
           members_set_state(s->all->db, member, "cancelled", why);
}

static bool cancel_members(struct several *s, struct fault *why)
{
    struct cleanup *all = s->all;
    if (!halt(&all->dirs[0], all->path, &all->leash, why) || !cleanup_lock(all, why) ||
        !check_open(all, why) || !read_side(all->options, SIDE_SOURCE, &s->source, why) ||
        !read_side(all->options, SIDE_TARGET, &s->target, why) ||
        !members_read(all->db, &s->members, why) ||
        !setting_put_durably(all->db, SETTING_CANCEL, "begun", why))
        return false;
    for (int i = 0; i < s->members.count; i++)
        if (!cancel_member(s, &s->members.list[i], why))
            return false;
    FAILPOINT("cancel.members_done", why);
    if (!run_end(all->db, "cancelled", NULL, why))
        return false;
    log_info("run \"%s\" of %d databases is cancelled", all->run.name,
             s->members.count - s->members.list[0].roles);
    return true;
}

/* ---- */

/* Another one that cancels the same run is not to be stopped as if it were the run. */
static bool be_alone(struct cleanup *c, struct workdir *dir, struct fault *why)
{
    char file[PATH_MAX];
    workdir_path(file, c->path, "catalog.db");
    if (access(file, F_OK) != 0)
        return fault_set(why, FAULT_DIR_NO_RUN, "there is no run in \"%s\"", c->path);
    return workdir_lock(dir, c->path, "cancel.lock", why);
}

static bool cancel(struct cleanup *c, struct fault *why)
{
    scoped(drop_several) struct several s = {.all = c};
    if (strcmp(c->run.state, "cancelled") == 0) {
        log_info("run \"%s\" was cancelled already", c->run.name);
        return true;
    }
    if (!members_read(c->db, &s.members, why))
        return false;
    bool several = s.members.count > 0;
    drop_members(&s.members);
    return several ? cancel_members(&s, why) : cancel_one(c, why);
}

bool cmd_cancel(struct options *options, struct fault *why)
{
    scoped(drop_workdir) struct workdir alone = {.lock = -1};
    scoped(drop_cleanup) struct cleanup c = cleanup_new(options);
    c.who = "pghaul cancel";
    return set_up_log(options, "cancel", why) && find_directory(options, NULL, c.path, why) &&
           be_alone(&c, &alone, why) && cleanup_find(&c, why) && leash_open(&c.leash, -1, why) &&
           cancel(&c, why);
}
