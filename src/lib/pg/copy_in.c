#include "pg/copy_in.h"

#include "base/scoped.h"
#include "pg/relay_internal.h"

bool copy_start(struct conn *conn, const char *sql, ExecStatusType wanted, struct fault *why)
{
    if (!PQsendQuery(conn->pq, sql))
        return conn_fault(conn, NULL, why);
    if (!conn_flush(conn, why))
        return false;
    for (;;) {
        scoped(drop_result) PGresult *result = NULL;
        if (!conn_next(conn, &result, why))
            return false;
        if (result == NULL)
            return fault_set(why, FAULT_BUG, "no COPY in: %s", sql);
        if (PQresultStatus(result) == wanted)
            return true;
        if (PQresultStatus(result) == PGRES_FATAL_ERROR) {
            conn_fault(conn, result, why);
            struct fault ignored;
            conn_drain(conn, &ignored);
            return false;
        }
    }
}

bool copy_in_begin(struct conn *conn, const char *sql, struct fault *why)
{
    return copy_start(conn, sql, PGRES_COPY_IN, why);
}

bool copy_in_put(struct conn *conn, const void *bytes, size_t length, struct fault *why)
{
    enum { PIECE = 1 << 20 };
    const char *from = bytes;
    while (length > 0) {
        int piece = length > PIECE ? PIECE : (int)length;
        int put = PQputCopyData(conn->pq, from, piece);
        if (put < 0)
            return conn_fault(conn, NULL, why);
        if (put > 0) {
            from += piece;
            length -= (size_t)piece;
        }
        if (!conn_flush(conn, why))
            return false;
    }
    return true;
}

bool copy_in_end(struct conn *conn, const char *failure, int64_t *ret_rows, struct fault *why)
{
    int put;
    while ((put = PQputCopyEnd(conn->pq, failure)) == 0)
        if (!conn_flush(conn, why))
            return false;
    if (put < 0 && PQstatus(conn->pq) == CONNECTION_BAD)
        return conn_fault(conn, NULL, why);
    if (!conn_flush(conn, why))
        return false;
    bool good = true;
    for (;;) {
        scoped(drop_result) PGresult *result = NULL;
        struct fault later;
        if (!conn_next(conn, &result, good ? why : &later))
            return false;
        if (result == NULL)
            return good;
        if (PQresultStatus(result) == PGRES_FATAL_ERROR && good)
            good = conn_fault(conn, result, why);
        else if (PQresultStatus(result) == PGRES_COMMAND_OK)
            *ret_rows = strtoll(PQcmdTuples(result), NULL, 10);
    }
}
