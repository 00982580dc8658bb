/*
 * watch.c - asks both servers what the run's backends do: how far long statements are, what they
 * wait for, and who has the lock that they wait for.
 *
 * It has connections of its own, and nothing of the run relies on it: a server that cannot be asked
 * is asked again later.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/pulse.h"
#include "proc/channel.h"
#include "run/reap.h"
#include "run/worker.h"

enum {
    COPYING_MS = 1000,
    FOLLOWING_MS = 2000, /* for days, maybe */
    AGAIN_MS = 10000,    /* a server that could not be connected to */
    PROGRESS_VERSION = 120000,
};

struct watch {
    struct worker *worker;
    int64_t again_ms[2]; /* by enum side */
};

static bool reach(struct watch *watch, enum side side)
{
    struct fault why;
    struct worker *worker = watch->worker;
    struct conn **conn = side == SIDE_SOURCE ? &worker->source : &worker->target;
    if (*conn != NULL && !conn_broken(*conn))
        return true;
    drop_conn(conn);
    if (clock_ms() < watch->again_ms[side])
        return false;
    watch->again_ms[side] = clock_ms() + AGAIN_MS;
    /* A role that is set may not see what the other backends do. */
    if (worker_connect(worker, side, &why) && conn_be_user(*conn, &why))
        return true;
    log_debug("cannot look at the %s's backends: %s", side_word(side), why.text);
    drop_conn(conn);
    return false;
}

/* pid, note; state, what it waits for; of a lock: on what, and who has it. */
static void add_query(struct strbuf *sql, int version)
{
    bool progress = version >= PROGRESS_VERSION;
    strbuf_add(
        sql, "SELECT a.pid, CASE WHEN a.wait_event_type = 'Lock' THEN 'waiting for a lock held by '"
             " || pg_catalog.array_to_string(pg_catalog.pg_blocking_pids(a.pid), ', ')");
    if (progress)
        strbuf_add(
            sql,
            " WHEN p.tuples_total > 0 THEN p.phase || ' ' || p.tuples_done * 100 / p.tuples_total"
            " || ' %' WHEN p.blocks_total > 0"
            " THEN p.phase || ' ' || p.blocks_done * 100 / p.blocks_total || ' %'");
    strbuf_addf(sql, " ELSE %s END, coalesce(a.state, ''), coalesce(a.wait_event_type, ''),",
                progress ? "coalesce(p.phase, '')" : "''");
    strbuf_add(
        sql,
        " coalesce(a.wait_event, ''), CASE WHEN a.wait_event_type = 'Lock' THEN"
        " (SELECT l.relation::pg_catalog.regclass::pg_catalog.text FROM pg_catalog.pg_locks l"
        " WHERE l.pid = a.pid AND NOT l.granted AND l.relation IS NOT NULL LIMIT 1) END,"
        " CASE WHEN a.wait_event_type = 'Lock' THEN"
        " (SELECT pg_catalog.string_agg(CASE b.pid WHEN 0 THEN 'a prepared transaction'"
        " ELSE 'process ' || b.pid || coalesce(' (' || nullif(pg_catalog.concat_ws(', ',"
        " 'user ' || h.usename, nullif(h.application_name, ''), h.state || ' for '"
        " || pg_catalog.date_trunc('second', pg_catalog.clock_timestamp() - CASE h.state"
        " WHEN 'active' THEN h.query_start ELSE h.state_change END)::pg_catalog.text), '') || ')', '')"
        " END, ', ') FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids(a.pid)) b(pid)"
        " LEFT JOIN pg_catalog.pg_stat_activity h ON h.pid = b.pid) END"
        " FROM pg_catalog.pg_stat_activity a");
    if (progress)
        strbuf_add(sql, " LEFT JOIN pg_catalog.pg_stat_progress_create_index p ON p.pid = a.pid");
    strbuf_add(sql, " WHERE a.application_name LIKE 'pghaul %'"
                    " AND a.datname = pg_catalog.current_database()"
                    " AND a.pid <> pg_catalog.pg_backend_pid()");
}

static bool note(struct worker *worker, enum side side, const struct rows *rows, int row,
                 struct fault *why)
{
    const struct backend_seen seen = {
        .on_source = side == SIDE_SOURCE,
        .pid = (int)rows_int(rows, row, 0),
        .state = rows_text(rows, row, 2),
        .type = rows_text(rows, row, 3),
        .event = rows_text(rows, row, 4),
        .object = rows_text(rows, row, 5),
        .holder = rows_text(rows, row, 6),
    };
    return backend_seen(worker->db, &seen, why) &&
           (seen.on_source || process_note(worker->db, seen.pid, rows_text(rows, row, 1), why));
}

/* In one transaction: one write of the catalog, however many there are. */
static bool note_all(struct worker *worker, enum side side, const struct rows *rows,
                     struct fault *why)
{
    if (!db_begin(worker->db, why))
        return false;
    for (int row = 0; row < rows_count(rows); row++)
        if (!note(worker, side, rows, row, why)) {
            db_rollback(worker->db);
            return false;
        }
    return db_commit(worker->db, why);
}

static bool look(struct watch *watch, enum side side, struct fault *why)
{
    struct worker *worker = watch->worker;
    struct fault refused;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!reach(watch, side))
        return true;
    struct conn *conn = side == SIDE_SOURCE ? worker->source : worker->target;
    add_query(&sql, conn_version(conn));
    if (conn_query(conn, sql.text, &rows, &refused))
        return note_all(worker, side, &rows, why);
    log_debug("cannot look at the %s's backends: %s", side_word(side), refused.text);
    return true;
}

/* The source is let go when nothing is left to read there. */
static bool look_at_both(struct watch *watch, struct fault *why)
{
    struct worker *worker = watch->worker;
    bool reading;
    if (!work_lane_open(worker->db, PHASE_COPY, LANE_COPY, &reading, why))
        return false;
    reading = reading && settings_have_source(worker->settings);
    if (!reading)
        drop_conn(&worker->source);
    return look(watch, SIDE_TARGET, why) && (!reading || look(watch, SIDE_SOURCE, why));
}

bool worker_watch(struct worker *worker, struct fault *why)
{
    struct watch watch = {.worker = worker};
    if (!worker_say(worker, MSG_READY, 0, why))
        return false;
    reach(&watch, SIDE_TARGET);
    if (!reap(worker, role_entry(ROLE_WATCH)->name, worker->number, 0, why))
        return false;
    while (worker->leash->wish == LEASH_GO)
        if (!worker_load_run(worker, why) || !look_at_both(&watch, why) ||
            !leash_poll(worker->leash, NULL, 0,
                        worker->run.phase == PHASE_FOLLOW ? FOLLOWING_MS : COPYING_MS, why))
            return false;
    return true;
}
