/*
 * screen.c - composes the picture: lines of fragments, which go to the next line where the terminal
 * ends.
 */
#include "show/screen.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "base/size.h"
#include "base/text.h"
#include "show/fields.h"

#include <stdarg.h>
#include <string.h>

enum { LABEL = 12, BAR_LEAST = 10, BAR_MOST = 40, LINES_MOST = 200, FRAGMENT = 400 };

enum look { PLAIN, BOLD, DIM, GOOD, WARN, BAD };

static const char *const looks[] = {"", "\033[1m", "\033[2m", "\033[32m", "\033[33m", "\033[31m"};

struct screen {
    const struct screen_size *size;
    struct strbuf *out;
    int lines;   /* begun */
    int columns; /* used of the last one */
    enum look look;
};

/* ---- lines and fragments ---- */

static bool is_full(const struct screen *s)
{
    return s->lines > s->size->rows - 1;
}

static void set_look(struct screen *s, enum look look)
{
    if (s->size->colour && look != s->look)
        strbuf_addf(s->out, "\033[0m%s", looks[look]);
    s->look = look;
}

static void end_line(struct screen *s)
{
    set_look(s, PLAIN);
    if (s->lines > 0 && !is_full(s))
        strbuf_add(s->out, "\033[K\r\n");
}

static void begin_line(struct screen *s)
{
    end_line(s);
    s->lines++;
    s->columns = 0;
}

/* Cut where the terminal ends. */
static void add_cell(struct screen *s, const char *text, enum look look)
{
    if (is_full(s))
        return;
    set_look(s, look);
    s->columns += strbuf_add_cut(s->out, text, strlen(text), s->size->columns - s->columns);
}

__attribute__((format(printf, 3, 4))) static void add(struct screen *s, enum look look,
                                                      const char *format, ...)
{
    char raw[FRAGMENT];
    va_list args;
    scoped(drop_strbuf) struct strbuf shown = STRBUF_EMPTY;
    va_start(args, format);
    vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    strbuf_add_shown(&shown, raw);
    const char *text = strbuf_text(&shown);
    int wide = text_width(text);
    if (s->columns > LABEL && s->columns + 2 + wide > s->size->columns) {
        begin_line(s);
        add_cell(s, "            ", PLAIN);
    } else if (s->columns > LABEL) {
        add_cell(s, "  ", PLAIN);
    }
    add_cell(s, text, look);
}

static void begin(struct screen *s, const char *label)
{
    scoped(drop_strbuf) struct strbuf shown = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf padded = STRBUF_EMPTY;
    begin_line(s);
    strbuf_add_shown(&shown, label);
    strbuf_add_cut(&padded, strbuf_text(&shown), shown.length, LABEL);
    while (padded.length < LABEL)
        strbuf_add_char(&padded, ' ');
    add_cell(s, strbuf_text(&padded), DIM);
}

/* ---- parts of the picture ---- */

static void add_bar(struct screen *s, int64_t done, int64_t all)
{
    char bar[BAR_MOST + 3];
    int width = s->size->columns / 4;
    width = width < BAR_LEAST ? BAR_LEAST : width > BAR_MOST ? BAR_MOST : width;
    double part = all <= 0 ? 1 : (double)done / (double)all;
    int filled = (int)((part > 1 ? 1 : part) * width);
    bar[0] = '[';
    for (int i = 0; i < width; i++)
        bar[i + 1] = i < filled ? '#' : '.';
    bar[width + 1] = ']';
    bar[width + 2] = '\0';
    add(s, filled == width ? GOOD : PLAIN, "%s", bar);
    add(s, PLAIN, "%3d %%", (int)((part > 1 ? 1 : part) * 100));
}

static void add_copy(struct screen *s, const json_t *status)
{
    char a[32], b[32];
    const json_t *p = json_object_get(status, "progress");
    const json_t *rates = json_object_get(status, "rates");
    if (field_int(p, "tables") == 0)
        return;
    begin(s, "rows");
    add_bar(s, field_int(p, "bytes_moved"), field_int(p, "bytes"));
    add(s, PLAIN, "%s of %s", size_text(a, sizeof a, field_int(p, "bytes_moved")),
        size_text(b, sizeof b, field_int(p, "bytes")));
    if (field_int(rates, "bytes") > 0)
        add(s, BOLD, "%s/s", size_text(a, sizeof a, field_int(rates, "bytes")));
    add(s, PLAIN, "%s of about %s rows", count_text(a, sizeof a, field_int(p, "rows_done")),
        count_text(b, sizeof b, field_int(p, "rows")));
    const json_t *t = json_object_get(status, "tables");
    begin(s, "tables");
    add_bar(s, field_int(t, "done"), field_int(t, "total"));
    add(s, PLAIN, "%d of %d", (int)field_int(t, "done"), (int)field_int(t, "total"));
    add(s, PLAIN, "%d queued", (int)field_int(t, "queued"));
    add(s, PLAIN, "%d copying", (int)field_int(t, "copying"));
    if (field_int(t, "failed") > 0)
        add(s, BAD, "%d failed", (int)field_int(t, "failed"));
}

static void add_built(struct screen *s, const json_t *status)
{
    static const char *const kinds[][2] = {{"indexes", "indexes_done"},
                                           {"constraints", "constraints_done"},
                                           {"analyze", "analyze_done"}};
    const json_t *p = json_object_get(status, "progress");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (field_int(p, kinds[i][0]) == 0)
            continue;
        begin(s, kinds[i][0]);
        add_bar(s, field_int(p, kinds[i][1]), field_int(p, kinds[i][0]));
        add(s, PLAIN, "%d of %d", (int)field_int(p, kinds[i][1]), (int)field_int(p, kinds[i][0]));
    }
}

static void add_eta(struct screen *s, const json_t *status)
{
    char left[32];
    const json_t *eta = json_object_get(status, "eta");
    if (!json_is_object(eta))
        return;
    begin(s, "left");
    add(s, BOLD, "about %s", duration_text(left, sizeof left, field_int(eta, "ms")));
    add(s, DIM, "%s", field_text(eta, "basis"));
}

static void add_places(struct screen *s, const json_t *position)
{
    static const char *const places[] = {"received", "durable", "applied", "end"};
    begin(s, "stream");
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (field_text(position, places[i])[0] != '\0')
            add(s, PLAIN, "%s %s", places[i], field_text(position, places[i]));
}

static void add_applied(struct screen *s, const json_t *status)
{
    static const char *const kinds[] = {"transactions", "inserts", "updates", "deletes"};
    const json_t *rates = json_object_get(status, "rates");
    char a[32];
    if (!json_is_object(rates) || strcmp(field_text(status, "phase"), "follow") != 0)
        return;
    begin(s, "a second");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        add(s, PLAIN, "%.1f %s", json_number_value(json_object_get(rates, kinds[i])), kinds[i]);
    add(s, PLAIN, "%s received", size_text(a, sizeof a, field_int(rates, "received")));
    add(s, PLAIN, "%s applied", size_text(a, sizeof a, field_int(rates, "applied")));
}

static void add_stream(struct screen *s, const json_t *status)
{
    char a[32];
    const json_t *position = json_object_get(status, "position");
    const json_t *spool = json_object_get(status, "spool");
    if (!json_is_object(position))
        return;
    begin(s, "behind");
    add(s, BOLD, "%s", size_text(a, sizeof a, field_int(position, "lag_bytes")));
    if (json_is_integer(json_object_get(position, "lag_ms")))
        add(s, BOLD, "%s", duration_text(a, sizeof a, field_int(position, "lag_ms")));
    add_places(s, position);
    add_applied(s, status);
    begin(s, "slot");
    const char *state = field_text(position, "slot_state");
    bool sound = strcmp(state, "reserved") == 0 || strcmp(state, "extended") == 0;
    add(s, PLAIN, "%s", field_text(position, "slot"));
    add(s, sound || *state == '\0' ? GOOD : BAD, "%s", *state == '\0' ? "" : state);
    add(s, PLAIN, "keeps %s", size_text(a, sizeof a, field_int(position, "slot_keeps")));
    if (json_is_object(spool)) {
        begin(s, "spool");
        add(s, PLAIN, "%s", size_text(a, sizeof a, field_int(spool, "bytes")));
        add(s, PLAIN, "disk has %s left", size_text(a, sizeof a, field_int(spool, "disk_free")));
    }
}

static void add_workers(struct screen *s, const json_t *status)
{
    size_t index;
    json_t *item;
    char a[32], b[32];
    json_array_foreach(json_object_get(status, "running"), index, item)
    {
        char label[32];
        snprintf(label, sizeof label, "%s %d", field_text(item, "role"),
                 (int)field_int(item, "number"));
        begin(s, label);
        const char *name = field_text(item, "name");
        add(s, PLAIN, "%s%s%s", field_text(item, "kind"), *name == '\0' ? "" : " ", name);
        if (field_int(item, "moved") > 0)
            add(s, PLAIN, "%s of about %s", size_text(a, sizeof a, field_int(item, "moved")),
                size_text(b, sizeof b, field_int(item, "bytes")));
        if (field_text(item, "note")[0] != '\0')
            add(s, BOLD, "%s", field_text(item, "note"));
        add(s, DIM, "%s", duration_text(a, sizeof a, field_int(item, "running_ms")));
    }
}

static void add_members(struct screen *s, const json_t *status)
{
    size_t index;
    json_t *member;
    json_array_foreach(json_object_get(status, "members"), index, member)
    {
        const char *state = field_text(member, "state");
        const json_t *run = json_object_get(member, "run");
        const json_t *p = json_object_get(run, "progress");
        begin(s, field_text(member, "name"));
        add(s,
            strcmp(state, "failed") == 0 ? BAD
            : strcmp(state, "done") == 0 ? GOOD
                                         : PLAIN,
            "%-8s", state);
        if (field_int(p, "tables") > 0)
            add_bar(s, field_int(p, "bytes_moved"), field_int(p, "bytes"));
        if (strcmp(state, "running") == 0)
            add(s, PLAIN, "%s", field_text(run, "sentence"));
    }
}

static void add_told(struct screen *s, const json_t *status)
{
    size_t index;
    json_t *event;
    const json_t *fault = json_object_get(status, "fault");
    if (json_is_object(fault)) {
        begin(s, "fault");
        add(s, BAD, "PGH-%04d: %s", (int)field_int(fault, "id"), field_text(fault, "text"));
    }
    json_array_foreach(json_object_get(status, "events"), index, event)
    {
        bool error = strcmp(field_text(event, "level"), "error") == 0;
        begin(s, field_text(event, "level"));
        add(s, DIM, "%.8s",
            strlen(field_text(event, "at")) > 11 ? field_text(event, "at") + 11 : "");
        add(s, error ? BAD : WARN, "%s", field_text(event, "text"));
    }
}

static void add_head(struct screen *s, const json_t *status)
{
    char time[32];
    const char *state = field_text(status, "state");
    bool bad = strcmp(state, "failed") == 0 || strcmp(state, "crashed") == 0;
    begin(s, "run");
    add(s, BOLD, "%s", field_text(status, "name"));
    add(s, PLAIN, "%s", field_text(status, "mode"));
    add(s, bad ? BAD : GOOD, "%s", state);
    add(s, PLAIN, "%s", duration_text(time, sizeof time, field_int(status, "duration_ms")));
    begin(s, "phase");
    add(s, BOLD, "%s", field_text(status, "sentence"));
    if (field_text(status, "substate_sentence")[0] != '\0')
        add(s, PLAIN, "%s", field_text(status, "substate_sentence"));
    begin(s, "from, to");
    add(s, PLAIN, "%s", field_text(status, "source"));
    add(s, PLAIN, "%s", field_text(status, "target"));
    const json_t *waits = json_object_get(status, "waits_for");
    if (json_is_object(waits)) {
        bool lock = strcmp(field_text(waits, "what"), "lock") == 0;
        begin(s, "waits for");
        add(s, lock ? WARN : PLAIN, "%s", field_text(waits, "sentence"));
    }
}

void screen_compose(struct strbuf *out, const json_t *status, const struct screen_size *size)
{
    struct screen s = {.size = size, .out = out};
    strbuf_add(out, "\033[H");
    add_head(&s, status);
    add_eta(&s, status);
    /* What goes on comes first: the terminal may be low. */
    bool follows = strcmp(field_text(status, "phase"), "follow") == 0;
    if (follows)
        add_stream(&s, status);
    add_copy(&s, status);
    add_built(&s, status);
    if (!follows)
        add_stream(&s, status);
    add_members(&s, status);
    add_workers(&s, status);
    add_told(&s, status);
    end_line(&s);
    set_look(&s, PLAIN);
    strbuf_add(out, "\033[J");
    /* The last row, whatever there is above it. */
    strbuf_addf(out, "\033[%d;1H", size->rows);
    s.columns = 0;
    s.lines = 0;
    add_cell(&s, "q ends this look; the run goes on", DIM);
    set_look(&s, PLAIN);
    strbuf_add(out, "\033[K");
}

void screen_add_line(struct strbuf *text, const json_t *status)
{
    char a[32], b[32];
    const json_t *p = json_object_get(status, "progress");
    const json_t *position = json_object_get(status, "position");
    strbuf_addf(text, "%s, %s", field_text(status, "state"), field_text(status, "sentence"));
    if (strcmp(field_text(status, "substate"), "paused") == 0)
        strbuf_add(text, ", paused");
    if (strcmp(field_text(status, "phase"), "follow") == 0)
        strbuf_addf(text, ": %s behind, %s transactions",
                    size_text(a, sizeof a, field_int(position, "lag_bytes")),
                    count_text(b, sizeof b, field_int(position, "transactions")));
    else if (field_int(p, "tables") > 0)
        strbuf_addf(text, ": %s of %s, tables %d/%d, indexes %d/%d",
                    size_text(a, sizeof a, field_int(p, "bytes_moved")),
                    size_text(b, sizeof b, field_int(p, "bytes")), (int)field_int(p, "tables_done"),
                    (int)field_int(p, "tables"), (int)field_int(p, "indexes_done"),
                    (int)field_int(p, "indexes"));
    const json_t *eta = json_object_get(status, "eta");
    if (json_is_object(eta))
        strbuf_addf(text, ", about %s left", duration_text(a, sizeof a, field_int(eta, "ms")));
    const json_t *waits = json_object_get(status, "waits_for");
    if (json_is_object(waits)) {
        strbuf_add(text, ", waits for ");
        strbuf_add_shown(text, field_text(waits, "sentence"));
    }
}
