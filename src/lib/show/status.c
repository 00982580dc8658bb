/*
 * status.c - a picture of a run, collected as JSON: all that shows it does so from that.
 */
#include "show/status.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "catalog/catalog.h"
#include "catalog/cutover.h"
#include "catalog/members.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "run/back.h"
#include "run/phases.h"
#include "run/progress.h"
#include "run/workdir.h"
#include "show/fields.h"
#include "show/pulse.h"

enum { SLOWEST = 10, ERRORS_SHOWN = 20, US_PER_MS = 1000 };

/* ---- collecting ---- */

static void set_step(json_t *step, const struct stmt *row)
{
    enum work_kind kind;
    field_set_text(step, "kind", stmt_text(row, 0));
    if (work_kind_parse(stmt_text(row, 0), &kind))
        field_set_text(step, "sentence", work_kind_sentence(kind));
    field_set_int(step, "items", stmt_int(row, 1));
    field_set_int(step, "done", stmt_int(row, 2));
    field_set_int(step, "running", stmt_int(row, 3));
    field_set_int(step, "size", stmt_int(row, 4));
    field_set_int(step, "size_done", stmt_int(row, 5));
    field_set_int(step, "rows", stmt_int(row, 6));
    field_set_int(step, "bytes", stmt_int(row, 7));
    int64_t begun = stmt_int(row, 8), ended = stmt_int(row, 9);
    field_set_int(step, "wall_ms", ended > begun ? (ended - begun) / 1000 : 0);
    field_set_int(step, "cumulative_ms", stmt_int(row, 10) / 1000);
    field_set_int(step, "concurrency", stmt_int(row, 11));
}

static bool on_step(void *arg, const struct stmt *row, struct fault *why)
{
    json_t *step = json_object();
    (void)why;
    set_step(step, row);
    json_array_append_new(arg, step);
    return true;
}

struct field {
    const char *key;
    enum { AS_TEXT, AS_INT, AS_MS, AS_MS_SINCE, AS_TIME } as; /* of microseconds, the last three */
};

static void set_field(json_t *json, const struct field *field, const struct stmt *row, int column)
{
    int64_t value = field->as == AS_TEXT ? 0 : stmt_int(row, column);
    if (field->as == AS_TEXT)
        field_set_text(json, field->key, stmt_text(row, column));
    else if (field->as == AS_TIME)
        field_set_time(json, field->key, value);
    else if (field->as == AS_INT)
        field_set_int(json, field->key, value);
    else
        field_set_int(json, field->key,
                      (field->as == AS_MS_SINCE ? clock_utc_us() - value : value) / 1000);
}

/* A row as an object of the list, its columns as these fields, up to one without a key. */
static bool add_row(json_t *list, const struct field *fields, const struct stmt *row, int column)
{
    json_t *object = json_object();
    for (; fields->key != NULL; fields++, column++)
        set_field(object, fields, row, column);
    json_array_append_new(list, object);
    return true;
}

static bool on_running(void *arg, const struct stmt *row, struct fault *why)
{
    static const struct field fields[] = {
        {"kind", AS_TEXT},  {"name", AS_TEXT},           {"bytes", AS_INT},
        {"moved", AS_INT},  {"running_ms", AS_MS_SINCE}, {"role", AS_TEXT},
        {"number", AS_INT}, {"note", AS_TEXT},           {NULL}};
    (void)why;
    return add_row(arg, fields, row, 1);
}

static bool on_table(void *arg, const struct stmt *row, struct fault *why)
{
    static const struct field fields[] = {
        {"schema", AS_TEXT}, {"name", AS_TEXT},  {"parts", AS_INT},   {"rows", AS_INT},
        {"bytes", AS_INT},   {"copy_ms", AS_MS}, {"index_ms", AS_MS}, {NULL}};
    (void)why;
    return add_row(arg, fields, row, 0);
}

static bool on_event(void *arg, const struct stmt *row, struct fault *why)
{
    static const struct field fields[] = {
        {"at", AS_TIME}, {"level", AS_TEXT}, {"fault", AS_INT}, {"text", AS_TEXT}, {NULL}};
    (void)why;
    return add_row(arg, fields, row, 0);
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
    field_set_int(progress, "tables", n.tables);
    field_set_int(progress, "tables_done", n.tables_done);
    field_set_int(progress, "indexes", n.indexes);
    field_set_int(progress, "indexes_done", n.indexes_done);
    field_set_int(progress, "keys", n.keys);
    field_set_int(progress, "keys_done", n.keys_done);
    field_set_int(progress, "bytes", n.bytes);
    field_set_int(progress, "bytes_done", n.bytes_done);
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
    field_set_text(json, "id", snapshot.id);
    field_set_text(json, "lsn", snapshot.lsn);
    field_set_text(json, "holder", snapshot_holder_word(snapshot.holder));
    json_object_set_new(json, "ended", json_boolean(snapshot.ended));
    return true;
}

json_t *status_position(const struct position *p)
{
    json_t *json = json_object();
    field_set_text(json, "slot", p->slot);
    field_set_text(json, "publication", p->publication);
    field_set_text(json, "plugin", p->plugin);
    field_set_text(json, "insert_publication", p->insert_publication);
    field_set_lsn(json, "consistent", p->consistent);
    field_set_lsn(json, "received", p->received);
    field_set_lsn(json, "durable", p->durable);
    field_set_lsn(json, "applied", p->applied);
    field_set_lsn(json, "flushed", p->flushed);
    field_set_lsn(json, "end", p->end);
    if (p->end_now)
        field_set_text(json, "end", "now");
    field_set_int(json, "lag_bytes", position_behind(p));
    field_set_time(json, "received_at", p->received_us);
    field_set_time(json, "applied_at", p->applied_us);
    field_set_time(json, "last_commit", p->commit_us);
    field_set_int(json, "transactions", p->transactions);
    field_set_int(json, "inserts", p->inserts);
    field_set_int(json, "updates", p->updates);
    field_set_int(json, "deletes", p->deletes);
    field_set_int(json, "truncates", p->truncates);
    field_set_int(json, "conflicts", p->conflicts);
    field_set_text(json, "format", p->format);
    field_set_int(json, "timeline", p->timeline);
    field_set_text(json, "slot_state", p->slot_state);
    field_set_int(json, "slot_keeps", p->slot_keeps);
    json_object_set_new(json, "slot_safe",
                        p->slot_safe < 0 ? json_null() : json_integer(p->slot_safe));
    field_set_time(json, "slot_at", p->slot_us);
    return json;
}

static bool collect_position(struct db *db, json_t *status, struct position *ret_position,
                             bool *ret_found, struct fault *why)
{
    if (!position_get(db, ret_position, ret_found, why))
        return false;
    if (*ret_found)
        field_set_text(status, "mode", "follow");
    json_object_set_new(status, "position",
                        *ret_found ? status_position(ret_position) : json_null());
    return true;
}

static bool collect_back(const char *dir, json_t *status, struct fault *why)
{
    char path[PATH_MAX];
    enum back_state state;
    if (!back_look(dir, &state, why))
        return false;
    json_t *json = state == BACK_NONE ? json_null() : json_object();
    json_object_set_new(status, "back", json);
    if (state == BACK_NONE)
        return true;
    back_path(path, dir);
    field_set_text(json, "directory", path);
    field_set_text(json, "state", back_state_word(state));
    return true;
}

static bool on_cutover_step(void *arg, const struct cutover_step *step, struct fault *why)
{
    json_t *json = json_object();
    (void)why;
    json_array_append_new(arg, json);
    field_set_text(json, "step", step->step);
    field_set_time(json, "begun", step->begun_us);
    json_object_set_new(json, "ms",
                        step->ended_us == 0
                            ? json_null()
                            : json_integer((step->ended_us - step->begun_us) / US_PER_MS));
    field_set_text(json, "note", step->note);
    return true;
}

/* The last one that was asked for. */
static bool collect_cutover(struct db *db, json_t *status, struct fault *why)
{
    struct cutover c;
    int64_t id;
    if (!cutover_last(db, &id, why))
        return false;
    json_t *json = id == 0 ? json_null() : json_object();
    json_object_set_new(status, "cutover", json);
    if (id == 0)
        return true;
    if (!cutover_get(db, id, &c, why))
        return false;
    field_set_text(json, "kind", cutover_kind_word(c.kind));
    field_set_text(json, "state", c.state);
    field_set_time(json, "asked", c.asked_us);
    field_set_time(json, "frozen", c.frozen_us);
    field_set_time(json, "ready", c.ready_us);
    field_set_time(json, "ended", c.ended_us);
    field_set_lsn(json, "lsn", c.end);
    json_object_set_new(json, "downtime_ms",
                        c.ready_us == 0 ? json_null()
                                        : json_integer((c.ready_us - c.frozen_us) / US_PER_MS));
    field_set_text(json, "fault", c.fault.text);
    return cutover_steps(db, id, on_cutover_step, field_new_list(json, "steps"), why);
}

const char *status_run_state(const struct run *run, const char *dir)
{
    bool crashed = strcmp(run->state, "running") == 0 && !workdir_is_locked(dir);
    return crashed ? "crashed" : run->state;
}

static void collect_run(const struct run *run, const char *dir, json_t *status)
{
    int64_t until = run->ended_us != 0 ? run->ended_us : clock_utc_us();
    field_set_int(status, "version", STATUS_VERSION);
    field_set_text(status, "name", run->name);
    field_set_text(status, "mode", "offline");
    field_set_text(status, "directory", dir);
    field_set_text(status, "state", status_run_state(run, dir));
    field_set_text(status, "phase", phase_entry(run->phase)->word);
    field_set_text(status, "sentence", phase_entry(run->phase)->sentence);
    field_set_text(status, "source", run->source);
    field_set_text(status, "target", run->target);
    field_set_int(status, "source_version", run->source_version);
    field_set_int(status, "target_version", run->target_version);
    field_set_text(status, "encoding", run->encoding);
    field_set_time(status, "created", run->created_us);
    field_set_time(status, "started", run->started_us);
    field_set_time(status, "ended", run->ended_us);
    field_set_int(status, "duration_ms", (until - run->started_us) / 1000);
    field_set_int(status, "resumes", run->resumes);
    if (run->fault_id == 0) {
        json_object_set_new(status, "fault", json_null());
        return;
    }
    json_t *fault = json_object();
    json_object_set_new(status, "fault", fault);
    field_set_int(fault, "id", run->fault_id);
    field_set_text(fault, "text", run->fault_text);
    field_set_text(fault, "hint", run->fault_hint);
}

/* ---- a run over several databases ---- */

/* Until its run is made: somebody may be writing the catalog right now. */
static bool is_unmade(const struct member *member, const struct fault *why)
{
    return (strcmp(member->state, "waiting") == 0 || strcmp(member->state, "running") == 0) &&
           (why->id == FAULT_CATALOG_VERSION || why->id == FAULT_DIR_NO_RUN);
}

/* While the whole is supervised, nobody has locked a run of it that is just being made, or whose
 * end is not noted yet. */
static void judge_member(const struct member *member, const json_t *status, json_t *run)
{
    if (strcmp(field_text(status, "state"), "running") == 0 &&
        strcmp(member->state, "running") == 0 && strcmp(field_text(run, "state"), "crashed") == 0)
        field_set_text(run, "state", "running");
}

static bool collect_member(const struct member *member, const char *dir, json_t *status,
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
    judge_member(member, status, run);
    if (strcmp(field_text(run, "mode"), "follow") == 0)
        field_set_text(status, "mode", "follow");
    json_t *json = json_object();
    json_array_append_new(json_object_get(status, "members"), json);
    field_set_text(json, "name", member->name);
    json_object_set_new(json, "roles", json_boolean(member->roles));
    field_set_text(json, "state", member->state);
    field_set_int(json, "bytes", member->bytes);
    field_set_text(json, "directory", path);
    json_object_set_new(json, "run", run == NULL ? json_null() : run);
    return true;
}

static void add_up(json_t *sums, json_t *numbers)
{
    const char *key;
    json_t *value;
    json_object_foreach(numbers, key, value)
    {
        const json_t *sum = json_object_get(sums, key);
        if (strcmp(key, "over_ms") == 0)
            field_set_int(sums, key,
                          json_integer_value(sum) > json_integer_value(value)
                              ? json_integer_value(sum)
                              : json_integer_value(value));
        else if (json_is_integer(value))
            field_set_int(sums, key, json_integer_value(sum) + json_integer_value(value));
        else
            json_object_set_new(sums, key,
                                json_real(json_number_value(sum) + json_real_value(value)));
    }
}

/* What the runs have together, in the places where one of one database has its own. */
static void add_up_members(json_t *status)
{
    static const char *const keys[] = {"progress", "tables", "counts", "rates"};
    size_t index;
    json_t *member;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        json_t *sums = json_object();
        json_array_foreach(json_object_get(status, "members"), index, member)
        {
            add_up(sums, json_object_get(json_object_get(member, "run"), keys[i]));
        }
        if (json_object_size(sums) > 0)
            json_object_set(status, keys[i], sums);
        json_decref(sums);
    }
}

static bool collect_members(struct db *db, const char *dir, json_t *status, struct fault *why)
{
    scoped(drop_members) struct members members = {.list = NULL};
    if (!members_read(db, &members, why))
        return false;
    if (members.count == 0)
        return true;
    field_new_list(status, "members");
    for (int i = 0; i < members.count; i++)
        if (!collect_member(&members.list[i], dir, status, why))
            return false;
    add_up_members(status);
    return true;
}

/* All but the runs that it may consist of. */
static bool collect_one(struct db *db, const char *dir, const struct run *run, json_t *status,
                        struct fault *why)
{
    struct position position;
    bool follows;
    return collect_snapshot(db, run, status, why) &&
           collect_position(db, status, &position, &follows, why) &&
           collect_back(dir, status, why) && collect_cutover(db, status, why) &&
           collect_progress(db, status, why) &&
           catalog_list(db, SQL_WORK_RUNNING, 0, on_running, field_new_list(status, "running"),
                        why) &&
           catalog_list(db, SQL_WORK_KINDS, 0, on_step, field_new_list(status, "steps"), why) &&
           catalog_list(db, SQL_WORK_SLOWEST_TABLES, SLOWEST, on_table,
                        field_new_list(status, "slowest_tables"), why) &&
           collect_events(db, field_new_list(status, "events"), why) &&
           pulse_collect(db, dir, run, follows ? &position : NULL, status, why);
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
    if (!collect_one(db, dir, &run, status, why) || !collect_members(db, dir, status, why))
        return false;
    *ret_status = give(status);
    return true;
}
