/*
 * notices.c - which events there are between two looks.
 */
#include "show/notices.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "base/size.h"
#include "base/strbuf.h"
#include "show/fields.h"

#include <inttypes.h>
#include <xxhash.h>

struct look {
    struct notices *seen;
    const json_t *status;
    notice_tell *tell;
    void *arg;
};

__attribute__((format(printf, 3, 4))) static void tell(const struct look *look, const char *event,
                                                       const char *format, ...)
{
    char text[1600];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    look->tell(look->arg, event, text);
}

static const char *name_of(const struct look *look)
{
    return field_text(look->status, "name");
}

void notices_know(struct notices *seen, const json_t *status)
{
    seen->begun = true;
    strlcpy(seen->state, field_text(status, "state"), sizeof seen->state);
    strlcpy(seen->phase, field_text(status, "phase"), sizeof seen->phase);
}

static void look_at_state(const struct look *look)
{
    struct notices *seen = look->seen;
    const json_t *status = look->status;
    const char *state = field_text(status, "state"), *phase = field_text(status, "phase");
    const json_t *fault = json_object_get(status, "fault");
    char time[32];
    bool running = strcmp(state, "running") == 0;
    if (!seen->begun && running)
        tell(look, "begun", "run %s has begun: %s", name_of(look), field_text(status, "sentence"));
    else if (running && strcmp(phase, seen->phase) != 0)
        tell(look, "phase", "run %s: %s", name_of(look), field_text(status, "sentence"));
    if (!running && strcmp(state, seen->state) != 0)
        tell(look, "ended", "run %s %s %s, after %s%s%s", name_of(look),
             strcmp(state, "crashed") == 0  ? "has"
             : strcmp(state, "failed") == 0 ? "has"
                                            : "is",
             state, duration_text(time, sizeof time, field_int(status, "duration_ms")),
             json_is_object(fault) ? ": " : "", field_text(fault, "text"));
    notices_know(seen, status);
}

/* Bytes, finished items, notes of the servers about long statements, and what is applied: that more
 * is received does not help. */
static uint64_t hash_moved(const json_t *status)
{
    size_t index;
    json_t *entry;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    const json_t *position = json_object_get(status, "position");
    strbuf_addf(&text, "%s %" PRId64 " %s", field_text(status, "phase"),
                field_int(json_object_get(status, "progress"), "bytes_moved"),
                field_text(position, "applied"));
    int64_t done = 0;
    json_array_foreach(json_object_get(status, "steps"), index, entry)
    {
        done += field_int(entry, "done");
    }
    strbuf_addf(&text, " %" PRId64, done);
    json_array_foreach(json_object_get(status, "running"), index, entry)
    {
        strbuf_addf(&text, " %s %" PRId64, field_text(entry, "note"), field_int(entry, "moved"));
    }
    return XXH3_64bits(text.text, text.length);
}

/* A run that has applied all it received waits for the application, and rightly; one that is
 * paused, for the user. */
static bool is_at_rest(const json_t *status)
{
    return strcmp(field_text(status, "state"), "running") != 0 ||
           strcmp(field_text(status, "substate"), "paused") == 0 ||
           strcmp(field_text(status, "substate"), "caught_up") == 0;
}

static void look_for_stall(const struct look *look, int64_t bound_ms, int64_t now_ms)
{
    struct notices *seen = look->seen;
    char time[32];
    uint64_t moved = hash_moved(look->status);
    if (moved != seen->moved || is_at_rest(look->status)) {
        seen->moved = moved;
        seen->moved_ms = now_ms;
        if (seen->stalled && strcmp(field_text(look->status, "state"), "running") == 0)
            tell(look, "moves", "run %s goes on", name_of(look));
        seen->stalled = false;
        return;
    }
    if (bound_ms == 0 || seen->stalled || now_ms - seen->moved_ms < bound_ms)
        return;
    seen->stalled = true;
    const char *waits = field_text(json_object_get(look->status, "waits_for"), "sentence");
    tell(look, "stall", "run %s has not moved for %s while %s%s%s", name_of(look),
         duration_text(time, sizeof time, now_ms - seen->moved_ms),
         field_text(look->status, "sentence"), *waits == '\0' ? "" : "; it waits for ", waits);
}

static void look_at_lag(const struct look *look, int64_t bound_ms)
{
    struct notices *seen = look->seen;
    char time[32], size[32];
    const json_t *position = json_object_get(look->status, "position");
    int64_t lag = field_int(position, "lag_ms");
    if (bound_ms == 0 || strcmp(field_text(look->status, "phase"), "follow") != 0 ||
        !json_is_integer(json_object_get(position, "lag_ms")))
        return;
    if (!seen->lags && lag > bound_ms)
        tell(look, "lag", "run %s is %s behind (%s of WAL)", name_of(look),
             duration_text(time, sizeof time, lag),
             size_text(size, sizeof size, field_int(position, "lag_bytes")));
    /* Not told again and again where it is just about the bound. */
    if (seen->lags && lag < bound_ms / 2)
        tell(look, "caught_up", "run %s is %s behind again", name_of(look),
             duration_text(time, sizeof time, lag));
    seen->lags = lag > bound_ms || (seen->lags && lag >= bound_ms / 2);
}

/* As the slot's guard has it: less than a quarter of max_slot_wal_keep_size is left. */
static void look_at_slot(const struct look *look)
{
    struct notices *seen = look->seen;
    char keeps[32];
    const json_t *position = json_object_get(look->status, "position");
    const json_t *safe = json_object_get(position, "slot_safe");
    const char *state = field_text(position, "slot_state");
    bool bad = strcmp(state, "unreserved") == 0 || strcmp(state, "lost") == 0;
    bool near = json_is_integer(safe) && *state != '\0' &&
                json_integer_value(safe) < field_int(position, "slot_keeps") / 3;
    if (strcmp(field_text(look->status, "state"), "running") != 0)
        return;
    size_text(keeps, sizeof keeps, field_int(position, "slot_keeps"));
    if ((bad || near) && !seen->endangered)
        tell(look, "slot_danger", "run %s: slot %s is in danger (%s): the source keeps %s for it",
             name_of(look), field_text(position, "slot"), state, keeps);
    if (!bad && !near && seen->endangered)
        tell(look, "slot_safe", "run %s: slot %s is safe again", name_of(look),
             field_text(position, "slot"));
    seen->endangered = bad || near;
}

void notices_look(struct notices *seen, const json_t *status, const struct notice_bounds *bounds,
                  int64_t now_ms, notice_tell *told, void *arg)
{
    const struct look look = {.seen = seen, .status = status, .tell = told, .arg = arg};
    look_at_state(&look);
    look_for_stall(&look, bounds->stall_ms, now_ms);
    look_at_lag(&look, bounds->lag_ms);
    look_at_slot(&look);
}
