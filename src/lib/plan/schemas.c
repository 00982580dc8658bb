#include "plan/schemas.h"

#include "base/scoped.h"
#include "base/text.h"
#include "catalog/filter.h"
#include "catalog/objects.h"
#include "plan/ask.h"

/* Columns of ASK_SCHEMA_NOTES. */
enum { OID, NAME, COMMENT, PUBLIC, OTHERS, SAID, OWNER, OURS };

/* System catalogs under which it is noted: a schema has one comment and one owner. */
enum { CLASS_SCHEMA = 2615, CLASS_DESCRIPTION = 2609, CLASS_INIT_PRIVS = 3394 };

struct matching {
    const struct forbidden *f;
    struct rows source;
    struct rows target;
    struct strbuf forbidden;
};

static void drop_matching(struct matching *m)
{
    drop_rows(&m->source);
    drop_rows(&m->target);
    drop_strbuf(&m->forbidden);
}

/* What is the same on the target, or not to be had, goes without a reason: nobody misses it. */
static bool leave_out(struct matching *m, int row, int64_t classid, const char *kind,
                      const char *what, const char *reason, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    strbuf_add(&text, what);
    strbuf_add_shown(&text, rows_text(&m->source, row, NAME));
    struct left_out object = {
        .classid = classid,
        .oid = rows_int(&m->source, row, OID),
        .kind = kind,
        .nspname = rows_text(&m->source, row, NAME),
        .relname = "",
        .description = text.text,
        .reason = reason,
    };
    return left_out_add(m->f->db, &object, why);
}

static bool judge(struct matching *m, int row, int64_t classid, const char *kind, const char *what,
                  bool same, struct fault *why)
{
    bool skip = m->f->skip;
    if (same || skip)
        return leave_out(m, row, classid, kind, what,
                         same ? "" : "only the owner of the schema could set it on the target",
                         why);
    strbuf_add(&m->forbidden, m->forbidden.length == 0 ? "" : ", ");
    strbuf_add(&m->forbidden, what);
    strbuf_add_shown(&m->forbidden, rows_text(&m->source, row, NAME));
    return true;
}

/* Without a comment on public pg_dump removes the one that a new database has. */
static bool has_comment(const struct matching *m, int row)
{
    return rows_text(&m->source, row, COMMENT)[0] != '\0' ||
           strcmp(rows_text(&m->source, row, NAME), "public") == 0;
}

static bool is_same(const struct matching *m, int row, int there, int column)
{
    return strcmp(rows_text(&m->source, row, column), rows_text(&m->target, there, column)) == 0;
}

/* What others may do on the target besides is not taken from them. */
static bool has_privileges(const struct matching *m, int row, int there)
{
    const char *given = rows_text(&m->target, there, OTHERS);
    const char *wanted = rows_text(&m->source, row, OTHERS);
    while (*wanted != '\0' && wanted[1] != '\0') {
        scoped(drop_strbuf) struct strbuf line = STRBUF_EMPTY;
        size_t length = 1 + strcspn(wanted + 1, "\n");
        strbuf_add_bytes(&line, wanted, length + 1);
        if (strstr(given, line.text) == NULL)
            return false;
        wanted += length;
    }
    return is_same(m, row, there, PUBLIC);
}

static bool match(struct matching *m, int row, int there, struct fault *why)
{
    bool comment = m->f->comments && has_comment(m, row);
    bool privileges = m->f->privileges && rows_bool(&m->source, row, SAID);
    if (conn_is_superuser(m->f->target) || rows_bool(&m->target, there, OURS))
        return true;
    return (!comment || judge(m, row, CLASS_DESCRIPTION, "comment", "the comment on schema ",
                              is_same(m, row, there, COMMENT), why)) &&
           (!privileges || judge(m, row, CLASS_INIT_PRIVS, "privileges", "privileges on schema ",
                                 has_privileges(m, row, there), why));
}

/* Only public, which every database has from the start, is given to the source's owner. */
static bool match_owner(struct matching *m, int row, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    const char *owner = rows_text(&m->source, row, OWNER);
    bool coming;
    if (strcmp(rows_text(&m->source, row, NAME), "public") != 0 || !m->f->owners)
        return true;
    if (!role_is_coming(m->f->db, owner, &coming, why))
        return false;
    if (coming)
        return true;
    if (!ask_with(m->f->target, ASK_MAY_OWN, 1, &owner, &rows, why))
        return false;
    return !rows_bool(&rows, 0, 0) ||
           leave_out(m, row, CLASS_SCHEMA, "owner", "the owner of schema ", "", why);
}

static bool match_all(struct matching *m, struct fault *why)
{
    for (int row = 0; row < rows_count(&m->source); row++) {
        if (!match_owner(m, row, why))
            return false;
        for (int there = 0; there < rows_count(&m->target); there++)
            if (is_same(m, row, there, NAME) && !match(m, row, there, why))
                return false;
    }
    return true;
}

bool schemas_find(const struct forbidden *f, struct fault *why)
{
    scoped(drop_matching) struct matching m = {.f = f};
    const char *const all[] = {NULL, "{}"};
    bool tables_only = strcmp(f->scope[0], "true") == 0;
    if (tables_only)
        return true;
    if (!ask_with(f->source, ASK_SCHEMA_NOTES, 2, f->scope + 1, &m.source, why) ||
        !ask_with(f->target, ASK_SCHEMA_NOTES, 2, all, &m.target, why) || !match_all(&m, why))
        return false;
    return m.forbidden.length == 0 ||
           fault_set(why, FAULT_SCHEMA_NOT_OURS,
                     "role \"%s\" does not own on the target what it should set: %s",
                     conn_user(f->target), m.forbidden.text);
}
