/*
 * cleanup_several.c - pghaul cleanup of a run over several databases: of each of them that has
 * followed. All are asked first, so that nothing is removed when one of them is refused.
 */
#include "cleanup.h"
#include "clone.h"
#include "commands.h"
#include "one_of.h"

#include "base/log.h"
#include "base/scoped.h"
#include "catalog/catalog.h"
#include "run/back.h"

struct several {
    struct cleanup *all;
    struct members members;
    struct conninfo source, target; /* of the servers */
};

static void drop_several(struct several *s)
{
    drop_members(&s->members);
    drop_conninfo(&s->source);
    drop_conninfo(&s->target);
}

/* One that was killed while its catalog was made has made nothing else. */
static bool was_not_made(const struct fault *why)
{
    return why->id == FAULT_DIR_NO_RUN || why->id == FAULT_CATALOG_VERSION;
}

/* Is there something to remove, and may it be? Its locks are let go of again. */
static bool look_at(struct options *options, const char *path, bool *ret_wanted, struct fault *why)
{
    scoped(drop_cleanup) struct cleanup c = cleanup_new(options);
    *ret_wanted = false;
    strlcpy(c.path, path, sizeof c.path);
    if (!cleanup_find(&c, why))
        return was_not_made(why);
    if (!cleanup_lock(&c, why))
        return false;
    *ret_wanted = (c.follows || c.made.count > 0) && strcmp(c.run.state, "cancelled") != 0;
    return !*ret_wanted || cleanup_check_ended(&c, why);
}

/* A way back that is gone must have come to its end as well. */
static bool look(struct one_of *one, bool *ret_wanted, struct fault *why)
{
    char path[PATH_MAX];
    enum back_state back;
    bool ignored;
    *ret_wanted = false;
    if (!one->there)
        return true;
    if (!look_at(&one->options, one->path, ret_wanted, why) || !back_look(one->path, &back, why))
        return false;
    back_path(path, one->path);
    return (back != BACK_OPEN && back != BACK_OVER) || look_at(&one->options, path, &ignored, why);
}

static bool clean(const struct several *s, struct one_of *one, const char *name, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf line = STRBUF_EMPTY;
    if (!s->all->options->dry_run) {
        log_info("database \"%s\":", name);
        return cmd_cleanup(&one->options, why);
    }
    strbuf_addf(&line, "-- database \"%s\"\n", name);
    return print_text(&line, why) && cmd_cleanup(&one->options, why);
}

static bool each(const struct several *s, bool remove, int *ret_count, struct fault *why)
{
    *ret_count = 0;
    for (int i = 0; i < s->members.count; i++) {
        bool wanted;
        const struct member *member = &s->members.list[i];
        scoped(drop_one_of) struct one_of one = ONE_OF_NONE;
        one_of_choose(&one, s->all->options, s->all->path, &s->members, member, &s->source,
                      &s->target);
        if (!look(&one, &wanted, why) || (wanted && remove && !clean(s, &one, member->name, why)))
            return fault_during(why, "database \"%s\"", member->name);
        *ret_count += wanted;
    }
    return true;
}

bool cleanup_several(struct cleanup *c, bool *ret_several, struct fault *why)
{
    int count;
    scoped(drop_several) struct several s = {.all = c};
    if (!members_read(c->db, &s.members, why))
        return false;
    *ret_several = s.members.count > 0;
    if (!*ret_several)
        return true;
    if (!cleanup_lock(c, why) || !read_side(c->options, SIDE_SOURCE, &s.source, why) ||
        !read_side(c->options, SIDE_TARGET, &s.target, why) || !each(&s, false, &count, why))
        return false;
    if (count == 0) {
        log_info("run \"%s\": there is nothing of its databases to remove", c->run.name);
        return true;
    }
    if (!each(&s, true, &count, why))
        return false;
    if (!c->options->dry_run)
        log_info("run \"%s\" of %d databases is cleaned up", c->run.name, count);
    return true;
}

/* ---- those that a new run in the same directory will not clear away ---- */

static bool is_among(const struct members *members, const char *name)
{
    for (int i = 0; i < members->count; i++)
        if (!members->list[i].roles && strcmp(members->list[i].name, name) == 0)
            return true;
    return false;
}

static bool warn_of(const struct clone *clone, const struct member *member, struct fault *why)
{
    char path[PATH_MAX], file[PATH_MAX];
    scoped(drop_db) struct db *db = NULL;
    scoped(drop_position_made) struct position_made made = {.count = 0};
    member_path(path, clone->dir.path, member);
    workdir_path(file, path, "catalog.db");
    if (access(file, F_OK) != 0)
        return true;
    if (!catalog_open(&db, file, DB_EXISTING, why))
        return was_not_made(why);
    if (!position_made(db, &made, why))
        return false;
    for (size_t i = 0; i < made.count; i++) {
        scoped(drop_strbuf) struct strbuf names = STRBUF_EMPTY;
        if (made.list[i].slot[0] == '\0')
            continue;
        position_add_made(&names, made.list[i].slot, made.list[i].publication);
        log_warning("the run before this one has left %s on its source: pghaul cleanup --force "
                    "--dir \"%s\" removes that",
                    names.text, path);
    }
    return true;
}

bool several_warn_of_left(const struct clone *clone, const struct members *before,
                          struct fault *why)
{
    bool follow = clone->options->settings.follow;
    for (int i = 0; i < before->count; i++)
        if (!before->list[i].roles &&
            (!follow || !is_among(&clone->members, before->list[i].name)) &&
            !warn_of(clone, &before->list[i], why))
            return false;
    return true;
}
