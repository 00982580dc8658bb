#include "pg/conn_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/scoped.h"
#include "pg/pooler.h"
#include "pg/session.h"
#include "proc/apart.h"
#include "wire/server_message.h"

#include <errno.h>
#include <stdarg.h>

enum { OLDEST_SOURCE = 90600, OLDEST_TARGET = 110000 };

void drop_result(PGresult **result)
{
    PQclear(*result);
    *result = NULL;
}

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

/* ---- faults ---- */

/* libpq's own messages have several lines, one for each address that was tried. */
static void connection_fault(const struct conn *conn, enum fault_id id, struct fault *why)
{
    const char *message = PQerrorMessage(conn->pq);
    size_t first = strcspn(message, "\n");
    fault_set(why, id, "%.*s", (int)first, message);
    if (message[first] != '\0' && message[first + 1] != '\0')
        fault_detail(why, "%s", message + first + 1);
}

static bool result_fault(const struct conn *conn, const PGresult *result, struct fault *why)
{
    struct server_error error = {
        .severity = or_empty(PQresultErrorField(result, PG_DIAG_SEVERITY)),
        .sqlstate = or_empty(PQresultErrorField(result, PG_DIAG_SQLSTATE)),
        .message = or_empty(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)),
        .detail = or_empty(PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL)),
        .hint = or_empty(PQresultErrorField(result, PG_DIAG_MESSAGE_HINT)),
        .context = or_empty(PQresultErrorField(result, PG_DIAG_CONTEXT)),
    };
    return server_fault(conn->side, &error, why);
}

bool conn_last_words(const struct conn *conn, struct fault *why)
{
    if (conn->last_words.id != 0)
        *why = conn->last_words;
    return conn->last_words.id != 0;
}

bool conn_fault(struct conn *conn, const PGresult *result, struct fault *why)
{
    if (PQstatus(conn->pq) == CONNECTION_BAD)
        conn->broken = true;
    if (result != NULL && PQresultErrorField(result, PG_DIAG_SQLSTATE) != NULL)
        return result_fault(conn, result, why);
    conn->broken = true;
    if (conn_last_words(conn, why))
        return false;
    connection_fault(conn, conn->side == SIDE_SOURCE ? FAULT_SOURCE_LOST : FAULT_TARGET_LOST, why);
    why->retry = true;
    return false;
}

/* ---- waiting ---- */

static void send_cancel(void *arg)
{
    char message[256];
    PQcancel(arg, message, sizeof message);
}

static void forget_cancel(void *arg)
{
    PQfreeCancel(arg);
}

/* A server that does not answer is not waited for as long as its network stack would. */
void conn_cancel(struct conn *conn)
{
    enum { ANSWER_MS = 1000 };
    struct fault ignored;
    struct leash brief = LEASH_DEAF;
    PGcancel *cancel = PQgetCancel(conn->pq);
    const struct apart_call call = {send_cancel, forget_cancel, cancel};
    if (cancel == NULL)
        return;
    leash_set_deadline(&brief, ANSWER_MS);
    if (apart_run(&brief, &call, &ignored))
        forget_cancel(cancel);
    else
        conn->broken = true; /* it may still come, and hit another statement */
}

bool conn_await(struct conn *conn, short events, struct fault *why)
{
    struct pollfd fd = {.fd = PQsocket(conn->pq), .events = events};
    do {
        if (!leash_poll(conn->leash, &fd, 1, -1, why))
            return false;
        if (conn->leash->wish == LEASH_NOW) {
            conn_cancel(conn);
            conn->broken = true;
            return leash_fault(conn->leash, why);
        }
    } while (fd.revents == 0);
    return true;
}

bool conn_flush(struct conn *conn, struct fault *why)
{
    for (;;) {
        int left = PQflush(conn->pq);
        if (left < 0)
            return conn_fault(conn, NULL, why);
        if (left == 0)
            return true;
        /* The server may want to be read before it reads on. */
        if (!conn_await(conn, POLLIN | POLLOUT, why))
            return false;
        if (!PQconsumeInput(conn->pq))
            return conn_fault(conn, NULL, why);
    }
}

bool conn_next(struct conn *conn, PGresult **ret_result, struct fault *why)
{
    while (PQisBusy(conn->pq)) {
        if (!conn_await(conn, POLLIN, why))
            return false;
        if (!PQconsumeInput(conn->pq))
            return conn_fault(conn, NULL, why);
    }
    *ret_result = PQgetResult(conn->pq);
    return true;
}

/* A COPY that nobody feeds or reads would never end. */
static bool is_ended(struct conn *conn, const PGresult *result, struct fault *why)
{
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COPY_IN && status != PGRES_COPY_OUT)
        return true;
    conn->broken = true;
    return fault_set(why, FAULT_BUG, "a COPY was left open");
}

bool conn_drain(struct conn *conn, struct fault *why)
{
    for (;;) {
        scoped(drop_result) PGresult *result = NULL;
        if (!conn_next(conn, &result, why))
            return false;
        if (result == NULL)
            return true;
        if (!is_ended(conn, result, why))
            return false;
    }
}

/* ---- connecting ---- */

static void on_notice(void *arg, const PGresult *result)
{
    struct conn *conn = arg;
    conn->notices++;
    const char *severity = or_empty(PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED));
    log_debug("%s says %s: %s", side_word(conn->side), severity,
              or_empty(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)));
    if (strcmp(severity, "FATAL") == 0)
        result_fault(conn, result, &conn->last_words);
}

/* Sets what is to be set only if the backend is still conn->pid; *ret_pid tells which it is. */
static bool set_up_if(struct conn *conn, const struct conn_wish *wish, struct rows *ret_rows,
                      int *ret_pid, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    session_add_setup(&sql, wish, conn_version(conn), conn->pid);
    if (!conn_query(conn, sql.text, ret_rows, why))
        return fault_during(why, "setting up a session on the %s", side_word(conn->side));
    *ret_pid = (int)rows_int(ret_rows, 0, 0);
    return true;
}

/* A server says itself which backend it is; what a pooler says is another number. */
static bool set_up(struct conn *conn, const struct conn_wish *wish, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    int pid = 0;
    conn->pid = PQbackendPID(conn->pq);
    if (!set_up_if(conn, wish, &rows, &pid, why))
        return false;
    if (pid != conn->pid) {
        conn->pid = pid;
        if ((!wish->kept && !pooler_check(conn, wish->info, why)) ||
            !set_up_if(conn, wish, &rows, &pid, why))
            return false;
        if (pid != conn->pid)
            return pooler_refuse(conn, why);
    }
    strlcpy(conn->start, rows_text(&rows, 0, 2), sizeof conn->start);
    strlcpy(conn->role, rows_text(&rows, 0, 3), sizeof conn->role);
    strlcpy(conn->encoding, rows_text(&rows, 0, 4), sizeof conn->encoding);
    strlcpy(conn->user, rows_text(&rows, 0, 5), sizeof conn->user);
    strlcpy(conn->database, rows_text(&rows, 0, 6), sizeof conn->database);
    strlcpy(conn->version_text, rows_text(&rows, 0, 7), sizeof conn->version_text);
    conn->superuser = strcmp(rows_text(&rows, 0, 8), "on") == 0;
    return true;
}

static bool role_fault(const struct conn *conn, const char *role, struct fault *why)
{
    if (conn->broken)
        return false;
    why->id = conn->side == SIDE_SOURCE ? FAULT_SOURCE_ROLE : FAULT_TARGET_ROLE;
    return fault_during(why, "user \"%s\" cannot become role \"%s\" on the %s", conn->user, role,
                        side_word(conn->side));
}

/* After all the rest, which belongs to the user that connects. */
static bool set_role(struct conn *conn, const char *role, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (role == NULL || *role == '\0')
        return true;
    strlcpy(conn->role, role, sizeof conn->role);
    if (!conn_be_role(conn, why))
        return role_fault(conn, role, why);
    if (!conn_query(conn, "SELECT current_user, pg_catalog.current_setting('is_superuser')", &rows,
                    why))
        return false;
    strlcpy(conn->user, rows_text(&rows, 0, 0), sizeof conn->user);
    conn->superuser = strcmp(rows_text(&rows, 0, 1), "on") == 0;
    return true;
}

static bool check_version(const struct conn *conn, struct fault *why)
{
    int version = conn_version(conn);
    if (conn->side == SIDE_SOURCE && version < OLDEST_SOURCE)
        return fault_set(why, FAULT_SOURCE_VERSION, "the source has version %d.%d", version / 10000,
                         version / 100 % 100);
    if (conn->side == SIDE_TARGET && version < OLDEST_TARGET)
        return fault_set(why, FAULT_TARGET_VERSION, "the target has version %d.%d", version / 10000,
                         version / 100 % 100);
    return true;
}

struct connecting {
    struct strbuf text;
    PGconn *pq;
};

static void connect_now(void *arg)
{
    struct connecting *connecting = arg;
    connecting->pq = PQconnectdb(connecting->text.text);
}

static void forget_connecting(void *arg)
{
    struct connecting *connecting = arg;
    PQfinish(connecting->pq);
    drop_strbuf(&connecting->text);
    free(connecting);
}

/* What PQconnectdb does about several hosts, several addresses of one, and their timeouts is not to
 * be had with PQconnectPoll; and looking up a name blocks there, too. */
static bool connect_apart(struct conn *conn, const struct conninfo *info, bool replication,
                          struct fault *why)
{
    struct connecting *connecting = new_memory(1, sizeof *connecting);
    struct apart_call call = {connect_now, forget_connecting, connecting};
    strbuf_add(&connecting->text, strbuf_text(&info->full));
    if (replication)
        strbuf_add(&connecting->text, " replication=database");
    if (!apart_run(conn->leash, &call, why))
        return false;
    conn->pq = give(connecting->pq);
    forget_connecting(connecting);
    return true;
}

static bool connect_to(struct conn *conn, const struct conninfo *info, bool replication,
                       struct leash *leash, struct fault *why)
{
    bool source = info->side == SIDE_SOURCE;
    conn->side = info->side;
    conn->leash = leash;
    if (!connect_apart(conn, info, replication, why))
        return fault_during(why, "connecting to the %s %s", side_word(conn->side),
                            strbuf_text(&info->shown));
    if (PQstatus(conn->pq) != CONNECTION_OK) {
        connection_fault(conn, source ? FAULT_SOURCE_CONNECT : FAULT_TARGET_CONNECT, why);
        why->retry = true;
        if (strstr(why->text, "unsupported startup parameter") != NULL)
            fault_hint(why, "The pooler does not take it: leave it out of the connection string "
                            "(and out of PGOPTIONS), or add it to ignore_startup_parameters.");
        return fault_during(why, "cannot connect to the %s %s", side_word(conn->side),
                            strbuf_text(&info->shown));
    }
    PQsetNoticeReceiver(conn->pq, on_notice, conn);
    PQsetnonblocking(conn->pq, 1);
    return true;
}

bool conn_open_bare(struct conn **ret_conn, const struct conninfo *info, struct leash *leash,
                    struct fault *why)
{
    scoped(drop_conn) struct conn *conn = new_memory(1, sizeof *conn);
    if (!connect_to(conn, info, false, leash, why))
        return false;
    *ret_conn = give(conn);
    return true;
}

bool conn_open(struct conn **ret_conn, const struct conn_wish *wish, struct leash *leash,
               struct fault *why)
{
    scoped(drop_conn) struct conn *conn = new_memory(1, sizeof *conn);
    if (!connect_to(conn, wish->info, wish->replication, leash, why) || !check_version(conn, why) ||
        !set_up(conn, wish, why) || !set_role(conn, wish->role, why))
        return false;
    *ret_conn = give(conn);
    return true;
}

void drop_conn(struct conn **held)
{
    if (*held == NULL)
        return;
    PQfreemem((*held)->message);
    PQfinish((*held)->pq);
    free(*held);
    *held = NULL;
}

/* ---- statements ---- */

static bool is_error(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

/* Takes all results; keeps the last with rows (or, without rows, the last). */
bool conn_take(struct conn *conn, struct rows *ret_rows, struct fault *why)
{
    scoped(drop_result) PGresult *kept = NULL;
    bool failed = false;
    if (!conn_flush(conn, why))
        return false;
    for (;;) {
        scoped(drop_result) PGresult *result = NULL;
        if (!conn_next(conn, &result, why))
            return false;
        if (result == NULL)
            break;
        if (!is_ended(conn, result, why))
            return false;
        if (is_error(result) && !failed) {
            failed = true;
            conn_fault(conn, result, why);
        }
        bool rows = PQresultStatus(result) == PGRES_TUPLES_OK;
        if (rows || kept == NULL || PQresultStatus(kept) != PGRES_TUPLES_OK) {
            drop_result(&kept);
            kept = give(result);
        }
    }
    if (failed)
        return false;
    if (ret_rows != NULL) {
        drop_rows(ret_rows);
        ret_rows->result = give(kept);
    }
    return true;
}

static bool has_role(const struct conn *conn)
{
    return strcmp(conn->role, "none") != 0;
}

bool conn_be_user(struct conn *conn, struct fault *why)
{
    return !has_role(conn) || conn_run(conn, "SET ROLE NONE", why);
}

bool conn_be_role(struct conn *conn, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    conn_add_role(&sql, conn);
    return sql.length == 0 || conn_run(conn, sql.text, why);
}

void conn_add_role(struct strbuf *sql, const struct conn *conn)
{
    if (!has_role(conn))
        return;
    strbuf_add(sql, "SET ROLE ");
    strbuf_add_identifier(sql, conn->role);
    strbuf_add(sql, ";");
}

static bool usable(struct conn *conn, struct fault *why)
{
    if (!conn->broken)
        return true;
    fault_set(why, conn->side == SIDE_SOURCE ? FAULT_SOURCE_LOST : FAULT_TARGET_LOST,
              "the connection is closed");
    why->retry = true;
    return false;
}

bool conn_query(struct conn *conn, const char *sql, struct rows *ret_rows, struct fault *why)
{
    if (!usable(conn, why))
        return false;
    if (!PQsendQuery(conn->pq, sql))
        return conn_fault(conn, NULL, why);
    return conn_take(conn, ret_rows, why);
}

bool conn_run(struct conn *conn, const char *sql, struct fault *why)
{
    return conn_query(conn, sql, NULL, why);
}

bool conn_runf(struct conn *conn, struct fault *why, const char *format, ...)
{
    scoped(drop_memory) char *sql = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&sql, format, args);
    va_end(args);
    if (length < 0)
        return fault_errno(why, FAULT_SYSTEM, "out of memory");
    return conn_run(conn, sql, why);
}

bool conn_query_params(struct conn *conn, const char *sql, int count, const char *const *values,
                       struct rows *ret_rows, struct fault *why)
{
    if (!usable(conn, why))
        return false;
    if (!PQsendQueryParams(conn->pq, sql, count, NULL, values, NULL, NULL, 0))
        return conn_fault(conn, NULL, why);
    return conn_take(conn, ret_rows, why);
}

bool conn_stream(struct conn *conn, const char *sql, conn_each *each, void *arg, struct fault *why)
{
    if (!usable(conn, why))
        return false;
    if (!PQsendQuery(conn->pq, sql) || !PQsetSingleRowMode(conn->pq))
        return conn_fault(conn, NULL, why);
    if (!conn_flush(conn, why))
        return false;
    bool good = true;
    for (;;) {
        scoped(drop_result) PGresult *result = NULL;
        struct fault later; /* of what follows the first failure, which is the one to report */
        if (!conn_next(conn, &result, good ? why : &later))
            return false;
        if (result == NULL)
            return good;
        if (!is_ended(conn, result, good ? why : &later))
            return false;
        if (good && is_error(result)) {
            good = conn_fault(conn, result, why);
        } else if (good && PQresultStatus(result) == PGRES_SINGLE_TUPLE) {
            struct rows row = {result};
            good = each(arg, &row, why);
            if (!good)
                conn_cancel(conn);
        }
    }
}

bool conn_is_alive(struct conn *conn)
{
    /* A parameter status or notice is taken, the server's last words among them; the end of the
     * connection is found. */
    if (!PQconsumeInput(conn->pq) || PQstatus(conn->pq) == CONNECTION_BAD)
        conn->broken = true;
    PQisBusy(conn->pq); /* hands notices out */
    return !conn->broken;
}

bool conn_wait_idle(struct conn *conn, int timeout_ms, bool *ret_lost, struct fault *why)
{
    struct pollfd fd = {.fd = PQsocket(conn->pq), .events = POLLIN};
    int64_t end = clock_ms() + timeout_ms;
    /* The last statement may have found it lost: then libpq has closed its socket. */
    *ret_lost = conn->broken;
    while (conn->leash->wish == LEASH_GO && !conn->leash->woken && !*ret_lost) {
        int64_t left = timeout_ms < 0 ? -1 : end - clock_ms();
        if (timeout_ms >= 0 && left <= 0)
            return true;
        if (!leash_poll(conn->leash, &fd, 1, (int)left, why))
            return false;
        *ret_lost = fd.revents != 0 && !conn_is_alive(conn);
    }
    return true;
}

/* ---- rows ---- */

int rows_count(const struct rows *rows)
{
    return PQntuples(rows->result);
}

int rows_columns(const struct rows *rows)
{
    return PQnfields(rows->result);
}

const char *rows_text(const struct rows *rows, int row, int column)
{
    const char *text = PQgetvalue(rows->result, row, column);
    return text == NULL ? "" : text;
}

bool rows_null(const struct rows *rows, int row, int column)
{
    return PQgetisnull(rows->result, row, column) == 1;
}

int64_t rows_int(const struct rows *rows, int row, int column)
{
    return strtoll(rows_text(rows, row, column), NULL, 10);
}

bool rows_bool(const struct rows *rows, int row, int column)
{
    return rows_text(rows, row, column)[0] == 't';
}

bool rows_lsn(const struct rows *rows, int row, int column, lsn_t *ret_lsn, struct fault *why)
{
    const char *text = rows_text(rows, row, column);
    return lsn_parse(text, ret_lsn) || fault_set(why, FAULT_BUG, "an LSN \"%s\"", text);
}

uint32_t rows_type(const struct rows *rows, int column)
{
    return PQftype(rows->result, column);
}

int rows_typmod(const struct rows *rows, int column)
{
    return PQfmod(rows->result, column);
}

int rows_origin(const struct rows *rows, int column)
{
    return PQftablecol(rows->result, column);
}

void drop_rows(struct rows *rows)
{
    PQclear(rows->result);
    rows->result = NULL;
}

/* ---- facts ---- */

enum side conn_side(const struct conn *conn)
{
    return conn->side;
}

int conn_version(const struct conn *conn)
{
    return PQserverVersion(conn->pq);
}

const char *conn_version_text(const struct conn *conn)
{
    return conn->version_text;
}

const char *conn_database_encoding(const struct conn *conn)
{
    return conn->encoding;
}

int conn_backend_pid(const struct conn *conn)
{
    return conn->pid;
}

const char *conn_backend_start(const struct conn *conn)
{
    return conn->start;
}

const char *conn_user(const struct conn *conn)
{
    return conn->user;
}

const char *conn_database(const struct conn *conn)
{
    return conn->database;
}

bool conn_is_superuser(const struct conn *conn)
{
    return conn->superuser;
}

bool conn_encrypted(const struct conn *conn)
{
    return PQsslInUse(conn->pq) || PQgssEncInUse(conn->pq);
}

bool conn_broken(const struct conn *conn)
{
    return conn->broken;
}
