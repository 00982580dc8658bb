#include "cutover/freeze.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/listing.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/text.h"
#include "catalog/run.h"
#include "plan/ask.h"
#include "plan/check.h"

#include <string.h>

enum {
    GRACE_MS = 250,
    LOOK_MS = 50,
    PATIENCE_MS = 20000,
    CONNECT_MS = 2000,
    AT_ONCE_MS = 5000,
    ATTEMPT_MS = 60000
};

#define EVER "-infinity"
#define READ_ONLY "default_transaction_read_only"

/* Kinds of what was changed. */
static const char of_role[] = "role";
static const char of_connections[] = "allow";
static const char since[] = "at";
/* Sessions that may only read are to be ended, whatever else was done already. */
static const char of_sessions[] = "sessions";

void drop_freeze(struct freeze *freeze)
{
    drop_conn(&freeze->locker);
    drop_conn(&freeze->beside);
    drop_conn(&freeze->thawer);
    drop_strbuf(&freeze->blocks);
}

/* ---- connections ---- */

static bool connect(const struct conninfo *info, const char *role, struct leash *leash,
                    struct conn **ret_conn, struct fault *why)
{
    struct conn_wish wish = {
        .info = info, .application = "pghaul freeze", .role = role, .kept = true};
    return conn_open(ret_conn, &wish, leash, why);
}

/* Nobody can be kept from connecting by who is connected to the same database. */
static bool connect_beside(const struct conninfo *info, const char *role, const char *database,
                           struct leash *leash, struct conn **ret_conn, struct fault *why)
{
    static const char *const others[] = {"postgres", "template1"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        scoped(drop_conninfo) struct conninfo other = {.password = NULL};
        scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
        if (strcmp(database, others[i]) == 0)
            continue;
        conninfo_add_other(&text, info, others[i]);
        if (conninfo_read(&other, info->side, text.text, why) &&
            connect(&other, role, leash, ret_conn, why))
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

void freeze_keep_thawer(struct freeze *freeze)
{
    struct fault why;
    if (freeze->thawer != NULL || freeze->mode == FREEZE_NONE)
        return;
    leash_set_deadline(&freeze->deaf, CONNECT_MS);
    if (!connect(freeze->info, freeze->role, &freeze->deaf, &freeze->thawer, &why))
        log_debug("no connection to let the source write again by: %s", why.text);
    leash_end_deadline(&freeze->deaf);
}

bool freeze_prepare(struct freeze *freeze, struct fault *why)
{
    struct fault ignored;
    if (freeze->mode == FREEZE_NONE)
        return true;
    if (!check_owner(freeze, why))
        return false;
    freeze_keep_thawer(freeze);
    if (freeze->mode == FREEZE_AUTO && !freeze->open &&
        !connect_beside(freeze->info, freeze->role, conn_database(freeze->source), freeze->leash,
                        &freeze->beside, &ignored)) {
        if (freeze->leash->wish != LEASH_GO)
            return leash_fault(freeze->leash, why);
        log_info("the source will be read-only, not closed: %s", ignored.text);
    }
    return freeze->mode != FREEZE_LOCK ||
           connect(freeze->info, freeze->role, freeze->leash, &freeze->locker, why);
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

static void add_allow(struct strbuf *sql, const char *database, const char *value)
{
    strbuf_add(sql, "ALTER DATABASE ");
    strbuf_add_identifier(sql, database);
    strbuf_addf(sql, " ALLOW_CONNECTIONS %s;", value);
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
    if (freeze->mode != FREEZE_LOCK)
        return true;
    /* Its locks keep nobody out who has waited for them. */
    freeze->mode = FREEZE_READONLY;
    return make_read_only(freeze, why);
}

bool freeze_close(struct freeze *freeze, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (freeze->beside == NULL)
        return true;
    if (!frozen_add(freeze->db, of_connections, "", "true", why))
        return false;
    FAILPOINT("freeze.before_close", why);
    add_allow(&sql, conn_database(freeze->source), "false");
    if (!conn_run(freeze->beside, sql.text, why))
        return fault_during(why, "closing the source");
    freeze->closed = true;
    FAILPOINT("freeze.closed", why);
    return true;
}

bool freeze_end_sessions(struct freeze *freeze, bool *ret_left, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_listing) struct listing names = {.count = 0};
    bool grace = clock_ms() - freeze->begun_ms < GRACE_MS;
    const char *const values[] = {grace ? "t" : "f", conn_database(freeze->source), EVER};
    *ret_left = false;
    if (freeze->mode == FREEZE_NONE)
        return true;
    if (!ask_with(freeze->source, ASK_END_SESSIONS, 3, values, &rows, why))
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

struct setting {
    char kind[16];
    char name[64];   /* of the role */
    char value[128]; /* before */
    bool was_set;
};

struct thawing {
    struct db *db;
    const struct conninfo *info;
    const char *role;
    struct leash deaf;
    struct conn *at_hand; /* borrowed; NULL: none */
    char database[128];
    char since[64]; /* when it was frozen, by the server's clock */
    bool closed;
    bool ending; /* sessions, that began since */
    struct setting *settings;
    int count;
};

static void drop_thawing(struct thawing *t)
{
    drop_memory(&t->settings);
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
        t->closed = true;
    } else if (strcmp(kind, of_sessions) == 0) {
        t->ending = true;
    } else {
        t->settings = grow_memory(t->settings, (size_t)t->count + 1, sizeof *t->settings);
        struct setting *to = &t->settings[t->count++];
        *to = (struct setting){.was_set = value != NULL};
        strlcpy(to->kind, kind, sizeof to->kind);
        strlcpy(to->name, name, sizeof to->name);
        strlcpy(to->value, value == NULL ? "" : value, sizeof to->value);
    }
    return true;
}

static bool open_connections(struct thawing *t, struct fault *why)
{
    scoped(drop_conn) struct conn *beside = NULL;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!t->closed)
        return true;
    add_allow(&sql, t->database, "true");
    if (t->at_hand != NULL)
        return conn_run(t->at_hand, sql.text, why);
    return connect_beside(t->info, t->role, t->database, &t->deaf, &beside, why) &&
           conn_run(beside, sql.text, why);
}

/* A statement of a worker that died may not have come to its end: then what it sets would stay. */
static bool await_others(struct thawing *t, struct conn *source, struct fault *why)
{
    int64_t end = clock_ms() + PATIENCE_MS;
    for (;;) {
        scoped(drop_rows) struct rows rows = ROWS_NONE;
        if (!ask_with(source, ASK_END_FREEZERS, 0, NULL, &rows, why))
            return false;
        if (rows_count(&rows) == 0)
            return true;
        if (clock_ms() > end)
            return fault_set(why, FAULT_SOURCE_QUERY, "a session of a dead worker does not end");
        if (!leash_poll(&t->deaf, NULL, 0, LOOK_MS, why))
            return false;
    }
}

/* Each by itself, so that one that cannot be restored does not keep the others. What is not as we
 * have set it any more is somebody else's: nothing is done. */
static bool restore_one(struct thawing *t, struct conn *source, const struct setting *setting,
                        struct fault *why)
{
    const char *const values[] = {setting->kind, setting->name};
    struct fault ignored;
    scoped(drop_rows) struct rows now = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!ask_with(source, ASK_IS_READ_ONLY, 2, values, &now, why))
        return false;
    if (rows_count(&now) == 0)
        return true;
    /* What cannot be noted on a full disk does not keep it frozen. */
    if (!t->ending)
        frozen_add(t->db, of_sessions, "", NULL, &ignored);
    t->ending = true;
    add_alter(&sql, conn_database(source), setting->kind, setting->name,
              setting->was_set ? setting->value : NULL);
    return conn_run(source, sql.text, why);
}

static bool restore_over(struct thawing *t, struct conn *source, struct fault *why)
{
    struct fault first = {.id = 0};
    struct run run;
    bool found;
    const char *const values[] = {"f", t->database, t->since};
    scoped(drop_rows) struct rows ended = ROWS_NONE;
    if (!run_get(t->db, &run, &found, why) || (found && !check_same(source, run.source_id, why)) ||
        !await_others(t, source, why))
        return false;
    for (int i = 0; i < t->count; i++)
        if (!restore_one(t, source, &t->settings[i], why) && first.id == 0)
            first = *why;
    FAILPOINT("thaw.restored", why);
    if (t->ending && !ask_with(source, ASK_END_SESSIONS, 3, values, &ended, why))
        return false;
    *why = first;
    return first.id == 0;
}

static bool restore(struct thawing *t, struct fault *why)
{
    scoped(drop_conn) struct conn *own = NULL;
    if (t->count == 0)
        return true;
    if (t->at_hand != NULL)
        return restore_over(t, t->at_hand, why);
    return connect(t->info, t->role, &t->deaf, &own, why) && restore_over(t, own, why);
}

static bool read_frozen(struct thawing *t, struct fault *why)
{
    return frozen_list(t->db, on_frozen, t, why);
}

bool thaw_connections(struct db *db, const struct conninfo *info, const char *role,
                      struct fault *why)
{
    scoped(drop_thawing) struct thawing t = {
        .db = db, .info = info, .role = role, .deaf = LEASH_DEAF};
    return read_frozen(&t, why) && open_connections(&t, why) &&
           frozen_forget_kind(db, of_connections, why);
}

bool thaw(struct db *db, const struct conninfo *info, const char *role, struct conn *at_hand,
          struct fault *why)
{
    scoped(drop_thawing) struct thawing t = {
        .db = db, .info = info, .role = role, .deaf = LEASH_DEAF, .at_hand = at_hand};
    /* A server that is cut off in the middle is tried again over another connection. */
    leash_set_deadline(&t.deaf, ATTEMPT_MS);
    if (!read_frozen(&t, why))
        return false;
    FAILPOINT("thaw.begun", why);
    if (!open_connections(&t, why) || !restore(&t, why))
        return fault_during(why, "letting the source write again");
    FAILPOINT("thaw.done", why);
    return frozen_forget(db, why);
}

bool thaw_at_once(struct freeze *freeze)
{
    struct fault why;
    bool good = false;
    if (freeze->thawer != NULL && conn_is_alive(freeze->thawer)) {
        leash_set_deadline(&freeze->deaf, AT_ONCE_MS);
        good = thaw(freeze->db, freeze->info, freeze->role, freeze->thawer, &why);
        if (!good)
            log_debug("by another connection: %s", why.text);
    }
    drop_conn(&freeze->thawer);
    return good;
}

bool thaw_show(struct db *db, struct strbuf *sql, struct fault *why)
{
    scoped(drop_thawing) struct thawing t = {.db = db};
    if (!read_frozen(&t, why))
        return false;
    if (!t.closed && t.count == 0)
        return true;
    /* It works on that database as well. */
    strbuf_add(sql, "BEGIN READ WRITE; ");
    if (t.closed)
        add_allow(sql, t.database, "true");
    for (int i = 0; i < t.count; i++)
        add_alter(sql, t.database, t.settings[i].kind, t.settings[i].name,
                  t.settings[i].was_set ? t.settings[i].value : NULL);
    strbuf_add(sql, " COMMIT;");
    return true;
}
