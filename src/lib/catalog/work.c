#include "catalog/work.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/sql.h"

static const struct {
    const char *word;
    const char *sentence;
} kinds[WORK_KIND_COUNT] = {
#define K(name, word, sentence) {word, sentence},
    WORK_KINDS(K)
#undef K
};

const char *work_kind_word(enum work_kind kind)
{
    return kinds[kind].word;
}

const char *work_kind_sentence(enum work_kind kind)
{
    return kinds[kind].sentence;
}

bool work_kind_parse(const char *word, enum work_kind *ret_kind)
{
    for (int kind = 0; kind < WORK_KIND_COUNT; kind++)
        if (strcmp(word, kinds[kind].word) == 0) {
            *ret_kind = (enum work_kind)kind;
            return true;
        }
    return false;
}

void drop_work(struct work *work)
{
    free(work->name);
    free(work->low);
    free(work->high);
    memset(work, 0, sizeof *work);
}

bool work_add(struct db *db, const struct work_new *item, struct fault *why)
{
    return db_run(db, why, SQL_WORK_INSERT, "ddsidisiiss", (int)item->stage, (int)item->lane,
                  kinds[item->kind].word, item->object, item->part, item->leaf,
                  item->name == NULL ? "" : item->name, item->priority, item->bytes, item->low,
                  item->high);
}

static char *copy_or_null(const struct stmt *stmt, int column)
{
    return stmt_null(stmt, column) ? NULL : copy_string(stmt_text(stmt, column));
}

bool work_claim(struct db *db, enum lane lane, int64_t most, int64_t owner, struct work *ret_work,
                bool *ret_found, struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_WORK_CLAIM, why);
    FAILPOINT("work.before_claim", why);
    if (stmt == NULL || !stmt_bind(stmt, why, "iidi", owner, clock_utc_us(), (int)lane, most) ||
        !stmt_step(stmt, ret_found, why))
        return false;
    if (!*ret_found)
        return true;

    scoped(drop_work) struct work work = {
        .id = stmt_int(stmt, 0), .epoch = stmt_int(stmt, 1), .lane = lane};
    if (!work_kind_parse(stmt_text(stmt, 2), &work.kind))
        return fault_set(why, FAULT_CATALOG, "catalog has a work item of unknown kind \"%s\"",
                         stmt_text(stmt, 2));
    work.object = stmt_int(stmt, 3);
    work.part = (int)stmt_int(stmt, 4);
    work.name = copy_string(stmt_text(stmt, 5));
    work.bytes = stmt_int(stmt, 6);
    work.low = copy_or_null(stmt, 7);
    work.high = copy_or_null(stmt, 8);
    work.attempts = (int)stmt_int(stmt, 9);
    work.leaf = stmt_int(stmt, 10);

    /* The update is committed, and the write lock free, only at the statement's end. */
    bool more;
    if (!stmt_step(stmt, &more, why))
        return false;
    *ret_work = work;
    memset(&work, 0, sizeof work);
    FAILPOINT("work.after_claim", why);
    return true;
}

struct finish {
    const struct work *work;
    int64_t owner, rows, bytes;
    unsigned lanes;
};

static bool free_waiters(struct db *db, int64_t id, unsigned *ret_lanes, struct fault *why)
{
    if (!db_run(db, why, SQL_WORK_FREE_WAITERS, "i", id))
        return false;
    *ret_lanes = 0;
    if (db_changes(db) == 0)
        return true;
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_WORK_NEWLY_READY, why);
    if (stmt == NULL || !stmt_bind(stmt, why, "i", id))
        return false;
    bool row;
    while (stmt_step(stmt, &row, why)) {
        if (!row)
            return true;
        *ret_lanes |= 1U << stmt_int(stmt, 0);
    }
    return false;
}

static bool finish_in_write(struct db *db, void *arg, struct fault *why)
{
    struct finish *finish = arg;
    return db_run_one(db, why, SQL_WORK_FINISH, "iiiiii", clock_utc_us(), finish->rows,
                      finish->bytes, finish->work->id, finish->owner, finish->work->epoch) &&
           free_waiters(db, finish->work->id, &finish->lanes, why);
}

bool work_finish(struct db *db, const struct work *work, int64_t owner, int64_t rows, int64_t bytes,
                 unsigned *ret_lanes, struct fault *why)
{
    struct finish finish = {.work = work, .owner = owner, .rows = rows, .bytes = bytes};
    if (!db_write(db, finish_in_write, &finish, why))
        return fault_during(why, "finishing %s %s", kinds[work->kind].word, work->name);
    *ret_lanes = finish.lanes;
    return true;
}

struct finding {
    const struct work_found *found;
    int64_t current;
};

static bool found_in_write(struct db *db, void *arg, struct fault *why)
{
    const struct finding *finding = arg;
    const struct work_found *found = finding->found;
    unsigned ignored;
    if (!db_run(db, why, SQL_WORK_FOUND_DONE, "iiiiii", found->rows, found->bytes, clock_utc_us(),
                found->snapshot, found->id, finding->current))
        return false;
    return (db_changes(db) == 0 || free_waiters(db, found->id, &ignored, why)) &&
           db_run(db, why, SQL_WORK_CONFIRM, "ii", found->id, found->snapshot);
}

bool work_found_done(struct db *db, const struct work_found *found, int64_t current,
                     struct fault *why)
{
    struct finding finding = {.found = found, .current = current};
    return db_write(db, found_in_write, &finding, why);
}

bool work_unconfirm(struct db *db, struct fault *why)
{
    return db_run(db, why, SQL_WORK_UNCONFIRM, "");
}

bool work_unconfirmed(struct db *db, int64_t *ret_count, struct fault *why)
{
    return db_int(db, why, ret_count, 0, SQL_WORK_UNCONFIRMED, "");
}

struct put_off {
    const struct work *work;
    enum phase stage;
    const char *reason;
};

static bool put_off_in_write(struct db *db, void *arg, struct fault *why)
{
    const struct put_off *off = arg;
    return db_run(db, why, SQL_WORK_PUT_OFF, "id", off->work->id, (int)off->stage) &&
           db_run_one(db, why, SQL_WORK_TAKE_BACK, "si", off->reason, off->work->id);
}

bool work_put_off(struct db *db, const struct work *work, enum phase stage, const char *reason,
                  struct fault *why)
{
    struct put_off off = {work, stage, reason};
    return db_write(db, put_off_in_write, &off, why);
}

bool work_return(struct db *db, int64_t owner, const char *reason, struct fault *why)
{
    return db_run(db, why, SQL_WORK_RETURN, "si", reason, owner);
}

bool work_moved(struct db *db, int64_t id, int64_t bytes, struct fault *why)
{
    return db_run(db, why, SQL_WORK_MOVED, "ii", bytes, id);
}

/* The answer of a statement that says 1 for yes, and 0 or nothing for no. */
static bool is_yes(int64_t answer, bool *ret_yes)
{
    *ret_yes = answer != 0;
    return true;
}

bool work_ready(struct db *db, enum lane lane, int64_t most, bool *ret_ready, struct fault *why)
{
    int64_t answer;
    return db_int(db, why, &answer, 0, SQL_WORK_READY_IN_LANE, "di", (int)lane, most) &&
           is_yes(answer, ret_ready);
}

bool work_lane_open(struct db *db, enum phase stage, enum lane lane, bool *ret_open,
                    struct fault *why)
{
    int64_t answer;
    return db_int(db, why, &answer, 0, SQL_WORK_OPEN_IN_LANE, "dd", (int)stage, (int)lane) &&
           is_yes(answer, ret_open);
}

bool work_stage_open(struct db *db, bool *ret_open, struct fault *why)
{
    int64_t answer;
    return db_int(db, why, &answer, 0, SQL_WORK_OPEN_IN_STAGE, "") && is_yes(answer, ret_open);
}

bool work_crowded(struct db *db, enum lane lane, int64_t most, bool *ret_crowded, struct fault *why)
{
    int64_t count;
    if (!db_int(db, why, &count, 0, SQL_WORK_CROWDED, "di", (int)lane, most + 1))
        return false;
    *ret_crowded = count > most;
    return true;
}

bool work_data_open(struct db *db, bool *ret_open, struct fault *why)
{
    int64_t answer;
    return db_int(db, why, &answer, 0, SQL_WORK_DATA_OPEN, "d", (int)LANE_COPY) &&
           is_yes(answer, ret_open);
}

bool work_rows_open(struct db *db, int64_t *ret_count, struct fault *why)
{
    return db_int(db, why, ret_count, 0, SQL_WORK_ROWS_OPEN, "");
}

bool work_tables_open(struct db *db, int64_t *ret_count, struct fault *why)
{
    return db_int(db, why, ret_count, 0, SQL_WORK_TABLES_OPEN, "");
}

bool work_count_waits(struct db *db, struct fault *why)
{
    return db_run(db, why, SQL_WORK_COUNT_WAITS, "");
}

bool work_lane_size(struct db *db, enum phase stage, enum lane lane, int64_t *ret_items,
                    int64_t *ret_bytes, struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_WORK_LANE_SIZE, why);
    bool row;
    if (stmt == NULL || !stmt_bind(stmt, why, "dd", (int)stage, (int)lane) ||
        !stmt_step(stmt, &row, why))
        return false;
    *ret_items = stmt_int(stmt, 0);
    *ret_bytes = stmt_int(stmt, 1);
    return true;
}

static bool any_of_kind(struct db *db, enum catalog_sql sql, enum work_kind kind, bool *ret_any,
                        struct fault *why)
{
    int64_t count;
    if (!db_int(db, why, &count, 0, sql, "s", kinds[kind].word))
        return false;
    *ret_any = count > 0;
    return true;
}

bool work_open_before(struct db *db, enum phase stage, bool *ret_open, struct fault *why)
{
    int64_t count;
    if (!db_int(db, why, &count, 0, SQL_WORK_OPEN_BEFORE, "d", (int)stage))
        return false;
    *ret_open = count > 0;
    return true;
}

bool work_kind_is_done(struct db *db, enum work_kind kind, bool *ret_done, struct fault *why)
{
    return any_of_kind(db, SQL_WORK_KIND_DONE, kind, ret_done, why);
}

bool work_kind_was_tried(struct db *db, enum work_kind kind, bool *ret_tried, struct fault *why)
{
    return any_of_kind(db, SQL_WORK_KIND_TRIED, kind, ret_tried, why);
}

bool work_kind_reset(struct db *db, enum work_kind kind, struct fault *why)
{
    return db_run(db, why, SQL_WORK_RESET_KIND, "s", kinds[kind].word);
}

bool work_kind_id(struct db *db, enum work_kind kind, int64_t *ret_id, struct fault *why)
{
    return db_int(db, why, ret_id, 0, SQL_WORK_KIND_ID, "s", kinds[kind].word);
}

bool work_kind_count(struct db *db, enum work_kind kind, int64_t *ret_count, struct fault *why)
{
    return db_int(db, why, ret_count, 0, SQL_WORK_KIND_COUNT, "s", kinds[kind].word);
}

static bool skip_in_write(struct db *db, void *arg, struct fault *why)
{
    const char *word = arg;
    return db_run(db, why, SQL_WORK_FREE_SKIPPED, "s", word) &&
           db_run(db, why, SQL_WORK_SKIP, "s", word);
}

bool work_skip(struct db *db, enum work_kind kind, struct fault *why)
{
    return db_write(db, skip_in_write, (void *)(uintptr_t)kinds[kind].word, why);
}
