/*
 * db.c - SQLite, as little of it as we need.
 *
 * WAL mode: readers (pghaul status, sqlite3) never block the workers. Writers
 * queue by a busy handler; every write transaction begins with BEGIN IMMEDIATE or
 * is a single statement, because a read that turns into a write may fail with
 * SQLITE_BUSY_SNAPSHOT at once, handler or not.
 */
#include "store/db.h"

#include "base/scoped.h"
#include "base/strbuf.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>

enum {
    BUSY_FIRST_US = 20,  /* write transactions of ours take some 50 us … */
    BUSY_MOST_US = 5000, /* … but one that inserts a plan takes seconds */
    BUSY_TURNS = 240000, /* 20 minutes in all: a plan may wait for a lock on the source */
    PATH_SHOWN = 200,
};

struct stmt {
    struct db *db;
    sqlite3_stmt *handle;
};

struct db {
    sqlite3 *handle;
    const struct db_book *book;
    struct stmt *stmts; /* [book->count], prepared at first use */
    char path[PATH_SHOWN];
    bool impatient; /* does not wait for a writer */
};

static bool db_fault(struct db *db, struct fault *why, const char *doing)
{
    int code = sqlite3_extended_errcode(db->handle);
    int problem = sqlite3_system_errno(db->handle);
    fault_set(why, FAULT_CATALOG, "%s \"%s\": %s", doing, db->path, sqlite3_errmsg(db->handle));
    if ((code & 0xFF) == SQLITE_IOERR && problem != 0)
        fault_detail(why, "%s", strerror(problem));
    if ((code & 0xFF) == SQLITE_FULL || problem == ENOSPC)
        fault_hint(why, "Free space on the disk of the work directory, then go on with --resume.");
    if ((code & 0xFF) == SQLITE_READONLY)
        fault_hint(why, "Make the work directory writable, or give another --dir.");
    return false;
}

bool db_exec(struct db *db, const char *sql, struct fault *why)
{
    if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        return db_fault(db, why, "writing catalog");
    return true;
}

static bool pragma_int(struct db *db, const char *sql, int64_t *ret, struct fault *why)
{
    sqlite3_stmt *handle = NULL;
    if (sqlite3_prepare_v2(db->handle, sql, -1, &handle, NULL) != SQLITE_OK ||
        sqlite3_step(handle) != SQLITE_ROW) {
        sqlite3_finalize(handle);
        return db_fault(db, why, "opening catalog");
    }
    *ret = sqlite3_column_int64(handle, 0);
    sqlite3_finalize(handle);
    return true;
}

/* In one transaction, since two processes may open a new file at the same time. */
static bool make_schema(struct db *db, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    int64_t version;
    if (!db_begin(db, why))
        return false;
    strbuf_addf(&sql, "%s;\npragma application_id = %d;\npragma user_version = %d;",
                db->book->text[db->book->schema], (int)db->book->application_id,
                (int)db->book->version);
    if (!pragma_int(db, "pragma user_version", &version, why) ||
        (version == 0 && !db_exec(db, sql.text, why))) {
        db_rollback(db);
        return false;
    }
    return db_commit(db, why);
}

static bool check_version(struct db *db, struct fault *why)
{
    int64_t application, version;
    if (!pragma_int(db, "pragma application_id", &application, why) ||
        !pragma_int(db, "pragma user_version", &version, why))
        return false;
    if (application != db->book->application_id)
        return fault_set(why, FAULT_CATALOG_VERSION, "\"%s\" is not a catalog of pghaul", db->path);
    if (version != db->book->version)
        return fault_set(why, FAULT_CATALOG_VERSION,
                         "catalog \"%s\" has schema version %d, this pghaul knows %d", db->path,
                         (int)version, (int)db->book->version);
    return true;
}

/* SQLite's own handler would sleep for a millisecond at least. */
static int wait_for_writer(void *arg, int turn)
{
    const struct db *db = arg;
    if (turn >= BUSY_TURNS || db->impatient)
        return 0;
    long us = turn < 8 ? BUSY_FIRST_US << turn : BUSY_MOST_US;
    nanosleep(&(struct timespec){0, us * 1000}, NULL);
    return 1;
}

static bool prepare_file(struct db *db, enum db_mode mode, struct fault *why)
{
    sqlite3_busy_handler(db->handle, wait_for_writer, db);
    if (mode == DB_READ_ONLY)
        return check_version(db, why);
    if (!db_exec(db,
                 "pragma journal_mode = wal; pragma synchronous = normal;"
                 "pragma foreign_keys = off; pragma temp_store = memory",
                 why))
        return false;
    if (mode == DB_CREATE) {
        int64_t version;
        if (!pragma_int(db, "pragma user_version", &version, why) ||
            (version == 0 && !make_schema(db, why)))
            return false;
    }
    return check_version(db, why);
}

bool db_open(struct db **ret_db, const char *path, const struct db_book *book, enum db_mode mode,
             struct fault *why)
{
    static const int flags[] = {
        [DB_CREATE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
        [DB_EXISTING] = SQLITE_OPEN_READWRITE,
        [DB_READ_ONLY] = SQLITE_OPEN_READONLY,
    };
    if (mode != DB_CREATE && access(path, F_OK) != 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? fault_set(why, FAULT_DIR_NO_RUN, "there is no catalog \"%s\"", path)
                   : fault_errno(why, FAULT_DIR_UNUSABLE, "cannot look at the catalog \"%s\"",
                                 path);
    scoped(drop_db) struct db *db = new_memory(1, sizeof *db);
    db->book = book;
    db->stmts = new_memory((size_t)book->count, sizeof *db->stmts);
    strlcpy(db->path, path, sizeof db->path);
    if (sqlite3_open_v2(path, &db->handle, flags[mode], NULL) != SQLITE_OK) {
        db_fault(db, why, "opening catalog");
        why->id = FAULT_DIR_UNUSABLE;
        return false;
    }
    if (!prepare_file(db, mode, why))
        return false;
    *ret_db = give(db);
    return true;
}

void drop_db(struct db **held)
{
    struct db *db = *held;
    if (db == NULL)
        return;
    for (int id = 0; id < db->book->count; id++)
        sqlite3_finalize(db->stmts[id].handle);
    sqlite3_close(db->handle);
    free(db->stmts);
    free(db);
    *held = NULL;
}

static void call_function(sqlite3_context *context, int count, sqlite3_value **values)
{
    enum { MOST = 4 };
    const char *args[MOST] = {"", "", "", ""};
    db_function *function;
    memcpy(&function, sqlite3_user_data(context), sizeof function);
    for (int i = 0; i < count && i < MOST; i++)
        if (sqlite3_value_type(values[i]) != SQLITE_NULL)
            args[i] = (const char *)sqlite3_value_text(values[i]);
    scoped(drop_strbuf) struct strbuf result = STRBUF_EMPTY;
    function(args, &result);
    sqlite3_result_text(context, strbuf_text(&result), (int)result.length, SQLITE_TRANSIENT);
}

bool db_add_function(struct db *db, const char *name, int arguments, db_function *function,
                     struct fault *why)
{
    /* ISO C has no conversion from a function pointer to void *, so a box carries it. */
    db_function **box = new_memory(1, sizeof *box);
    *box = function;
    if (sqlite3_create_function_v2(db->handle, name, arguments, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                                   box, call_function, NULL, NULL, free) != SQLITE_OK)
        return db_fault(db, why, "opening catalog");
    return true;
}

struct stmt *db_stmt(struct db *db, int id, struct fault *why)
{
    struct stmt *stmt = &db->stmts[id];
    if (stmt->handle == NULL) {
        stmt->db = db;
        if (sqlite3_prepare_v3(db->handle, db->book->text[id], -1, SQLITE_PREPARE_PERSISTENT,
                               &stmt->handle, NULL) != SQLITE_OK) {
            db_fault(db, why, "preparing a statement for catalog");
            return NULL;
        }
    }
    stmt_end(stmt);
    return stmt;
}

void stmt_end(struct stmt *stmt)
{
    sqlite3_reset(stmt->handle);
    sqlite3_clear_bindings(stmt->handle);
}

void drop_stmt(struct stmt **stmt)
{
    if (*stmt != NULL)
        stmt_end(*stmt);
}

int stmt_wants(const struct stmt *stmt)
{
    return sqlite3_bind_parameter_count(stmt->handle);
}

static bool bind_list(struct stmt *stmt, const char *format, va_list args, struct fault *why)
{
    int wanted = stmt_wants(stmt);
    if (wanted != (int)strlen(format))
        return fault_set(why, FAULT_BUG, "statement wants %d parameters, \"%s\" given: %s", wanted,
                         format, sqlite3_sql(stmt->handle));
    for (int n = 1; *format != '\0'; format++, n++) {
        int result = SQLITE_OK;
        if (*format == 'i' || *format == 'd')
            result = sqlite3_bind_int64(stmt->handle, n,
                                        *format == 'i' ? va_arg(args, int64_t) : va_arg(args, int));
        else if (*format == 's')
            result =
                sqlite3_bind_text(stmt->handle, n, va_arg(args, const char *), -1, SQLITE_STATIC);
        if (result != SQLITE_OK)
            return db_fault(stmt->db, why, "binding a value for catalog");
    }
    return true;
}

bool stmt_bind(struct stmt *stmt, struct fault *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bool bound = bind_list(stmt, format, args, why);
    va_end(args);
    return bound;
}

bool stmt_step(struct stmt *stmt, bool *ret_row, struct fault *why)
{
    int result = sqlite3_step(stmt->handle);
    if (result == SQLITE_ROW || result == SQLITE_DONE) {
        *ret_row = result == SQLITE_ROW;
        if (result == SQLITE_DONE)
            stmt_end(stmt);
        return true;
    }
    db_fault(stmt->db, why, "using catalog");
    stmt_end(stmt);
    return false;
}

int64_t stmt_int(const struct stmt *stmt, int column)
{
    return sqlite3_column_int64(stmt->handle, column);
}

const char *stmt_text(const struct stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt->handle, column);
    return text == NULL ? "" : (const char *)text;
}

bool stmt_null(const struct stmt *stmt, int column)
{
    return sqlite3_column_type(stmt->handle, column) == SQLITE_NULL;
}

static bool run_list(struct db *db, int id, const char *format, va_list args, struct fault *why)
{
    struct stmt *stmt = db_stmt(db, id, why);
    bool row = false;
    if (stmt == NULL || !bind_list(stmt, format, args, why) || !stmt_step(stmt, &row, why))
        return false;
    if (row) {
        stmt_end(stmt);
        return fault_set(why, FAULT_BUG, "a statement returned a row where none was expected: %s",
                         db->book->text[id]);
    }
    return true;
}

bool db_run(struct db *db, struct fault *why, int id, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bool ran = run_list(db, id, format, args, why);
    va_end(args);
    return ran;
}

bool db_run_all(struct db *db, const int *ids, size_t count, struct fault *why)
{
    for (size_t i = 0; i < count; i++)
        if (!db_run(db, why, ids[i], ""))
            return false;
    return true;
}

bool db_run_one(struct db *db, struct fault *why, int id, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bool ran = run_list(db, id, format, args, why);
    va_end(args);
    if (ran && db_changes(db) != 1)
        return fault_set(why, FAULT_CATALOG, "%d rows of catalog \"%s\" changed instead of one: %s",
                         (int)db_changes(db), db->path, db->book->text[id]);
    return ran;
}

bool db_int(struct db *db, struct fault *why, int64_t *ret, int64_t fallback, int id,
            const char *format, ...)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, id, why);
    if (stmt == NULL)
        return false;
    va_list args;
    va_start(args, format);
    bool bound = bind_list(stmt, format, args, why);
    va_end(args);
    bool row;
    if (!bound || !stmt_step(stmt, &row, why))
        return false;
    *ret = row && !stmt_null(stmt, 0) ? stmt_int(stmt, 0) : fallback;
    return true;
}

int64_t db_changes(const struct db *db)
{
    return sqlite3_changes64(db->handle);
}

int64_t db_last_id(const struct db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

bool db_begin(struct db *db, struct fault *why)
{
    return db_exec(db, "begin immediate", why);
}

bool db_commit(struct db *db, struct fault *why)
{
    if (db_exec(db, "commit", why))
        return true;
    db_rollback(db);
    return false;
}

void db_rollback(struct db *db)
{
    /* SQLite has rolled back by itself after some errors; a second time is an error to ignore. */
    sqlite3_exec(db->handle, "rollback", NULL, NULL, NULL);
}

bool db_write(struct db *db, bool (*fn)(struct db *, void *, struct fault *), void *arg,
              struct fault *why)
{
    /* Part of a larger one. */
    if (sqlite3_get_autocommit(db->handle) == 0)
        return fn(db, arg, why);
    if (!db_begin(db, why))
        return false;
    if (!fn(db, arg, why)) {
        db_rollback(db);
        return false;
    }
    return db_commit(db, why);
}

void db_set_impatient(struct db *db, bool impatient)
{
    db->impatient = impatient;
}

bool db_durable(struct db *db, bool durable, struct fault *why)
{
    return db_exec(db, durable ? "pragma synchronous = full" : "pragma synchronous = normal", why);
}

bool db_usual(struct db *db, bool good, struct fault *why)
{
    struct fault later;
    return db_durable(db, false, good ? why : &later) && good;
}

bool db_explain(struct db *db, int id, char *to, size_t size, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    sqlite3_stmt *handle = NULL;
    strbuf_addf(&sql, "explain query plan %s", db->book->text[id]);
    to[0] = '\0';
    if (sqlite3_prepare_v2(db->handle, sql.text, -1, &handle, NULL) != SQLITE_OK)
        return db_fault(db, why, "explaining a statement for catalog");
    while (sqlite3_step(handle) == SQLITE_ROW) {
        strlcat(to, (const char *)sqlite3_column_text(handle, 3), size);
        strlcat(to, "\n", size);
    }
    sqlite3_finalize(handle);
    return true;
}
