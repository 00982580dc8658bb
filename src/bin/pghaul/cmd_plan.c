/*
 * cmd_plan.c - what a clone would do, item by item, without doing it.
 *
 * The order is that of real claims, in the catalog in memory: each lane has one worker, and all
 * items take the same time.
 */
#include "commands.h"
#include "preview.h"

#include "base/scoped.h"
#include "base/size.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "jobs/script.h"
#include "jobs/show.h"
#include "run/phases.h"
#include "run/staff.h"
#include "show/status.h"
#include "wire/sql_script.h"

#include <inttypes.h>

/* The version of the JSON's shape (docs/status-json.md). */
enum { PLAN_VERSION = 1 };

struct connections {
    int source, target;
};

struct totals {
    int64_t tables, bytes, rows, indexes, constraints, sequences, large_objects, items;
};

struct show_plan {
    const struct options *options;
    struct preview *preview;
    struct snapshot snapshot;
    struct job job;
    struct connections connections;
    struct totals totals;
    json_t *items;      /* NULL: text */
    json_t *left_out;   /* NULL: text */
    json_t *warnings;   /* NULL: text */
    struct strbuf text; /* of the items */
};

static void drop_show_plan(struct show_plan *s)
{
    json_decref(s->items);
    json_decref(s->left_out);
    json_decref(s->warnings);
    drop_strbuf(&s->text);
}

/* ---- one item ---- */

static json_t *text_or_null(const char *text)
{
    return text == NULL || *text == '\0' ? json_null() : status_json_text(text);
}

static void add_statements(struct strbuf *text, json_t *list, const struct strbuf *sql)
{
    struct sql_script script = sql_script_over(strbuf_text(sql), sql->length);
    struct sql_statement statement;
    while (sql_script_next(&script, &statement)) {
        scoped(drop_strbuf) struct strbuf one = STRBUF_EMPTY;
        strbuf_add_bytes(&one, statement.text, statement.length);
        if (one.text[one.length - 1] != ';')
            strbuf_add_char(&one, ';');
        if (list != NULL)
            json_array_append_new(list, status_json_text(one.text));
        else
            strbuf_addf(text, "%s\n", one.text);
    }
}

static json_t *sql_json(const struct shown *shown)
{
    json_t *source = json_array(), *target = json_array();
    add_statements(NULL, source, &shown->source);
    add_statements(NULL, target, &shown->target);
    return json_pack("{s:o, s:o, s:o, s:o}", "source", source, "target", target, "command",
                     text_or_null(strbuf_text(&shown->command)), "note", text_or_null(shown->note));
}

static void add_sql_text(struct strbuf *text, const struct shown *shown)
{
    if (shown->note != NULL)
        strbuf_addf(text, "-- %s\n", shown->note);
    if (shown->command.length > 0)
        strbuf_addf(text, "-- %s\n", shown->command.text);
    if (shown->source.length > 0)
        strbuf_add(text, "-- on the source:\n");
    add_statements(text, NULL, &shown->source);
    if (shown->target.length > 0)
        strbuf_add(text, "-- on the target:\n");
    add_statements(text, NULL, &shown->target);
}

static bool on_before(void *arg, const struct stmt *row, struct fault *why)
{
    (void)why;
    json_array_append_new(arg, json_integer(stmt_int(row, 0)));
    return true;
}

static bool add_item_json(struct show_plan *s, enum phase phase, const struct work *work,
                          const struct shown *shown, struct fault *why)
{
    struct db *db = s->preview->db;
    int64_t parts;
    json_t *waits = json_array();
    if (!catalog_list(db, SQL_PLAN_WAITS_FOR, work->id, on_before, waits, why) ||
        !db_int(db, why, &parts, 0, SQL_PLAN_PARTS, "i", work->object)) {
        json_decref(waits);
        return false;
    }
    bool copies = work->kind == WORK_TABLE || work->kind == WORK_PART || work->kind == WORK_SMALL ||
                  work->kind == WORK_CONFIG || work->kind == WORK_EMPTY;
    json_t *item = json_pack("{s:I, s:s, s:s, s:o, s:i, s:o, s:I, s:o}", "id", (json_int_t)work->id,
                             "phase", phase_entry(phase)->word, "kind", work_kind_word(work->kind),
                             "name", text_or_null(work->name), "part", work->part, "parts",
                             copies ? json_integer(parts) : json_null(), "bytes",
                             (json_int_t)work->bytes, "waits_for", waits);
    if (shown != NULL)
        json_object_set_new(item, "sql", sql_json(shown));
    json_array_append_new(s->items, item);
    return true;
}

static void add_item_text(struct show_plan *s, enum phase phase, const struct work *work,
                          const struct shown *shown)
{
    char size[32] = "";
    if (work->bytes > 0)
        size_text(size, sizeof size, work->bytes);
    if (shown == NULL) {
        strbuf_addf(&s->text, "%6" PRId64 "  %-7s  %-12s  %10s  %s\n", s->totals.items,
                    phase_entry(phase)->word, work_kind_word(work->kind), size, work->name);
        return;
    }
    strbuf_addf(&s->text, "%s-- %" PRId64 ". %s: %s%s%s%s%s\n", s->totals.items == 1 ? "" : "\n",
                s->totals.items, phase_entry(phase)->word, work_kind_sentence(work->kind),
                *work->name == '\0' ? "" : ", ", work->name, *size == '\0' ? "" : ", ", size);
    add_sql_text(&s->text, shown);
}

static bool add_item(struct show_plan *s, enum phase phase, const struct work *work,
                     struct fault *why)
{
    scoped(drop_shown) struct shown shown = SHOWN_NOTHING;
    bool sql = s->options->sql;
    s->totals.items++;
    s->job.work = work;
    if (sql && !job_show(&s->job, &shown, why))
        return false;
    if (s->items != NULL)
        return add_item_json(s, phase, work, sql ? &shown : NULL, why);
    add_item_text(s, phase, work, sql ? &shown : NULL);
    return true;
}

/* ---- the order ---- */

static bool take_one(struct show_plan *s, enum phase phase, enum lane lane, bool *ret_found,
                     struct fault *why)
{
    enum { OWNER = 1 };
    scoped(drop_work) struct work work = {.id = 0};
    struct db *db = s->preview->db;
    unsigned lanes;
    if (!work_claim(db, lane, INT64_MAX, OWNER, &work, ret_found, why))
        return false;
    return !*ret_found ||
           (add_item(s, phase, &work, why) && work_finish(db, &work, OWNER, -1, -1, &lanes, why));
}

static bool take_phase(struct show_plan *s, enum phase phase, struct fault *why)
{
    bool any = true;
    if (!run_set_phase(s->preview->db, phase, why))
        return false;
    while (any) {
        any = false;
        for (int lane = 0; lane < LANES; lane++) {
            bool found;
            if (!take_one(s, phase, (enum lane)lane, &found, why))
                return false;
            any = any || found;
        }
    }
    return true;
}

static bool take_all(struct show_plan *s, struct fault *why)
{
    for (int phase = PHASE_PLAN; phase < PHASE_DONE; phase++)
        if (!take_phase(s, (enum phase)phase, why))
            return false;
    return true;
}

/* ---- the whole ---- */

/* Beside copy and build workers: the snapshot's, pg_dump and the watch on the source; the
 * snapshot's, the schema's and the watch on the target. */
static bool count_connections(struct show_plan *s, struct fault *why)
{
    enum { SOURCE_OWN = 3, TARGET_OWN = 3 };
    struct staff copy, refresh;
    struct db *db = s->preview->db;
    if (!staff_for(db, &s->options->settings, PHASE_COPY, &copy, why) ||
        !staff_for(db, &s->options->settings, PHASE_REFRESH, &refresh, why))
        return false;
    int builders = copy.builders > refresh.builders ? copy.builders : refresh.builders;
    s->connections = (struct connections){.source = copy.copiers + SOURCE_OWN,
                                          .target = copy.copiers + builders + TARGET_OWN};
    return true;
}

static bool on_totals(void *arg, const struct stmt *row, struct fault *why)
{
    struct totals *totals = arg;
    (void)why;
    totals->tables = stmt_int(row, 0);
    totals->bytes = stmt_int(row, 1);
    totals->rows = stmt_int(row, 2);
    totals->indexes = stmt_int(row, 3);
    totals->constraints = stmt_int(row, 4);
    totals->sequences = stmt_int(row, 5);
    return true;
}

/* A dump without any materialized view has nothing to refresh; the same without their data. */
static bool skip_refresh(struct show_plan *s, struct fault *why)
{
    int64_t views;
    return db_int(s->preview->db, why, &views, 0, SQL_PLAN_VIEWS_TO_REFRESH, "") &&
           ((views > 0 && (s->options->settings.contents & CONTENT_REFRESH) != 0) ||
            work_skip(s->preview->db, WORK_REFRESH, why));
}

static bool on_left_out(void *arg, const struct stmt *row, struct fault *why)
{
    struct show_plan *s = arg;
    (void)why;
    if (s->left_out != NULL)
        json_array_append_new(s->left_out,
                              json_pack("{s:o, s:o}", "what", status_json_text(stmt_text(row, 0)),
                                        "why", status_json_text(stmt_text(row, 1))));
    else
        strbuf_addf(&s->text, "%sleft out: %s: %s\n", s->options->sql ? "-- " : "",
                    stmt_text(row, 0), stmt_text(row, 1));
    return true;
}

static json_t *whole_json(struct show_plan *s)
{
    const struct totals *t = &s->totals;
    const struct run *run = &s->preview->run;
    bool target = s->preview->target != NULL;
    json_t *totals = json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "tables", (json_int_t)t->tables, "bytes",
        (json_int_t)t->bytes, "rows", (json_int_t)t->rows, "indexes", (json_int_t)t->indexes,
        "constraints", (json_int_t)t->constraints, "sequences", (json_int_t)t->sequences,
        "large_objects", (json_int_t)t->large_objects, "items", (json_int_t)t->items);
    return json_pack("{s:i, s:o, s:o, s:i, s:o, s:{s:o, s:i}, s:{s:i, s:i}, s:o, s:O, s:O, s:O}",
                     "version", PLAN_VERSION, "source", status_json_text(run->source), "target",
                     text_or_null(run->target), "source_version", run->source_version,
                     "target_version", target ? json_integer(run->target_version) : json_null(),
                     "pg_dump", "path", status_json_text(s->job.tools.pg_dump), "version",
                     s->job.tools.version, "connections", "source", s->connections.source, "target",
                     s->connections.target, "totals", totals, "left_out", s->left_out, "warnings",
                     s->warnings, "items", s->items);
}

static void add_count(struct strbuf *text, int64_t count, const char *one, const char *many)
{
    char shown[32];
    strbuf_addf(text, ", %s %s", count_text(shown, sizeof shown, count), count == 1 ? one : many);
}

static void add_foot(struct strbuf *text, const struct show_plan *s)
{
    const struct totals *t = &s->totals;
    const char *mark = s->options->sql ? "-- " : "";
    char size[32];
    strbuf_addf(text, "\n%sto copy: %s", mark, size_text(size, sizeof size, t->bytes));
    add_count(text, t->tables, "table", "tables");
    add_count(text, t->rows, "row (estimated)", "rows (estimated)");
    add_count(text, t->indexes, "index", "indexes");
    add_count(text, t->constraints, "constraint", "constraints");
    add_count(text, t->sequences, "sequence", "sequences");
    add_count(text, t->large_objects, "large object", "large objects");
    strbuf_addf(text, "\n%sconnections, at most: %d to the source, %d to the target\n", mark,
                s->connections.source, s->connections.target);
    strbuf_addf(text, "%spg_dump: %s (version %d)\n", mark, s->job.tools.pg_dump,
                s->job.tools.version);
    if (s->preview->target == NULL)
        strbuf_addf(text,
                    "%sno target was given: planned for one of the source's version, and "
                    "nothing was checked there\n",
                    mark);
}

static void add_heading(struct show_plan *s)
{
    if (s->options->sql)
        strbuf_add(&s->text,
                   "-- What a clone would send. Each item is one transaction on the target, "
                   "with its row in pghaul.done, which is not shown.\n\n");
    else
        strbuf_addf(&s->text, "%6s  %-7s  %-12s  %10s  %s\n", "item", "phase", "kind", "bytes",
                    "name");
}

/* What a run would warn of at its beginning, apart from what is left out. */
static void add_warnings(struct show_plan *s)
{
    char *line, *rest = s->preview->planning.warnings.text;
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (*line == '\0')
            continue;
        if (s->warnings != NULL)
            json_array_append_new(s->warnings, status_json_text(line));
        else
            strbuf_addf(&s->text, "%swarning: %s\n", s->options->sql ? "-- " : "", line);
    }
}

static bool collect(struct show_plan *s, struct fault *why)
{
    bool no_rows = (s->options->settings.contents & CONTENT_ROWS) == 0;
    struct db *db = s->preview->db;
    if (!script_tools(&s->job, why) ||
        !catalog_list(db, SQL_PLAN_TOTALS, 0, on_totals, &s->totals, why) ||
        !skip_refresh(s, why) || !count_connections(s, why))
        return false;
    s->totals.large_objects = s->preview->planning.large_objects;
    if (s->items == NULL)
        add_heading(s);
    if (!take_all(s, why))
        return false;
    if (s->items == NULL)
        add_foot(&s->text, s);
    add_warnings(s);
    return catalog_list(db, SQL_PLAN_LEFT_OUT, no_rows, on_left_out, s, why);
}

static void prepare(struct show_plan *s)
{
    strlcpy(s->snapshot.id, "SNAPSHOT", sizeof s->snapshot.id);
    s->job = (struct job){
        .db = s->preview->db,
        .leash = &s->preview->leash,
        .settings = &s->options->settings,
        .run = &s->preview->run,
        .source_info = &s->preview->source_info,
        .snapshot = &s->snapshot,
    };
    if (s->options->json) {
        s->items = json_array();
        s->left_out = json_array();
        s->warnings = json_array();
    }
}

bool cmd_plan(struct options *options, struct fault *why)
{
    scoped(drop_preview) struct preview preview = PREVIEW_NONE;
    scoped(drop_show_plan) struct show_plan s = {.options = options, .preview = &preview};
    if (!set_up_log(options, "plan", why) || !contents_choose(options, why) ||
        !preview_make(&preview, options, "plan", why))
        return false;
    prepare(&s);
    if (!collect(&s, why))
        return false;
    if (s.items != NULL) {
        json_t *whole = whole_json(&s);
        add_json(&s.text, whole);
        json_decref(whole);
    }
    return print_text(&s.text, why);
}
