/*
 * roles.c - creating the roles that the target lacks, in one transaction.
 *
 * Passwords are in no statement: they travel as rows of a COPY, from server to server, into a
 * temporary table, and a block of code on the target gives them to the roles. So neither a log of
 * statements nor a fault can show them, whatever the target logs.
 */
#include "jobs/job.h"

#include "base/failpoint.h"
#include "base/listing.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "jobs/done.h"
#include "pg/relay.h"
#include "pg/snapshot.h"
#include "plan/ask.h"
#include "plan/roles.h"

struct making {
    struct job *job;
    struct roles roles;
    struct strbuf made; /* literals of the names of roles that are created: "'a', 'b'" */
    struct strbuf sql;
    struct strbuf owner; /* who is to own the database; "": nobody else than now */
    int count;
};

static void drop_making(struct making *m)
{
    drop_strbuf(&m->owner);
    drop_roles(&m->roles);
    drop_strbuf(&m->made);
    drop_strbuf(&m->sql);
}

/* Runs m->sql, and empties it. */
static bool run(struct making *m, const char *what, const char *name, struct fault *why)
{
    bool good = conn_run(m->job->target, m->sql.text, why);
    strbuf_clear(&m->sql);
    return good || fault_during(why, "%s \"%s\"", what, name);
}

/* Runs m->sql; what the target cannot have is left out. */
static bool try(struct making *m, const char *what, const char *detail, const char *name,
                struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    strbuf_addf(&sql, "SAVEPOINT pghaul_role;%s;RELEASE SAVEPOINT pghaul_role", m->sql.text);
    strbuf_clear(&m->sql);
    if (conn_run(m->job->target, sql.text, why))
        return true;
    if (!fault_may_be_left_out(why))
        return fault_during(why, "%s %s of role \"%s\"", what, detail, name);
    strbuf_addf(&text, "%s %s of role \"%s\" is left out: %s", what, detail, name, why->text);
    return job_warn(m->job, text.text, why) &&
           conn_run(m->job->target, "ROLLBACK TO SAVEPOINT pghaul_role", why);
}

/* ---- roles ---- */

static bool is_made(struct making *m, const char *name, bool *ret_made, struct fault *why)
{
    *ret_made = false;
    return !roles_coming(&m->roles, name) || role_is_coming(m->job->db, name, ret_made, why);
}

static bool create(struct making *m, int row, struct fault *why)
{
    const struct rows *rows = &m->roles.of_source.roles.rows;
    const char *comment = rows_text(rows, row, ROLE_COMMENT);
    struct role_made role = {
        .name = rows_text(rows, row, ROLE_NAME),
        .limit = rows_text(rows, row, ROLE_LIMIT),
        .until = rows_text(rows, row, ROLE_UNTIL),
    };
    for (int i = 0; i < ROLE_ATTRIBUTE_COUNT; i++)
        if (rows_bool(rows, row, ROLE_FIRST_ATTRIBUTE + i))
            role.attributes |= ROLE_BIT(i);
    role.attributes &= ~role_forbidden(&m->roles.maker, role.attributes);
    role_add_create(&m->sql, &role);
    if (*comment != '\0' && !m->job->settings->no_comments) {
        strbuf_add(&m->sql, "COMMENT ON ROLE ");
        strbuf_add_identifier(&m->sql, role.name);
        strbuf_add(&m->sql, " IS ");
        strbuf_add_literal(&m->sql, comment);
    }
    strbuf_add(&m->made, m->count++ == 0 ? "" : ", ");
    strbuf_add_literal(&m->made, role.name);
    return run(m, "role", role.name, why);
}

static bool create_all(struct making *m, struct fault *why)
{
    const struct named_rows *all = &m->roles.of_source.roles;
    for (int at = 0; at < all->count; at++) {
        bool made;
        if (!is_made(m, all->list[at].name, &made, why) ||
            (made && !create(m, all->list[at].row, why)))
            return false;
    }
    return true;
}

/* ---- memberships ---- */

static bool is_admin(void *arg, const char *role, const char *who)
{
    const struct roles *roles = arg;
    const struct named_rows *members = &roles->of_target.members;
    for (int at = named_find(members, who); named_is(members, at, who); at++)
        if (strcmp(rows_text(&members->rows, members->list[at].row, MEMBER_OF), role) == 0 &&
            rows_bool(&members->rows, members->list[at].row, MEMBER_ADMIN))
            return true;
    return false;
}

struct grants {
    struct role_grant *list;
    int *order;
    int count;
};

static void drop_grants(struct grants *grants)
{
    drop_memory(&grants->list);
    drop_memory(&grants->order);
}

/* The first superuser may have another name there, and is the grantor when none is named. */
static bool collect(struct making *m, struct grants *grants, struct fault *why)
{
    const struct rows *members = &m->roles.of_source.members.rows;
    int rows = rows_count(members);
    grants->list = new_memory((size_t)rows + 1, sizeof *grants->list);
    grants->order = new_memory((size_t)rows + 1, sizeof *grants->order);
    for (int row = 0; row < rows; row++) {
        bool made;
        if (roles_membership(&m->roles, row) != MEMBERSHIP_GIVEN)
            continue;
        if (!is_made(m, rows_text(members, row, MEMBER_NAME), &made, why))
            return false;
        bool nobody =
            rows_null(members, row, MEMBER_GRANTOR) || rows_bool(members, row, MEMBER_BY_BOOTSTRAP);
        if (made)
            grants->list[grants->count++] = (struct role_grant){
                .role = rows_text(members, row, MEMBER_OF),
                .member = rows_text(members, row, MEMBER_NAME),
                .grantor = nobody ? NULL : rows_text(members, row, MEMBER_GRANTOR),
                .admin = rows_bool(members, row, MEMBER_ADMIN),
                .inherit = rows_bool(members, row, MEMBER_INHERIT),
                .set = rows_bool(members, row, MEMBER_SET),
            };
    }
    return true;
}

static bool grant_all(struct making *m, struct fault *why)
{
    scoped(drop_grants) struct grants grants = {.count = 0};
    int given;
    /* Without them the target gives INHERIT as its member's attribute says, as the source did. */
    bool options =
        conn_version(m->job->source) >= STRICT_VERSION && m->roles.maker.version >= STRICT_VERSION;
    if (!collect(m, &grants, why))
        return false;
    role_grants_order(grants.list, grants.count, &m->roles.maker, is_admin, &m->roles, grants.order,
                      &given);
    for (int i = 0; i < given; i++) {
        const struct role_grant *grant = &grants.list[grants.order[i]];
        role_add_grant(&m->sql, grant, options);
        if (!run(m, "granting role", grant->role, why))
            return fault_during(why, "role \"%s\"", grant->member);
    }
    return true;
}

/* ---- ourselves ---- */

struct joining {
    struct making *making;
    struct listing names;
};

static void drop_joining(struct joining *joining)
{
    drop_listing(&joining->names);
}

static bool on_role(void *arg, const struct stmt *row, struct fault *why)
{
    struct joining *joining = arg;
    struct making *m = joining->making;
    const char *name = stmt_text(row, 0);
    bool made = roles_coming(&m->roles, name);
    bool owns = stmt_int(row, 1) != 0 || strcmp(name, strbuf_text(&m->owner)) == 0;
    if (!made || !owns)
        return true;
    struct role_grant grant = {
        .role = name, .member = conn_user(m->job->target), .inherit = true, .set = true};
    role_add_grant(&m->sql, &grant, m->roles.maker.version >= STRICT_VERSION);
    struct strbuf *to = listing_next(&joining->names);
    if (to != NULL)
        strbuf_add_shown(to, name);
    return run(m, "becoming a member of role", name, why);
}

/* Only a member of a role may make it the owner of something, or a superuser. */
static bool join_owners(struct making *m, struct fault *why)
{
    scoped(drop_joining) struct joining joining = {.making = m};
    if (conn_is_superuser(m->job->target))
        return true;
    if (!catalog_list(m->job->db, SQL_ROLE_LIST, 0, on_role, &joining, why))
        return false;
    if (joining.names.count > 0)
        log_info("role \"%s\" becomes a member of roles that will own something: %s",
                 conn_user(m->job->target), listing_end(&joining.names));
    return true;
}

/* The database was made when its owner was not there yet. */
static bool give_database(struct making *m, struct fault *why)
{
    const char *owner = strbuf_text(&m->owner);
    bool made = false;
    if (*owner != '\0' && !is_made(m, owner, &made, why))
        return false;
    if (!made)
        return true;
    strbuf_add(&m->sql, "ALTER DATABASE ");
    strbuf_add_identifier(&m->sql, conn_database(m->job->target));
    strbuf_add(&m->sql, " OWNER TO ");
    strbuf_add_identifier(&m->sql, owner);
    return run(m, "giving the database to role", owner, why);
}

/* ---- passwords ---- */

static bool set_passwords(struct making *m, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf out = STRBUF_EMPTY;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (m->job->settings->no_role_passwords || m->count == 0)
        return true;
    strbuf_addf(&out,
                "COPY (SELECT a.rolname, a.rolpassword FROM pg_catalog.pg_authid a"
                " WHERE a.rolpassword IS NOT NULL AND a.rolname IN (%s)) TO STDOUT",
                m->made.text);
    struct relay relay = {
        .out_sql = out.text,
        .in_sql = "CREATE TEMPORARY TABLE pghaul_password (role pg_catalog.text,"
                  " password pg_catalog.text) ON COMMIT DROP;"
                  "COPY pg_temp.pghaul_password FROM STDIN",
    };
    if (!ask_chosen(m->job->target, ASK_KEEP_SILENT, NULL, &rows, why))
        return false;
    if (!relay_run(&relay, m->job->source, m->job->target, why)) {
        why->detail[0] = '\0'; /* may quote a row */
        return fault_during(why, "passwords");
    }
    /* An error inside would quote the statement. */
    return conn_run(m->job->target,
                    "DO $pghaul$DECLARE r record; BEGIN"
                    " FOR r IN SELECT role, password FROM pg_temp.pghaul_password LOOP BEGIN"
                    " EXECUTE pg_catalog.format('ALTER ROLE %I PASSWORD %L', r.role, r.password);"
                    " EXCEPTION WHEN OTHERS THEN"
                    " RAISE EXCEPTION 'password of role \"%\": %', r.role, SQLERRM"
                    " USING ERRCODE = SQLSTATE; END; END LOOP; END$pghaul$;"
                    "DROP TABLE pg_temp.pghaul_password",
                    why);
}

/* ---- settings and labels ---- */

static bool set_settings(struct making *m, struct fault *why)
{
    const struct rows *settings = &m->roles.of_source.settings.rows;
    for (int row = 0; row < rows_count(settings); row++) {
        const char *name = rows_text(settings, row, SETTING_ROLE);
        bool made;
        if (!is_made(m, name, &made, why))
            return false;
        if (!made || roles_setting_forbidden(&m->roles, row))
            continue;
        role_add_setting(&m->sql, name, rows_text(settings, row, SETTING_TEXT));
        if (!try(m, "setting", rows_text(settings, row, SETTING_NAME), name, why))
            return false;
    }
    return true;
}

static bool set_labels(struct making *m, struct fault *why)
{
    scoped(drop_rows) struct rows labels = ROWS_NONE;
    if (!ask_chosen(m->job->source, ASK_ROLE_LABELS, NULL, &labels, why))
        return false;
    for (int row = 0; row < rows_count(&labels); row++) {
        const char *name = rows_text(&labels, row, 0);
        bool made;
        if (!is_made(m, name, &made, why))
            return false;
        if (!made)
            continue;
        strbuf_add(&m->sql, "SECURITY LABEL FOR ");
        strbuf_add_identifier(&m->sql, rows_text(&labels, row, 1));
        strbuf_add(&m->sql, " ON ROLE ");
        strbuf_add_identifier(&m->sql, name);
        strbuf_add(&m->sql, " IS ");
        strbuf_add_literal(&m->sql, rows_text(&labels, row, 2));
        if (!try(m, "security label", rows_text(&labels, row, 1), name, why))
            return false;
    }
    return true;
}

/* ---- the job ---- */

/* duplicate_object, unique_violation: another run, for another database of the same server, makes
 * the same roles. The next attempt finds them there. */
static bool came_meanwhile(const struct fault *why)
{
    return strcmp(why->sqlstate, "42710") == 0 || strcmp(why->sqlstate, "23505") == 0;
}

static bool make(struct making *m, struct fault *why)
{
    bool found;
    return setting_get(m->job->db, SETTING_DATABASE_OWNER, &m->owner, &found, why) &&
           create_all(m, why) && grant_all(m, why) && join_owners(m, why) &&
           give_database(m, why) && set_passwords(m, why) && set_settings(m, why) &&
           set_labels(m, why);
}

bool job_roles(struct job *job, struct fault *why)
{
    scoped(drop_making) struct making m = {.job = job};
    job->held_table = 0;
    if (!snapshot_let_go(job->source, why) || !roles_read(&m.roles, job->source, job->target, why))
        return false;
    done_add_begin(&m.sql, job, 0, false);
    if (!conn_run(job->target, m.sql.text, why))
        return done_already(job, why);
    strbuf_clear(&m.sql);
    if (!make(&m, why)) {
        why->retry = why->retry || came_meanwhile(why);
        return false;
    }
    FAILPOINT("roles.before_commit", why);
    if (!conn_run(job->target, "COMMIT", why))
        return false;
    FAILPOINT("roles.after_commit", why);
    job->rows = m.count;
    log_info("created %d role%s", m.count, m.count == 1 ? "" : "s");
    return true;
}
