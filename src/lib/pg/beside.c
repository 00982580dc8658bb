#include "pg/beside.h"

#include "pg/conn_internal.h"

bool beside_send(struct conn *conn, const char *sql, struct fault *why)
{
    if (conn->broken || !PQsendQuery(conn->pq, sql))
        return conn_fault(conn, NULL, why);
    return conn_flush(conn, why);
}

static bool stop_all(struct conn *const *conns, int count, const struct leash *leash,
                     struct fault *why)
{
    for (int i = 0; i < count; i++) {
        conn_cancel(conns[i]);
        conns[i]->broken = true;
    }
    return leash_fault(leash, why);
}

bool beside_wait(struct conn *const *conns, int count, struct leash *leash, int timeout_ms,
                 struct fault *why)
{
    struct pollfd fds[BESIDE_MOST];
    if (count > BESIDE_MOST)
        return fault_set(why, FAULT_BUG, "too many connections beside each other");
    for (int i = 0; i < count; i++)
        fds[i] = (struct pollfd){.fd = PQsocket(conns[i]->pq), .events = POLLIN};
    if (!leash_poll(leash, fds, count, timeout_ms, why))
        return false;
    if (leash->wish == LEASH_NOW)
        return stop_all(conns, count, leash, why);
    for (int i = 0; i < count; i++)
        if (fds[i].revents != 0 && !PQconsumeInput(conns[i]->pq))
            conns[i]->broken = true;
    return true;
}

bool beside_is_ready(struct conn *conn)
{
    return conn->broken || PQisBusy(conn->pq) == 0;
}

bool beside_take(struct conn *conn, struct rows *ret_rows, struct fault *why)
{
    if (conn->broken)
        return conn_fault(conn, NULL, why);
    return conn_take(conn, ret_rows, why);
}
