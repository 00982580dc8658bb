#include "show/metrics.h"

#include "base/lsn.h"
#include "base/scoped.h"
#include "show/fields.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

struct writer {
    struct strbuf *text;
    const char *family;
    const char *database; /* the member whose run this is; NULL: the run is one database's */
    const char *run;
};

/* ---- samples ---- */

static void add_value_of_label(struct strbuf *text, const char *value)
{
    for (; *value != '\0'; value++)
        if (*value == '\n')
            strbuf_add(text, "\\n");
        else if (*value == '\\' || *value == '"')
            strbuf_addf(text, "\\%c", *value);
        else
            strbuf_add_char(text, *value);
}

static void add_label(struct writer *w, const char *comma, const char *name, const char *value)
{
    strbuf_addf(w->text, "%s%s=\"", comma, name);
    add_value_of_label(w->text, value);
    strbuf_add(w->text, "\"");
}

/* `labels`: pairs of name and value, ended by NULL; may be NULL. */
static void add_number(struct writer *w, const char *const *labels, const char *number)
{
    strbuf_addf(w->text, "%s{", w->family);
    add_label(w, "", "run", w->run);
    if (w->database != NULL)
        add_label(w, ",", "database", w->database);
    for (; labels != NULL && labels[0] != NULL; labels += 2)
        add_label(w, ",", labels[0], labels[1]);
    strbuf_addf(w->text, "} %s\n", number);
}

static void add_int(struct writer *w, const char *const *labels, int64_t value)
{
    char number[32];
    snprintf(number, sizeof number, "%" PRId64, value);
    add_number(w, labels, number);
}

static void add_ms(struct writer *w, const char *const *labels, int64_t ms)
{
    char number[32];
    snprintf(number, sizeof number, "%" PRId64 ".%03d", ms / 1000, (int)(ms % 1000));
    add_number(w, labels, number);
}

static void add_field_int(struct writer *w, const char *const *labels, const json_t *object,
                          const char *key)
{
    if (json_is_integer(json_object_get(object, key)))
        add_int(w, labels, field_int(object, key));
}

/* 1 for the state that it is in, 0 for the others; no sample when it is in none. */
static void add_states(struct writer *w, const char *label, const char *const *states,
                       const char *now)
{
    for (; *now != '\0' && *states != NULL; states++) {
        const char *const labels[] = {label, *states, NULL};
        add_int(w, labels, strcmp(*states, now) == 0);
    }
}

/* ---- families ---- */

static void add_info(struct writer *w, const json_t *run)
{
    const char *const labels[] = {
        "mode",   field_text(run, "mode"),   "source", field_text(run, "source"),
        "target", field_text(run, "target"), NULL};
    add_int(w, labels, 1);
}

static void add_run_state(struct writer *w, const json_t *run)
{
    static const char *const states[] = {"running", "done",      "failed", "stopped",
                                         "crashed", "cancelled", NULL};
    add_states(w, "state", states, field_text(run, "state"));
}

static void add_phase(struct writer *w, const json_t *run)
{
    static const char *const phases[] = {"new",     "plan",   "schema", "copy", "post",
                                         "refresh", "follow", "close",  "done", NULL};
    add_states(w, "phase", phases, field_text(run, "phase"));
}

static void add_started(struct writer *w, const json_t *run)
{
    struct tm at = {.tm_year = 0};
    if (strptime(field_text(run, "started"), "%Y-%m-%dT%H:%M:%S", &at) != NULL)
        add_int(w, NULL, (int64_t)timegm(&at));
}

static void add_duration(struct writer *w, const json_t *run)
{
    add_ms(w, NULL, field_int(run, "duration_ms"));
}

static void add_tables(struct writer *w, const json_t *run)
{
    static const char *const states[] = {"queued", "copying", "done", "failed"};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        const char *const labels[] = {"state", states[i], NULL};
        add_field_int(w, labels, json_object_get(run, "tables"), states[i]);
    }
}

static void add_items(struct writer *w, const json_t *run)
{
    size_t index;
    json_t *step;
    json_array_foreach(json_object_get(run, "steps"), index, step)
    {
        const char *kind = field_text(step, "kind");
        int64_t done = field_int(step, "done"), running = field_int(step, "running");
        const char *const labels[][5] = {{"kind", kind, "state", "done", NULL},
                                         {"kind", kind, "state", "running", NULL},
                                         {"kind", kind, "state", "waiting", NULL}};
        add_int(w, labels[0], done);
        add_int(w, labels[1], running);
        add_int(w, labels[2], field_int(step, "items") - done - running);
    }
}

static void add_eta(struct writer *w, const json_t *run)
{
    const json_t *eta = json_object_get(run, "eta");
    if (json_is_object(eta))
        add_ms(w, NULL, field_int(eta, "ms"));
}

static void add_lag_seconds(struct writer *w, const json_t *run)
{
    const json_t *lag = json_object_get(json_object_get(run, "position"), "lag_ms");
    if (json_is_integer(lag))
        add_ms(w, NULL, json_integer_value(lag));
}

static void add_rows(struct writer *w, const json_t *run)
{
    static const char *const kinds[][2] = {
        {"insert", "inserts"}, {"update", "updates"}, {"delete", "deletes"}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *const labels[] = {"operation", kinds[i][0], NULL};
        add_field_int(w, labels, json_object_get(run, "position"), kinds[i][1]);
    }
}

static void add_places(struct writer *w, const json_t *run)
{
    static const char *const places[] = {"consistent", "received", "durable",   "applied",
                                         "flushed",    "end",      "source_end"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        lsn_t lsn;
        const char *const labels[] = {"place", places[i], NULL};
        if (lsn_parse(field_text(json_object_get(run, "position"), places[i]), &lsn))
            add_int(w, labels, (int64_t)lsn);
    }
}

static void add_slot_state(struct writer *w, const json_t *run)
{
    static const char *const states[] = {"reserved", "extended", "unreserved", "lost", NULL};
    add_states(w, "state", states, field_text(json_object_get(run, "position"), "slot_state"));
}

static void add_waiting(struct writer *w, const json_t *run)
{
    static const char *const reasons[] = {"lock", "source_read", "target_write", "network", "both"};
    size_t index;
    json_t *wait;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        const char *const labels[] = {"reason", reasons[i], NULL};
        int64_t count = 0;
        json_array_foreach(json_object_get(run, "waits"), index, wait)
        {
            count += strcmp(field_text(wait, "for"), reasons[i]) == 0;
        }
        add_int(w, labels, count);
    }
}

static void add_events(struct writer *w, const json_t *run)
{
    static const char *const levels[][2] = {{"error", "errors"}, {"warning", "warnings"}};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        const char *const labels[] = {"level", levels[i][0], NULL};
        add_field_int(w, labels, json_object_get(run, "counts"), levels[i][1]);
    }
}

/* One with `of` and `key` is that number of that object (NULL: of the status itself). */
static const struct family {
    const char *name;
    const char *type;
    const char *help;
    void (*add)(struct writer *w, const json_t *run);
    const char *of;
    const char *key;
} families[] = {
    {"pghaul_run_info", "gauge", "The run: always 1.", add_info, NULL, NULL},
    {"pghaul_run_state", "gauge", "1 for the state that the run is in.", add_run_state, NULL, NULL},
    {"pghaul_run_phase", "gauge", "1 for the phase that the run is in.", add_phase, NULL, NULL},
    {"pghaul_run_start_time_seconds", "gauge",
     "When the run began or was resumed last, since 1970.", add_started, NULL, NULL},
    {"pghaul_run_duration_seconds", "gauge", "Time since then, until the end.", add_duration, NULL,
     NULL},
    {"pghaul_run_resumes_total", "counter", "How often the run was resumed.", NULL, NULL,
     "resumes"},
    {"pghaul_events_total", "counter", "Errors and warnings that were told.", add_events, NULL,
     NULL},
    {"pghaul_tables", "gauge", "Tables of which rows are copied, by state.", add_tables, NULL,
     NULL},
    {"pghaul_work_items", "gauge", "Work items by kind and state.", add_items, NULL, NULL},
    {"pghaul_expected_bytes", "gauge", "Size on the source of the tables that are copied.", NULL,
     "progress", "bytes"},
    {"pghaul_copied_bytes_total", "counter", "Of that, what is copied.", NULL, "progress",
     "bytes_moved"},
    {"pghaul_expected_rows", "gauge", "Rows to copy, as the source's planner estimates.", NULL,
     "progress", "rows"},
    {"pghaul_copied_rows_total", "counter", "Rows of finished tables and parts.", NULL, "progress",
     "rows_done"},
    {"pghaul_eta_seconds", "gauge",
     "Estimate of the time until rows and indexes are there, or what is behind is applied.",
     add_eta, NULL, NULL},
    {"pghaul_workers_waiting", "gauge", "Workers by what they wait for.", add_waiting, NULL, NULL},
    {"pghaul_lag_bytes", "gauge", "WAL of the source that is not applied.", NULL, "position",
     "lag_bytes"},
    {"pghaul_lag_seconds", "gauge", "How old the target is.", add_lag_seconds, NULL, NULL},
    {"pghaul_applied_transactions_total", "counter", "Transactions applied.", NULL, "position",
     "transactions"},
    {"pghaul_applied_rows_total", "counter", "Changes of rows applied.", add_rows, NULL, NULL},
    {"pghaul_applied_truncates_total", "counter", "TRUNCATE of tables applied.", NULL, "position",
     "truncates"},
    {"pghaul_conflicts_total", "counter", "Changes that met another row than they should.", NULL,
     "position", "conflicts"},
    {"pghaul_wal_position_bytes", "gauge", "Places in the source's WAL, as bytes since its start.",
     add_places, NULL, NULL},
    {"pghaul_slot_state", "gauge", "1 for the state of the slot's WAL.", add_slot_state, NULL,
     NULL},
    {"pghaul_slot_retained_bytes", "gauge", "WAL that the source keeps for the slot.", NULL,
     "position", "slot_keeps"},
    {"pghaul_slot_safe_bytes", "gauge", "WAL that may come until the slot is in danger.", NULL,
     "position", "slot_safe"},
    {"pghaul_spool_bytes", "gauge", "Received changes on our disk.", NULL, "spool", "bytes"},
    {"pghaul_spool_disk_free_bytes", "gauge", "Room that is left on that disk.", NULL, "spool",
     "disk_free"},
};

static void add_samples(struct writer *w, const struct family *family, const json_t *run)
{
    if (family->add != NULL)
        family->add(w, run);
    else
        add_field_int(w, NULL, family->of == NULL ? run : json_object_get(run, family->of),
                      family->key);
}

static void add_family(struct strbuf *text, const struct family *family, const json_t *status)
{
    size_t index;
    json_t *member;
    const json_t *members = json_object_get(status, "members");
    scoped(drop_strbuf) struct strbuf samples = STRBUF_EMPTY;
    struct writer w = {.text = &samples, .family = family->name, .run = field_text(status, "name")};
    if (members == NULL)
        add_samples(&w, family, status);
    json_array_foreach(members, index, member)
    {
        w.database = field_text(member, "name");
        if (json_is_object(json_object_get(member, "run")))
            add_samples(&w, family, json_object_get(member, "run"));
    }
    if (samples.length > 0)
        strbuf_addf(text, "# HELP %s %s\n# TYPE %s %s\n%s", family->name, family->help,
                    family->name, family->type, samples.text);
}

void metrics_add(struct strbuf *text, const json_t *status)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        add_family(text, &families[i], status);
}
