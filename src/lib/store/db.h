/*
 * db.h - SQLite, as little of it as we need.
 *
 * A database is opened with a book: an array of SQL texts, indexed by an enum
 * that is made from .sql files at build time (sql2c.awk). Statements are
 * prepared at first use and kept. A handle belongs to one process and is opened
 * after exec: it must not cross a fork. The database must be on a local disk.
 */
#ifndef PGHAUL_STORE_DB_H
#define PGHAUL_STORE_DB_H

#include "base/fault.h"
#include "base/strbuf.h"

#include <stdint.h>

struct db;
struct stmt;

struct db_book {
    const char *const *text; /* indexed by statement id */
    int count;
    int schema;             /* id of the statement(s) that make an empty database ours */
    int32_t application_id; /* PRAGMA application_id: whose file this is */
    int32_t version;        /* PRAGMA user_version: of the schema */
};

enum db_mode {
    DB_CREATE,    /* made if it is not there */
    DB_EXISTING,  /* FAULT_DIR_NO_RUN if it is not there */
    DB_READ_ONLY, /* the same, and never written to */
};

/* Opens (":memory:" is allowed), sets the pragmas, makes or checks the schema.
 * FAULT_CATALOG_VERSION when the file is of another version or not ours. */
bool db_open(struct db **ret_db, const char *path, const struct db_book *book, enum db_mode mode,
             struct fault *why);

/* NULL is allowed. For scoped(). */
void drop_db(struct db **db);

/* Makes a C function known to SQL. It gets its arguments as texts (NULL as "") and
 * adds its result to an empty string. */
typedef void db_function(const char *const *args, struct strbuf *result);
bool db_add_function(struct db *db, const char *name, int arguments, db_function *function,
                     struct fault *why);

/* Runs SQL text that returns nothing. */
bool db_exec(struct db *db, const char *sql, struct fault *why);

/* The statement of this id, ready to be bound. NULL when it cannot be prepared.
 * It stays owned by the db; a statement that is still being stepped is reset. */
struct stmt *db_stmt(struct db *db, int id, struct fault *why);

/* Binds parameters in order of their first appearance: 'd' int, 'i' int64_t, 's'
 * const char * (NULL is null), 'n' null. Texts must live until the statement ends. */
bool stmt_bind(struct stmt *stmt, struct fault *why, const char *format, ...);

/* How many it takes. */
int stmt_wants(const struct stmt *stmt);

/* *ret_row tells whether there is a row. Columns are borrowed until the next step. */
bool stmt_step(struct stmt *stmt, bool *ret_row, struct fault *why);

int64_t stmt_int(const struct stmt *stmt, int column);
const char *stmt_text(const struct stmt *stmt, int column); /* never NULL */
bool stmt_null(const struct stmt *stmt, int column);

/* Ends a statement before its last row, which frees its read lock. */
void stmt_end(struct stmt *stmt);

/* For scoped(): ends the statement, which may be NULL. */
void drop_stmt(struct stmt **stmt);

/* Binds and runs a statement that returns no rows. */
bool db_run(struct db *db, struct fault *why, int id, const char *format, ...);

/* Runs several statements that have no parameters, one after the other. */
bool db_run_all(struct db *db, const int *ids, size_t count, struct fault *why);

/* As db_run, and exactly one row must have been changed; else FAULT_CATALOG. */
bool db_run_one(struct db *db, struct fault *why, int id, const char *format, ...);

/* The first column of the first row; `fallback` when there is no row. */
bool db_int(struct db *db, struct fault *why, int64_t *ret, int64_t fallback, int id,
            const char *format, ...);

/* Rows changed by the last insert, update or delete; the id of the last insert. */
int64_t db_changes(const struct db *db);
int64_t db_last_id(const struct db *db);

/* Calls fn in one write transaction: committed when it returns true, rolled back
 * when it returns false. Not to be nested. */
bool db_write(struct db *db, bool (*fn)(struct db *db, void *arg, struct fault *why), void *arg,
              struct fault *why);

/* The same for callers that stream: db_begin, then db_commit or db_rollback. */
bool db_begin(struct db *db, struct fault *why);
bool db_commit(struct db *db, struct fault *why);
void db_rollback(struct db *db);

/* From now on (true), a statement fails at once while somebody else writes: for what can be left
 * out. */
void db_set_impatient(struct db *db, bool impatient);

/* From now on (true), commits wait until they are on disk even if power fails. */
bool db_durable(struct db *db, bool durable, struct fault *why);

/* The end of that, whether what was to be durable went well or not: true when both did; else *why is
 * of what failed first. */
bool db_usual(struct db *db, bool good, struct fault *why);

/* The text of the plan's first step for the statement: for the unit test. */
bool db_explain(struct db *db, int id, char *to, size_t size, struct fault *why);

#endif
