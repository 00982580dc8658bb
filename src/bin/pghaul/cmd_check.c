/*
 * cmd_check.c - whether a clone with these options would go well, before it.
 */
#include "clone.h"
#include "commands.h"
#include "preview.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/scoped.h"
#include "catalog/objects.h"
#include "catalog/position.h"
#include "catalog/sql.h"
#include "cdc/room.h"
#include "check/here.h"
#include "check/report.h"
#include "check/sides.h"
#include "pg/tools.h"
#include "plan/check.h"
#include "plan/databases.h"
#include "plan/publication.h"

#include <sys/stat.h>

enum {
    LOCK_MOST_MS = 3000, /* nobody shall wait behind us for long */
    SOURCE_OWN = 3,      /* connections besides those of the workers: see cmd_plan.c */
    TARGET_OWN = 3,
    FOLLOW_OWN = 3, /* receiving, the walsender, the slot's guard; applying */
};

struct checking {
    struct options *options;
    struct preview preview;
    struct refusals refusals;
    struct findings findings;
    char path[PATH_MAX]; /* of the work directory */
    char slot[SLOT_NAME];
    char source_version[64], target_version[64];
    int64_t began_us;
};

static void drop_checking(struct checking *c)
{
    drop_preview(&c->preview);
    drop_refusals(&c->refusals);
    drop_findings(&c->findings);
}

/* ---- what is found ---- */

static bool is_stopped(const struct fault *why)
{
    return fault_kind_of(why) == FAULT_KIND_STOPPED || fault_kind_of(why) == FAULT_KIND_BUG;
}

/* What ends the looking is a finding itself. */
static bool found(struct checking *c, bool good, const struct fault *why)
{
    if (good)
        return true;
    if (is_stopped(why))
        return false;
    findings_add_fault(&c->findings, why);
    return true;
}

static void take_refusals(struct checking *c)
{
    for (size_t i = 0; i < c->refusals.count; i++)
        findings_add_fault(&c->findings, &c->refusals.list[i]);
    drop_refusals(&c->refusals);
}

static struct finding *plan_warns(struct checking *c)
{
    struct findings *findings = &c->findings;
    for (size_t i = 0; i < findings->count; i++)
        if (findings->list[i].check->id == CHECK_PLAN_WARNS)
            return &findings->list[i];
    return findings_add(findings, check_of(CHECK_PLAN_WARNS), CHECK_PAIR, "");
}

static void warn(struct checking *c, const char *line)
{
    finding_add_object(plan_warns(c), NULL, line, NULL, NULL, false);
}

static bool on_left_out(void *arg, const struct stmt *row, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf line = STRBUF_EMPTY;
    (void)why;
    strbuf_addf(&line, "%s is left out: %s", stmt_text(row, 0), stmt_text(row, 1));
    warn(arg, line.text);
    return true;
}

static bool take_warnings(struct checking *c, struct fault *why)
{
    char *line, *rest = c->preview.planning.warnings.text;
    while ((line = strsep(&rest, "\n")) != NULL)
        if (*line != '\0')
            warn(c, line);
    /* What is refused is noted there as well, for those that would leave it out. */
    return findings_count(&c->findings, CHECK_ERROR) > 0 ||
           catalog_list(c->preview.db, SQL_LEFT_OUT_LIST, 0, on_left_out, c, why);
}

/* ---- following ---- */

static bool check_identities(struct checking *c, struct fault *why)
{
    bool second;
    scoped(drop_strbuf) struct strbuf ignored = STRBUF_EMPTY; /* told by checks of their own */
    const struct settings *settings = &c->options->settings;
    if (publication_choose(c->preview.db, c->preview.source, c->preview.planning.selection.chosen,
                           IDENTITY_STOP, &ignored, &second, why))
        return true;
    if (why->id != FAULT_NO_IDENTITY)
        return found(c, false, why);
    struct finding *finding = findings_add_fault(&c->findings, why);
    if (settings->no_identity != IDENTITY_STOP)
        finding->severity = CHECK_WARNING;
    return true;
}

static bool check_walsender(struct checking *c, bool replicates, struct fault *why)
{
    scoped(drop_conn) struct conn *walsender = NULL;
    const struct conn_wish wish = {.info = &c->preview.source_info, .application = "pghaul check"};
    return found(
        c, publication_open_walsender(&walsender, &wish, replicates, &c->preview.leash, why), why);
}

/* A failing statement would end the transaction that the other questions are asked in. */
static bool check_following(struct checking *c, struct fault *why)
{
    bool replicates = true;
    struct conn *source = c->preview.source;
    const struct settings *settings = &c->options->settings;
    bool publishes = settings->plugin == PLUGIN_AUTO || settings->plugin == PLUGIN_PGOUTPUT;
    if (!settings->follow)
        return true;
    if (!publication_check_source(source, &replicates, why))
        return found(c, false, why);
    return found(c, publication_check_failover(source, settings->failover_slot, why), why) &&
           found(c, publication_check_names(source, c->slot, publishes, why), why) &&
           check_identities(c, why) && check_walsender(c, replicates, why) &&
           (c->preview.target == NULL || found(c, check_may_apply(c->preview.target, why), why));
}

/* ---- this machine ---- */

static bool check_tools(struct checking *c, struct fault *why)
{
    const struct preview *preview = &c->preview;
    const struct settings *settings = &c->options->settings;
    const struct conn *target = preview->target != NULL ? preview->target : preview->source;
    struct tools tools = {.version = 0};
    return (settings->contents & CONTENT_DUMPED) == 0 ||
           found(c,
                 tools_choose(&tools, *settings->pg_bindir == 0 ? NULL : settings->pg_bindir,
                              conn_version(preview->source), conn_version(target),
                              &c->preview.leash, why),
                 why);
}

static void check_here(struct checking *c)
{
    const struct settings *settings = &c->options->settings;
    check_directory(c->path, &c->findings);
    check_open_files(&c->findings);
    if (settings->follow)
        check_room(c->path, room_reserve(settings->spool_reserve, check_disk_size(c->path)),
                   &c->findings);
}

/* ---- both servers ---- */

static struct check_sides sides_of(const struct checking *c)
{
    const struct preview *preview = &c->preview;
    const struct settings *settings = &c->options->settings;
    int jobs = (int)settings->table_jobs, builders = (int)settings->index_jobs;
    int more = settings->follow ? FOLLOW_OWN : 0;
    return (struct check_sides){
        .source = preview->source,
        .target = preview->target,
        .settings = settings,
        .chosen = preview->planning.selection.chosen,
        .everything = preview->planning.selection.everything,
        .slot = c->slot,
        .source_connections = jobs + SOURCE_OWN + more,
        .target_connections = jobs + builders + TARGET_OWN + (more > 0),
    };
}

static bool look_at_ways(struct checking *c, struct fault *why)
{
    struct preview *preview = &c->preview;
    return check_way(preview->source, &c->findings, why) &&
           (preview->target == NULL ||
            (check_way(preview->target, &c->findings, why) &&
             check_target_disk(preview->source, preview->target, &c->findings, why)));
}

/* The servers are asked before we try a walsender, which would count among those that are taken. */
static bool ask_both(struct checking *c, struct fault *why)
{
    const struct check_sides sides = sides_of(c);
    return found(c, check_ask(&sides, false, &c->findings, why), why) && check_following(c, why) &&
           found(c, check_mend(&sides, &c->findings, why) && look_at_ways(c, why), why);
}

/* The source is not there: does the target answer? */
static bool look_at_target_alone(struct checking *c, struct fault *why)
{
    scoped(drop_conn) struct conn *target = NULL;
    const struct conn_wish wish = {.info = &c->preview.target_info,
                                   .application = "pghaul check",
                                   .role = c->options->settings.role};
    return c->options->target == NULL ||
           found(c, conn_open(&target, &wish, &c->preview.leash, why), why);
}

/* --create: the database may not be there yet, and then there is nothing in it to look at. */
static bool look_for_database(struct checking *c, struct fault *why)
{
    scoped(drop_conn) struct conn *target = NULL;
    bool there = true;
    const struct conninfo *info = &c->preview.target_info;
    if (!c->options->settings.create || c->options->target == NULL)
        return true;
    if (!clone_connect_any(info, c->options, &c->preview.leash, &target, why) ||
        !database_check(target, info->database, true, &there, why)) {
        c->options->target = NULL;
        return found(c, false, why);
    }
    if (there)
        return true;
    c->options->target = NULL;
    findings_add(
        &c->findings, check_of(CHECK_UNKNOWN), CHECK_TARGET,
        "the database is not there yet: --create makes it, and what the run needs of it is "
        "looked at then");
    return true;
}

static void note_versions(struct checking *c)
{
    const struct preview *preview = &c->preview;
    if (preview->source != NULL)
        strlcpy(c->source_version, conn_version_text(preview->source), sizeof c->source_version);
    if (preview->target != NULL)
        strlcpy(c->target_version, conn_version_text(preview->target), sizeof c->target_version);
}

static bool look(struct checking *c, struct fault *why)
{
    struct preview *preview = &c->preview;
    preview->planning.refusals = &c->refusals;
    bool planned = preview_plan(preview, c->options, "check", why);
    note_versions(c);
    take_refusals(c);
    if (!planned && is_stopped(why))
        return false;
    if (!planned)
        findings_add_fault(&c->findings, why);
    if (preview->source == NULL)
        return look_at_target_alone(c, why);
    if (conn_broken(preview->source) || preview->db == NULL)
        return true;
    struct fault ignored; /* where there is no transaction yet, or it went well */
    conn_run(preview->source, "ROLLBACK TO SAVEPOINT pghaul_item", &ignored);
    return (!planned || take_warnings(c, why)) && check_tools(c, why) && ask_both(c, why);
}

static bool find_names(struct checking *c, struct fault *why)
{
    const struct options *options = c->options;
    const char *name = options->name != NULL ? options->name : c->preview.source_info.database;
    if (*options->slot != '\0')
        strlcpy(c->slot, options->slot, sizeof c->slot);
    else
        usual_slot(c->slot, name);
    return find_directory(options, c->preview.source_info.database, c->path, why);
}

static bool collect(struct checking *c, struct fault *why)
{
    c->began_us = clock_utc_us();
    if (!preview_begin(&c->preview, c->options, why) || !find_names(c, why) ||
        !look_for_database(c, why))
        return false;
    check_here(c);
    if (!look(c, why))
        return false;
    findings_sort(&c->findings);
    return true;
}

/* ---- the report ---- */

/* A file is replaced as a whole; a device, a pipe and what a link leads to stay what they are. */
static bool write_page(const char *path, const struct strbuf *page, struct fault *why)
{
    struct stat about;
    if (lstat(path, &about) != 0 || S_ISREG(about.st_mode))
        return write_file(path, page->text, page->length, why);
    FILE *file = fopen(path, "we");
    bool good = file != NULL && fwrite(page->text, 1, page->length, file) == page->length;
    if (file != NULL)
        good = fclose(file) == 0 && good;
    return good || fault_errno(why, FAULT_DIR_UNUSABLE, "cannot write \"%s\"", path);
}

static bool show(const struct checking *c, struct fault *why)
{
    const struct options *options = c->options;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf page = STRBUF_EMPTY;
    struct report report = {
        .source = {strbuf_text(&c->preview.source_info.shown), c->source_version},
        .target = {strbuf_text(&c->preview.target_info.shown), c->target_version},
        .findings = &c->findings,
        .follow = options->settings.follow,
        .began_us = c->began_us,
        .took_ms = (clock_utc_us() - c->began_us) / 1000,
    };
    if (options->html != NULL) {
        report_add_html(&page, &report);
        if (!write_page(options->html, &page, why))
            return fault_during(why, "--html");
    }
    if (options->json) {
        json_t *json = report_json(&report);
        add_json(&text, json);
        json_decref(json);
    } else {
        report_add_text(&text, &report);
    }
    return print_text(&text, why);
}

/* ---- --fix ---- */

static bool mends(const struct check_object *object)
{
    return object->safe && *object->runs != '\0';
}

static int list_statements(const struct findings *findings)
{
    int count = 0;
    for (size_t i = 0; i < findings->count; i++)
        for (size_t o = 0; o < findings->list[i].object_count; o++) {
            const struct check_object *object = &findings->list[i].objects[o];
            if (!mends(object))
                continue;
            log_info("--fix, on the %s: %s;", check_place_word(object->sql_at), object->sql);
            count++;
        }
    return count;
}

static bool ask_user(const struct options *options, bool *ret_yes, struct fault *why)
{
    char answer[16];
    *ret_yes = options->yes;
    if (options->yes)
        return true;
    if (!isatty(STDIN_FILENO))
        return fault_set(why, FAULT_MISSING_OPTION,
                         "--fix asks before it changes anything, and nobody is there to answer: "
                         "give --yes");
    fprintf(stderr, "Run these statements? [y/N] ");
    *ret_yes = fgets(answer, sizeof answer, stdin) != NULL && (*answer == 'y' || *answer == 'Y');
    return true;
}

static bool run_statements(struct checking *c, enum check_place place, struct fault *why)
{
    scoped(drop_conn) struct conn *conn = NULL;
    struct preview *preview = &c->preview;
    bool source = place == CHECK_SOURCE;
    const struct settings *settings = &c->options->settings;
    const struct conn_wish wish = {
        .info = source ? &preview->source_info : &preview->target_info,
        .application = "pghaul check",
        .encoding = preview->source == NULL ? NULL : conn_database_encoding(preview->source),
        .lock_timeout_ms = LOCK_MOST_MS,
        .role = source ? settings->source_role : settings->role,
    };
    for (size_t i = 0; i < c->findings.count; i++)
        for (size_t o = 0; o < c->findings.list[i].object_count; o++) {
            const struct check_object *object = &c->findings.list[i].objects[o];
            if (!mends(object) || object->sql_at != place)
                continue;
            if (conn == NULL && !conn_open(&conn, &wish, &preview->leash, why))
                return false;
            if (conn_run(conn, object->runs, why))
                log_info("done: %s", object->sql);
            else if (conn_broken(conn) || is_stopped(why))
                return false;
            else
                log_warning("refused: %s: %s", object->sql, why->text);
        }
    return true;
}

/* All is looked at again afterwards. */
static bool fix(struct checking *c, bool *ret_again, struct fault *why)
{
    bool yes;
    *ret_again = false;
    if (list_statements(&c->findings) == 0) {
        log_info("there is nothing that --fix may mend by itself");
        return true;
    }
    if (!ask_user(c->options, &yes, why))
        return false;
    *ret_again = yes;
    return !yes || (run_statements(c, CHECK_SOURCE, why) && run_statements(c, CHECK_TARGET, why));
}

/* ---- the command ---- */

static bool check_once(struct options *options, bool mend, bool *ret_again, struct fault *why)
{
    scoped(drop_checking) struct checking c = {.options = options, .preview = PREVIEW_NONE};
    *ret_again = false;
    if (!collect(&c, why))
        return false;
    if (mend && !fix(&c, ret_again, why))
        return false;
    if (*ret_again)
        return true;
    options->exit_status = report_status(&c.findings);
    return show(&c, why);
}

static bool check_options(const struct options *options, struct fault *why)
{
    if (options->yes && !options->fix)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS, "--yes goes with --fix only");
    return check_follow(options, why);
}

bool cmd_check(struct options *options, struct fault *why)
{
    bool again;
    const char *target = options->target;
    int64_t *wait = &options->settings.lock_timeout_ms;
    *wait = *wait == 0 || *wait > LOCK_MOST_MS ? LOCK_MOST_MS : *wait;
    if (!set_up_log(options, "check", why) || !contents_choose(options, why) ||
        !check_options(options, why) || !check_once(options, options->fix, &again, why))
        return false;
    if (!again)
        return true;
    options->target = target;
    return check_once(options, false, &again, why);
}
