#include "cutover/freeze.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/listing.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/text.h"
#include "catalog/sql.h"
#include "plan/ask.h"

#include <string.h>

enum { GRACE_MS = 250 };

#define READ_ONLY "default_transaction_read_only"

/* Kinds of what was changed. */
static const char of_role[] = "role";
static const char of_connections[] = "allow";
static const char since[] = "at";

void drop_freeze(struct freeze *freeze)
{
    drop_conn(&freeze->locker);
    drop_conn(&freeze->beside);
    drop_strbuf(&freeze->blocks);
}

/* ---- connections ---- */

static bool connect(const struct conninfo *info, struct leash *leash, struct conn **ret_conn,
                    struct fault *why)
{
    struct conn_wish wish = {.info = info, .application = "pghaul freeze", .kept = true};
    return conn_open(ret_conn, &wish, leash, why);
}

/* Nobody can be kept from connecting by who is connected to the same database. */
static bool connect_beside(const struct conninfo *info, const char *database, struct leash *leash,
                           struct conn **ret_conn, struct fault *why)
{
    static const char *const others[] = {"postgres", "template1"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        scoped(drop_conninfo) struct conninfo other = {.password = NULL};
        scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
        if (strcmp(database, others[i]) == 0)
            continue;
        conninfo_add_other(&text, info, others[i]);
        if (conninfo_read(&other, info->side, text.text, why) &&
            connect(&other, leash, ret_conn, why))
            return true;
    }
    return false;
}

/* ---- may it be frozen? ---- */

static bool check_owner(struct freeze *freeze, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!ask_with(freeze->source, ASK_FREEZE_RIGHTS, 0, NULL, &rows, why))
        return false;
    if (!rows_bool(&rows, 0, 0))
        return fault_set(why, FAULT_CUTOVER_RIGHTS,
                         "role \"%s\" does not own database \"%s\" of the source, so it cannot "
                         "make it read-only",
                         conn_user(freeze->source), conn_database(freeze->source));
    return rows_null(&rows, 0, 1) ||
           fault_set(why, FAULT_CUTOVER_RIGHTS,
                     "these roles have a setting of " READ_ONLY " of their own, which role \"%s\" "
                     "may not change: %s",
                     conn_user(freeze->source), rows_text(&rows, 0, 1));
}

bool freeze_prepare(struct freeze *freeze, struct fault *why)
{
    struct fault ignored;
    if (freeze->mode == FREEZE_NONE)
        return true;
    if (!check_owner(freeze, why))
        return false;
    if (freeze->mode == FREEZE_AUTO && !freeze->open &&
        !connect_beside(freeze->info, conn_database(freeze->source), freeze->leash, &freeze->beside,
                        &ignored)) {
        if (freeze->leash->wish != LEASH_GO)
            return leash_fault(freeze->leash, why);
        log_debug("no connection beside the source's database: %s", ignored.text);
    }
    return freeze->mode != FREEZE_LOCK ||
           connect(freeze->info, freeze->leash, &freeze->locker, why);
}

/* ---- read only ---- */

static void add_alter(struct strbuf *sql, const char *database, const char *kind, const char *name,
                      const char *value)
{
    bool role = strcmp(kind, of_role) == 0;
    strbuf_add(sql, role ? "ALTER ROLE " : "ALTER DATABASE ");
    strbuf_add_identifier(sql, role ? name : database);
    if (role) {
        strbuf_add(sql, " IN DATABASE ");
        strbuf_add_identifier(sql, database);
    }
    if (value == NULL) {
        strbuf_add(sql, " RESET " READ_ONLY ";");
        return;
    }
    strbuf_add(sql, " SET " READ_ONLY " = ");
    strbuf_add_literal(sql, value);
    strbuf_add(sql, ";");
}

static bool note(struct freeze *freeze, const struct rows *rows, struct fault *why)
{
    for (int row = 0; row < rows_count(rows); row++)
        if (!frozen_add(freeze->db, rows_text(rows, row, 0), rows_text(rows, row, 1),
                        rows_null(rows, row, 2) ? NULL : rows_text(rows, row, 2), why))
            return false;
    return true;
}

static bool make_read_only(struct freeze *freeze, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!ask_with(freeze->source, ASK_READ_ONLY_SETTINGS, 0, NULL, &rows, why) ||
        !note(freeze, &rows, why))
        return false;
    FAILPOINT("freeze.noted", why);
    for (int row = 0; row < rows_count(&rows); row++)
        if (strcmp(rows_text(&rows, row, 0), since) != 0)
            add_alter(&sql, conn_database(freeze->source), rows_text(&rows, row, 0),
                      rows_text(&rows, row, 1), "on");
    if (!conn_run(freeze->source, sql.text, why))
        return fault_during(why, "making the source read-only");
    FAILPOINT("freeze.readonly", why);
    return true;
}

/* ---- locks ---- */

static bool lock_tables(struct freeze *freeze, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!conn_run(freeze->locker, "BEGIN", why) ||
        !ask_with(freeze->locker, ASK_LOCKABLE, 0, NULL, &rows, why))
        return false;
    for (int row = 0; row < rows_count(&rows); row++) {
        strbuf_add(&sql, row == 0 ? "LOCK TABLE ONLY " : ", ONLY ");
        strbuf_add_qualified(&sql, rows_text(&rows, row, 0), rows_text(&rows, row, 1));
    }
    strbuf_add(&sql, " IN EXCLUSIVE MODE");
    if (rows_count(&rows) > 0 && !conn_run(freeze->locker, sql.text, why))
        return fault_during(why, "locking the source's tables");
    FAILPOINT("freeze.locked", why);
    return true;
}

/* deadlock_detected, undefined_table: once more. */
static bool may_lock_again(const struct fault *why)
{
    return strcmp(why->sqlstate, "40P01") == 0 || strcmp(why->sqlstate, "42P01") == 0;
}

static bool lock(struct freeze *freeze, struct fault *why)
{
    while (!lock_tables(freeze, why)) {
        if (!may_lock_again(why) || !conn_run(freeze->locker, "ROLLBACK", why))
            return false;
    }
    return true;
}

/* ---- freezing ---- */

bool freeze_begin(struct freeze *freeze, struct fault *why)
{
    freeze->begun_ms = clock_ms();
    switch (freeze->mode) {
    case FREEZE_NONE:
        return true;
    case FREEZE_LOCK:
        return lock(freeze, why);
    default:
        return make_read_only(freeze, why);
    }
}

bool freeze_last(struct freeze *freeze, struct fault *why)
{
    return freeze->mode != FREEZE_LOCK || make_read_only(freeze, why);
}

bool freeze_close(struct freeze *freeze, bool *ret_closed, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    *ret_closed = freeze->beside != NULL;
    if (!*ret_closed)
        return true;
    if (!frozen_add(freeze->db, of_connections, "", "true", why))
        return false;
    FAILPOINT("freeze.before_close", why);
    strbuf_add(&sql, "ALTER DATABASE ");
    strbuf_add_identifier(&sql, conn_database(freeze->source));
    strbuf_add(&sql, " ALLOW_CONNECTIONS false");
    if (!conn_run(freeze->beside, sql.text, why))
        return fault_during(why, "closing the source");
    FAILPOINT("freeze.closed", why);
    return true;
}

bool freeze_end_sessions(struct freeze *freeze, bool *ret_left, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_listing) struct listing names = {.count = 0};
    bool grace = clock_ms() - freeze->begun_ms < GRACE_MS;
    const char *const values[] = {grace ? "t" : "f", conn_database(freeze->source)};
    *ret_left = false;
    if (freeze->mode == FREEZE_NONE)
        return true;
    if (!ask_with(freeze->source, ASK_END_SESSIONS, 2, values, &rows, why))
        return fault_during(why, "ending sessions on the source");
    for (int row = 0; row < rows_count(&rows); row++)
        listing_add(&names, rows_text(&rows, row, 0));
    *ret_left = names.count > 0;
    strbuf_clear(&freeze->blocks);
    if (*ret_left)
        strbuf_add(&freeze->blocks, listing_end(&names));
    return true;
}

/* ---- and back ---- */

struct thawing {
    char database[128];
    struct strbuf sql;  /* but for connections */
    struct strbuf open; /* that */
    char since[64];     /* when it was frozen, by the server's clock */
};

static void drop_thawing(struct thawing *t)
{
    drop_strbuf(&t->sql);
    drop_strbuf(&t->open);
}

static bool on_frozen(void *arg, const char *kind, const char *name, const char *value,
                      struct fault *why)
{
    struct thawing *t = arg;
    (void)why;
    if (strcmp(kind, since) == 0) {
        strlcpy(t->database, name, sizeof t->database);
        strlcpy(t->since, value == NULL ? "" : value, sizeof t->since);
    } else if (strcmp(kind, of_connections) == 0) {
        strbuf_add(&t->open, "ALTER DATABASE ");
        strbuf_add_identifier(&t->open, t->database);
        strbuf_add(&t->open, " ALLOW_CONNECTIONS true;");
    } else
        add_alter(&t->sql, t->database, kind, name, value);
    return true;
}

static bool open_connections(const struct conninfo *info, const struct thawing *t,
                             struct fault *why)
{
    struct leash deaf = LEASH_DEAF;
    scoped(drop_conn) struct conn *beside = NULL;
    return t->open.length == 0 || (connect_beside(info, t->database, &deaf, &beside, why) &&
                                   conn_run(beside, t->open.text, why));
}

static bool restore(const struct conninfo *info, const struct thawing *t, struct fault *why)
{
    struct leash deaf = LEASH_DEAF;
    const char *const values[] = {t->since, t->database};
    scoped(drop_conn) struct conn *source = NULL;
    scoped(drop_rows) struct rows ended = ROWS_NONE;
    return t->sql.length == 0 ||
           (connect(info, &deaf, &source, why) && conn_run(source, t->sql.text, why) &&
            ask_with(source, ASK_END_LATER_SESSIONS, 2, values, &ended, why));
}

bool thaw_connections(struct db *db, const struct conninfo *info, struct fault *why)
{
    scoped(drop_thawing) struct thawing t = {.database = ""};
    return frozen_list(db, on_frozen, &t, why) && open_connections(info, &t, why) &&
           frozen_forget_kind(db, of_connections, why);
}

bool thaw(struct db *db, const struct conninfo *info, struct fault *why)
{
    scoped(drop_thawing) struct thawing t = {.database = ""};
    if (!frozen_list(db, on_frozen, &t, why))
        return false;
    FAILPOINT("thaw.begun", why);
    if (!open_connections(info, &t, why) || !restore(info, &t, why))
        return fault_during(why, "letting the source write again");
    FAILPOINT("thaw.done", why);
    return frozen_forget(db, why);
}

bool thaw_show(struct db *db, struct strbuf *sql, struct fault *why)
{
    scoped(drop_thawing) struct thawing t = {.database = ""};
    if (!frozen_list(db, on_frozen, &t, why))
        return false;
    strbuf_add(sql, strbuf_text(&t.open));
    strbuf_add(sql, strbuf_text(&t.sql));
    return true;
}
