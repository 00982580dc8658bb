#include "run/reap.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/strbuf.h"

enum { AT_ONCE = 64, LOOK_AGAIN_MS = 50, PATIENCE_MS = 60000 };

/* A pooler may have given the dead one's backend to somebody else, or to ourselves: then the
 * session that it had is over. Asks once; *ret_there tells whether the backend still was there. */
static bool terminate(struct conn *conn, int pid, const char *start, bool *ret_there,
                      struct fault *why)
{
    char pid_text[16];
    const char *const values[] = {pid_text, start};
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    snprintf(pid_text, sizeof pid_text, "%d", pid);
    if (!conn_query_params(conn,
                           "SELECT pg_catalog.pg_terminate_backend(pid)"
                           " FROM pg_catalog.pg_stat_activity"
                           " WHERE pid = $1::int4 AND backend_start::text = $2"
                           " AND application_name LIKE 'pghaul %'"
                           " AND pid <> pg_catalog.pg_backend_pid()",
                           2, values, &rows, why))
        return false;
    *ret_there = rows_count(&rows) > 0;
    return true;
}

/* There is no event to wait for, so the server's view is looked at again. */
static bool end_backend(struct worker *worker, struct conn *conn, int pid, const char *start,
                        struct fault *why)
{
    int64_t deadline = clock_ms() + PATIENCE_MS;
    for (;;) {
        bool there;
        if (!terminate(conn, pid, start, &there, why))
            return fault_during(why, "ending backend %d of a dead worker", pid);
        if (!there)
            return true;
        log_debug("ending backend %d on the %s, left by a dead worker", pid,
                  side_word(conn_side(conn)));
        if (clock_ms() > deadline)
            return fault_set(
                why, conn_side(conn) == SIDE_SOURCE ? FAULT_SOURCE_QUERY : FAULT_TARGET_QUERY,
                "backend %d, left by a dead worker, does not end", pid);
        if (!leash_poll(worker->leash, NULL, 0, LOOK_AGAIN_MS, why))
            return false;
        if (worker->leash->wish == LEASH_NOW)
            return leash_fault(worker->leash, why);
    }
}

/* A role that is set may neither see nor end it. */
static bool end_as_user(struct worker *worker, struct conn *conn, int pid, const char *start,
                        struct fault *why)
{
    return conn_be_user(conn, why) && end_backend(worker, conn, pid, start, why) &&
           conn_be_role(conn, why);
}

static bool reap_one(struct worker *worker, const struct process_left *left, struct fault *why)
{
    if (left->source_pid != 0 && worker->source != NULL &&
        !end_as_user(worker, worker->source, left->source_pid, left->source_start, why))
        return false;
    if (left->target_pid != 0 && worker->target != NULL &&
        !end_as_user(worker, worker->target, left->target_pid, left->target_start, why))
        return false;
    return work_return(worker->db, left->id, NULL, why) &&
           process_reaped(worker->db, left->id, why);
}

bool reap(struct worker *worker, const char *role, int number, int64_t before_us, struct fault *why)
{
    struct process_left left[AT_ONCE];
    int count;
    do {
        if (!process_unreaped(worker->db, worker->process, role, number, before_us, left, AT_ONCE,
                              &count, why))
            return false;
        for (int i = 0; i < count; i++)
            if (!reap_one(worker, &left[i], why))
                return false;
    } while (count == AT_ONCE);
    return true;
}
