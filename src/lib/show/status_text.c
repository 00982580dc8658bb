/*
 * status_text.c - a picture of a run, for people.
 */
#include "show/status.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "base/size.h"
#include "base/text.h"
#include "run/progress.h"
#include "show/fields.h"

#include <inttypes.h>

static void add_field(struct strbuf *text, const char *name, const char *value)
{
    if (*value == '\0')
        return;
    strbuf_addf(text, "%-10s", name);
    strbuf_add_shown(text, value);
    strbuf_add(text, "\n");
}

/* Pads by characters, not bytes. */
static void add_padded(struct strbuf *text, const char *value, int width)
{
    scoped(drop_strbuf) struct strbuf shown = STRBUF_EMPTY;
    strbuf_add_shown(&shown, value);
    strbuf_add(text, strbuf_text(&shown));
    for (int length = text_width(strbuf_text(&shown)); length < width; length++)
        strbuf_add_char(text, ' ');
}

static void add_step(struct strbuf *text, const json_t *step)
{
    char wall[32], cumulative[32], rows[32] = "", bytes[32] = "";
    int64_t items = field_int(step, "items");
    duration_text(wall, sizeof wall, field_int(step, "wall_ms"));
    duration_text(cumulative, sizeof cumulative, field_int(step, "cumulative_ms"));
    if (field_int(step, "rows") > 0)
        count_text(rows, sizeof rows, field_int(step, "rows"));
    if (field_int(step, "bytes") > 0)
        size_text(bytes, sizeof bytes, field_int(step, "bytes"));
    add_padded(text, field_text(step, "sentence"), 36);
    strbuf_addf(text, "%12s%12s%6d%9" PRId64 "%16s%12s\n", wall, cumulative,
                (int)field_int(step, "concurrency"), items, rows, bytes);
}

static void add_table(struct strbuf *text, const json_t *table)
{
    char copy[32], index[32], rows[32], bytes[32];
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    strbuf_add_name(&name, field_text(table, "schema"), field_text(table, "name"));
    add_padded(text, name.text, 36);
    strbuf_addf(text, "%12s%12s%6d%25s%12s\n",
                duration_text(copy, sizeof copy, field_int(table, "copy_ms")),
                duration_text(index, sizeof index, field_int(table, "index_ms")),
                (int)field_int(table, "parts"),
                count_text(rows, sizeof rows, field_int(table, "rows")),
                size_text(bytes, sizeof bytes, field_int(table, "bytes")));
}

static int64_t sum_of_steps(const json_t *run, const char *key)
{
    size_t index;
    json_t *step;
    int64_t sum = 0;
    json_array_foreach(json_object_get(run, "steps"), index, step)
    {
        sum += field_int(step, key);
    }
    return sum;
}

/* "following", or how far the run itself is. */
static const char *member_state(const json_t *member)
{
    const char *state = field_text(member, "state");
    const json_t *run = json_object_get(member, "run");
    if (strcmp(state, "running") != 0)
        return state;
    if (strcmp(field_text(run, "phase"), "follow") == 0)
        return "following";
    return strcmp(field_text(json_object_get(run, "back"), "state"), "open") == 0 ? "going back"
                                                                                  : state;
}

static void add_lag(struct strbuf *text, const json_t *member)
{
    char lag[32];
    const json_t *position = json_object_get(json_object_get(member, "run"), "position");
    if (strcmp(member_state(member), "following") == 0)
        strbuf_addf(text, "%12s", size_text(lag, sizeof lag, field_int(position, "lag_bytes")));
    strbuf_add(text, "\n");
}

static void add_member(struct strbuf *text, const json_t *member)
{
    char size[32], rows[32] = "", bytes[32] = "", time[32] = "";
    const json_t *run = json_object_get(member, "run");
    bool roles = json_is_true(json_object_get(member, "roles"));
    if (json_is_object(run)) {
        count_text(rows, sizeof rows, sum_of_steps(run, "rows"));
        size_text(bytes, sizeof bytes, sum_of_steps(run, "bytes"));
        duration_text(time, sizeof time, field_int(run, "duration_ms"));
    }
    size_text(size, sizeof size, field_int(member, "bytes"));
    add_padded(text, field_text(member, "name"), 36);
    strbuf_addf(text, "%12s%12s%16s%12s%12s", member_state(member), roles ? "" : size, rows, bytes,
                time);
    add_lag(text, member);
}

static void add_members(struct strbuf *text, const json_t *status)
{
    size_t index;
    json_t *member;
    char total[32];
    bool follow = strcmp(field_text(status, "mode"), "follow") == 0;
    strbuf_addf(text, "%-36s%12s%12s%16s%12s%12s%s\n", "Database", "state", "size", "rows", "moved",
                "time", follow ? "      behind" : "");
    json_array_foreach(json_object_get(status, "members"), index, member)
    {
        add_member(text, member);
    }
    strbuf_addf(text, "%-36s%64s\n", "Total",
                duration_text(total, sizeof total, field_int(status, "duration_ms")));
}

void status_add_summary(struct strbuf *text, const json_t *status)
{
    size_t index;
    json_t *entry;
    char total[32];
    if (json_object_get(status, "members") != NULL) {
        add_members(text, status);
        return;
    }
    strbuf_addf(text, "%-36s%12s%12s%6s%9s%16s%12s\n", "Step", "wall", "cumulative", "jobs",
                "items", "rows", "moved");
    json_array_foreach(json_object_get(status, "steps"), index, entry)
    {
        if (field_int(entry, "done") > 0)
            add_step(text, entry);
    }
    strbuf_addf(text, "%-36s%12s\n", "Total",
                duration_text(total, sizeof total, field_int(status, "duration_ms")));
    if (json_array_size(json_object_get(status, "slowest_tables")) == 0)
        return;
    strbuf_addf(text, "\n%-36s%12s%12s%6s%25s%12s\n", "Slowest tables", "copy", "indexes", "parts",
                "rows", "moved");
    json_array_foreach(json_object_get(status, "slowest_tables"), index, entry)
    {
        add_table(text, entry);
    }
}

static void add_running(struct strbuf *text, const json_t *status)
{
    size_t index;
    json_t *item;
    char moved[32], bytes[32], time[32];
    json_array_foreach(json_object_get(status, "running"), index, item)
    {
        strbuf_addf(text, "  %s %d: %s", field_text(item, "role"), (int)field_int(item, "number"),
                    field_text(item, "kind"));
        strbuf_add(text, field_text(item, "name")[0] == '\0' ? "" : " ");
        strbuf_add_shown(text, field_text(item, "name"));
        if (field_int(item, "moved") > 0)
            strbuf_addf(text, ", %s of about %s",
                        size_text(moved, sizeof moved, field_int(item, "moved")),
                        size_text(bytes, sizeof bytes, field_int(item, "bytes")));
        if (field_text(item, "note")[0] != '\0')
            strbuf_addf(text, ", %s", field_text(item, "note"));
        strbuf_addf(text, ", %s\n",
                    duration_text(time, sizeof time, field_int(item, "running_ms")));
    }
}

static void add_progress(struct strbuf *text, const json_t *status)
{
    const json_t *p = json_object_get(status, "progress");
    struct progress_numbers n = {
        .tables = field_int(p, "tables"),
        .tables_done = field_int(p, "tables_done"),
        .indexes = field_int(p, "indexes"),
        .indexes_done = field_int(p, "indexes_done"),
        .keys = field_int(p, "keys"),
        .keys_done = field_int(p, "keys_done"),
        .bytes = field_int(p, "bytes"),
        .bytes_done = field_int(p, "bytes_moved"),
    };
    if (n.tables == 0)
        return;
    strbuf_addf(text, "%-10s", "progress");
    progress_add_line(text, &n);
    strbuf_add(text, "\n");
}

/* "tables    3 queued, 2 copying, 5 done, 0 failed" */
static void add_tables(struct strbuf *text, const json_t *status)
{
    static const char *const states[] = {"queued", "copying", "done", "failed"};
    const json_t *tables = json_object_get(status, "tables");
    char number[32];
    if (field_int(tables, "total") == 0)
        return;
    strbuf_addf(text, "%-10s", "tables");
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        strbuf_addf(text, "%s%s %s", i == 0 ? "" : ", ",
                    count_text(number, sizeof number, field_int(tables, states[i])), states[i]);
    strbuf_add(text, "\n");
}

static void add_built(struct strbuf *text, const json_t *status)
{
    static const char *const kinds[][2] = {{"indexes", "indexes_done"},
                                           {"constraints", "constraints_done"},
                                           {"analyze", "analyze_done"}};
    const json_t *progress = json_object_get(status, "progress");
    const char *comma = "";
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char done[32], all[32];
        if (field_int(progress, kinds[i][0]) == 0)
            continue;
        if (*comma == '\0')
            strbuf_addf(text, "%-10s", "built");
        strbuf_addf(text, "%s%s %s of %s", comma, kinds[i][0],
                    count_text(done, sizeof done, field_int(progress, kinds[i][1])),
                    count_text(all, sizeof all, field_int(progress, kinds[i][0])));
        comma = ", ";
    }
    if (*comma != '\0')
        strbuf_add(text, "\n");
}

static void add_rows(struct strbuf *text, const json_t *status)
{
    const json_t *progress = json_object_get(status, "progress");
    char done[32], all[32];
    if (field_int(progress, "rows") == 0)
        return;
    strbuf_addf(text, "%-10s%s of about %s, of finished tables and parts\n", "rows",
                count_text(done, sizeof done, field_int(progress, "rows_done")),
                count_text(all, sizeof all, field_int(progress, "rows")));
}

static double real_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static void add_rates(struct strbuf *text, const json_t *status)
{
    const json_t *rates = json_object_get(status, "rates");
    char a[32], b[32];
    if (!json_is_object(rates))
        return;
    if (field_int(rates, "bytes") > 0 || real_of(rates, "rows") > 0)
        strbuf_addf(text, "%-10s%s and %s rows a second\n", "copied",
                    size_text(a, sizeof a, field_int(rates, "bytes")),
                    count_text(b, sizeof b, (int64_t)real_of(rates, "rows")));
    if (strcmp(field_text(status, "phase"), "follow") != 0)
        return;
    strbuf_addf(text, "%-10s%.1f transactions, %.1f inserts, %.1f updates, %.1f deletes a second\n",
                "applied", real_of(rates, "transactions"), real_of(rates, "inserts"),
                real_of(rates, "updates"), real_of(rates, "deletes"));
    strbuf_addf(text, "%-10s%s received, %s applied a second\n", "stream",
                size_text(a, sizeof a, field_int(rates, "received")),
                size_text(b, sizeof b, field_int(rates, "applied")));
}

static void add_eta(struct strbuf *text, const json_t *status)
{
    char left[32];
    const json_t *eta = json_object_get(status, "eta");
    if (json_is_object(eta))
        strbuf_addf(text, "%-10sabout %s: %s\n", "left",
                    duration_text(left, sizeof left, field_int(eta, "ms")),
                    field_text(eta, "basis"));
}

/* What is known only of a run that goes on, or that follows. */
static void add_pulse(struct strbuf *text, const json_t *status)
{
    char size[32], free[32];
    const json_t *spool = json_object_get(status, "spool");
    add_tables(text, status);
    add_rows(text, status);
    add_built(text, status);
    add_rates(text, status);
    add_eta(text, status);
    if (json_is_object(json_object_get(status, "position")))
        status_add_position(text, json_object_get(status, "position"));
    if (json_is_object(spool))
        strbuf_addf(text, "%-10s%s; the disk has %s left\n", "spool",
                    size_text(size, sizeof size, field_int(spool, "bytes")),
                    size_text(free, sizeof free, field_int(spool, "disk_free")));
    add_field(text, "waits for", field_text(json_object_get(status, "waits_for"), "sentence"));
}

void status_add_position(struct strbuf *text, const json_t *position)
{
    static const char *const fields[] = {"slot",    "plugin",  "received", "durable",
                                         "applied", "flushed", "end",      "last_commit"};
    char lag[32], changes[32];
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        add_field(text, strcmp(fields[i], "last_commit") == 0 ? "commit" : fields[i],
                  field_text(position, fields[i]));
    strbuf_addf(text, "%-10s%s", "behind",
                size_text(lag, sizeof lag, field_int(position, "lag_bytes")));
    if (json_is_integer(json_object_get(position, "lag_ms")))
        strbuf_addf(text, ", %s", duration_text(lag, sizeof lag, field_int(position, "lag_ms")));
    strbuf_add(text, "\n");
    strbuf_addf(text, "%-10s%s transactions\n", "changes",
                count_text(changes, sizeof changes, field_int(position, "transactions")));
    if (*field_text(position, "slot_at") != '\0')
        strbuf_addf(text, "%-10s%s for the slot%s%s\n", "wal",
                    size_text(lag, sizeof lag, field_int(position, "slot_keeps")),
                    *field_text(position, "slot_state") == '\0' ? "" : ", ",
                    field_text(position, "slot_state"));
}

static void add_events(struct strbuf *text, const json_t *status)
{
    size_t index;
    json_t *event;
    const json_t *counts = json_object_get(status, "counts");
    if (field_int(counts, "errors") + field_int(counts, "warnings") > 0)
        strbuf_addf(text, "%-10s%d errors, %d warnings\n", "told", (int)field_int(counts, "errors"),
                    (int)field_int(counts, "warnings"));
    json_array_foreach(json_object_get(status, "events"), index, event)
    {
        strbuf_addf(text, "%s %s: ", field_text(event, "at"), field_text(event, "level"));
        strbuf_add_shown(text, field_text(event, "text"));
        strbuf_add(text, "\n");
    }
}

static void add_back(struct strbuf *text, const json_t *back)
{
    if (json_is_object(back))
        strbuf_addf(text, "%-10s%s: pghaul status --dir %s\n", "way back",
                    field_text(back, "state"), field_text(back, "directory"));
}

static void add_cutover(struct strbuf *text, const json_t *cutover)
{
    const json_t *steps = json_object_get(cutover, "steps");
    const json_t *last = json_array_get(steps, json_array_size(steps) - 1);
    if (!json_is_object(cutover))
        return;
    strbuf_addf(text, "%-10s%s, %s", "cutover", field_text(cutover, "kind"),
                field_text(cutover, "state"));
    if (json_is_object(last) && json_is_null(json_object_get(last, "ms")))
        strbuf_addf(text, ", step %s", field_text(last, "step"));
    if (json_is_integer(json_object_get(cutover, "downtime_ms")))
        strbuf_addf(text, ": ready %lld ms after the source was frozen",
                    (long long)field_int(cutover, "downtime_ms"));
    if (*field_text(cutover, "fault") != '\0') {
        strbuf_add(text, ": ");
        strbuf_add_shown(text, field_text(cutover, "fault"));
    }
    strbuf_add(text, "\n");
}

void status_add_text(struct strbuf *text, const json_t *status)
{
    char duration[32];
    const json_t *fault = json_object_get(status, "fault");
    add_field(text, "run", field_text(status, "name"));
    add_field(text, "mode", field_text(status, "mode"));
    strbuf_addf(text, "%-10s%s, %s", "state", field_text(status, "state"),
                field_text(status, "sentence"));
    if (field_text(status, "substate_sentence")[0] != '\0' &&
        strcmp(field_text(status, "substate_sentence"), field_text(status, "sentence")) != 0)
        strbuf_addf(text, ": %s", field_text(status, "substate_sentence"));
    strbuf_add(text, "\n");
    if (json_is_true(json_object_get(status, "paused")))
        strbuf_addf(text, "%-10ssince %s, until pghaul resume\n", "paused",
                    field_text(status, "paused_since"));
    add_field(text, "source", field_text(status, "source"));
    add_field(text, "target", field_text(status, "target"));
    add_field(text, "directory", field_text(status, "directory"));
    add_back(text, json_object_get(status, "back"));
    add_cutover(text, json_object_get(status, "cutover"));
    add_field(text, "started", field_text(status, "started"));
    add_field(text, "ended", field_text(status, "ended"));
    add_field(text, "duration",
              duration_text(duration, sizeof duration, field_int(status, "duration_ms")));
    add_progress(text, status);
    add_pulse(text, status);
    add_running(text, status);
    if (json_is_object(fault)) {
        strbuf_addf(text, "%-10sPGH-%04d: ", "fault", (int)field_int(fault, "id"));
        strbuf_add_shown(text, field_text(fault, "text"));
        strbuf_add(text, "\n");
        add_field(text, "hint", field_text(fault, "hint"));
    }
    add_events(text, status);
    strbuf_add(text, "\n");
    status_add_summary(text, status);
}
