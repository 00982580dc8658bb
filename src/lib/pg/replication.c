#include "pg/replication.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "pg/conn_internal.h"

#include <inttypes.h>
#include <sys/ioctl.h>
#include <time.h>

enum {
    GATHER_NS = 100000,  /* for so long who receives lets more come, */
    GATHER_BYTES = 4096, /* … unless so much is there */
    IN_USE_MS = 5000,    /* how long a reader that has died may still be there for the server */
    IN_USE_LOOK_MS = 100,
};

/* ---- slots ---- */

bool slot_look(struct conn *source, const char *name, struct slot *ret_slot, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    int version = conn_version(source);
    *ret_slot = (struct slot){.found = false};
    strbuf_addf(
        &sql,
        "SELECT slot_type = 'logical', coalesce(plugin, ''), coalesce(database, ''),"
        " confirmed_flush_lsn, %s, active, %s, %s,"
        " pg_catalog.pg_wal_lsn_diff(CASE WHEN pg_catalog.pg_is_in_recovery()"
        " THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END,"
        " restart_lsn)::int8"
        " FROM pg_catalog.pg_replication_slots WHERE slot_name = ",
        version >= 140000 ? "two_phase" : "false",
        version >= 130000 ? "wal_status, coalesce(safe_wal_size, -1),"
                            " (SELECT CASE WHEN setting::int8 < 0 THEN -1 ELSE setting::int8 << 20"
                            " END FROM pg_catalog.pg_settings"
                            " WHERE name = 'max_slot_wal_keep_size')"
                          : "NULL, -1, -1",
        version >= 170000   ? "invalidation_reason"
        : version >= 160000 ? "CASE WHEN conflicting THEN 'conflict' END"
                            : "NULL");
    strbuf_add_literal(&sql, name);
    if (!conn_query(source, sql.text, &rows, why))
        return false;
    if (rows_count(&rows) == 0)
        return true;
    ret_slot->found = true;
    ret_slot->logical = rows_bool(&rows, 0, 0);
    strlcpy(ret_slot->plugin, rows_text(&rows, 0, 1), sizeof ret_slot->plugin);
    strlcpy(ret_slot->database, rows_text(&rows, 0, 2), sizeof ret_slot->database);
    ret_slot->two_phase = rows_bool(&rows, 0, 4);
    ret_slot->active = rows_bool(&rows, 0, 5);
    strlcpy(ret_slot->state, rows_text(&rows, 0, 6), sizeof ret_slot->state);
    ret_slot->safe = rows_int(&rows, 0, 7);
    ret_slot->most = rows_int(&rows, 0, 8);
    strlcpy(ret_slot->reason, rows_text(&rows, 0, 9), sizeof ret_slot->reason);
    ret_slot->keeps = rows_null(&rows, 0, 10) ? 0 : rows_int(&rows, 0, 10);
    ret_slot->lost = strcmp(ret_slot->state, "lost") == 0 || ret_slot->reason[0] != '\0';
    return rows_null(&rows, 0, 3) || rows_lsn(&rows, 0, 3, &ret_slot->confirmed, why);
}

bool slot_lost(const char *name, const char *reason, struct fault *why)
{
    return fault_set(why, FAULT_SLOT_LOST, "slot \"%s\" is lost: %s", name,
                     *reason == '\0' ? "the source has removed WAL that it needs" : reason);
}

/* ---- timelines ---- */

/* A line has a timeline, where it ended, and why. */
static bool find_switch(const char *history, uint32_t known, lsn_t *ret_end)
{
    for (const char *line = history; *line != '\0'; line += strcspn(line, "\n")) {
        char lsn[LSN_TEXT], *rest;
        line += *line == '\n';
        unsigned long timeline = strtoul(line, &rest, 10);
        rest += strspn(rest, " \t");
        size_t length = strspn(rest, "0123456789ABCDEFabcdef/");
        if (rest == line || timeline != known || length >= sizeof lsn)
            continue;
        strlcpy(lsn, rest, length + 1);
        return lsn_parse(lsn, ret_end);
    }
    return false;
}

static bool find_end(struct conn *walsender, uint32_t timeline, uint32_t known, lsn_t *ret_end,
                     struct fault *why)
{
    char sql[64];
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    snprintf(sql, sizeof sql, "TIMELINE_HISTORY %" PRIu32, timeline);
    if (timeline > 1 && !conn_query(walsender, sql, &rows, why))
        return fault_during(why, "reading the history of timeline %" PRIu32, timeline);
    return (timeline > 1 && find_switch(rows_text(&rows, 0, 1), known, ret_end)) ||
           fault_set(why, FAULT_TIMELINE,
                     "the source is on timeline %" PRIu32 ", which does not come from timeline "
                     "%" PRIu32,
                     timeline, known);
}

bool timeline_look(struct conn *walsender, uint32_t known, uint32_t *ret_timeline, lsn_t *ret_end,
                   struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!conn_query(walsender, "IDENTIFY_SYSTEM", &rows, why))
        return false;
    *ret_timeline = (uint32_t)rows_int(&rows, 0, 1);
    *ret_end = 0;
    return known == 0 || known == *ret_timeline ||
           find_end(walsender, *ret_timeline, known, ret_end, why);
}

/* Asks the server to end the statement, and waits until it has. */
static void give_up(struct conn *walsender)
{
    struct fault ignored;
    conn_cancel(walsender);
    if (walsender->leash->wish == LEASH_NOW || !conn_drain(walsender, &ignored))
        walsender->broken = true;
}

static bool await_slot(struct conn *walsender, const struct slot_wish *wish, struct fault *why)
{
    while (PQisBusy(walsender->pq)) {
        struct pollfd fd = {.fd = PQsocket(walsender->pq), .events = POLLIN};
        if (!leash_poll(walsender->leash, &fd, 1, wish->every_ms, why))
            return false;
        bool stop = walsender->leash->wish == LEASH_NOW;
        if (stop || (fd.revents == 0 && !wish->waiting(wish->arg, why))) {
            give_up(walsender);
            return stop ? leash_fault(walsender->leash, why) : false;
        }
        if (fd.revents != 0 && PQconsumeInput(walsender->pq) != 1)
            return conn_fault(walsender, NULL, why);
    }
    return true;
}

bool slot_create(struct conn *walsender, const struct slot_wish *wish, struct slot_made *ret_made,
                 struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_result) PGresult *result = NULL;
    strbuf_add(&sql, "CREATE_REPLICATION_SLOT ");
    strbuf_add_identifier(&sql, wish->name);
    strbuf_add(&sql, " LOGICAL ");
    strbuf_add_identifier(&sql, wish->plugin);
    strbuf_add(&sql, wish->failover ? " (SNAPSHOT 'export', FAILOVER true)" : " EXPORT_SNAPSHOT");
    if (!PQsendQuery(walsender->pq, sql.text))
        return conn_fault(walsender, NULL, why);
    if (!conn_flush(walsender, why) || !await_slot(walsender, wish, why) ||
        !conn_next(walsender, &result, why))
        return false;
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        conn_fault(walsender, result, why);
        /* undefined_file */
        if (strcmp(why->sqlstate, "58P01") == 0)
            why->id = FAULT_PLUGIN_MISSING;
        return fault_during(why, "making slot \"%s\"", wish->name);
    }
    rows.result = give(result);
    strlcpy(ret_made->snapshot, rows_text(&rows, 0, 2), sizeof ret_made->snapshot);
    return conn_drain(walsender, why) && rows_lsn(&rows, 0, 1, &ret_made->consistent, why);
}

bool slot_knows(struct conn *source, const char *name, const char *options, bool *ret_knows,
                struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    strbuf_add(&sql, "SELECT FROM pg_catalog.pg_logical_slot_peek_changes(");
    strbuf_add_literal(&sql, name);
    strbuf_addf(&sql, ", NULL, 1, %s)", options);
    *ret_knows = conn_run(source, sql.text, why);
    /* invalid_parameter_value */
    return *ret_knows || strcmp(why->sqlstate, "22023") == 0;
}

bool slot_await_free(struct conn *source, struct leash *leash, const char *name, bool *ret_active,
                     struct fault *why)
{
    int64_t end = clock_ms() + IN_USE_MS;
    for (;;) {
        struct slot slot;
        if (!slot_look(source, name, &slot, why))
            return false;
        *ret_active = slot.active;
        if (!slot.active || clock_ms() > end)
            return true;
        if (!leash_poll(leash, NULL, 0, IN_USE_LOOK_MS, why))
            return false;
        if (leash->wish != LEASH_GO)
            return leash_fault(leash, why);
    }
}

bool slot_drop(struct conn *source, const char *name, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    strbuf_add(&sql, "SELECT pg_catalog.pg_drop_replication_slot(slot_name)"
                     " FROM pg_catalog.pg_replication_slots WHERE slot_name = ");
    strbuf_add_literal(&sql, name);
    return conn_run(source, sql.text, why) || fault_during(why, "dropping slot \"%s\"", name);
}

bool wal_end(struct conn *source, lsn_t *ret_end, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    lsn_t lsn;
    if (!conn_query(source,
                    "SELECT pg_catalog.pg_current_wal_insert_lsn(),"
                    " pg_catalog.current_setting('wal_block_size'),"
                    " pg_catalog.pg_size_bytes(pg_catalog.current_setting('wal_segment_size'))",
                    &rows, why) ||
        !rows_lsn(&rows, 0, 0, &lsn, why))
        return false;
    *ret_end =
        lsn_before_header(lsn, (uint64_t)rows_int(&rows, 0, 1), (uint64_t)rows_int(&rows, 0, 2));
    return true;
}

bool wal_flush(struct conn *source, struct fault *why)
{
    return conn_run(source, "SELECT pg_catalog.pg_logical_emit_message(true, 'pghaul', '')", why);
}

/* ---- the stream ---- */

/* The server ends the stream when it is shut down, or by an error. */
static bool read_end(struct conn *walsender, struct fault *why)
{
    for (;;) {
        scoped(drop_result) PGresult *result = NULL;
        if (!conn_next(walsender, &result, why))
            return false;
        if (result == NULL)
            return true;
        if (PQresultStatus(result) == PGRES_FATAL_ERROR)
            return conn_fault(walsender, result, why);
        /* The copy is over in our direction, too. */
        if (PQresultStatus(result) == PGRES_COPY_IN && PQputCopyEnd(walsender->pq, NULL) != 1)
            return conn_fault(walsender, NULL, why);
    }
}

bool stream_begin(struct conn *walsender, const char *slot, lsn_t from, const char *options,
                  struct fault *why)
{
    char lsn[LSN_TEXT];
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_result) PGresult *result = NULL;
    strbuf_add(&sql, "START_REPLICATION SLOT ");
    strbuf_add_identifier(&sql, slot);
    strbuf_addf(&sql, " LOGICAL %s", lsn_text(lsn, from));
    if (*options != '\0')
        strbuf_addf(&sql, " (%s)", options);
    if (!PQsendQuery(walsender->pq, sql.text))
        return conn_fault(walsender, NULL, why);
    if (!conn_flush(walsender, why) || !conn_next(walsender, &result, why))
        return false;
    if (PQresultStatus(result) == PGRES_COPY_BOTH)
        return true;
    conn_fault(walsender, result, why);
    /* object_in_use: its last reader may not have gone yet. */
    why->retry = why->retry || strcmp(why->sqlstate, "55006") == 0;
    struct fault ignored; /* it may be lost, too: that shows with the next statement */
    if (!conn_broken(walsender))
        read_end(walsender, &ignored);
    return fault_during(why, "streaming from slot \"%s\"", slot);
}

/* A server that sends as fast as it can would wake us for each message. Where it has sent a good
 * deal already, a pause would make it wait for us: sockets do not hold much. */
static void let_gather(int socket)
{
    const struct timespec pause = {.tv_nsec = GATHER_NS};
    int bytes = 0;
    if (ioctl(socket, FIONREAD, &bytes) == 0 && bytes < GATHER_BYTES)
        nanosleep(&pause, NULL);
}

/* *ret_more is false when the time is over or the leash was pulled. */
static bool await_more(struct conn *walsender, int64_t deadline, bool gather, bool *ret_more,
                       struct fault *why)
{
    struct pollfd fd = {.fd = PQsocket(walsender->pq), .events = POLLIN};
    if (gather)
        let_gather(fd.fd);
    int64_t left = deadline < 0 ? -1 : deadline - clock_ms();
    if (deadline >= 0 && left < 0)
        left = 0;
    if (!leash_poll(walsender->leash, &fd, 1, (int)left, why))
        return false;
    *ret_more = fd.revents != 0;
    return !*ret_more || PQconsumeInput(walsender->pq) == 1 || conn_fault(walsender, NULL, why);
}

static bool take_message(int length, struct conn *walsender, struct walsender_message *ret_message,
                         struct fault *why)
{
    return walsender_parse(walsender->message, (size_t)length, ret_message) ||
           fault_set(why, FAULT_STREAM_UNKNOWN, "a message of %d bytes in the source's stream",
                     length);
}

bool stream_take(struct conn *walsender, enum stream_found *ret_found,
                 struct walsender_message *ret_message, struct fault *why)
{
    PQfreemem(walsender->message);
    walsender->message = NULL;
    int length = PQgetCopyData(walsender->pq, &walsender->message, 1);
    *ret_found = length > 0 ? STREAM_MESSAGE : length == -1 ? STREAM_ENDED : STREAM_NOTHING;
    if (length > 0)
        return take_message(length, walsender, ret_message, why);
    return length == 0 ||
           (length == -1 ? read_end(walsender, why) : conn_fault(walsender, NULL, why));
}

bool stream_read(struct conn *walsender, int timeout_ms, bool gather, enum stream_found *ret_found,
                 struct walsender_message *ret_message, struct fault *why)
{
    int64_t deadline = timeout_ms < 0 ? -1 : clock_ms() + timeout_ms;
    for (bool more = true; more;) {
        if (!stream_take(walsender, ret_found, ret_message, why))
            return false;
        if (*ret_found != STREAM_NOTHING)
            return true;
        if (!await_more(walsender, deadline, gather, &more, why))
            return false;
    }
    return true;
}

bool stream_report(struct conn *walsender, lsn_t received, lsn_t flushed, bool reply,
                   struct fault *why)
{
    uint8_t message[STANDBY_STATUS_LENGTH];
    struct standby_status status = {
        .written = received,
        .flushed = flushed,
        .applied = flushed,
        .client_time = clock_utc_us() - PG_EPOCH_US,
        .reply_requested = reply,
    };
    standby_status_encode(&status, message);
    if (PQputCopyData(walsender->pq, (const char *)message, sizeof message) != 1)
        return conn_fault(walsender, NULL, why);
    return conn_flush(walsender, why);
}
