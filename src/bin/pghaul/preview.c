#include "preview.h"

#include "base/scoped.h"
#include "catalog/catalog.h"
#include "check/sides.h"
#include "commands.h"
#include "compare/compare.h"
#include "pg/snapshot.h"
#include "plan/check.h"
#include "plan/plan.h"

void drop_preview(struct preview *preview)
{
    drop_planning(&preview->planning);
    drop_db(&preview->db);
    drop_conn(&preview->source);
    drop_conn(&preview->target);
    drop_conninfo(&preview->source_info);
    drop_conninfo(&preview->target_info);
    drop_leash(&preview->leash);
}

static bool connect_source(struct preview *preview, const struct options *options,
                           const char *application, struct fault *why)
{
    struct conn_wish wish = {
        .info = &preview->source_info,
        .application = application,
        .lock_timeout_ms = options->settings.lock_timeout_ms,
        .role = options->settings.source_role,
        .quote_all = true,
    };
    return conn_open(&preview->source, &wish, &preview->leash, why);
}

/* Names are compared in the source's encoding, as a run does. */
static bool connect_target(struct preview *preview, const struct options *options,
                           const char *application, struct fault *why)
{
    struct conn_wish wish = {
        .info = &preview->target_info,
        .application = application,
        .encoding = conn_database_encoding(preview->source),
        .lock_timeout_ms = options->settings.lock_timeout_ms,
        .role = options->settings.role,
    };
    return options->target == NULL ||
           (conn_open(&preview->target, &wish, &preview->leash, why) &&
            conn_run(preview->target, "SET default_transaction_read_only = on", why));
}

static bool speak_alike(struct preview *preview, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!preview->compares)
        return true;
    strbuf_addf(&sql, "SET quote_all_identifiers = on; SET client_encoding = %s",
                compare_encoding(conn_database_encoding(preview->source),
                                 conn_database_encoding(preview->target)));
    return conn_run(preview->source, sql.text, why) && conn_run(preview->target, sql.text, why);
}

/* Whoever collects all refusals goes on without a target. */
static bool may_do_without(struct preview *preview, const struct fault *why)
{
    if (preview->planning.refusals == NULL || preview->leash.wish != LEASH_GO)
        return false;
    drop_conn(&preview->target);
    refusals_add(preview->planning.refusals, why);
    return true;
}

static bool check_both(struct preview *preview, struct fault *why)
{
    struct identity source, target;
    return preview->target == NULL || preview->planning.unchecked ||
           refusals_pass(preview->planning.refusals,
                         check_sides(preview->source, preview->target, &source, &target, why), why);
}

/* The errors that would end the run later on. */
static bool check_more(const struct preview *preview, struct fault *why)
{
    const struct planning *planning = &preview->planning;
    struct check_sides sides = {
        .source = preview->source,
        .target = preview->target,
        .settings = planning->settings,
        .chosen = planning->selection.chosen,
        .everything = planning->selection.everything,
        .slot = "",
    };
    return planning->unchecked || planning->refusals != NULL || planning->settings->skip_check ||
           check_errors(&sides, why);
}

static bool create_in_write(struct db *db, void *arg, struct fault *why)
{
    struct preview *preview = arg;
    const struct conn *target = preview->target != NULL ? preview->target : preview->source;
    return run_create(db, "preview", PGHAUL_VERSION, strbuf_text(&preview->source_info.shown),
                      strbuf_text(&preview->target_info.shown), why) &&
           run_set_source(db, conn_version(preview->source),
                          conn_database_encoding(preview->source), why) &&
           run_set_sides(db, "", "", conn_version(target), why) &&
           plan_first_items(db, preview->planning.settings->contents, why);
}

static bool create(struct preview *preview, const struct options *options, struct fault *why)
{
    bool found;
    return catalog_open(&preview->db, ":memory:", DB_CREATE, why) &&
           book_keep_filters(options, preview->db, why) &&
           book_keep_maps(options, preview->db, why) &&
           db_write(preview->db, create_in_write, preview, why) &&
           run_get(preview->db, &preview->run, &found, why);
}

static bool make_plan(struct preview *preview, struct fault *why)
{
    struct planning *planning = &preview->planning;
    planning->db = preview->db;
    planning->source = preview->source;
    planning->target = preview->target;
    return planning_choose(planning, why) && check_more(preview, why) &&
           planning_fill(planning, why) && (planning->unchecked || planning_check(planning, why));
}

static bool begin_reading(struct preview *preview, struct fault *why)
{
    struct snapshot_export taken;
    struct snapshot *snapshot = &preview->snapshot;
    if (!preview->exports)
        return conn_run(preview->source,
                        "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SAVEPOINT pghaul_item",
                        why);
    if (snapshot->id[0] != '\0')
        return snapshot_enter(preview->source, snapshot->id, snapshot->content, why);
    if (!snapshot_take(preview->source, &taken, why))
        return false;
    strlcpy(snapshot->id, taken.id, sizeof snapshot->id);
    return true;
}

bool preview_begin(struct preview *preview, const struct options *options, struct fault *why)
{
    preview->planning.settings = &options->settings;
    return leash_open(&preview->leash, -1, why) &&
           read_side(options, SIDE_SOURCE, &preview->source_info, why) &&
           (options->target == NULL || read_side(options, SIDE_TARGET, &preview->target_info, why));
}

bool preview_plan(struct preview *preview, const struct options *options, const char *who,
                  struct fault *why)
{
    char application[32];
    snprintf(application, sizeof application, "pghaul %s", who);
    if (!connect_source(preview, options, application, why))
        return false;
    if (preview->planning.refusals != NULL)
        preview->planning.refusals->source = preview->source;
    return (connect_target(preview, options, application, why) || may_do_without(preview, why)) &&
           speak_alike(preview, why) && check_both(preview, why) && create(preview, options, why) &&
           begin_reading(preview, why) && make_plan(preview, why);
}

bool preview_make(struct preview *preview, const struct options *options, const char *who,
                  struct fault *why)
{
    return preview_begin(preview, options, why) && preview_plan(preview, options, who, why);
}
