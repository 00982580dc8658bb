#include "plan/identity.h"

#include "base/failpoint.h"
#include "base/scoped.h"
#include "base/text.h"
#include "catalog/run.h"
#include "catalog/sql.h"
#include "plan/alter.h"
#include "plan/ask.h"
#include "plan/check.h"

#include <inttypes.h>
#include <string.h>

bool identity_alter(struct conn *conn, struct leash *leash, const struct identity_change *change,
                    const char *sql, int64_t patience_ms, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf what = STRBUF_EMPTY;
    strbuf_add(&what, "table ");
    strbuf_add_name(&what, change->nspname, change->relname);
    const struct alteration alteration = {
        .sql = sql, .what = what.text, .relation = change->oid, .patience_ms = patience_ms};
    if (alter_patiently(conn, leash, &alteration, why))
        return true;
    if (strcmp(why->sqlstate, "42501") == 0)
        why->id = FAULT_PUBLICATION;
    return why->id == FAULT_ALTER_LOCKED ? false : fault_during(why, "%s", what.text);
}

/* ---- which there are ---- */

/* The first one behind `after`. */
static bool next_change(struct db *db, const char *run, int64_t after,
                        struct identity_change *ret_change, bool *ret_found, struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_IDENTITY_NEXT, why);
    if (stmt == NULL || !stmt_bind(stmt, why, "si", run, after) || !stmt_step(stmt, ret_found, why))
        return false;
    if (!*ret_found)
        return true;
    ret_change->oid = stmt_int(stmt, 0);
    strlcpy(ret_change->nspname, stmt_text(stmt, 1), sizeof ret_change->nspname);
    strlcpy(ret_change->relname, stmt_text(stmt, 2), sizeof ret_change->relname);
    strlcpy(ret_change->given, stmt_text(stmt, 3), sizeof ret_change->given);
    return true;
}

bool identities_list(struct db *db, const char *run, identity_each *each, void *arg,
                     struct fault *why)
{
    bool found;
    struct identity_change change = {.oid = 0};
    for (;;) {
        if (!next_change(db, run, change.oid, &change, &found, why))
            return false;
        if (!found)
            return true;
        if (!each(arg, &change, why))
            return false;
    }
}

/* ---- forwards ---- */

static bool note_in_write(struct db *db, void *arg, struct fault *why)
{
    (void)arg;
    return db_run(db, why, SQL_IDENTITY_NOTE, "") && db_run(db, why, SQL_PUBLISHED_MADE_FULL, "");
}

struct altering {
    struct db *db;
    struct conn *source;
    struct leash *leash;
    const char *run;
    int64_t patience_ms;
};

static bool make_full(void *arg, const struct identity_change *change, struct fault *why)
{
    const struct altering *a = arg;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    strbuf_add(&sql, "ALTER TABLE ONLY ");
    strbuf_add_qualified(&sql, change->nspname, change->relname);
    strbuf_add(&sql, " REPLICA IDENTITY FULL;");
    if (!identity_alter(a->source, a->leash, change, sql.text, a->patience_ms, why))
        return false;
    FAILPOINT("identity.changed", why);
    return true;
}

bool identities_make_full(struct db *db, struct conn *source, struct leash *leash,
                          int64_t patience_ms, struct fault *why)
{
    bool there;
    struct run run;
    if (!run_get(db, &run, &there, why) || !db_durable(db, true, why) ||
        !db_write(db, note_in_write, NULL, why) || !db_durable(db, false, why))
        return false;
    FAILPOINT("identity.noted", why);
    struct altering altering = {db, source, leash, run.uuid, patience_ms};
    return identities_list(db, run.uuid, make_full, &altering, why);
}

/* ---- back ---- */

bool identity_add_back(struct strbuf *sql, struct conn *conn, const struct identity_change *change,
                       struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf which = STRBUF_EMPTY;
    if (conn_side(conn) == SIDE_SOURCE)
        strbuf_addf(&which, "%" PRId64, change->oid);
    else
        strbuf_add_qualified(&which, change->nspname, change->relname);
    const char *const values[] = {which.text};
    if (!ask_with(conn, ASK_REPLICA_IDENTITY, 1, values, &rows, why))
        return false;
    if (rows_count(&rows) == 0 || strcmp(rows_text(&rows, 0, 0), "f") != 0)
        return true;
    strbuf_add(sql, "ALTER TABLE ONLY ");
    strbuf_add_qualified(sql, rows_text(&rows, 0, 1), rows_text(&rows, 0, 2));
    strbuf_addf(sql, " REPLICA IDENTITY %s;", change->given);
    return true;
}

bool identity_forget(struct db *db, const char *run, const struct identity_change *change,
                     struct fault *why)
{
    return db_run(db, why, SQL_IDENTITY_FORGET, "si", run, change->oid);
}

static bool restore(void *arg, const struct identity_change *change, struct fault *why)
{
    const struct altering *a = arg;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!identity_add_back(&sql, a->source, change, why) ||
        (sql.length > 0 &&
         !identity_alter(a->source, a->leash, change, sql.text, a->patience_ms, why)))
        return false;
    FAILPOINT("identity.restored", why);
    return identity_forget(a->db, a->run, change, why);
}

bool identities_restore(struct db *db, struct conn *source, struct leash *leash, const char *run,
                        int64_t patience_ms, struct fault *why)
{
    struct altering altering = {db, source, leash, run, patience_ms};
    return identities_list(db, run, restore, &altering, why);
}
