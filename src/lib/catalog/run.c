#include "catalog/run.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "catalog/objects.h"
#include "catalog/sql.h"

static void new_uuid(char *to, size_t size)
{
    unsigned char b[16];
    arc4random_buf(b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0F) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3F) | 0x80);
    snprintf(to, size, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
             b[14], b[15]);
}

bool run_create(struct db *db, const char *name, const char *version, const char *source,
                const char *target, struct fault *why)
{
    char uuid[40];
    new_uuid(uuid, sizeof uuid);
    return db_run(db, why, SQL_RUN_INSERT, "sssdssi", name, uuid, version, (int)PHASE_NEW, source,
                  target, clock_utc_us());
}

#define COPY_COLUMN(to, stmt, column) strlcpy(to, stmt_text(stmt, column), sizeof(to))

bool run_get(struct db *db, struct run *ret_run, bool *ret_found, struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_RUN_GET, why);
    if (stmt == NULL || !stmt_step(stmt, ret_found, why))
        return false;
    if (!*ret_found)
        return true;
    struct run *run = ret_run;
    COPY_COLUMN(run->name, stmt, 0);
    COPY_COLUMN(run->uuid, stmt, 1);
    COPY_COLUMN(run->version, stmt, 2);
    COPY_COLUMN(run->state, stmt, 3);
    run->phase = (enum phase)stmt_int(stmt, 4);
    COPY_COLUMN(run->source, stmt, 5);
    COPY_COLUMN(run->target, stmt, 6);
    COPY_COLUMN(run->source_id, stmt, 7);
    COPY_COLUMN(run->target_id, stmt, 8);
    run->source_version = (int)stmt_int(stmt, 9);
    run->target_version = (int)stmt_int(stmt, 10);
    COPY_COLUMN(run->encoding, stmt, 11);
    run->snapshot = stmt_int(stmt, 12);
    run->created_us = stmt_int(stmt, 13);
    run->started_us = stmt_int(stmt, 14);
    run->ended_us = stmt_int(stmt, 15);
    run->resumes = (int)stmt_int(stmt, 16);
    run->fault_id = (int)stmt_int(stmt, 17);
    COPY_COLUMN(run->fault_text, stmt, 18);
    COPY_COLUMN(run->fault_hint, stmt, 19);
    return true;
}

bool run_set_source(struct db *db, int version, const char *encoding, struct fault *why)
{
    return db_run_one(db, why, SQL_RUN_SET_SOURCE, "ds", version, encoding);
}

bool run_set_sides(struct db *db, const char *source_id, const char *target_id, int target_version,
                   struct fault *why)
{
    return db_run_one(db, why, SQL_RUN_SET_SIDES, "ssd", source_id, target_id, target_version);
}

bool run_set_phase(struct db *db, enum phase phase, struct fault *why)
{
    return db_run_one(db, why, SQL_RUN_SET_PHASE, "d", (int)phase);
}

static bool forget_in_write(struct db *db, void *arg, struct fault *why)
{
    static const int statements[] = {
        SQL_RUN_FORGET,      SQL_SETTING_FORGET,  SQL_EVENT_FORGET,         SQL_FILTER_FORGET,
        SQL_MAPPING_FORGET,  SQL_MEMBER_FORGET,   SQL_FORGET_ALL_WORK,      SQL_PROCESS_FORGET,
        SQL_SNAPSHOT_FORGET, SQL_POSITION_FORGET, SQL_PUBLISHED_FORGET,     SQL_DESCRIBED_FORGET,
        SQL_CUTOVER_FORGET,  SQL_FROZEN_FORGET,   SQL_CUTOVER_STEPS_FORGET, SQL_SWITCHED_OFF_FORGET,
        SQL_SAMPLE_FORGET,   SQL_BACKEND_FORGET,  SQL_SOURCE_SEEN_FORGET,   SQL_BACK_FORGET,
        SQL_STEERING_FORGET};
    (void)arg;
    return db_run_all(db, statements, sizeof statements / sizeof statements[0], why);
}

bool run_forget(struct db *db, struct fault *why)
{
    return db_write(db, forget_in_write, NULL, why);
}

bool run_set_snapshot(struct db *db, int64_t seq, struct fault *why)
{
    return db_run_one(db, why, SQL_RUN_SET_SNAPSHOT, "i", seq);
}

bool run_set_resumed(struct db *db, struct fault *why)
{
    return db_run_one(db, why, SQL_RUN_RESUME, "i", clock_utc_us());
}

bool run_end(struct db *db, const char *state, const struct fault *fault, struct fault *why)
{
    if (fault == NULL)
        return db_run_one(db, why, SQL_RUN_END, "sinnn", state, clock_utc_us());
    return db_run_one(db, why, SQL_RUN_END, "sidss", state, clock_utc_us(), (int)fault->id,
                      fault->text, fault_remedy(fault));
}

bool setting_put(struct db *db, const char *name, const char *value, struct fault *why)
{
    return db_run(db, why, SQL_SETTING_PUT, "ss", name, value);
}

bool setting_put_durably(struct db *db, const char *name, const char *value, struct fault *why)
{
    return db_durable(db, true, why) && db_usual(db, setting_put(db, name, value, why), why);
}

bool setting_get(struct db *db, const char *name, struct strbuf *value, bool *ret_found,
                 struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_SETTING_GET, why);
    if (stmt == NULL || !stmt_bind(stmt, why, "s", name) || !stmt_step(stmt, ret_found, why))
        return false;
    if (*ret_found)
        strbuf_add(value, stmt_text(stmt, 0));
    return true;
}

static const char *const holders[] = {"run", "command", "outside"};

const char *snapshot_holder_word(enum snapshot_holder holder)
{
    return holders[holder];
}

bool snapshot_add(struct db *db, struct snapshot *snapshot, struct fault *why)
{
    if (!db_run(db, why, SQL_SNAPSHOT_INSERT, "ssssddsi", snapshot->id, snapshot->lsn,
                snapshot->content, holders[snapshot->holder], snapshot->holder_pid,
                snapshot->backend_pid, snapshot->backend_start, clock_utc_us()))
        return false;
    snapshot->seq = db_last_id(db);
    return true;
}

bool snapshot_set_content(struct db *db, const struct snapshot *snapshot, struct fault *why)
{
    return db_run(db, why, SQL_SNAPSHOT_SET_CONTENT, "si", snapshot->content, snapshot->seq);
}

static bool settle(struct db *db, int64_t seq, lsn_t settled, const char *xids, struct fault *why)
{
    char lsn[LSN_TEXT];
    return db_run_one(db, why, SQL_SNAPSHOT_SETTLE, "ssi", lsn_text(lsn, settled), xids, seq);
}

bool snapshot_settle(struct db *db, int64_t seq, lsn_t settled, const char *xids, struct fault *why)
{
    return db_durable(db, true, why) && db_usual(db, settle(db, seq, settled, xids, why), why);
}

bool snapshot_is_settled(struct db *db, bool *ret_settled, struct fault *why)
{
    int64_t settled;
    if (!db_int(db, why, &settled, 0, SQL_SNAPSHOT_IS_SETTLED, ""))
        return false;
    *ret_settled = settled != 0;
    return true;
}

static bool on_settled(void *arg, const struct stmt *row, struct fault *why)
{
    lsn_t *last = arg, settled;
    if (!lsn_parse(stmt_text(row, 1), &settled))
        return fault_set(why, FAULT_CATALOG, "the catalog has \"%s\" for an LSN",
                         stmt_text(row, 1));
    if (settled > *last)
        *last = settled;
    return true;
}

bool snapshot_settled(struct db *db, lsn_t *ret_settled, struct fault *why)
{
    *ret_settled = 0;
    return catalog_list(db, SQL_RECOPIED_SNAPSHOTS, 0, on_settled, ret_settled, why);
}

bool snapshot_get(struct db *db, int64_t seq, struct snapshot *ret_snapshot, bool *ret_found,
                  struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_SNAPSHOT_GET, why);
    if (stmt == NULL || !stmt_bind(stmt, why, "i", seq) || !stmt_step(stmt, ret_found, why))
        return false;
    if (!*ret_found)
        return true;
    struct snapshot *snapshot = ret_snapshot;
    memset(snapshot, 0, sizeof *snapshot);
    snapshot->seq = stmt_int(stmt, 0);
    COPY_COLUMN(snapshot->id, stmt, 1);
    COPY_COLUMN(snapshot->lsn, stmt, 2);
    COPY_COLUMN(snapshot->content, stmt, 6);
    for (int holder = HOLDER_RUN; holder <= HOLDER_OUTSIDE; holder++)
        if (strcmp(stmt_text(stmt, 3), holders[holder]) == 0)
            snapshot->holder = (enum snapshot_holder)holder;
    snapshot->holder_pid = (int)stmt_int(stmt, 4);
    snapshot->ended = !stmt_null(stmt, 5);
    return true;
}

bool snapshot_held(struct db *db, int64_t *ret_seq, struct fault *why)
{
    return db_int(db, why, ret_seq, 0, SQL_SNAPSHOT_HELD, "");
}

bool snapshot_end(struct db *db, int64_t seq, struct fault *why)
{
    return db_run(db, why, SQL_SNAPSHOT_END, "ii", clock_utc_us(), seq);
}

bool snapshot_end_held(struct db *db, struct fault *why)
{
    return db_run(db, why, SQL_SNAPSHOT_END_HELD, "i", clock_utc_us());
}

bool process_add(struct db *db, const char *role, int number, int pid, int64_t *ret_id,
                 struct fault *why)
{
    if (!db_run(db, why, SQL_PROCESS_INSERT, "sddi", role, number, pid, clock_utc_us()))
        return false;
    *ret_id = db_last_id(db);
    return true;
}

bool process_set_source(struct db *db, int64_t id, int backend, const char *start,
                        struct fault *why)
{
    return db_run_one(db, why, SQL_PROCESS_SET_SOURCE, "dsi", backend, start, id);
}

bool process_set_target(struct db *db, int64_t id, int backend, const char *start,
                        struct fault *why)
{
    return db_run_one(db, why, SQL_PROCESS_SET_TARGET, "dsi", backend, start, id);
}

bool process_note(struct db *db, int target_pid, const char *note, struct fault *why)
{
    return db_run(db, why, SQL_PROCESS_NOTE, "sd", note, target_pid);
}

bool process_end(struct db *db, int64_t id, const char *ending, struct fault *why)
{
    return db_run(db, why, SQL_PROCESS_END, "isi", clock_utc_us(), ending, id);
}

bool process_unreaped(struct db *db, int64_t self, const char *role, int number, int64_t before_us,
                      struct process_left *to, int most, int *ret_count, struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_PROCESS_UNREAPED, why);
    if (stmt == NULL || !stmt_bind(stmt, why, "isdi", self, role, number, before_us))
        return false;
    *ret_count = 0;
    bool row = true;
    while (*ret_count < most) {
        if (!stmt_step(stmt, &row, why))
            return false;
        if (!row)
            return true;
        struct process_left *left = &to[(*ret_count)++];
        left->id = stmt_int(stmt, 0);
        left->source_pid = (int)stmt_int(stmt, 1);
        COPY_COLUMN(left->source_start, stmt, 2);
        left->target_pid = (int)stmt_int(stmt, 3);
        COPY_COLUMN(left->target_start, stmt, 4);
    }
    return true;
}

bool process_reaped(struct db *db, int64_t id, struct fault *why)
{
    return db_run(db, why, SQL_PROCESS_REAPED, "ii", clock_utc_us(), id);
}

bool event_add(struct db *db, const char *level, int fault_id, const char *text, struct fault *why)
{
    return db_run(db, why, SQL_EVENT_INSERT, "isds", clock_utc_us(), level, fault_id, text);
}
