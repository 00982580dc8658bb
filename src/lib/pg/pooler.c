/*
 * pooler.c - does what stands between us and the server keep our session?
 *
 * A pooler in transaction mode takes the backend away from an idle client. With nobody else there,
 * it may always give back the same one, so a second client of ours wants a backend at the same
 * time: from a pool that gives the one that was used last, it gets ours; from one that gives the
 * one that was idle for longest, we get another one ourselves. It comes anew each time, since a
 * pooler may consist of several processes, of which each has its own pool.
 */
#include "pg/pooler.h"

#include "base/scoped.h"
#include "pg/conn_internal.h"

enum { ROUNDS = 6 };

static bool ask_pid(struct conn *conn, const char *sql, int *ret_pid, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!conn_query(conn, sql, &rows, why))
        return false;
    *ret_pid = (int)rows_int(&rows, 0, 0);
    return true;
}

static bool refuse(const struct conn *conn, const char *how, struct fault *why)
{
    return fault_set(why, conn->side == SIDE_SOURCE ? FAULT_SOURCE_POOLED : FAULT_TARGET_POOLED,
                     "the %s is behind a pooler that gives %s to another session",
                     side_word(conn->side), how);
}

bool pooler_refuse(const struct conn *conn, struct fault *why)
{
    return refuse(conn, "each transaction", why);
}

/* In statement mode a transaction is an error of the pooler's own. */
static bool begin(struct conn *other, int *ret_pid, struct fault *why)
{
    int pid;
    struct fault refused;
    if (!ask_pid(other, "SELECT pg_catalog.pg_backend_pid()", &pid, why))
        return false;
    if (ask_pid(other, "BEGIN; SELECT pg_catalog.pg_backend_pid()", ret_pid, &refused))
        return true;
    refuse(other, "each statement", why);
    fault_detail(why, "%s", refused.text);
    return false;
}

static bool look(struct conn *conn, const struct conninfo *info, struct fault *why)
{
    static const char ask[] = "SELECT pg_catalog.pg_backend_pid()";
    scoped(drop_conn) struct conn *other = NULL;
    int before, beside, during;
    if (!conn_open_bare(&other, info, conn->leash, why) || !ask_pid(conn, ask, &before, why) ||
        !begin(other, &beside, why) || !ask_pid(conn, ask, &during, why))
        return false;
    if (before != conn->pid || during != conn->pid || beside == conn->pid)
        return pooler_refuse(conn, why);
    return true;
}

bool pooler_check(struct conn *conn, const struct conninfo *info, struct fault *why)
{
    for (int round = 0; round < ROUNDS; round++)
        if (!look(conn, info, why))
            return fault_during(why, "looking whether the pooler keeps a session");
    return true;
}
