#include "plan/check.h"

#include "base/listing.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "catalog/mapping.h"
#include "catalog/objects.h"
#include "catalog/settings.h"
#include "catalog/sql.h"
#include "plan/ask.h"

static bool ask(struct conn *conn, enum ask what, struct rows *ret_rows, struct fault *why)
{
    return ask_chosen(conn, what, NULL, ret_rows, why);
}

bool check_identity(struct conn *conn, struct identity *ret_identity, struct fault *why)
{
    scoped(drop_rows) struct rows may = ROWS_NONE;
    scoped(drop_rows) struct rows cluster = ROWS_NONE;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!ask(conn, ASK_MAY_ASK_SYSTEM, &may, why) || !ask(conn, ASK_IDENTITY, &rows, why))
        return false;
    bool known = rows_bool(&may, 0, 0);
    if (known && !ask(conn, ASK_SYSTEM, &cluster, why))
        return false;
    strlcpy(ret_identity->started, rows_text(&rows, 0, 0), sizeof ret_identity->started);
    snprintf(ret_identity->id, sizeof ret_identity->id, "%s/%s/%s",
             known ? rows_text(&cluster, 0, 0) : "?", rows_text(&rows, 0, 1), conn_database(conn));
    ret_identity->in_recovery = rows_bool(&rows, 0, 2);
    return true;
}

bool identity_is_same(const char *before, const char *now)
{
    size_t cluster = strcspn(before, "/");
    return strncmp(before, now, cluster + 1) == 0 &&
           strcmp(strrchr(before, '/'), strrchr(now, '/')) == 0;
}

bool check_same(struct conn *conn, const char *before, struct fault *why)
{
    struct identity identity;
    if (!check_identity(conn, &identity, why))
        return false;
    if (before[0] == '\0' || identity_is_same(before, identity.id))
        return true;
    return fault_set(why, FAULT_RUN_DIFFERS, "this %s is not the one that the run began with",
                     side_word(conn_side(conn)));
}

/* A physical copy of a server has its system identifier, but was started at another moment; one
 * in recovery may still follow the target. */
bool check_sides(struct conn *source, struct conn *target, struct identity *ret_source,
                 struct identity *ret_target, struct fault *why)
{
    if (!check_identity(source, ret_source, why) || !check_identity(target, ret_target, why))
        return false;
    if (strcmp(ret_source->id, ret_target->id) == 0 &&
        (strcmp(ret_source->started, ret_target->started) == 0 || ret_source->in_recovery))
        return fault_set(why, FAULT_SAME_DATABASE,
                         "--source and --target are the same database \"%s\" of the same server",
                         conn_database(source));
    return true;
}

void check_add_names(struct listing *names, const struct rows *rows, int columns)
{
    for (int row = 0; row < rows_count(rows); row++) {
        struct strbuf *to = listing_next(names);
        if (to != NULL && columns == 2)
            strbuf_add_name(to, rows_text(rows, row, 0), rows_text(rows, row, 1));
        else if (to != NULL)
            strbuf_add_shown(to, rows_text(rows, row, 0));
    }
}

static bool refuse_if_any(struct conn *conn, enum ask what, const char *chosen, enum fault_id id,
                          const char *sentence, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!ask_chosen(conn, what, chosen, &rows, why))
        return false;
    if (rows_count(&rows) == 0)
        return true;
    scoped(drop_listing) struct listing names = {.count = 0};
    check_add_names(&names, &rows, 2);
    return fault_set(why, id, "role \"%s\" %s: %s", conn_user(conn), sentence, listing_end(&names));
}

/* The schema of our own table is not copied, so nothing else may be in it. */
static bool refuse_in_our_schema(struct conn *source, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_listing) struct listing names = {.count = 0};
    if (!ask(source, ASK_OURS, &rows, why))
        return false;
    check_add_names(&names, &rows, 2);
    return rows_count(&rows) == 0 ||
           fault_set(why, FAULT_SCHEMA_OURS, "the source has %s in the schema \"pghaul\"",
                     listing_end(&names));
}

bool check_source(struct conn *source, const char *chosen, struct refusals *refusals,
                  struct fault *why)
{
    static const struct {
        enum ask ask;
        enum fault_id id;
        const char *sentence;
    } refused[] = {
        {ASK_UNREADABLE, FAULT_TABLE_UNREADABLE, "may not read tables"},
        {ASK_UNREADABLE_SEQUENCES, FAULT_SEQUENCE_UNREADABLE, "may not read sequences"},
        {ASK_HIDDEN, FAULT_ROWS_HIDDEN, "does not see all rows because of row-level security in"},
    };
    if (!refusals_pass(refusals, refuse_in_our_schema(source, why), why))
        return false;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (!refusals_pass(refusals,
                           refuse_if_any(source, refused[i].ask, chosen, refused[i].id,
                                         refused[i].sentence, why),
                           why))
            return false;
    return true;
}

void check_name_lockers(struct conn *source, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    struct fault ignored;
    if (!ask(source, ASK_EXCLUSIVE_LOCKS, &rows, &ignored))
        return;
    for (int row = 0; row < rows_count(&rows); row++) {
        strbuf_addf(&text, "%stable ", row == 0 ? "" : "; ");
        strbuf_add_name(&text, rows_text(&rows, row, 0), rows_text(&rows, row, 1));
        strbuf_addf(&text, " is locked by backend %s (user \"%s\", application \"%s\", %s for %s)",
                    rows_text(&rows, row, 2), rows_text(&rows, row, 3), rows_text(&rows, row, 4),
                    rows_text(&rows, row, 5), rows_text(&rows, row, 6));
    }
    if (text.length > 0)
        fault_detail(why, "%s", text.text);
}

/* ---- the target ---- */

struct clash {
    struct db *db;
    struct listing names;
};

static bool on_target_relation(void *arg, const struct rows *row, struct fault *why)
{
    struct clash *clash = arg;
    bool known;
    if (!relation_is_known(clash->db, rows_text(row, 0, 0), rows_text(row, 0, 1), &known, why))
        return false;
    struct strbuf *to = known ? listing_next(&clash->names) : NULL;
    if (to != NULL)
        strbuf_add_name(to, rows_text(row, 0, 0), rows_text(row, 0, 1));
    return true;
}

static void drop_clash(struct clash *clash)
{
    drop_listing(&clash->names);
}

static bool check_names(struct check_target *check, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_clash) struct clash clash = {.db = check->db};
    ask_add(&sql, ASK_TARGET_RELATIONS, conn_version(check->target), NULL);
    if (!conn_stream(check->target, sql.text, on_target_relation, &clash, why))
        return false;
    int count = clash.names.count;
    return count == 0 ||
           fault_set(why, FAULT_TARGET_NOT_EMPTY,
                     "database \"%s\" on the target already has %d relation%s of the source's"
                     " names: %s",
                     conn_database(check->target), count, count == 1 ? "" : "s",
                     listing_end(&clash.names));
}

/* Large objects keep their oids, so those of the target must not be in the way. */
static bool check_large_objects(struct check_target *check, struct fault *why)
{
    scoped(drop_rows) struct rows there = ROWS_NONE;
    scoped(drop_rows) struct rows both = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_listing) struct listing names = {.count = 0};
    if (!conn_query(check->target,
                    "SELECT oid FROM pg_catalog.pg_largeobject_metadata ORDER BY oid LIMIT 100000",
                    &there, why))
        return false;
    if (rows_count(&there) == 0)
        return true;
    strbuf_add(&sql, "SELECT oid FROM pg_catalog.pg_largeobject_metadata WHERE oid IN (");
    for (int row = 0; row < rows_count(&there); row++)
        strbuf_addf(&sql, "%s%s", row == 0 ? "" : ",", rows_text(&there, row, 0));
    strbuf_add(&sql, ") ORDER BY oid");
    if (!conn_query(check->source, sql.text, &both, why))
        return false;
    if (rows_count(&both) == 0)
        return true;
    check_add_names(&names, &both, 1);
    return fault_set(why, FAULT_TARGET_NOT_EMPTY,
                     "database \"%s\" on the target already has large objects of the source's: %s",
                     conn_database(check->target), listing_end(&names));
}

/* Does a role matter? It does in a policy; as an owner or in a privilege when these are restored.
 */
static bool is_wanted(const struct check_target *check, const char *uses)
{
    return strchr(uses, 'r') != NULL || (check->owners && strchr(uses, 'o') != NULL) ||
           (check->privileges && strchr(uses, 'a') != NULL);
}

static void add_wanted(struct strbuf *wanted, const char *name)
{
    strbuf_add(wanted, wanted->length == 0 ? "" : ", ");
    strbuf_add_literal(wanted, name);
}

/* Names of a list that the server's query does not know. */
static bool refuse_missing(struct conn *conn, const struct strbuf *wanted, const char *known,
                           enum fault_id id, const char *sentence, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_rows) struct rows missing = ROWS_NONE;
    scoped(drop_listing) struct listing names = {.count = 0};
    if (wanted->length == 0)
        return true;
    strbuf_addf(&sql,
                "SELECT w FROM pg_catalog.unnest(ARRAY[%s]::pg_catalog.name[]) w"
                " WHERE w NOT IN (%s) ORDER BY 1",
                wanted->text, known);
    if (!conn_query(conn, sql.text, &missing, why))
        return false;
    if (rows_count(&missing) == 0)
        return true;
    check_add_names(&names, &missing, 1);
    return fault_set(why, id, "%s: %s", sentence, listing_end(&names));
}

static bool check_roles(struct check_target *check, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf wanted = STRBUF_EMPTY;
    if (!ask_chosen(check->source, ASK_ROLES, check->chosen, &rows, why))
        return false;
    for (int row = 0; row < rows_count(&rows); row++) {
        bool coming;
        if (!role_is_coming(check->db, rows_text(&rows, row, 0), &coming, why))
            return false;
        if (!coming && is_wanted(check, rows_text(&rows, row, 1)))
            add_wanted(&wanted, rows_text(&rows, row, 0));
    }
    return refuse_missing(check->target, &wanted, "SELECT rolname FROM pg_catalog.pg_roles",
                          FAULT_ROLE_MISSING, "roles missing on the target", why);
}

/* Where what is in a tablespace of the source goes; nothing is wanted for the database's own. */
static bool want_tablespace(struct check_target *check, const char *old, struct strbuf *wanted,
                            struct strbuf *olds, struct fault *why)
{
    bool mapped;
    scoped(drop_strbuf) struct strbuf value = STRBUF_EMPTY;
    if (!mapping_find(check->db, MAPPING_TABLESPACE, old, &value, &mapped, why))
        return false;
    if (mapped && value.length == 0)
        return true;
    add_wanted(wanted, mapped ? value.text : old);
    add_wanted(olds, mapped ? old : "");
    return true;
}

static void add_tablespace(struct listing *names, const char *name, const char *mapped)
{
    struct strbuf *to = listing_next(names);
    if (to == NULL)
        return;
    strbuf_add_shown(to, name);
    if (*mapped == '\0')
        return;
    strbuf_add(to, " (--tablespace-map, for ");
    strbuf_add_shown(to, mapped);
    strbuf_add(to, ")");
}

static bool refuse_tablespaces(struct conn *target, const struct rows *rows, bool missing,
                               struct fault *why)
{
    scoped(drop_listing) struct listing names = {.count = 0};
    scoped(drop_strbuf) struct strbuf grant = STRBUF_EMPTY;
    for (int row = 0; row < rows_count(rows); row++) {
        if (rows_bool(rows, row, 2) != missing)
            continue;
        add_tablespace(&names, rows_text(rows, row, 0), rows_text(rows, row, 1));
        strbuf_add(&grant, grant.length == 0 ? "" : ", ");
        strbuf_add_identifier(&grant, rows_text(rows, row, 0));
    }
    if (names.count == 0)
        return true;
    if (missing)
        return fault_set(why, FAULT_TABLESPACE_MISSING, "tablespaces missing on the target: %s",
                         listing_end(&names));
    fault_set(why, FAULT_TABLESPACE_PRIVILEGE,
              "role \"%s\" may not create in tablespaces of the target: %s", conn_user(target),
              listing_end(&names));
    return fault_hint(why,
                      "GRANT CREATE ON TABLESPACE %s TO \"%s\"; or use --tablespace-map or "
                      "--no-tablespaces.",
                      grant.text, conn_user(target));
}

/* Nobody needs a right for that which is the database's own. */
static bool check_tablespaces(struct check_target *check, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_rows) struct rows bad = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf wanted = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf olds = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!check->tablespaces)
        return true;
    if (!ask_chosen(check->source, ASK_TABLESPACES, check->chosen, &rows, why))
        return false;
    for (int row = 0; row < rows_count(&rows); row++)
        if (!want_tablespace(check, rows_text(&rows, row, 0), &wanted, &olds, why))
            return false;
    if (wanted.length == 0)
        return true;
    strbuf_addf(&sql,
                "SELECT w.new, w.old, t.oid IS NULL"
                " FROM ROWS FROM (pg_catalog.unnest(ARRAY[%s]::pg_catalog.name[]),"
                " pg_catalog.unnest(ARRAY[%s]::pg_catalog.name[])) w (new, old)"
                " LEFT JOIN pg_catalog.pg_tablespace t ON t.spcname = w.new"
                " WHERE t.oid IS NULL OR NOT (pg_catalog.has_tablespace_privilege(t.oid, 'CREATE')"
                " OR t.oid = (SELECT dattablespace FROM pg_catalog.pg_database"
                " WHERE datname = pg_catalog.current_database())) ORDER BY 1, 2",
                wanted.text, olds.text);
    return conn_query(check->target, sql.text, &bad, why) &&
           refuse_tablespaces(check->target, &bad, true, why) &&
           refuse_tablespaces(check->target, &bad, false, why);
}

static bool add_name(void *arg, const char *kind, const char *name, const char *value,
                     struct fault *why)
{
    (void)kind, (void)value, (void)why;
    add_wanted(arg, name);
    return true;
}

bool check_mappings(struct db *db, struct conn *source, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf tablespaces = STRBUF_EMPTY;
    return mapping_list(db, MAPPING_TABLESPACE, add_name, &tablespaces, why) &&
           refuse_missing(source, &tablespaces, "SELECT spcname FROM pg_catalog.pg_tablespace",
                          FAULT_NOT_ON_SOURCE,
                          "--tablespace-map names tablespaces that the source does not have", why);
}

bool check_rights(struct conn *target, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!conn_query(target,
                    "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(),"
                    " 'CREATE'), pg_catalog.pg_is_in_recovery()",
                    &rows, why))
        return false;
    if (rows_bool(&rows, 0, 1))
        return fault_set(why, FAULT_TARGET_READ_ONLY, "the target server is a standby");
    if (!rows_bool(&rows, 0, 0)) {
        fault_set(why, FAULT_TARGET_PRIVILEGE,
                  "role \"%s\" may not create schemas in database \"%s\" on the target",
                  conn_user(target), conn_database(target));
        return fault_hint(why, "GRANT CREATE ON DATABASE \"%s\" TO \"%s\";", conn_database(target),
                          conn_user(target));
    }
    return true;
}

/* Changes are applied as they were on the source, where triggers and keys have had their say. */
bool check_may_apply(struct conn *target, struct fault *why)
{
    if (conn_run(target, "SET session_replication_role = replica; RESET session_replication_role",
                 why))
        return true;
    if (strcmp(why->sqlstate, "42501") == 0) {
        why->id = FAULT_TARGET_TRIGGERS;
        fault_hint(why, "--follow needs it on the target: connect as a superuser, or GRANT SET ON "
                        "PARAMETER session_replication_role to the role (version 15 and later).");
    }
    return fault_during(why, "role \"%s\" cannot keep triggers from firing on changes",
                        conn_user(target));
}

/* `grant`: what is granted, "" for the role itself, which is granted to us. */
static bool refuse_owner(struct conn *target, const char *owner, const char *what,
                         const char *grant, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf us = STRBUF_EMPTY;
    strbuf_add_identifier(&name, owner);
    strbuf_add_identifier(&us, conn_user(target));
    bool member = *grant == '\0';
    fault_set(why, FAULT_OWNERS, "role %s on the target cannot be given what it owns: %s",
              name.text, what);
    return fault_hint(why, "GRANT %s TO %s; or use --no-owner.", member ? name.text : grant,
                      member ? us.text : name.text);
}

/* A role that the run creates can be given no privilege before. */
static bool check_coming_owner(struct check_target *check, const struct rows *owners, int row,
                               struct fault *why)
{
    scoped(drop_rows) struct rows lacks = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf where = STRBUF_EMPTY;
    const char *owner = rows_text(owners, row, 0);
    if (!ask(check->target, ASK_WILL_OWN, &lacks, why))
        return false;
    bool schema = rows_bool(owners, row, 1) && rows_bool(&lacks, 0, 1);
    bool database = rows_bool(owners, row, 2) && rows_bool(&lacks, 0, 2);
    if (rows_bool(&lacks, 0, 0)) {
        refuse_owner(check->target, owner, "the role that connects is NOINHERIT", "", why);
        return fault_hint(why, "ALTER ROLE \"%s\" INHERIT; or use --no-owner.",
                          conn_user(check->target));
    }
    if (!schema && !database)
        return true;
    refuse_owner(check->target, owner,
                 schema ? "it is about to be created and may not create in the schema public"
                        : "it is about to be created, owns a publication, and may not create in "
                          "the database",
                 "", why);
    strbuf_add(&where, schema ? "SCHEMA public" : "DATABASE ");
    if (!schema)
        strbuf_add_identifier(&where, conn_database(check->target));
    return fault_hint(why,
                      "Create the role there before; or GRANT CREATE ON %s TO PUBLIC until the run "
                      "is done; or use --no-owner.",
                      where.text);
}

static bool check_owner(struct check_target *check, const struct rows *owners, int row,
                        struct fault *why)
{
    scoped(drop_rows) struct rows lacks = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf database = STRBUF_EMPTY;
    const char *owner = rows_text(owners, row, 0);
    bool coming;
    if (!role_is_coming(check->db, owner, &coming, why))
        return false;
    if (coming)
        return check_coming_owner(check, owners, row, why);
    strbuf_add(&database, "CREATE ON DATABASE ");
    strbuf_add_identifier(&database, conn_database(check->target));
    if (!ask_with(check->target, ASK_MAY_OWN, 1, &owner, &lacks, why))
        return false;
    if (rows_bool(&lacks, 0, 0))
        return refuse_owner(check->target, owner, "the role that connects is no member of it", "",
                            why);
    if (rows_bool(owners, row, 1) && rows_bool(&lacks, 0, 1))
        return refuse_owner(check->target, owner, "it may not create in the schema public",
                            "CREATE ON SCHEMA public", why);
    if (rows_bool(owners, row, 2) && rows_bool(&lacks, 0, 2))
        return refuse_owner(check->target, owner,
                            "it owns a publication, but may not create in the database",
                            database.text, why);
    return true;
}

/* A superuser may give everything to everybody. */
static bool check_owners(struct check_target *check, struct fault *why)
{
    scoped(drop_rows) struct rows owners = ROWS_NONE;
    if (!check->owners || conn_is_superuser(check->target))
        return true;
    if (!ask_chosen(check->source, ASK_OWNERS, check->chosen, &owners, why))
        return false;
    for (int row = 0; row < rows_count(&owners); row++)
        if (!check_owner(check, &owners, row, why))
            return false;
    return true;
}

static bool on_schema(void *arg, const struct stmt *row, struct fault *why)
{
    (void)why;
    add_wanted(arg, stmt_text(row, 0));
    return true;
}

/* Schemas that are there already must let us create in them. */
static bool check_schemas(struct check_target *check, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf wanted = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf array = STRBUF_EMPTY;
    scoped(drop_listing) struct listing names = {.count = 0};
    scoped(drop_rows) struct rows list = ROWS_NONE;
    scoped(drop_rows) struct rows closed = ROWS_NONE;
    if (conn_is_superuser(check->target))
        return true;
    if (!catalog_list(check->db, SQL_RELATION_SCHEMAS, 0, on_schema, &wanted, why))
        return false;
    if (wanted.length == 0)
        return true;
    strbuf_addf(&array, "SELECT ARRAY[%s]::pg_catalog.name[]", wanted.text);
    if (!conn_query(check->target, array.text, &list, why))
        return false;
    const char *const schemas[] = {rows_text(&list, 0, 0)};
    if (!ask_with(check->target, ASK_CLOSED_SCHEMAS, 1, schemas, &closed, why))
        return false;
    if (rows_count(&closed) == 0)
        return true;
    check_add_names(&names, &closed, 1);
    fault_set(why, FAULT_TARGET_PRIVILEGE,
              "role \"%s\" may not create in schemas that the target has already: %s",
              conn_user(check->target), listing_end(&names));
    return fault_hint(why,
                      "GRANT USAGE, CREATE ON SCHEMA ... TO \"%s\"; or, from version 15 on, "
                      "make it the owner of the database.",
                      conn_user(check->target));
}

bool check_target(struct check_target *check, struct fault *why)
{
    int64_t contents = check->contents;
    bool owners = (contents & (CONTENT_SCHEMA | CONTENT_REST)) != 0;
    bool creates = (contents & (CONTENT_SCHEMA | CONTENT_INDEXES | CONTENT_CONSTRAINTS)) != 0;
    const struct {
        bool wanted;
        bool (*look)(struct check_target *check, struct fault *why);
    } looks[] = {
        {(contents & CONTENT_SCHEMA) != 0 && !check->replace, check_names},
        {(contents & CONTENT_LARGE_OBJECTS) != 0 && !check->replace, check_large_objects},
        {owners, check_roles},
        {owners, check_owners},
        {creates, check_schemas},
        {creates, check_tablespaces},
    };
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++)
        if (looks[i].wanted && !refusals_pass(check->refusals, looks[i].look(check, why), why))
            return false;
    return true;
}
