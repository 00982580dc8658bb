#include "plan/existing.h"

#include "base/listing.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "catalog/filter.h"
#include "catalog/objects.h"
#include "catalog/settings.h"
#include "catalog/sql.h"
#include "plan/ask.h"

enum { CHUNK = 500 };

static bool stream(struct conn *conn, enum ask ask, const char *chosen, conn_each *each, void *arg,
                   struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    ask_add(&sql, ask, conn_version(conn), chosen);
    return conn_stream(conn, sql.text, each, arg, why);
}

static bool refuse_any(struct listing *names, enum fault_id id, const char *sentence,
                       struct fault *why)
{
    return names->count == 0 || fault_set(why, id, "%s: %s", sentence, listing_end(names));
}

/* The names that a statement lists, which has two numbers at most (negative: it has not). */
static bool collect(struct listing *names, struct db *db, int statement, int first, int second,
                    struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, statement, why);
    bool row = true;
    const char *kinds = first < 0 ? "" : second < 0 ? "d" : "dd";
    if (stmt == NULL || !stmt_bind(stmt, why, kinds, first, second))
        return false;
    while (row) {
        if (!stmt_step(stmt, &row, why))
            return false;
        if (row)
            listing_add(names, stmt_text(stmt, 0));
    }
    return true;
}

/* ---- relations ---- */

static bool on_relation(void *arg, const struct rows *row, struct fault *why)
{
    return db_run(arg, why, SQL_FOUND_RELATION_INSERT, "ssssddsss", rows_text(row, 0, 0),
                  rows_text(row, 0, 1), rows_text(row, 0, 2), rows_text(row, 0, 3),
                  (int)rows_bool(row, 0, 4), (int)rows_bool(row, 0, 5), rows_text(row, 0, 6),
                  rows_null(row, 0, 7) ? NULL : rows_text(row, 0, 7),
                  rows_null(row, 0, 8) ? NULL : rows_text(row, 0, 8));
}

static bool refuse_missing(const struct existing *e, struct fault *why)
{
    scoped(drop_listing) struct listing names = {.count = 0};
    return collect(&names, e->db, SQL_EXISTING_MISSING, (e->contents & CONTENT_EXTENSIONS) != 0,
                   (e->contents & CONTENT_REFRESH) != 0, why) &&
           refuse_any(&names, FAULT_TARGET_LACKS_RELATION, "the target lacks", why);
}

/* ---- partitioned tables, whose partitions may be others ---- */

/* Indexes and keys of partitions have no place where these are others. */
static bool may_land(const struct existing *e)
{
    return (e->contents & (CONTENT_ROWS | CONTENT_CHANGES)) != 0 &&
           (e->contents & (CONTENT_INDEXES | CONTENT_CONSTRAINTS)) == 0;
}

/* Only changes come: the rows are there, and what fires on changes is seen to by who applies them.
 */
static bool has_rows(const struct existing *e)
{
    return (e->contents & CONTENT_CHANGES) != 0;
}

static bool find_landing(const struct existing *e, struct fault *why)
{
    /* Where rows are copied, a table is emptied as a whole. */
    return !may_land(e) || (db_run(e->db, why, SQL_EXISTING_LANDING, "d", (int)has_rows(e)) &&
                            db_run(e->db, why, SQL_EXISTING_ROOTS, ""));
}

/* All that the target's table has is removed, so all that the source's has must come. */
static bool check_truncated(const struct existing *e, const struct stmt *row, struct fault *why)
{
    char oid[24];
    const char *const values[] = {oid};
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    snprintf(oid, sizeof oid, "%lld", (long long)stmt_int(row, 0));
    if (!ask_with(e->source, ASK_LEAVES, 1, values, &rows, why))
        return false;
    if (rows_int(&rows, 0, 0) == stmt_int(row, 2))
        return true;
    fault_set(why, FAULT_TARGET_LACKS_RELATION,
              "only some partitions of table %s are copied, which has others on the target: "
              "--truncate would remove the rows of all of them",
              stmt_text(row, 1));
    return fault_hint(why, "Copy all of its partitions, or remove the rows that are to go yourself "
                           "and leave out --truncate.");
}

static bool on_share(void *arg, const struct stmt *row, struct fault *why)
{
    const struct existing *e = arg;
    if (*stmt_text(row, 3) != '\0')
        return fault_set(why, FAULT_TARGET_LACKS_RELATION,
                         "the target lacks table %s, and of only some of its rows none may go to "
                         "other partitions of %s",
                         stmt_text(row, 3), stmt_text(row, 1));
    return !e->truncate || check_truncated(e, row, why);
}

struct matching {
    const struct existing *existing;
    struct listing overlapping; /* that would be emptied with another one */
    struct listing columns;     /* that are missing */
    struct listing obstacles;   /* triggers, rules and constraints that cannot be switched off */
    struct listing guarded;     /* tables with triggers, rules or keys */
    struct strbuf filled;       /* statement that finds tables with rows */
    int asked;
    int64_t asked_of;    /* oid of the table whose rows were asked for last */
    struct listing rows; /* tables that have some */
};

static void drop_matching(struct matching *m)
{
    drop_listing(&m->overlapping);
    drop_listing(&m->columns);
    drop_listing(&m->obstacles);
    drop_listing(&m->guarded);
    drop_listing(&m->rows);
    drop_strbuf(&m->filled);
}

/* The target's line for a column, from behind its name; NULL: it has none. */
static const char *find_column(const char *columns, const char *name, size_t length)
{
    for (const char *at = columns; *at != '\0'; at += strcspn(at, "\n") + 1)
        if (strncmp(at, name, length) == 0)
            return at + length;
    return NULL;
}

/* Each line is "name<tab>type"; names are quoted, and a tab in one belongs to it. */
static bool compare_columns(struct matching *m, const struct stmt *row, const char *table,
                            struct fault *why)
{
    const char *theirs = stmt_text(row, 6);
    bool same = true;
    for (const char *at = stmt_text(row, 3); *at != '\0';) {
        size_t line = strcspn(at, "\n"), length = line;
        while (length > 0 && at[length - 1] != '\t')
            length--;
        const char *type = find_column(theirs, at, length);
        if (type == NULL) {
            scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
            strbuf_addf(&text, "column %.*s of table %s", (int)length - 1, at, table);
            listing_add(&m->columns, text.text);
        } else if (strncmp(type, at + length, line - length + 1) != 0) {
            same = false;
        }
        at += line + 1;
    }
    /* Texts suit every type that can read them. */
    return same || db_run(m->existing->db, why, SQL_EXISTING_AS_TEXT, "i", stmt_int(row, 0));
}

static bool find_rows(struct matching *m, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (m->asked == 0)
        return true;
    if (!conn_query(m->existing->target, m->filled.text, &rows, why))
        return fault_during(why, "looking for rows on the target");
    for (int row = 0; row < rows_count(&rows); row++)
        listing_add(&m->rows, rows_text(&rows, row, 0));
    strbuf_clear(&m->filled);
    m->asked = 0;
    return true;
}

static bool ask_for_rows(struct matching *m, const struct stmt *row, const char *table,
                         struct fault *why)
{
    bool root = strcmp(stmt_text(row, 5), "p") == 0;
    if (m->asked_of == stmt_int(row, 9))
        return true;
    m->asked_of = stmt_int(row, 9);
    strbuf_add(&m->filled, m->asked++ == 0 ? "SELECT " : " UNION ALL SELECT ");
    strbuf_add_literal(&m->filled, table);
    strbuf_addf(&m->filled, "::pg_catalog.text WHERE EXISTS (SELECT FROM %s", root ? "" : "ONLY ");
    strbuf_add_qualified(&m->filled, stmt_text(row, 1), stmt_text(row, 2));
    strbuf_addf(&m->filled, " %s)", stmt_text(row, 4));
    return m->asked < CHUNK || find_rows(m, why);
}

static bool on_table(void *arg, const struct stmt *row, struct fault *why)
{
    struct matching *m = arg;
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    strbuf_add_name(&name, stmt_text(row, 1), stmt_text(row, 2));
    bool root = strcmp(stmt_text(row, 5), "p") == 0;
    if (strcmp(stmt_text(row, 5), "r") != 0 && !(root && may_land(m->existing)))
        return fault_set(why, FAULT_TARGET_LACKS_RELATION,
                         "table %s is %s on the target, not an ordinary table", name.text,
                         root ? "a partitioned table" : "another kind of relation");
    if (!compare_columns(m, row, name.text, why))
        return false;
    if (has_rows(m->existing))
        return true;
    if (stmt_int(row, 7) != 0)
        listing_add(&m->guarded, name.text);
    if (*stmt_text(row, 8) != '\0') {
        scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
        strbuf_addf(&text, "%s on table %s", stmt_text(row, 8), name.text);
        listing_add(&m->obstacles, text.text);
    }
    return m->existing->truncate || ask_for_rows(m, row, name.text, why);
}

static bool on_computed(void *arg, const struct rows *row, struct fault *why)
{
    const struct matching *m = arg;
    scoped(drop_stmt) struct stmt *stmt = db_stmt(m->existing->db, SQL_EXISTING_NOT_COMPUTED, why);
    bool found;
    if (stmt == NULL ||
        !stmt_bind(stmt, why, "sss", rows_text(row, 0, 0), rows_text(row, 0, 1),
                   rows_text(row, 0, 2)) ||
        !stmt_step(stmt, &found, why))
        return false;
    return !found ||
           fault_set(why, FAULT_TARGET_NOT_COMPUTED,
                     "column %s of table %s is computed on the source, and an ordinary one on the "
                     "target",
                     rows_text(row, 0, 2), stmt_text(stmt, 0));
}

static bool may_silence_triggers(struct conn *target, bool *ret_may, struct fault *why)
{
    *ret_may = conn_run(target, "SET session_replication_role = replica", why) &&
               conn_run(target, "SET session_replication_role = origin", why);
    return *ret_may || strcmp(why->sqlstate, "42501") == 0;
}

static bool refuse_guards(struct matching *m, struct fault *why)
{
    bool may;
    if (!refuse_any(&m->obstacles, FAULT_TARGET_TRIGGERS,
                    "rows cannot be copied into tables of the target", why))
        return false;
    if (m->guarded.count == 0)
        return true;
    if (!may_silence_triggers(m->existing->target, &may, why))
        return false;
    return may ||
           refuse_any(&m->guarded, FAULT_TARGET_TRIGGERS,
                      "the role that connects to the target may not switch off triggers, and "
                      "there are triggers, rules or foreign keys on",
                      why);
}

static bool match_tables(const struct existing *e, struct fault *why)
{
    scoped(drop_matching) struct matching m = {.existing = e};
    return catalog_list(e->db, SQL_EXISTING_SHARES, 0, on_share, (void *)(uintptr_t)e, why) &&
           collect(&m.overlapping, e->db, SQL_EXISTING_OVERLAP, -1, -1, why) &&
           refuse_any(&m.overlapping, FAULT_TARGET_LACKS_RELATION,
                      "tables that are apart on the source are partitions on the target", why) &&
           catalog_list(e->db, SQL_EXISTING_TABLES, 0, on_table, &m, why) && find_rows(&m, why) &&
           (has_rows(e) ||
            collect(&m.obstacles, e->db, SQL_EXISTING_ROOT_OBSTACLES, -1, -1, why)) &&
           refuse_any(&m.columns, FAULT_TARGET_LACKS_RELATION, "the target lacks", why) &&
           refuse_any(&m.rows, FAULT_TARGET_HAS_ROWS, "tables on the target have rows", why) &&
           stream(e->source, ASK_COMPUTED_COLUMNS, e->chosen, on_computed, &m, why) &&
           refuse_guards(&m, why) && db_run(e->db, why, SQL_EXISTING_APPLY, "");
}

/* ---- keys to verify ---- */

static bool on_key(void *arg, const struct rows *row, struct fault *why)
{
    const struct existing *e = arg;
    if (rows_null(row, 0, 5)) {
        log_warning("foreign key %s of table %s.%s on the target is not verified: it has PERIOD",
                    rows_text(row, 0, 2), rows_text(row, 0, 0), rows_text(row, 0, 1));
        return true;
    }
    return db_run(e->db, why, SQL_EXISTING_KEY_INSERT, "ssssssd", rows_text(row, 0, 5),
                  rows_text(row, 0, 2), rows_text(row, 0, 0), rows_text(row, 0, 1),
                  rows_text(row, 0, 3), rows_text(row, 0, 4), (int)e->truncate);
}

/* ---- indexes and constraints ---- */

static bool on_index(void *arg, const struct rows *row, struct fault *why)
{
    return db_run(arg, why, SQL_FOUND_INDEX_INSERT, "sssssd", rows_text(row, 0, 0),
                  rows_text(row, 0, 1), rows_text(row, 0, 2), rows_text(row, 0, 3),
                  rows_text(row, 0, 4), (int)rows_bool(row, 0, 5));
}

static bool on_constraint(void *arg, const struct rows *row, struct fault *why)
{
    return db_run(arg, why, SQL_FOUND_CONSTRAINT_INSERT, "ssssd", rows_text(row, 0, 0),
                  rows_text(row, 0, 1), rows_text(row, 0, 2), rows_text(row, 0, 3),
                  (int)rows_bool(row, 0, 4));
}

bool existing_forget_built(struct db *db, struct fault *why)
{
    return db_run(db, why, SQL_FOUND_CLEAR_INDEXES, "") &&
           db_run(db, why, SQL_FOUND_CLEAR_CONSTRAINTS, "");
}

bool existing_read_built(struct db *db, struct conn *target, struct fault *why)
{
    return existing_forget_built(db, why) &&
           stream(target, ASK_TARGET_INDEXES, NULL, on_index, db, why) &&
           stream(target, ASK_TARGET_CONSTRAINTS, NULL, on_constraint, db, why);
}

static bool refuse_different(const struct existing *e, struct fault *why)
{
    scoped(drop_listing) struct listing names = {.count = 0};
    if (!collect(&names, e->db, SQL_EXISTING_DIFFERENT, e->same_version, -1, why))
        return false;
    return refuse_any(&names, FAULT_TARGET_NOT_EMPTY,
                      "the target has others of the same names, or invalid ones", why) ||
           fault_hint(why, "Drop them, or leave them out with filters.");
}

/* Such a constraint comes from the dump: there it is left out. */
static bool on_check(void *arg, const struct rows *row, struct fault *why)
{
    enum { CLASS_CONSTRAINT = 2606 };
    const struct existing *e = arg;
    const char *nspname = rows_text(row, 0, 1), *relname = rows_text(row, 0, 2);
    const char *conname = rows_text(row, 0, 3);
    int64_t same;
    struct left_out check = {.classid = CLASS_CONSTRAINT,
                             .oid = rows_int(row, 0, 0),
                             .kind = "other",
                             .nspname = "",
                             .relname = "",
                             .description = "",
                             .reason = ""};
    if (!db_int(e->db, why, &same, -1, SQL_EXISTING_CHECK_THERE, "sdsss", rows_text(row, 0, 4),
                (int)e->same_version, nspname, relname, conname))
        return false;
    if (same < 0)
        return true;
    if (same != 0)
        return left_out_add(e->db, &check, why);
    fault_set(why, FAULT_TARGET_NOT_EMPTY, "the target has another constraint %s on %s.%s", conname,
              nspname, relname);
    return fault_hint(why, "Drop it.");
}

static bool match_built(struct existing *e, struct fault *why)
{
    int64_t count;
    if ((e->contents & (CONTENT_INDEXES | CONTENT_CONSTRAINTS)) == 0)
        return true;
    if (!existing_read_built(e->db, e->target, why) || !refuse_different(e, why) ||
        !db_run(e->db, why, SQL_EXISTING_INDEXES_THERE, "") ||
        !db_run(e->db, why, SQL_EXISTING_CONSTRAINTS_THERE, "") ||
        !stream(e->source, ASK_LATE_CHECKS, e->chosen, on_check, e, why) ||
        !db_int(e->db, why, &count, 0, SQL_EXISTING_THERE_COUNT, "") ||
        !existing_forget_built(e->db, why))
        return false;
    if (count > 0)
        log_info("%lld indexes and constraints are on the target already", (long long)count);
    return true;
}

bool existing_match(struct existing *e, struct fault *why)
{
    bool rows = (e->contents & CONTENT_ROWS) != 0, tables = rows || has_rows(e);
    /* Names and definitions are compared as the source's session prints them. */
    return conn_run(e->target, "SET quote_all_identifiers = on", why) &&
           db_run(e->db, why, SQL_FOUND_CLEAR_RELATIONS, "") &&
           stream(e->target, ASK_TARGET_TABLES, NULL, on_relation, e->db, why) &&
           find_landing(e, why) && refuse_missing(e, why) && (!tables || match_tables(e, why)) &&
           match_built(e, why) &&
           (!rows || stream(e->target, ASK_TARGET_KEYS, NULL, on_key, e, why)) &&
           db_run(e->db, why, SQL_FOUND_CLEAR_RELATIONS, "") &&
           conn_run(e->target, "SET quote_all_identifiers = off", why);
}
