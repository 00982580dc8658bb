#include "plan/publication.h"

#include "base/listing.h"
#include "base/scoped.h"
#include "base/text.h"
#include "catalog/filter.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "pg/replication.h"
#include "plan/alter.h"
#include "plan/ask.h"
#include "plan/back.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    OLDEST_FOLLOWED = 100000,
    FAILOVER_SLOTS = 170000, /* the first version that has them */
    PG_PUBLICATION = 6104
};

/* ---- may we? ---- */

bool publication_check_source(struct conn *source, bool *ret_replicates, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (conn_version(source) < OLDEST_FOLLOWED)
        return fault_set(why, FAULT_NOT_FOLLOWED,
                         "the source is %s, and --follow needs version 10 or later",
                         conn_version_text(source));
    if (!ask_with(source, ASK_FOLLOWED, 0, NULL, &rows, why))
        return false;
    if (rows_bool(&rows, 0, 0))
        return fault_set(why, FAULT_NOT_FOLLOWED,
                         "the source is a standby, where no publication can be made");
    *ret_replicates = rows_bool(&rows, 0, 2);
    return strcmp(rows_text(&rows, 0, 1), "logical") == 0 ||
           fault_set(why, FAULT_WAL_LEVEL, "wal_level is %s on the source, and not logical",
                     rows_text(&rows, 0, 1));
}

bool publication_check_names(struct conn *source, const char *name, bool publishes,
                             struct fault *why)
{
    struct slot slot;
    int64_t publication = 0;
    if (!slot_look(source, name, &slot, why) ||
        (publishes && !publication_look(source, name, &publication, why)))
        return false;
    if (slot.found)
        return fault_set(why, FAULT_SLOT_TAKEN, "the source has a slot \"%s\" already", name);
    return publication == 0 ||
           fault_set(why, FAULT_SLOT_TAKEN, "the source has a publication \"%s\" already", name);
}

bool publication_check_failover(struct conn *source, bool wanted, struct fault *why)
{
    return !wanted || conn_version(source) >= FAILOVER_SLOTS ||
           fault_set(why, FAULT_NO_FAILOVER_SLOT, "the source is %s", conn_version_text(source));
}

bool publication_open_walsender(struct conn **ret_conn, const struct conn_wish *wish,
                                bool replicates, struct leash *leash, struct fault *why)
{
    struct conn_wish replication = *wish;
    replication.replication = true;
    if (conn_open(ret_conn, &replication, leash, why))
        return true;
    if (!replicates) {
        why->id = FAULT_REPLICATION_ROLE;
        why->retry = false;
    }
    return false;
}

/* ---- which tables ---- */

static bool on_identity(void *arg, const struct rows *row, struct fault *why)
{
    return db_run(arg, why, SQL_PUBLISHED_INSERT, "ssdii", rows_text(row, 0, 1),
                  rows_text(row, 0, 3), rows_bool(row, 0, 2) ? 1 : 0, rows_int(row, 0, 4),
                  rows_int(row, 0, 0));
}

struct reading {
    struct conn *source;
    const char *chosen;
};

static bool read_in_write(struct db *db, void *arg, struct fault *why)
{
    const struct reading *reading = arg;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    ask_add(&sql, ASK_IDENTITIES, conn_version(reading->source), reading->chosen);
    return db_run(db, why, SQL_PUBLISHED_FORGET, "") &&
           conn_stream(reading->source, sql.text, on_identity, db, why) &&
           back_publish_mark(db, reading->source, why);
}

static bool on_name(void *arg, const struct stmt *row, struct fault *why)
{
    (void)why;
    listing_add(arg, stmt_text(row, 0));
    return true;
}

/* By policy; what stops is no warning. */
static const char *const without_identity[] = {
    [IDENTITY_STOP] = "updates and deletes of these tables could not be followed",
    [IDENTITY_FULL] = "tables of the source get REPLICA IDENTITY FULL until pghaul cleanup",
    [IDENTITY_INSERT_ONLY] = "tables are copied, but their updates and deletes do not follow",
    [IDENTITY_EXCLUDE] = "tables are copied, but their changes do not follow",
};

static bool treat_without_identity(struct db *db, enum identity_policy policy,
                                   struct strbuf *warnings, bool *ret_second, struct fault *why)
{
    scoped(drop_listing) struct listing names = {.count = 0};
    if (!catalog_list(db, SQL_PUBLISHED_WITHOUT_IDENTITY, 0, on_name, &names, why))
        return false;
    *ret_second = policy == IDENTITY_INSERT_ONLY && names.count > 0;
    if (names.count > 0 && policy == IDENTITY_STOP)
        return fault_set(why, FAULT_NO_IDENTITY, "%s: %s", without_identity[policy],
                         listing_end(&names));
    if (names.count > 0)
        strbuf_addf(warnings, "%s: %s\n", without_identity[policy], listing_end(&names));
    return true;
}

bool publication_refuse_numbers(struct db *db, struct fault *why)
{
    scoped(drop_listing) struct listing names = {.count = 0};
    if (!catalog_list(db, SQL_PUBLISHED_NUMBERS, 0, on_name, &names, why))
        return false;
    return names.count == 0 ||
           fault_set(why, FAULT_PLUGIN_UNFIT,
                     "the source's wal2json is too old for its option "
                     "numeric-data-types-as-string, and tells NaN as NULL; these tables have "
                     "columns of floating point or numeric: %s",
                     listing_end(&names));
}

static bool warn_of_unlogged(struct db *db, struct strbuf *warnings, struct fault *why)
{
    scoped(drop_listing) struct listing names = {.count = 0};
    if (!catalog_list(db, SQL_PUBLISHED_UNLOGGED, 0, on_name, &names, why))
        return false;
    if (names.count > 0)
        strbuf_addf(warnings,
                    "changes of unlogged tables do not follow, so these are copied anew at the "
                    "end: %s\n",
                    listing_end(&names));
    return true;
}

bool publication_choose(struct db *db, struct conn *source, const char *chosen,
                        enum identity_policy policy, struct strbuf *warnings, bool *ret_second,
                        struct fault *why)
{
    struct reading reading = {source, chosen};
    return db_write(db, read_in_write, &reading, why) &&
           treat_without_identity(db, policy, warnings, ret_second, why) &&
           warn_of_unlogged(db, warnings, why);
}

struct covering {
    const char *above;
    bool covers;
};

static bool on_cover(void *arg, const struct stmt *row, struct fault *why)
{
    char word[32];
    struct covering *covering = arg;
    (void)why;
    snprintf(word, sizeof word, " %" PRId64 " ", stmt_int(row, 2));
    if (strcmp(stmt_text(row, 3), "p") == 0 && strstr(covering->above, word) != NULL)
        covering->covers = true;
    return true;
}

static bool is_chosen_name(struct db *db, const char *schema, const char *name, bool *ret_is,
                           struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_PUBLISHED_BY_NAME, why);
    return stmt != NULL && stmt_bind(stmt, why, "ss", schema, name) && stmt_step(stmt, ret_is, why);
}

static bool is_chosen(struct db *db, uint32_t oid, bool *ret_known, bool *ret_chosen,
                      struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_PUBLISHED_BY_OID, why);
    if (stmt == NULL || !stmt_bind(stmt, why, "i", (int64_t)oid) ||
        !stmt_step(stmt, ret_known, why))
        return false;
    *ret_chosen = *ret_known && stmt_int(stmt, 0) != 0;
    return true;
}

bool publication_covers(struct db *db, uint32_t oid, const char *schema, const char *name,
                        const char *above, bool *ret_covers, struct fault *why)
{
    bool known = false, named;
    scoped(drop_strbuf) struct strbuf shown = STRBUF_EMPTY;
    struct covering covering = {.above = above};
    if (!is_chosen(db, oid, &known, ret_covers, why) || known)
        return known;
    if (!is_chosen_name(db, schema, name, &named, why))
        return false;
    strbuf_add_name(&shown, schema, name);
    if (oid != 0 && named)
        return fault_set(why, FAULT_TABLE_UNDESCRIBED,
                         "table %s is another one than when the run began", shown.text);
    if (*above != '\0' && !catalog_list(db, SQL_PUBLISHED_MEMBERS, 0, on_cover, &covering, why))
        return false;
    *ret_covers = named || covering.covers;
    return true;
}

/* ---- making and dropping ---- */

static bool on_member(void *arg, const struct stmt *row, struct fault *why)
{
    struct strbuf *sql = arg;
    (void)why;
    strbuf_add(sql, sql->text[sql->length - 1] == '"' ? ", ONLY " : " FOR TABLE ONLY ");
    strbuf_add_qualified(sql, stmt_text(row, 0), stmt_text(row, 1));
    return true;
}

/* duplicate_object; insufficient_privilege and what else the server refuses */
static bool refused(const char *name, struct fault *why)
{
    if (why->id == FAULT_ALTER_LOCKED)
        return false;
    if (strcmp(why->sqlstate, "42710") == 0)
        why->id = FAULT_SLOT_TAKEN;
    else if (strcmp(why->sqlstate, "42501") == 0)
        why->id = FAULT_PUBLICATION;
    return fault_during(why, "making publication \"%s\"", name);
}

static bool add_publication(struct strbuf *sql, struct db *db, const char *name, int members,
                            const char *options, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf one = STRBUF_EMPTY;
    strbuf_add(&one, "CREATE PUBLICATION ");
    strbuf_add_identifier(&one, name);
    strbuf_add(&one, " ");
    if (!catalog_list(db, members, 0, on_member, &one, why))
        return false;
    strbuf_addf(sql, "%s%s;", one.text, options);
    return true;
}

bool publication_make(struct db *db, struct conn *source, struct leash *leash, const char *name,
                      const char *inserts, int64_t patience_ms, struct fault *why)
{
    int version = conn_version(source);
    const char *usual = version >= 130000 ? " WITH (publish_via_partition_root = false)" : "";
    const char *only =
        version >= 110000 ? " WITH (publish = 'insert, truncate')" : " WITH (publish = 'insert')";
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf what = STRBUF_EMPTY;
    if (!add_publication(&sql, db, name, SQL_PUBLISHED_MEMBERS, usual, why) ||
        (*inserts != '\0' &&
         !add_publication(&sql, db, inserts, SQL_PUBLISHED_INSERT_ONLY, only, why)))
        return false;
    strbuf_addf(&what, "publication \"%s\": a table", name);
    const struct alteration alteration = {
        .sql = sql.text, .what = what.text, .patience_ms = patience_ms};
    return alter_patiently(source, leash, &alteration, why) || refused(name, why);
}

bool publication_look(struct conn *source, const char *name, int64_t *ret_oid, struct fault *why)
{
    const char *const values[] = {name};
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!ask_with(source, ASK_PUBLICATION, 1, values, &rows, why))
        return false;
    *ret_oid = rows_count(&rows) == 0 ? 0 : rows_int(&rows, 0, 0);
    return true;
}

bool publication_drop(struct conn *source, const char *name, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    strbuf_add(&sql, "DROP PUBLICATION IF EXISTS ");
    strbuf_add_identifier(&sql, name);
    return *name == '\0' || conn_run(source, sql.text, why) ||
           fault_during(why, "dropping publication \"%s\"", name);
}

/* ---- the form of values ---- */

enum { ASK_TABLES_AGREE = 11 };

static bool on_form(void *arg, const struct rows *row, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    (void)why;
    if (rows_bool(row, 0, ASK_TABLES_AGREE))
        return true;
    strbuf_add_name(&name, rows_text(row, 0, 1), rows_text(row, 0, 2));
    listing_add(arg, name.text);
    return true;
}

bool publication_check_binary(struct conn *source, const char *name, struct fault *why)
{
    const char *const values[] = {name};
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_listing) struct listing names = {.count = 0};
    if (conn_version(source) < 140000)
        return fault_set(why, FAULT_BINARY_UNFIT,
                         "the source is %s, and --binary needs 14 or later",
                         conn_version_text(source));
    if (!ask_with(source, ASK_PUBLISHED_OIDS, 1, values, &rows, why))
        return false;
    ask_add(&sql, ASK_TABLES, conn_version(source), rows_text(&rows, 0, 0));
    if (!conn_stream(source, sql.text, on_form, &names, why))
        return false;
    return names.count == 0 ||
           fault_set(why, FAULT_BINARY_UNFIT, "tables with types that servers do not agree on: %s",
                     listing_end(&names));
}

/* ---- the plan ---- */

/* It would be of no use on the target. */
static bool leave_out(struct db *db, int64_t oid, const char *name, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf description = STRBUF_EMPTY;
    strbuf_add(&description, "publication ");
    strbuf_add_shown(&description, name);
    struct left_out object = {
        .classid = PG_PUBLICATION,
        .oid = oid,
        .kind = "other",
        .nspname = "",
        .relname = "",
        .description = description.text,
        .reason = "",
    };
    return left_out_add(db, &object, why);
}

bool publication_check_plan(struct db *db, struct fault *why)
{
    scoped(drop_listing) struct listing names = {.count = 0};
    if (!catalog_list(db, SQL_PUBLISHED_LACKING, 0, on_name, &names, why))
        return false;
    return names.count == 0 ||
           fault_set(why, FAULT_TABLE_UNPUBLISHED,
                     "tables that came after the publication was made: %s", listing_end(&names));
}

bool publication_leave_out(struct db *db, struct conn *source, const char *name, struct fault *why)
{
    int64_t oid;
    return *name == '\0' || (publication_look(source, name, &oid, why) &&
                             (oid == 0 || leave_out(db, oid, name, why)));
}
