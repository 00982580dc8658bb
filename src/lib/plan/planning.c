#include "plan/planning.h"

#include "catalog/run.h"
#include "pg/snapshot.h"
#include "plan/check.h"
#include "plan/database.h"
#include "plan/existing.h"
#include "plan/extensions.h"
#include "plan/plan.h"
#include "plan/roles.h"
#include "plan/standby.h"
#include "plan/subscriptions.h"

void drop_planning(struct planning *planning)
{
    drop_selection(&planning->selection);
    drop_strbuf(&planning->warnings);
}

/* The functions that take statistics are new in 18. */
static bool check_statistics(const struct planning *planning, struct fault *why)
{
    enum { CARRIED_SINCE = 180000 };
    bool target = planning->target != NULL;
    const struct conn *conn = target ? planning->target : planning->source;
    if (planning->settings->statistics != STATISTICS_CARRY || conn_version(conn) >= CARRIED_SINCE)
        return true;
    return fault_set(why, FAULT_STATISTICS_TARGET,
                     "--statistics carry needs a target of version 18 or later, and %s is %s",
                     target ? "this one" : "what is planned for without --target",
                     conn_version_text(conn));
}

/* pg_dump speaks the source's language. */
static void warn_of_older(struct planning *planning)
{
    int source = conn_version(planning->source), target = conn_version(planning->target);
    if (target / 10000 < source / 10000)
        strbuf_addf(&planning->warnings,
                    "the target's version (%s) is older than the source's (%s): what it does not "
                    "know it refuses, and the run stops there\n",
                    conn_version_text(planning->target), conn_version_text(planning->source));
}

/* Before all that asks for roles on the target: some may be coming. */
static bool plan_roles(struct planning *planning, struct fault *why)
{
    const struct settings *settings = planning->settings;
    struct roles_wish wish = {
        .db = planning->db,
        .source = planning->source,
        .target = planning->target,
        .wanted = settings->roles,
        .passwords = !settings->no_role_passwords,
        .owners = !settings->no_owner,
        .everywhere = settings->contents == CONTENT_ROLES,
        .skip = settings->skip_forbidden,
    };
    return roles_plan(&wish, &planning->warnings, why);
}

/* A part of the database has none of its properties. */
static bool plan_database(struct planning *planning, struct fault *why)
{
    const struct settings *settings = planning->settings;
    struct database_wish wish = {
        .db = planning->db,
        .source = planning->source,
        .target = planning->target,
        .wanted = (settings->contents & CONTENT_SCHEMA) != 0 && planning->selection.everything &&
                  !settings->skip_db_properties,
        .comments = !settings->no_comments,
        .privileges = !settings->no_acl,
        .skip = settings->skip_forbidden,
    };
    return database_plan(&wish, &planning->warnings, why);
}

/* They are what comes last, and with the whole database only. */
static bool find_subscriptions(struct planning *planning, struct fault *why)
{
    const struct settings *settings = planning->settings;
    struct subscriptions_wish wish = {
        .db = planning->db,
        .source = planning->source,
        .target = planning->target,
        .wanted = settings->subscriptions,
        .owners = !settings->no_owner,
    };
    return (settings->contents & CONTENT_REST) == 0 || !planning->selection.everything ||
           subscriptions_check(&wish, &planning->warnings, why);
}

/* Those that come with what is chosen, apart from the ones that are left out. */
static bool find_extensions(const struct planning *planning, struct fault *why)
{
    bool created = (planning->settings->contents & (CONTENT_SCHEMA | CONTENT_EXTENSIONS)) != 0 &&
                   planning->selection.everything;
    return check_extensions(planning->db, planning->source, planning->target, created, why);
}

/* Those of a target, when there is one and it matters. */
static bool is_checked(const struct planning *planning)
{
    return planning->target != NULL && !planning->unchecked;
}

static bool pass(const struct planning *planning, bool good, const struct fault *why)
{
    return refusals_pass(planning->refusals, good, why);
}

bool planning_choose(struct planning *planning, struct fault *why)
{
    const struct settings *settings = planning->settings;
    bool reads = !planning->unchecked && settings->contents != CONTENT_ROLES;
    struct selection_wish wish = {
        .db = planning->db,
        .source = planning->source,
        .target = planning->target,
        .strict = !settings->no_strict_names,
        .comments = !settings->no_comments,
        .privileges = !settings->no_acl,
        .owners = !settings->no_owner,
        .skip_forbidden = settings->skip_forbidden || planning->unchecked,
        .dependents = (settings->contents & CONTENT_DUMPED) != 0,
        .refusals = planning->refusals,
    };
    if (is_checked(planning))
        warn_of_older(planning);
    return (planning->unchecked || pass(planning, check_statistics(planning, why), why)) &&
           (!is_checked(planning) || (pass(planning, check_rights(planning->target, why), why) &&
                                      pass(planning, plan_roles(planning, why), why))) &&
           pass(planning, check_mappings(planning->db, planning->source, why), why) &&
           selection_resolve(&wish, &planning->selection, why) &&
           (!is_checked(planning) || (pass(planning, find_extensions(planning, why), why) &&
                                      pass(planning, plan_database(planning, why), why))) &&
           (planning->unchecked || pass(planning, find_subscriptions(planning, why), why)) &&
           (!reads ||
            (check_source(planning->source, planning->selection.chosen, planning->refusals, why) &&
             pass(planning,
                  standby_check(planning->source, &planning->selection, settings->contents,
                                &planning->warnings, why),
                  why)));
}

/* What the target has already, where the run brings no schema. */
static bool match_existing(const struct planning *planning, struct fault *why)
{
    const struct settings *settings = planning->settings;
    struct existing existing = {
        .db = planning->db,
        .source = planning->source,
        .target = planning->target,
        .chosen = planning->selection.chosen,
        .contents = settings->contents,
        .truncate = settings->truncate,
    };
    if ((settings->contents & CONTENT_SCHEMA) != 0 || !is_checked(planning))
        return true;
    existing.same_version =
        conn_version(planning->source) / 10000 == conn_version(planning->target) / 10000;
    return existing_match(&existing, why);
}

static bool fill_in_write(struct db *db, void *arg, struct fault *why)
{
    struct planning *planning = arg;
    const struct settings *settings = planning->settings;
    bool filled = (settings->contents & (CONTENT_ROWS | CONTENT_REFRESH)) != 0;
    bool settles;
    if (!snapshot_is_settled(db, &settles, why))
        return false;
    struct plan plan = {
        .db = db,
        .source = planning->source,
        .selection = &planning->selection,
        .target_version =
            conn_version(planning->target != NULL ? planning->target : planning->source),
        .table_jobs = (int)settings->table_jobs,
        .index_jobs = (int)settings->index_jobs,
        .split_larger_than = settings->split_larger_than,
        .split_by = (enum split_method)settings->split_by,
        .format = (enum copy_format)settings->copy_format,
        .statistics = filled ? (enum statistics_wish)settings->statistics : STATISTICS_NONE,
        .contents = settings->contents,
        .follow = settings->follow,
        .settles = settles,
        .names_only = planning->names_only,
    };
    if (!plan_forget(db, why) || !plan_source(&plan, why) || !match_existing(planning, why) ||
        (!planning->names_only && !plan_work(&plan, why)))
        return false;
    planning->large_objects = plan.large_objects;
    return true;
}

/* A plan must not be lost when the power fails: the target will be filled according to it. */
bool planning_fill(struct planning *planning, struct fault *why)
{
    struct db *db = planning->db;
    struct fault ignored;
    bool good = db_durable(db, true, why) && db_write(db, fill_in_write, planning, why) &&
                db_durable(db, false, why);
    if (!good && why->id == FAULT_TABLE_LOCKED) {
        snapshot_let_go(planning->source, &ignored);
        check_name_lockers(planning->source, why);
    }
    return pass(planning, good, why);
}

bool planning_check(struct planning *planning, struct fault *why)
{
    const struct settings *settings = planning->settings;
    /* Filters may leave out all large objects. */
    int64_t none = planning->selection.everything ? 0 : CONTENT_LARGE_OBJECTS;
    struct check_target check = {
        .db = planning->db,
        .source = planning->source,
        .target = planning->target,
        .chosen = planning->selection.chosen,
        .contents = settings->contents & ~none,
        .replace = settings->drop_if_exists,
        .owners = !settings->no_owner,
        .privileges = !settings->no_acl,
        .tablespaces = !settings->no_tablespaces,
        .refusals = planning->refusals,
    };
    return planning->target == NULL || check_target(&check, why);
}
