#include "plan/database.h"

#include "base/scoped.h"
#include "base/text.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "plan/ask.h"
#include "plan/role_sql.h"

#include <string.h>

/* Columns of ASK_DATABASE. */
enum { KIND, ROLE, NAME, TEXT };

struct properties {
    const struct database_wish *wish;
    struct rows rows;
    struct rows known; /* settings that the target has */
    struct rows open;  /* which of them we may set */
    struct strbuf *warnings;
    struct strbuf forbidden; /* descriptions */
};

static void drop_properties(struct properties *p)
{
    drop_rows(&p->rows);
    drop_rows(&p->known);
    drop_rows(&p->open);
    drop_strbuf(&p->forbidden);
}

static bool is(const struct properties *p, int row, const char *kind)
{
    return strcmp(rows_text(&p->rows, row, KIND), kind) == 0;
}

/* ---- statements ---- */

void database_add_description(struct strbuf *text, const char *kind, const char *role,
                              const char *value)
{
    strbuf_add(text, kind);
    if (strcmp(kind, "setting") == 0)
        strbuf_addf(text, " %.*s", (int)strcspn(value, "="), value);
    else if (strcmp(kind, "privilege") == 0)
        strbuf_addf(text, " %s", value);
    if (*role != '\0')
        strbuf_addf(text, " of role \"%s\"", role);
    strbuf_add(text, " in the database");
}

static void add_setting(struct strbuf *sql, const char *database, const char *role,
                        const char *setting)
{
    strbuf_add(sql, *role == '\0' ? "ALTER DATABASE " : "ALTER ROLE ");
    if (*role != '\0') {
        strbuf_add_identifier(sql, role);
        strbuf_add(sql, " IN DATABASE ");
    }
    strbuf_add_identifier(sql, database);
    setting_add(sql, setting);
}

static void add_privilege(struct strbuf *sql, const char *database, const char *role,
                          const char *text)
{
    size_t length = strcspn(text, " ");
    strbuf_addf(sql, "GRANT %.*s ON DATABASE ", (int)length, text);
    strbuf_add_identifier(sql, database);
    strbuf_add(sql, " TO ");
    if (*role == '\0')
        strbuf_add(sql, "PUBLIC");
    else
        strbuf_add_identifier(sql, role);
    strbuf_add(sql, text + length);
}

static void add_note(struct strbuf *sql, const char *database, const char *text)
{
    strbuf_add(sql, " ON DATABASE ");
    strbuf_add_identifier(sql, database);
    strbuf_add(sql, " IS ");
    strbuf_add_literal(sql, text);
}

void database_add_property(struct strbuf *sql, const char *database, const char *kind,
                           const char *role, const char *text)
{
    if (strcmp(kind, "setting") == 0) {
        add_setting(sql, database, role, text);
    } else if (strcmp(kind, "limit") == 0) {
        strbuf_add(sql, "ALTER DATABASE ");
        strbuf_add_identifier(sql, database);
        strbuf_addf(sql, " CONNECTION LIMIT %s", text);
    } else if (strcmp(kind, "comment") == 0) {
        strbuf_add(sql, "COMMENT");
        add_note(sql, database, text);
    } else if (strcmp(kind, "label") == 0) {
        strbuf_add(sql, "SECURITY LABEL FOR ");
        strbuf_add_identifier(sql, role);
        add_note(sql, database, text);
    } else if (strcmp(kind, "privileges") == 0) {
        strbuf_add(sql, "REVOKE ALL ON DATABASE ");
        strbuf_add_identifier(sql, database);
        strbuf_add(sql, " FROM PUBLIC");
    } else {
        add_privilege(sql, database, role, text);
    }
}

/* ---- what the target knows, and what we may ---- */

static bool has_name(const struct rows *rows, const char *name)
{
    for (int row = 0; row < rows_count(rows); row++)
        if (strcmp(rows_text(rows, row, 0), name) == 0)
            return true;
    return false;
}

/* What nobody has defined yet only a superuser may set. */
static bool is_open(const struct properties *p, const char *name)
{
    for (int row = 0; row < rows_count(&p->open); row++)
        if (strcmp(rows_text(&p->open, row, 0), name) == 0)
            return rows_bool(&p->open, row, 1);
    return false;
}

static void add_description(struct strbuf *text, const struct properties *p, int row)
{
    database_add_description(text, rows_text(&p->rows, row, KIND), rows_text(&p->rows, row, ROLE),
                             rows_text(&p->rows, row, TEXT));
}

static void leave_out(struct properties *p, int row, const char *reason)
{
    scoped(drop_strbuf) struct strbuf line = STRBUF_EMPTY;
    add_description(&line, p, row);
    strbuf_addf(&line, " is left out: %s", reason);
    strbuf_add_shown(p->warnings, line.text);
    strbuf_add(p->warnings, "\n");
}

/* The role that a property is for. */
static bool check_role(struct properties *p, int row, bool *ret_may, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    const char *role = rows_text(&p->rows, row, ROLE);
    bool coming;
    *ret_may = true;
    if (*role == '\0' || is(p, row, "label"))
        return true;
    if (!role_is_coming(p->wish->db, role, &coming, why))
        return false;
    if (coming)
        return true;
    if (!ask_with(p->wish->target, ASK_MAY_ALTER_ROLE, 1, &role, &rows, why))
        return false;
    if (rows_count(&rows) == 0 || rows_null(&rows, 0, 0))
        return fault_set(why, FAULT_ROLE_MISSING,
                         "roles missing on the target: %s (named by the database's own settings or "
                         "privileges)",
                         role);
    *ret_may =
        !is(p, row, "setting") || conn_is_superuser(p->wish->target) || rows_bool(&rows, 0, 0);
    return true;
}

/* *ret_keep: note it. */
static bool judge(struct properties *p, int row, bool *ret_keep, struct fault *why)
{
    const char *name = rows_text(&p->rows, row, NAME);
    bool setting = is(p, row, "setting"), may;
    *ret_keep = false;
    if ((is(p, row, "comment") && !p->wish->comments) ||
        ((is(p, row, "privileges") || is(p, row, "privilege")) && !p->wish->privileges))
        return true;
    if (setting && strchr(name, '.') == NULL && !has_name(&p->known, name) &&
        conn_is_superuser(p->wish->target)) {
        leave_out(p, row, "the target has no such setting");
        return true;
    }
    if (!check_role(p, row, &may, why))
        return false;
    *ret_keep = may && (!setting || conn_is_superuser(p->wish->target) || is_open(p, name));
    if (*ret_keep)
        return true;
    if (p->wish->skip) {
        leave_out(p, row, "we may not set it on the target");
        return true;
    }
    strbuf_add(&p->forbidden, p->forbidden.length == 0 ? "" : ", ");
    add_description(&p->forbidden, p, row);
    return true;
}

static bool refuse_forbidden(const struct properties *p, struct fault *why)
{
    if (p->forbidden.length == 0)
        return true;
    fault_set(why, FAULT_NEEDS_SUPERUSER, "role \"%s\" may not set on the target: %s",
              conn_user(p->wish->target), p->forbidden.text);
    return fault_hint(why, "Connect as a superuser, or leave it out: --skip-forbidden, "
                           "--skip-db-properties.");
}

static bool check_owner(const struct properties *p, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    struct conn *target = p->wish->target;
    if (conn_is_superuser(target))
        return true;
    if (!ask_with(target, ASK_MAY_ALTER_DATABASE, 0, NULL, &rows, why))
        return false;
    return rows_bool(&rows, 0, 0) ||
           fault_set(why, FAULT_PROPERTIES,
                     "role \"%s\" does not own database \"%s\" on the target, and the source's has"
                     " properties of its own (settings, comment, privileges or connection limit)",
                     conn_user(target), conn_database(target));
}

static bool note_in_write(struct db *db, void *arg, struct fault *why)
{
    struct properties *p = arg;
    for (int row = 0; row < rows_count(&p->rows); row++) {
        bool keep;
        if (!judge(p, row, &keep, why))
            return false;
        if (keep && !db_run(db, why, SQL_PROPERTY_INSERT, "sss", rows_text(&p->rows, row, KIND),
                            rows_text(&p->rows, row, ROLE), rows_text(&p->rows, row, TEXT)))
            return false;
    }
    return refuse_forbidden(p, why);
}

bool database_plan(const struct database_wish *wish, struct strbuf *warnings, struct fault *why)
{
    scoped(drop_properties) struct properties p = {.wish = wish, .warnings = warnings};
    if (!db_run(wish->db, why, SQL_FORGET_PROPERTIES, ""))
        return false;
    if (!wish->wanted)
        return true;
    if (!ask_with(wish->source, ASK_DATABASE, 0, NULL, &p.rows, why))
        return fault_during(why, "reading the properties of the database");
    return rows_count(&p.rows) == 0 ||
           (check_owner(&p, why) &&
            ask_with(wish->target, ASK_KNOWN_SETTINGS, 0, NULL, &p.known, why) &&
            ask_with(wish->target, ASK_OPEN_SETTINGS, 0, NULL, &p.open, why) &&
            db_write(wish->db, note_in_write, &p, why));
}
