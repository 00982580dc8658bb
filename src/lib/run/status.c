/*
 * status.c - a picture of a run, collected once as JSON and shown from that.
 */
#include "run/status.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "base/size.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "catalog/members.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "run/phases.h"
#include "run/progress.h"
#include "run/workdir.h"

#include <inttypes.h>
#include <jansson.h>

enum { SLOWEST = 10, ERRORS_SHOWN = 20 };

static void drop_json(json_t **json)
{
    json_decref(*json);
    *json = NULL;
}

json_t *status_json_text(const char *text)
{
    json_t *json = json_string(text);
    if (json != NULL)
        return json;
    scoped(drop_strbuf) struct strbuf shown = STRBUF_EMPTY;
    strbuf_add_shown(&shown, text);
    return json_string(strbuf_text(&shown));
}

static void set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, text[0] == '\0' ? json_null() : status_json_text(text));
}

static void set_int(json_t *object, const char *key, int64_t value)
{
    json_object_set_new(object, key, json_integer(value));
}

static void set_time(json_t *object, const char *key, int64_t utc_us)
{
    char text[CLOCK_TEXT];
    set_text(object, key, utc_us == 0 ? "" : clock_text(text, utc_us));
}

/* ---- collecting ---- */

static void set_step(json_t *step, const struct stmt *row)
{
    enum work_kind kind;
    set_text(step, "kind", stmt_text(row, 0));
    if (work_kind_parse(stmt_text(row, 0), &kind))
        set_text(step, "sentence", work_kind_sentence(kind));
    set_int(step, "items", stmt_int(row, 1));
    set_int(step, "done", stmt_int(row, 2));
    set_int(step, "running", stmt_int(row, 3));
    set_int(step, "rows", stmt_int(row, 6));
    set_int(step, "bytes", stmt_int(row, 7));
    int64_t begun = stmt_int(row, 8), ended = stmt_int(row, 9);
    set_int(step, "wall_ms", ended > begun ? (ended - begun) / 1000 : 0);
    set_int(step, "cumulative_ms", stmt_int(row, 10) / 1000);
}

static bool on_step(void *arg, const struct stmt *row, struct fault *why)
{
    json_t *step = json_object();
    (void)why;
    set_step(step, row);
    json_array_append_new(arg, step);
    return true;
}

/* A statement of its own for each step, since they may not be nested in the list's. */
static bool add_concurrency(struct db *db, json_t *steps, struct fault *why)
{
    size_t index;
    json_t *step;
    json_array_foreach(steps, index, step)
    {
        int64_t most;
        if (!db_int(db, why, &most, 0, SQL_WORK_CONCURRENCY, "s",
                    json_string_value(json_object_get(step, "kind"))))
            return false;
        set_int(step, "concurrency", most);
    }
    return true;
}

static bool on_running(void *arg, const struct stmt *row, struct fault *why)
{
    json_t *item = json_object();
    (void)why;
    set_text(item, "kind", stmt_text(row, 1));
    set_text(item, "name", stmt_text(row, 2));
    set_int(item, "bytes", stmt_int(row, 3));
    set_int(item, "moved", stmt_int(row, 4));
    set_int(item, "running_ms", (clock_utc_us() - stmt_int(row, 5)) / 1000);
    set_text(item, "role", stmt_text(row, 6));
    set_int(item, "number", stmt_int(row, 7));
    set_text(item, "note", stmt_text(row, 8));
    json_array_append_new(arg, item);
    return true;
}

static bool on_table(void *arg, const struct stmt *row, struct fault *why)
{
    json_t *table = json_object();
    (void)why;
    set_text(table, "schema", stmt_text(row, 0));
    set_text(table, "name", stmt_text(row, 1));
    set_int(table, "parts", stmt_int(row, 2));
    set_int(table, "rows", stmt_int(row, 3));
    set_int(table, "bytes", stmt_int(row, 4));
    set_int(table, "copy_ms", stmt_int(row, 5) / 1000);
    set_int(table, "index_ms", stmt_int(row, 6) / 1000);
    json_array_append_new(arg, table);
    return true;
}

static bool on_event(void *arg, const struct stmt *row, struct fault *why)
{
    json_t *event = json_object();
    (void)why;
    set_time(event, "at", stmt_int(row, 0));
    set_text(event, "level", stmt_text(row, 1));
    set_int(event, "fault", stmt_int(row, 2));
    set_text(event, "text", stmt_text(row, 3));
    json_array_append_new(arg, event);
    return true;
}

static json_t *new_list(json_t *object, const char *key)
{
    json_t *list = json_array();
    json_object_set_new(object, key, list);
    return list;
}

static bool collect_events(struct db *db, json_t *list, struct fault *why)
{
    return catalog_list(db, SQL_EVENT_LIST, ERRORS_SHOWN, on_event, list, why);
}

static bool collect_progress(struct db *db, json_t *status, struct fault *why)
{
    struct progress_numbers n;
    if (!progress_read(db, &n, why))
        return false;
    json_t *progress = json_object();
    json_object_set_new(status, "progress", progress);
    set_int(progress, "tables", n.tables);
    set_int(progress, "tables_done", n.tables_done);
    set_int(progress, "indexes", n.indexes);
    set_int(progress, "indexes_done", n.indexes_done);
    set_int(progress, "keys", n.keys);
    set_int(progress, "keys_done", n.keys_done);
    set_int(progress, "bytes", n.bytes);
    set_int(progress, "bytes_done", n.bytes_done);
    return true;
}

static bool collect_snapshot(struct db *db, const struct run *run, json_t *status,
                             struct fault *why)
{
    struct snapshot snapshot;
    bool found = false;
    if (run->snapshot != 0 && !snapshot_get(db, run->snapshot, &snapshot, &found, why))
        return false;
    json_t *json = found ? json_object() : json_null();
    json_object_set_new(status, "snapshot", json);
    if (!found)
        return true;
    set_text(json, "id", snapshot.id);
    set_text(json, "lsn", snapshot.lsn);
    set_text(json, "holder", snapshot_holder_word(snapshot.holder));
    json_object_set_new(json, "ended", json_boolean(snapshot.ended));
    return true;
}

static void set_lsn(json_t *object, const char *key, lsn_t lsn)
{
    char text[LSN_TEXT];
    set_text(object, key, lsn == 0 ? "" : lsn_text(text, lsn));
}

json_t *status_position(const struct position *p)
{
    json_t *json = json_object();
    set_text(json, "slot", p->slot);
    set_text(json, "publication", p->publication);
    set_text(json, "plugin", p->plugin);
    set_text(json, "insert_publication", p->insert_publication);
    set_lsn(json, "consistent", p->consistent);
    set_lsn(json, "received", p->received);
    set_lsn(json, "durable", p->durable);
    set_lsn(json, "applied", p->applied);
    set_lsn(json, "flushed", p->flushed);
    set_lsn(json, "end", p->end);
    if (p->end_now)
        set_text(json, "end", "now");
    set_int(json, "lag_bytes", position_behind(p));
    set_time(json, "received_at", p->received_us);
    set_time(json, "applied_at", p->applied_us);
    set_time(json, "last_commit", p->commit_us);
    set_int(json, "transactions", p->transactions);
    set_int(json, "inserts", p->inserts);
    set_int(json, "updates", p->updates);
    set_int(json, "deletes", p->deletes);
    set_int(json, "truncates", p->truncates);
    set_int(json, "conflicts", p->conflicts);
    set_text(json, "format", p->format);
    set_int(json, "timeline", p->timeline);
    set_text(json, "slot_state", p->slot_state);
    set_int(json, "slot_keeps", p->slot_keeps);
    json_object_set_new(json, "slot_safe",
                        p->slot_safe < 0 ? json_null() : json_integer(p->slot_safe));
    set_time(json, "slot_at", p->slot_us);
    return json;
}

static bool collect_position(struct db *db, json_t *status, struct fault *why)
{
    bool found;
    struct position position;
    if (!position_get(db, &position, &found, why))
        return false;
    if (found)
        set_text(status, "mode", "follow");
    json_object_set_new(status, "position", found ? status_position(&position) : json_null());
    return true;
}

static void collect_run(const struct run *run, const char *dir, json_t *status)
{
    /* The catalog of a supervisor that was killed still says that it runs. */
    bool crashed = strcmp(run->state, "running") == 0 && !workdir_is_locked(dir);
    int64_t until = run->ended_us != 0 ? run->ended_us : clock_utc_us();
    set_int(status, "version", STATUS_VERSION);
    set_text(status, "name", run->name);
    set_text(status, "mode", "offline");
    set_text(status, "directory", dir);
    set_text(status, "state", crashed ? "crashed" : run->state);
    set_text(status, "phase", phase_entry(run->phase)->word);
    set_text(status, "sentence", phase_entry(run->phase)->sentence);
    set_text(status, "source", run->source);
    set_text(status, "target", run->target);
    set_int(status, "source_version", run->source_version);
    set_int(status, "target_version", run->target_version);
    set_text(status, "encoding", run->encoding);
    set_time(status, "created", run->created_us);
    set_time(status, "started", run->started_us);
    set_time(status, "ended", run->ended_us);
    set_int(status, "duration_ms", (until - run->started_us) / 1000);
    set_int(status, "resumes", run->resumes);
    if (run->fault_id == 0) {
        json_object_set_new(status, "fault", json_null());
        return;
    }
    json_t *fault = json_object();
    json_object_set_new(status, "fault", fault);
    set_int(fault, "id", run->fault_id);
    set_text(fault, "text", run->fault_text);
    set_text(fault, "hint", run->fault_hint);
}

/* ---- a run over several databases ---- */

/* It waits until its run is made: somebody may be writing the catalog right now. */
static bool is_unmade(const struct member *member, const struct fault *why)
{
    return strcmp(member->state, "waiting") == 0 &&
           (why->id == FAULT_CATALOG_VERSION || why->id == FAULT_DIR_NO_RUN);
}

static bool collect_member(const struct member *member, const char *dir, json_t *list,
                           struct fault *why)
{
    char path[PATH_MAX], file[PATH_MAX];
    json_t *run = NULL;
    scoped(drop_db) struct db *db = NULL;
    member_path(path, dir, member);
    workdir_path(file, path, "catalog.db");
    if (access(file, F_OK) == 0 &&
        (!catalog_open(&db, file, DB_READ_ONLY, why) || !status_collect(db, path, &run, why)) &&
        !is_unmade(member, why))
        return false;
    json_t *json = json_object();
    json_array_append_new(list, json);
    set_text(json, "name", member->name);
    json_object_set_new(json, "roles", json_boolean(member->roles));
    set_text(json, "state", member->state);
    set_int(json, "bytes", member->bytes);
    set_text(json, "directory", path);
    json_object_set_new(json, "run", run == NULL ? json_null() : run);
    return true;
}

static bool collect_members(struct db *db, const char *dir, json_t *status, struct fault *why)
{
    scoped(drop_members) struct members members = {.list = NULL};
    if (!members_read(db, &members, why))
        return false;
    if (members.count == 0)
        return true;
    json_t *list = new_list(status, "members");
    for (int i = 0; i < members.count; i++)
        if (!collect_member(&members.list[i], dir, list, why))
            return false;
    return true;
}

bool status_collect(struct db *db, const char *dir, json_t **ret_status, struct fault *why)
{
    struct run run;
    bool found;
    if (!run_get(db, &run, &found, why))
        return false;
    if (!found)
        return fault_set(why, FAULT_DIR_NO_RUN, "the catalog in \"%s\" has no run", dir);
    scoped(drop_json) json_t *status = json_object();
    collect_run(&run, dir, status);
    json_t *steps = new_list(status, "steps");
    if (!collect_snapshot(db, &run, status, why) || !collect_position(db, status, why) ||
        !collect_progress(db, status, why) ||
        !catalog_list(db, SQL_WORK_RUNNING, 0, on_running, new_list(status, "running"), why) ||
        !catalog_list(db, SQL_WORK_KINDS, 0, on_step, steps, why) ||
        !add_concurrency(db, steps, why) ||
        !catalog_list(db, SQL_WORK_SLOWEST_TABLES, SLOWEST, on_table,
                      new_list(status, "slowest_tables"), why) ||
        !collect_events(db, new_list(status, "events"), why) ||
        !collect_members(db, dir, status, why))
        return false;
    *ret_status = status;
    status = NULL;
    return true;
}

/* ---- showing ---- */

static int64_t int_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

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
    int length = 0;
    for (const char *at = strbuf_text(&shown); *at != '\0'; at += utf8_length(at))
        length++;
    for (; length < width; length++)
        strbuf_add_char(text, ' ');
}

static void add_step(struct strbuf *text, const json_t *step)
{
    char wall[32], cumulative[32], rows[32] = "", bytes[32] = "";
    int64_t items = int_of(step, "items");
    duration_text(wall, sizeof wall, int_of(step, "wall_ms"));
    duration_text(cumulative, sizeof cumulative, int_of(step, "cumulative_ms"));
    if (int_of(step, "rows") > 0)
        count_text(rows, sizeof rows, int_of(step, "rows"));
    if (int_of(step, "bytes") > 0)
        size_text(bytes, sizeof bytes, int_of(step, "bytes"));
    add_padded(text, text_of(step, "sentence"), 36);
    strbuf_addf(text, "%12s%12s%6d%9" PRId64 "%16s%12s\n", wall, cumulative,
                (int)int_of(step, "concurrency"), items, rows, bytes);
}

static void add_table(struct strbuf *text, const json_t *table)
{
    char copy[32], index[32], rows[32], bytes[32];
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    strbuf_add_name(&name, text_of(table, "schema"), text_of(table, "name"));
    add_padded(text, name.text, 36);
    strbuf_addf(text, "%12s%12s%6d%25s%12s\n",
                duration_text(copy, sizeof copy, int_of(table, "copy_ms")),
                duration_text(index, sizeof index, int_of(table, "index_ms")),
                (int)int_of(table, "parts"), count_text(rows, sizeof rows, int_of(table, "rows")),
                size_text(bytes, sizeof bytes, int_of(table, "bytes")));
}

static int64_t sum_of_steps(const json_t *run, const char *key)
{
    size_t index;
    json_t *step;
    int64_t sum = 0;
    json_array_foreach(json_object_get(run, "steps"), index, step)
    {
        sum += int_of(step, key);
    }
    return sum;
}

static void add_member(struct strbuf *text, const json_t *member)
{
    char size[32], rows[32] = "", bytes[32] = "", time[32] = "";
    const json_t *run = json_object_get(member, "run");
    bool roles = json_is_true(json_object_get(member, "roles"));
    if (json_is_object(run)) {
        count_text(rows, sizeof rows, sum_of_steps(run, "rows"));
        size_text(bytes, sizeof bytes, sum_of_steps(run, "bytes"));
        duration_text(time, sizeof time, int_of(run, "duration_ms"));
    }
    size_text(size, sizeof size, int_of(member, "bytes"));
    add_padded(text, text_of(member, "name"), 36);
    strbuf_addf(text, "%12s%12s%16s%12s%12s\n", text_of(member, "state"), roles ? "" : size, rows,
                bytes, time);
}

static void add_members(struct strbuf *text, const json_t *status)
{
    size_t index;
    json_t *member;
    char total[32];
    strbuf_addf(text, "%-36s%12s%12s%16s%12s%12s\n", "Database", "state", "size", "rows", "moved",
                "time");
    json_array_foreach(json_object_get(status, "members"), index, member)
    {
        add_member(text, member);
    }
    strbuf_addf(text, "%-36s%64s\n", "Total",
                duration_text(total, sizeof total, int_of(status, "duration_ms")));
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
        if (int_of(entry, "done") > 0)
            add_step(text, entry);
    }
    strbuf_addf(text, "%-36s%12s\n", "Total",
                duration_text(total, sizeof total, int_of(status, "duration_ms")));
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
        strbuf_addf(text, "  %s %d: %s ", text_of(item, "role"), (int)int_of(item, "number"),
                    text_of(item, "kind"));
        strbuf_add_shown(text, text_of(item, "name"));
        if (int_of(item, "moved") > 0)
            strbuf_addf(text, ", %s of about %s",
                        size_text(moved, sizeof moved, int_of(item, "moved")),
                        size_text(bytes, sizeof bytes, int_of(item, "bytes")));
        if (text_of(item, "note")[0] != '\0')
            strbuf_addf(text, ", %s", text_of(item, "note"));
        strbuf_addf(text, ", %s\n", duration_text(time, sizeof time, int_of(item, "running_ms")));
    }
}

static void add_progress(struct strbuf *text, const json_t *status)
{
    const json_t *p = json_object_get(status, "progress");
    struct progress_numbers n = {
        .tables = int_of(p, "tables"),
        .tables_done = int_of(p, "tables_done"),
        .indexes = int_of(p, "indexes"),
        .indexes_done = int_of(p, "indexes_done"),
        .keys = int_of(p, "keys"),
        .keys_done = int_of(p, "keys_done"),
        .bytes = int_of(p, "bytes"),
        .bytes_done = int_of(p, "bytes_done"),
    };
    if (n.tables == 0)
        return;
    strbuf_addf(text, "%-10s", "progress");
    progress_add_line(text, &n);
    strbuf_add(text, "\n");
}

void status_add_position(struct strbuf *text, const json_t *position)
{
    static const char *const fields[] = {"slot",    "plugin",  "received", "durable",
                                         "applied", "flushed", "end",      "last_commit"};
    char lag[32], changes[32];
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        add_field(text, strcmp(fields[i], "last_commit") == 0 ? "commit" : fields[i],
                  text_of(position, fields[i]));
    add_field(text, "behind", size_text(lag, sizeof lag, int_of(position, "lag_bytes")));
    strbuf_addf(text, "%-10s%s transactions\n", "changes",
                count_text(changes, sizeof changes, int_of(position, "transactions")));
    if (*text_of(position, "slot_at") != '\0')
        strbuf_addf(text, "%-10s%s for the slot%s%s\n", "wal",
                    size_text(lag, sizeof lag, int_of(position, "slot_keeps")),
                    *text_of(position, "slot_state") == '\0' ? "" : ", ",
                    text_of(position, "slot_state"));
}

static void add_events(struct strbuf *text, const json_t *status)
{
    size_t index;
    json_t *event;
    json_array_foreach(json_object_get(status, "events"), index, event)
    {
        strbuf_addf(text, "%s %s: ", text_of(event, "at"), text_of(event, "level"));
        strbuf_add_shown(text, text_of(event, "text"));
        strbuf_add(text, "\n");
    }
}

void status_add_text(struct strbuf *text, const json_t *status)
{
    char duration[32];
    const json_t *fault = json_object_get(status, "fault");
    add_field(text, "run", text_of(status, "name"));
    strbuf_addf(text, "%-10s%s, %s\n", "state", text_of(status, "state"),
                text_of(status, "sentence"));
    add_field(text, "source", text_of(status, "source"));
    add_field(text, "target", text_of(status, "target"));
    add_field(text, "directory", text_of(status, "directory"));
    add_field(text, "started", text_of(status, "started"));
    add_field(text, "ended", text_of(status, "ended"));
    add_field(text, "duration",
              duration_text(duration, sizeof duration, int_of(status, "duration_ms")));
    add_progress(text, status);
    if (json_is_object(json_object_get(status, "position")))
        status_add_position(text, json_object_get(status, "position"));
    add_running(text, status);
    if (json_is_object(fault)) {
        strbuf_addf(text, "%-10sPGH-%04d: ", "fault", (int)int_of(fault, "id"));
        strbuf_add_shown(text, text_of(fault, "text"));
        strbuf_add(text, "\n");
        add_field(text, "hint", text_of(fault, "hint"));
    }
    add_events(text, status);
    strbuf_add(text, "\n");
    status_add_summary(text, status);
}
