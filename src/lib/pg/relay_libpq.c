/*
 * relay_libpq.c - a COPY through libpq, for encrypted connections.
 *
 * libpq gives and takes one row at a time; rows are gathered so that the target
 * gets large CopyData messages. Nothing is read from the source while libpq
 * still holds unsent data, so its output buffer stays as small as ours.
 */
#include "pg/copy_in.h"
#include "pg/relay_internal.h"

#include "base/scoped.h"
#include "base/strbuf.h"

#include <poll.h>

enum { GATHERED = 128 * 1024 };

static void drop_copy_data(char **data)
{
    PQfreemem(*data);
}

/* *ret_length -1 at the end. Waits for data. */
static bool next_row(struct conn *source, char **ret_row, int *ret_length, struct fault *why)
{
    for (;;) {
        *ret_length = PQgetCopyData(source->pq, ret_row, 1);
        if (*ret_length > 0 || *ret_length == -1)
            return true;
        if (*ret_length < -1)
            return conn_fault(source, NULL, why);
        if (!conn_await(source, POLLIN, why))
            return false;
        if (!PQconsumeInput(source->pq))
            return conn_fault(source, NULL, why);
    }
}

static bool put(struct conn *target, const struct strbuf *gathered, struct fault *why)
{
    if (gathered->length > 0 &&
        PQputCopyData(target->pq, gathered->text, (int)gathered->length) != 1)
        return conn_fault(target, NULL, why);
    return conn_flush(target, why);
}

/* libpq keeps an error that comes during COPY IN to itself until the COPY is ended. But a server
 * says nothing while it takes a COPY, notices apart: so if it does, it has failed. */
static bool target_spoke(struct conn *target)
{
    struct pollfd fd = {.fd = PQsocket(target->pq), .events = POLLIN};
    int notices = target->notices;
    if (poll(&fd, 1, 0) != 1)
        return false;
    PQconsumeInput(target->pq);
    PQisBusy(target->pq); /* hands notices out */
    return target->notices == notices;
}

/* Until more may be read. */
static bool await_turn(struct relay *relay, struct conn *source, struct conn *target,
                       struct fault *why)
{
    int wait_ms;
    struct leash *leash = source->leash;
    while (!relay_may_read(relay, leash, &wait_ms)) {
        if (!leash_poll(leash, NULL, 0, wait_ms, why))
            return false;
        if (leash->wish == LEASH_NOW) {
            conn_cancel(source);
            conn_cancel(target);
            return leash_fault(leash, why);
        }
    }
    return true;
}

static bool move_rows(struct relay *relay, struct conn *source, struct conn *target,
                      bool *ret_target_failed, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf gathered = STRBUF_EMPTY;
    int64_t reported_ms = 0;
    for (;;) {
        scoped(drop_copy_data) char *row = NULL;
        int length;
        if (!next_row(source, &row, &length, why))
            return false;
        if (length > 0)
            strbuf_add_bytes(&gathered, row, (size_t)length);
        if (length == -1 || gathered.length >= relay_portion(relay, GATHERED)) {
            if (!put(target, &gathered, why))
                return false;
            relay->bytes += (int64_t)gathered.length;
            relay_took(relay, gathered.length);
            strbuf_clear(&gathered);
            relay_report(relay, &reported_ms);
            if (length == -1)
                return true;
            if (target_spoke(target)) {
                *ret_target_failed = true;
                return true;
            }
            if (!await_turn(relay, source, target, why))
                return false;
        }
    }
}

/* What the source says after its COPY: its count, then perhaps one value. */
static bool end_source(struct relay *relay, struct conn *source, struct fault *why)
{
    bool good = true;
    for (;;) {
        scoped(drop_result) PGresult *result = NULL;
        struct fault later;
        if (!conn_next(source, &result, good ? why : &later))
            return false;
        if (result == NULL)
            return good;
        ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_FATAL_ERROR && good)
            good = conn_fault(source, result, why);
        else if (status == PGRES_COMMAND_OK && relay->rows_read < 0)
            relay->rows_read = strtoll(PQcmdTuples(result), NULL, 10);
        else if (status == PGRES_TUPLES_OK && PQntuples(result) > 0)
            strlcpy(relay->after, PQgetvalue(result, 0, 0), sizeof relay->after);
    }
}

/* Ends a COPY of the source that nobody wants any more. */
static void abandon_source(struct conn *source)
{
    struct fault ignored;
    conn_cancel(source);
    for (;;) {
        scoped(drop_copy_data) char *row = NULL;
        int length;
        if (!next_row(source, &row, &length, &ignored)) {
            source->broken = true;
            return;
        }
        if (length == -1)
            break;
    }
    if (!conn_drain(source, &ignored))
        source->broken = true;
}

bool relay_by_libpq(struct relay *relay, struct conn *source, struct conn *target,
                    struct fault *why)
{
    struct fault ignored;
    if (!copy_in_begin(target, relay->in_sql, why))
        return false;
    bool good = copy_start(source, relay->out_sql, PGRES_COPY_OUT, why);
    if (!good) {
        if (!copy_in_end(target, "pghaul: the source failed", &relay->rows_written, &ignored) &&
            ignored.sqlstate[0] == '\0')
            target->broken = true;
        return false;
    }
    bool target_failed = false;
    good = move_rows(relay, source, target, &target_failed, why);
    if (!good) {
        source->broken = target->broken = true;
        return false;
    }
    if (target_failed) {
        abandon_source(source);
        if (copy_in_end(target, "pghaul: the target spoke during COPY", &relay->rows_written, why))
            return fault_set(why, FAULT_BUG, "a failed COPY ended well");
        why->retry |= strcmp(why->sqlstate, "57014") == 0;
        return false;
    }
    if (!end_source(relay, source, why)) {
        copy_in_end(target, "pghaul: the source failed", &relay->rows_written, &ignored);
        return false;
    }
    return copy_in_end(target, NULL, &relay->rows_written, why);
}
