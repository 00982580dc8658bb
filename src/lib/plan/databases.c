#include "plan/databases.h"

#include "base/scoped.h"
#include "base/text.h"
#include "catalog/mapping.h"
#include "catalog/run.h"
#include "plan/ask.h"
#include "wire/name_pattern.h"

enum { ICU_VERSION = 150000, BUILTIN_VERSION = 170000 };

/* ---- which there are ---- */

/* Columns of ASK_DATABASES. */
enum { NAME, BYTES, MAY_CONNECT, CONNECTABLE, TEMPLATE, BROKEN };

struct choosing {
    const struct databases_wish *wish;
    struct rows rows;
    bool *chosen;
    struct strbuf refused;
};

static void drop_choosing(struct choosing *c)
{
    drop_rows(&c->rows);
    drop_memory(&c->chosen);
    drop_strbuf(&c->refused);
}

static int find_row(const struct choosing *c, const char *name)
{
    for (int row = 0; row < rows_count(&c->rows); row++)
        if (strcmp(rows_text(&c->rows, row, NAME), name) == 0)
            return row;
    return -1;
}

static bool choose_named(struct choosing *c, struct fault *why)
{
    for (int i = 0; i < c->wish->count; i++) {
        const char *name = c->wish->names[i];
        int row = find_row(c, name);
        if (row < 0)
            return fault_set(why, FAULT_NOT_ON_SOURCE, "the source has no database \"%s\"", name);
        if (!rows_bool(&c->rows, row, CONNECTABLE) || rows_bool(&c->rows, row, BROKEN))
            return fault_set(why, FAULT_DATABASE_CONNECT,
                             "database \"%s\" on the source allows no connections", name);
        c->chosen[row] = true;
    }
    return true;
}

static void choose_all(struct choosing *c)
{
    for (int row = 0; row < rows_count(&c->rows); row++)
        c->chosen[row] = rows_bool(&c->rows, row, CONNECTABLE) &&
                         !rows_bool(&c->rows, row, TEMPLATE) && !rows_bool(&c->rows, row, BROKEN);
}

static bool leave_out(struct choosing *c, struct conn *source, const char *text, struct fault *why)
{
    struct name_pattern pattern;
    const char *wrong;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!name_pattern_parse(text, 1, &pattern, &wrong))
        return fault_set(why, FAULT_BAD_VALUE, "--exclude-database \"%s\" is not a pattern: %s",
                         text, wrong);
    const char *const values[] = {pattern.name};
    if (!ask_with(source, ASK_DATABASES_LIKE, 1, values, &rows, why))
        return fault_during(why, "matching --exclude-database \"%s\"", text);
    if (c->wish->strict && rows_count(&rows) == 0)
        return fault_set(why, FAULT_NO_MATCH,
                         "no database on the source matches --exclude-database \"%s\"", text);
    for (int i = 0; i < rows_count(&rows); i++) {
        int row = find_row(c, rows_text(&rows, i, 0));
        if (row >= 0)
            c->chosen[row] = false;
    }
    return true;
}

static bool refuse_closed(struct choosing *c, struct conn *source, struct fault *why)
{
    for (int row = 0; row < rows_count(&c->rows); row++)
        if (c->chosen[row] && !rows_bool(&c->rows, row, MAY_CONNECT)) {
            strbuf_add(&c->refused, c->refused.length == 0 ? "" : ", ");
            strbuf_add_shown(&c->refused, rows_text(&c->rows, row, NAME));
        }
    return c->refused.length == 0 ||
           fault_set(why, FAULT_DATABASE_CONNECT,
                     "role \"%s\" may not connect to databases of the source: %s",
                     conn_user(source), c->refused.text);
}

bool databases_choose(struct conn *source, const struct databases_wish *wish, databases_each *each,
                      void *arg, struct fault *why)
{
    scoped(drop_choosing) struct choosing c = {.wish = wish};
    int chosen = 0;
    if (!ask_with(source, ASK_DATABASES, 0, NULL, &c.rows, why))
        return false;
    c.chosen = new_memory((size_t)rows_count(&c.rows) + 1, sizeof *c.chosen);
    if (wish->count == 0)
        choose_all(&c);
    else if (!choose_named(&c, why))
        return false;
    for (int i = 0; i < wish->pattern_count; i++)
        if (!leave_out(&c, source, wish->patterns[i], why))
            return false;
    if (!refuse_closed(&c, source, why))
        return false;
    for (int row = 0; row < rows_count(&c.rows); row++) {
        if (!c.chosen[row])
            continue;
        chosen++;
        if (!each(arg, rows_text(&c.rows, row, NAME), rows_int(&c.rows, row, BYTES), why))
            return false;
    }
    return chosen > 0 ||
           fault_set(why, FAULT_NO_MATCH, "no database of the source is left to copy");
}

/* ---- the target ---- */

bool database_check(struct conn *target, const char *name, bool create, bool *ret_there,
                    struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!ask_with(target, ASK_DATABASE_THERE, 1, &name, &rows, why))
        return false;
    *ret_there = rows_bool(&rows, 0, 0);
    if (*ret_there)
        return true;
    if (!create)
        return fault_set(why, FAULT_DATABASE_MISSING, "the target has no database \"%s\"", name);
    return rows_bool(&rows, 0, 1) ||
           fault_set(why, FAULT_CREATEDB,
                     "role \"%s\" may not create database \"%s\" on the target", conn_user(target),
                     name);
}

/* ---- making one ---- */

/* Columns of ASK_DATABASE_MADE. */
enum { ENCODING, COLLATE, CTYPE, PROVIDER, LOCALE, RULES, OWNER, TABLESPACE };

struct making {
    const struct database_making *wish;
    struct rows rows;
    struct strbuf sql;
    struct strbuf tablespace;
    struct strbuf noted; /* the owner that an earlier attempt has noted */
    bool begun_before;
};

static void drop_making(struct making *m)
{
    drop_rows(&m->rows);
    drop_strbuf(&m->sql);
    drop_strbuf(&m->tablespace);
    drop_strbuf(&m->noted);
}

static const char *made(const struct making *m, int column)
{
    return rows_text(&m->rows, 0, column);
}

static void add_option(struct making *m, const char *word, const char *value)
{
    if (*value == '\0')
        return;
    strbuf_addf(&m->sql, " %s ", word);
    strbuf_add_literal(&m->sql, value);
}

static bool add_locale(struct making *m, struct fault *why)
{
    int version = conn_version(m->wish->target);
    char provider = *made(m, PROVIDER);
    int since = provider == 'i' ? ICU_VERSION : provider == 'b' ? BUILTIN_VERSION : 0;
    if (version < since)
        return fault_set(why, FAULT_DATABASE_CREATE,
                         "database \"%s\" has the locale \"%s\" of a provider that version %s does "
                         "not know for databases",
                         m->wish->name, made(m, LOCALE), conn_version_text(m->wish->target));
    if (provider == 'i') {
        strbuf_add(&m->sql, " LOCALE_PROVIDER icu");
        add_option(m, "ICU_LOCALE", made(m, LOCALE));
        add_option(m, "ICU_RULES", made(m, RULES));
    } else if (provider == 'b') {
        strbuf_add(&m->sql, " LOCALE_PROVIDER builtin");
        add_option(m, "BUILTIN_LOCALE", made(m, LOCALE));
    } else if (version >= ICU_VERSION) {
        strbuf_add(&m->sql, " LOCALE_PROVIDER libc");
    }
    add_option(m, "LC_COLLATE", made(m, COLLATE));
    add_option(m, "LC_CTYPE", made(m, CTYPE));
    return true;
}

/* An owner who is still to come is noted before there is anything to own. */
static bool add_owner(struct making *m, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    const char *name = made(m, OWNER);
    if (!m->wish->owner || *name == '\0')
        return true;
    if (!ask_with(m->wish->target, ASK_ROLE_THERE, 1, &name, &rows, why))
        return false;
    if (rows_bool(&rows, 0, 0)) {
        strbuf_add(&m->sql, " OWNER ");
        strbuf_add_identifier(&m->sql, name);
        return true;
    }
    if (!m->wish->roles)
        return fault_set(why, FAULT_ROLE_MISSING,
                         "roles missing on the target: %s (the owner of database \"%s\")", name,
                         m->wish->name);
    return setting_get(m->wish->db, SETTING_DATABASE_OWNER, &m->noted, &m->begun_before, why) &&
           setting_put(m->wish->db, SETTING_DATABASE_OWNER, name, why);
}

/* The server's own need not be said. */
static bool add_tablespace(struct making *m, struct fault *why)
{
    bool mapped;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    const char *name = made(m, TABLESPACE);
    if (!m->wish->tablespaces || strcmp(name, "pg_default") == 0)
        return true;
    if (!mapping_find(m->wish->db, MAPPING_TABLESPACE, name, &m->tablespace, &mapped, why))
        return false;
    if (!mapped)
        strbuf_add(&m->tablespace, name);
    if (m->tablespace.length == 0)
        return true;
    const char *wanted = m->tablespace.text;
    if (!ask_with(m->wish->target, ASK_TABLESPACE_THERE, 1, &wanted, &rows, why))
        return false;
    if (!rows_bool(&rows, 0, 0))
        return fault_set(why, FAULT_TABLESPACE_MISSING,
                         "tablespaces missing on the target: %s (that of database \"%s\")", wanted,
                         m->wish->name);
    strbuf_add(&m->sql, " TABLESPACE ");
    strbuf_add_identifier(&m->sql, wanted);
    return true;
}

/* duplicate_database; or unique_violation, when the other one committed while we waited for it. */
static bool is_there_meanwhile(struct making *m, const struct fault *why)
{
    struct fault ignored;
    bool there;
    return (strcmp(why->sqlstate, "42P04") == 0 || strcmp(why->sqlstate, "23505") == 0) &&
           database_check(m->wish->target, m->wish->name, false, &there, &ignored);
}

/* Somebody else's database keeps its owner. One that a killed attempt of this run had asked for is
 * ours: the server goes on with a CREATE DATABASE whose client is dead. */
static bool run_making(struct making *m, struct fault *why)
{
    if (conn_run(m->wish->target, m->sql.text, why))
        return true;
    if (is_there_meanwhile(m, why))
        return m->begun_before || setting_put(m->wish->db, SETTING_DATABASE_OWNER, "", why);
    if (why->sqlstate[0] != '\0' && !why->retry)
        why->id = FAULT_DATABASE_CREATE;
    /* The right to create databases was looked at before. */
    if (strcmp(why->sqlstate, "42501") == 0)
        fault_hint(
            why,
            "Role \"%s\" must be a member of the owner \"%s\" (from version 16 on with SET), "
            "and needs CREATE on the tablespace: GRANT them, or use --no-owner, "
            "--no-tablespaces.",
            conn_user(m->wish->target), made(m, OWNER));
    return fault_during(why, "creating database \"%s\"", m->wish->name);
}

bool database_make(const struct database_making *making, struct fault *why)
{
    scoped(drop_making) struct making m = {.wish = making};
    if (!ask_with(making->source, ASK_DATABASE_MADE, 0, NULL, &m.rows, why))
        return false;
    strbuf_add(&m.sql, "CREATE DATABASE ");
    strbuf_add_identifier(&m.sql, making->name);
    strbuf_add(&m.sql, " TEMPLATE template0");
    add_option(&m, "ENCODING", made(&m, ENCODING));
    return add_locale(&m, why) && add_owner(&m, why) && add_tablespace(&m, why) &&
           run_making(&m, why);
}
