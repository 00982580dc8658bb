#include "show/runs.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "catalog/members.h"
#include "catalog/run.h"
#include "run/phases.h"
#include "run/workdir.h"
#include "show/fields.h"
#include "show/status.h"

#include <glob.h>
#include <libgen.h>
#include <stdlib.h>

/* ---- collecting ---- */

static bool set_mode(struct db *db, json_t *json, struct fault *why)
{
    bool found;
    scoped(drop_strbuf) struct strbuf follow = STRBUF_EMPTY;
    if (!setting_get(db, "follow", &follow, &found, why))
        return false;
    field_set_text(json, "mode", strcmp(strbuf_text(&follow), "true") == 0 ? "follow" : "offline");
    return true;
}

static bool set_databases(struct db *db, json_t *json, struct fault *why)
{
    int64_t databases = 0;
    scoped(drop_members) struct members members = {.list = NULL};
    if (!members_read(db, &members, why))
        return false;
    for (int i = 0; i < members.count; i++)
        databases += members.list[i].roles ? 0 : 1;
    field_set_int(json, "databases", members.count == 0 ? 1 : databases);
    return true;
}

/* *ret_found is false for a catalog without a run, such as that of a snapshot. */
static bool read_run(const char *file, const char *dir, json_t *json, bool *ret_found,
                     struct fault *why)
{
    struct run run;
    scoped(drop_db) struct db *db = NULL;
    if (!catalog_open(&db, file, DB_READ_ONLY, why) || !run_get(db, &run, ret_found, why))
        return false;
    if (!*ret_found)
        return true;
    int64_t until = run.ended_us != 0 ? run.ended_us : clock_utc_us();
    field_set_text(json, "name", run.name);
    field_set_text(json, "state", status_run_state(&run, dir));
    if (!set_mode(db, json, why) || !set_databases(db, json, why))
        return false;
    field_set_text(json, "phase", phase_entry(run.phase)->word);
    field_set_text(json, "source", run.source);
    field_set_text(json, "target", run.target);
    field_set_int(json, "duration_ms", (until - run.started_us) / 1000);
    field_set_time(json, "created", run.created_us);
    field_set_time(json, "started", run.started_us);
    field_set_time(json, "ended", run.ended_us);
    return true;
}

static json_t *read_or_explain(char *file)
{
    char path[PATH_MAX];
    struct fault why;
    bool found = true;
    json_t *json = json_object();
    strlcpy(path, file, sizeof path);
    const char *dir = dirname(path);
    if (!read_run(file, dir, json, &found, &why)) {
        json_object_clear(json);
        field_set_text(json, "state", "unreadable");
        field_set_text(json, "note", why.text);
        found = true;
    }
    field_set_text(json, "directory", dir);
    if (found)
        return json;
    json_decref(json);
    return NULL;
}

static int newest_first(const void *a, const void *b)
{
    const json_t *const *one = a, *const *other = b;
    int order = strcmp(field_text(*other, "created"), field_text(*one, "created"));
    return order != 0 ? order
                      : strcmp(field_text(*one, "directory"), field_text(*other, "directory"));
}

static json_t *in_order(json_t **runs, size_t count)
{
    json_t *list = json_array();
    if (count > 0)
        qsort(runs, count, sizeof(void *), newest_first);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, runs[i]);
    return list;
}

bool runs_collect(const char *home, json_t **ret_runs, struct fault *why)
{
    char pattern[PATH_MAX + 16];
    glob_t found;
    size_t count = 0;
    snprintf(pattern, sizeof pattern, "%s/*/catalog.db", home);
    int result = glob(pattern, GLOB_NOSORT, NULL, &found);
    if (result != 0 && result != GLOB_NOMATCH)
        return fault_errno(why, FAULT_DIR_UNUSABLE, "cannot read \"%s\"", home);
    size_t paths = result == 0 ? found.gl_pathc : 0;
    scoped(drop_memory) json_t **runs = new_memory(paths + 1, sizeof(void *));
    for (size_t i = 0; i < paths; i++)
        if ((runs[count] = read_or_explain(found.gl_pathv[i])) != NULL)
            count++;
    if (result == 0)
        globfree(&found);
    *ret_runs = in_order(runs, count);
    return true;
}

/* ---- the grid ---- */

enum { COLUMNS = 8 };

static const char *const headings[COLUMNS] = {"name",   "state",     "mode",     "source",
                                              "target", "databases", "duration", "start"};

static void add_value(struct strbuf *text, const json_t *run, int column)
{
    char time[32];
    if (strcmp(field_text(run, "state"), "unreadable") == 0 && column != 1) {
        strbuf_add_shown(text, column == 0   ? field_text(run, "directory")
                               : column == 3 ? field_text(run, "note")
                                             : "");
        return;
    }
    if (column == 5)
        strbuf_addf(text, "%d", (int)field_int(run, "databases"));
    else if (column == 6)
        strbuf_add(text, duration_text(time, sizeof time, field_int(run, "duration_ms")));
    else if (column == 7)
        strbuf_addf(text, "%.10s %.8sZ", field_text(run, "started"),
                    field_text(run, "started")[0] == '\0' ? "" : field_text(run, "started") + 11);
    else
        strbuf_add_shown(text, field_text(run, headings[column]));
}

static int width_of(const json_t *runs, int column)
{
    size_t index;
    json_t *run;
    int width = text_width(headings[column]);
    json_array_foreach(runs, index, run)
    {
        scoped(drop_strbuf) struct strbuf value = STRBUF_EMPTY;
        add_value(&value, run, column);
        int wide = text_width(strbuf_text(&value));
        width = wide > width ? wide : width;
    }
    return width;
}

static void add_row(struct strbuf *text, const json_t *run, const int *widths)
{
    for (int column = 0; column < COLUMNS; column++) {
        scoped(drop_strbuf) struct strbuf value = STRBUF_EMPTY;
        if (run == NULL)
            strbuf_add(&value, headings[column]);
        else
            add_value(&value, run, column);
        bool last = column == COLUMNS - 1;
        strbuf_addf(text, "%s%*s", strbuf_text(&value),
                    last ? 0 : widths[column] + 2 - text_width(strbuf_text(&value)), "");
    }
    strbuf_add(text, "\n");
}

void runs_add_text(struct strbuf *text, const json_t *runs)
{
    int widths[COLUMNS];
    size_t index;
    json_t *run;
    for (int column = 0; column < COLUMNS; column++)
        widths[column] = width_of(runs, column);
    add_row(text, NULL, widths);
    json_array_foreach(runs, index, run)
    {
        add_row(text, run, widths);
    }
}
