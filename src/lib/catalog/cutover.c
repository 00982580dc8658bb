#include "catalog/cutover.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "catalog/objects.h"
#include "catalog/position.h"
#include "catalog/sql.h"

#include <string.h>

static const char *const kinds[] = {
    [CUTOVER_REAL] = "cutover",
    [CUTOVER_REHEARSAL] = "rehearsal",
    [CUTOVER_DRY_RUN] = "dry run",
};

const char *cutover_kind_word(enum cutover_kind kind)
{
    return kinds[kind];
}

/* ---- asking ---- */

struct asking {
    const struct cutover *wish;
    int64_t id;
};

static bool ask_in_write(struct db *db, void *arg, struct fault *why)
{
    struct asking *asking = arg;
    const struct cutover *wish = asking->wish;
    int64_t other;
    if (!cutover_open(db, &other, why))
        return false;
    if (other != 0)
        return fault_set(why, FAULT_CUTOVER_BUSY, "a cutover of this run is under way already");
    if (!db_run(db, why, SQL_CUTOVER_ASK, "sdidddssi", kinds[wish->kind], (int)wish->freeze,
                wish->max_downtime_ms, (int)wish->verify, (int)wish->leave_open, (int)wish->reverse,
                wish->command, wish->before_command, clock_utc_us()))
        return false;
    asking->id = db_last_id(db);
    return true;
}

bool cutover_ask(struct db *db, const struct cutover *wish, int64_t *ret_id, struct fault *why)
{
    struct asking asking = {.wish = wish};
    if (!db_write(db, ask_in_write, &asking, why))
        return false;
    *ret_id = asking.id;
    return true;
}

/* ---- reading ---- */

bool cutover_open(struct db *db, int64_t *ret_id, struct fault *why)
{
    return db_int(db, why, ret_id, 0, SQL_CUTOVER_OPEN, "");
}

bool cutover_last(struct db *db, int64_t *ret_id, struct fault *why)
{
    return db_int(db, why, ret_id, 0, SQL_CUTOVER_LAST, "");
}

bool cutover_asked(struct db *db, int64_t *ret_id, struct fault *why)
{
    return db_int(db, why, ret_id, 0, SQL_CUTOVER_ASKED, "");
}

bool cutover_handed_over(struct db *db, int64_t *ret_id, struct fault *why)
{
    return db_int(db, why, ret_id, 0, SQL_CUTOVER_HANDED_OVER, "");
}

bool cutover_last_downtime(struct db *db, int64_t *ret_us, struct fault *why)
{
    return db_int(db, why, ret_us, 0, SQL_CUTOVER_LAST_DOWNTIME, "");
}

static enum cutover_kind kind_of(const char *word)
{
    int kind = CUTOVER_REAL;
    while (kind < CUTOVER_DRY_RUN && strcmp(word, kinds[kind]) != 0)
        kind++;
    return (enum cutover_kind)kind;
}

#define COPY_COLUMN(to, row, column) strlcpy(to, stmt_text(row, column), sizeof(to))

bool cutover_get(struct db *db, int64_t id, struct cutover *ret_cutover, struct fault *why)
{
    scoped(drop_stmt) struct stmt *row = db_stmt(db, SQL_CUTOVER_GET, why);
    struct cutover *to = ret_cutover;
    bool found;
    *to = (struct cutover){.id = id};
    if (row == NULL || !stmt_bind(row, why, "i", id) || !stmt_step(row, &found, why))
        return false;
    if (!found)
        return fault_set(why, FAULT_CATALOG, "the catalog has no cutover %lld", (long long)id);
    to->kind = kind_of(stmt_text(row, 1));
    COPY_COLUMN(to->state, row, 2);
    to->freeze = (enum freeze_mode)stmt_int(row, 3);
    to->max_downtime_ms = stmt_int(row, 4);
    to->verify = stmt_int(row, 5) != 0;
    to->leave_open = stmt_int(row, 6) != 0;
    COPY_COLUMN(to->command, row, 7);
    COPY_COLUMN(to->before_command, row, 8);
    to->cancelled = stmt_int(row, 9) != 0;
    if (!lsn_parse(stmt_text(row, 10), &to->end))
        to->end = 0;
    to->asked_us = stmt_int(row, 11);
    to->frozen_us = stmt_int(row, 12);
    to->ready_us = stmt_int(row, 13);
    to->ended_us = stmt_int(row, 14);
    to->fault.id = (int32_t)stmt_int(row, 15);
    COPY_COLUMN(to->fault.text, row, 16);
    COPY_COLUMN(to->fault.detail, row, 17);
    COPY_COLUMN(to->fault.hint, row, 18);
    to->reverse = stmt_int(row, 19) != 0;
    return true;
}

/* ---- its steps ---- */

bool cutover_begin(struct db *db, int64_t id, struct fault *why)
{
    return db_run_one(db, why, SQL_CUTOVER_BEGIN, "ii", clock_utc_us(), id);
}

bool cutover_frozen(struct db *db, int64_t id, struct fault *why)
{
    return db_run_one(db, why, SQL_CUTOVER_FROZEN, "ii", clock_utc_us(), id);
}

bool cutover_ready(struct db *db, int64_t id, struct fault *why)
{
    return db_run_one(db, why, SQL_CUTOVER_READY, "ii", clock_utc_us(), id);
}

bool cutover_cancel(struct db *db, int64_t id, struct fault *why)
{
    return db_run(db, why, SQL_CUTOVER_CANCEL, "i", id);
}

bool cutover_cancelled(struct db *db, bool *ret_cancelled, struct fault *why)
{
    int64_t count;
    if (!db_int(db, why, &count, 0, SQL_CUTOVER_CANCELLED, ""))
        return false;
    *ret_cancelled = count > 0;
    return true;
}

struct handing_over {
    int64_t id;
    lsn_t end;
};

/* Who asked may have cancelled it up to here. */
static bool hand_over_in_write(struct db *db, void *arg, struct fault *why)
{
    const struct handing_over *h = arg;
    struct cutover now;
    char lsn[LSN_TEXT];
    if (!cutover_get(db, h->id, &now, why))
        return false;
    if (now.cancelled)
        return fault_set(why, FAULT_CUTOVER_CANCELLED, "the cutover was cancelled");
    lsn_text(lsn, h->end);
    return db_run_one(db, why, SQL_CUTOVER_HAND_OVER, "sii", lsn, clock_utc_us(), h->id) &&
           position_set_end(db, lsn, why);
}

bool cutover_hand_over(struct db *db, int64_t id, lsn_t end, struct fault *why)
{
    struct handing_over h = {.id = id, .end = end};
    return db_durable(db, true, why) &&
           db_usual(db, db_write(db, hand_over_in_write, &h, why), why);
}

bool cutover_end(struct db *db, int64_t id, const char *state, const struct fault *fault,
                 struct fault *why)
{
    if (fault == NULL)
        return db_run_one(db, why, SQL_CUTOVER_END, "sinnnni", state, clock_utc_us(), id);
    return db_run_one(db, why, SQL_CUTOVER_END, "sidsssi", state, clock_utc_us(), (int)fault->id,
                      fault->text, fault->detail, fault->hint, id);
}

bool cutover_set_command(struct db *db, int64_t id, const char *command, struct fault *why)
{
    return db_run_one(db, why, SQL_CUTOVER_SET_COMMAND, "si", command, id);
}

bool cutover_step_begin(struct db *db, int64_t id, const char *step, struct fault *why)
{
    return db_run(db, why, SQL_CUTOVER_STEP_BEGIN, "isi", id, step, clock_utc_us());
}

bool cutover_step_end(struct db *db, int64_t id, const char *step, const char *note,
                      struct fault *why)
{
    return db_run(db, why, SQL_CUTOVER_STEP_END, "isis", clock_utc_us(), note, id, step);
}

struct step_listing {
    bool (*each)(void *arg, const struct cutover_step *step, struct fault *why);
    void *arg;
};

static bool on_step(void *arg, const struct stmt *row, struct fault *why)
{
    const struct step_listing *listing = arg;
    const struct cutover_step step = {
        .id = stmt_int(row, 0),
        .step = stmt_text(row, 1),
        .begun_us = stmt_int(row, 2),
        .ended_us = stmt_int(row, 3),
        .note = stmt_text(row, 4),
    };
    return listing->each(listing->arg, &step, why);
}

bool cutover_steps(struct db *db, int64_t id,
                   bool (*each)(void *arg, const struct cutover_step *step, struct fault *why),
                   void *arg, struct fault *why)
{
    struct step_listing listing = {each, arg};
    return catalog_list(db, SQL_CUTOVER_STEPS, id, on_step, &listing, why);
}

/* ---- what the source was ---- */

bool frozen_add(struct db *db, const char *kind, const char *name, const char *value,
                struct fault *why)
{
    return db_durable(db, true, why) &&
           db_usual(db, db_run(db, why, SQL_FROZEN_ADD, "sss", kind, name, value), why);
}

bool frozen_any(struct db *db, bool *ret_any, struct fault *why)
{
    int64_t count;
    if (!db_int(db, why, &count, 0, SQL_FROZEN_ANY, ""))
        return false;
    *ret_any = count > 0;
    return true;
}

struct frozen_listing {
    bool (*each)(void *arg, const char *kind, const char *name, const char *value,
                 struct fault *why);
    void *arg;
};

static bool on_frozen(void *arg, const struct stmt *row, struct fault *why)
{
    const struct frozen_listing *listing = arg;
    return listing->each(listing->arg, stmt_text(row, 0), stmt_text(row, 1),
                         stmt_null(row, 2) ? NULL : stmt_text(row, 2), why);
}

bool frozen_list(struct db *db,
                 bool (*each)(void *arg, const char *kind, const char *name, const char *value,
                              struct fault *why),
                 void *arg, struct fault *why)
{
    struct frozen_listing listing = {each, arg};
    return catalog_list(db, SQL_FROZEN_LIST, 0, on_frozen, &listing, why);
}

bool frozen_forget(struct db *db, struct fault *why)
{
    return db_run(db, why, SQL_FROZEN_FORGET, "");
}

bool frozen_forget_kind(struct db *db, const char *kind, struct fault *why)
{
    return db_run(db, why, SQL_FROZEN_FORGET_KIND, "s", kind);
}
