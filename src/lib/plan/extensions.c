#include "plan/extensions.h"

#include "base/scoped.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "catalog/filter.h"
#include "catalog/mapping.h"
#include "plan/ask.h"

enum { CLASS_EXTENSION = 3079 };

struct checking {
    struct db *db;
    struct conn *target;
    struct rows rows;       /* of ASK_EXTENSIONS: oid, name */
    struct strbuf missing;  /* "a, b" */
    struct strbuf excluded; /* the options that leave these out */
};

static void drop_checking(struct checking *checking)
{
    drop_rows(&checking->rows);
    drop_strbuf(&checking->missing);
    drop_strbuf(&checking->excluded);
}

/* $1 of the target's query is the name, $2 the version that is wanted, or NULL. */
static bool check_version(struct checking *c, const char *const *wanted, const struct rows *has,
                          struct fault *why)
{
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    if (wanted[1] == NULL || rows_bool(has, 0, 3))
        return true;
    strbuf_add_identifier(&name, wanted[0]);
    if (rows_null(has, 0, 0)) {
        fault_set(why, FAULT_EXTENSION_VERSION,
                  "extension %s has no version \"%s\" on the target: it has %s", name.text,
                  wanted[1], rows_text(has, 0, 2));
        return fault_hint(why, "Give one of these to --extension-version, or leave it out.");
    }
    fault_set(
        why, FAULT_EXTENSION_VERSION,
        "database \"%s\" on the target already has extension %s in version \"%s\", not \"%s\"",
        conn_database(c->target), name.text, rows_text(has, 0, 0), wanted[1]);
    return fault_hint(why, "ALTER EXTENSION %s UPDATE TO '%s'; or leave --extension-version out.",
                      name.text, wanted[1]);
}

static bool check_one(struct checking *c, const char *name, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf version = STRBUF_EMPTY;
    scoped(drop_rows) struct rows has = ROWS_NONE;
    bool mapped;
    if (!mapping_find(c->db, MAPPING_EXTENSION, name, &version, &mapped, why))
        return false;
    const char *const wanted[] = {name, mapped ? version.text : NULL};
    if (!ask_with(c->target, ASK_EXTENSION_ON_TARGET, 2, wanted, &has, why))
        return false;
    if (rows_null(&has, 0, 0) && !rows_bool(&has, 0, 1)) {
        strbuf_add(&c->missing, c->missing.length == 0 ? "" : ", ");
        strbuf_add_shown(&c->missing, name);
        strbuf_add(&c->excluded, " --exclude-extension ");
        strbuf_add_shown(&c->excluded, name);
        return true;
    }
    return check_version(c, wanted, &has, why);
}

/* Is what --extension-version names among those that are created? */
static bool check_name(void *arg, const char *kind, const char *name, const char *value,
                       struct fault *why)
{
    struct checking *c = arg;
    (void)value;
    for (int row = 0; c->rows.result != NULL && row < rows_count(&c->rows); row++) {
        bool left_out;
        if (strcmp(rows_text(&c->rows, row, 1), name) != 0)
            continue;
        if (!left_out_has(c->db, CLASS_EXTENSION, rows_int(&c->rows, row, 0), &left_out, why))
            return false;
        if (!left_out)
            return true;
    }
    return fault_set(why, FAULT_NOT_ON_SOURCE,
                     "--%s names \"%s\", which is no extension that comes from the source", kind,
                     name);
}

bool check_extensions(struct db *db, struct conn *source, struct conn *target, bool created,
                      struct fault *why)
{
    scoped(drop_checking) struct checking c = {.db = db, .target = target, .rows = ROWS_NONE};
    if ((created && !ask_with(source, ASK_EXTENSIONS, 0, NULL, &c.rows, why)) ||
        !mapping_list(db, MAPPING_EXTENSION, check_name, &c, why))
        return false;
    for (int row = 0; created && row < rows_count(&c.rows); row++) {
        bool left_out;
        if (!left_out_has(db, CLASS_EXTENSION, rows_int(&c.rows, row, 0), &left_out, why) ||
            (!left_out && !check_one(&c, rows_text(&c.rows, row, 1), why)))
            return false;
    }
    if (c.missing.length == 0)
        return true;
    fault_set(why, FAULT_EXTENSION_MISSING, "extensions that the target server does not have: %s",
              c.missing.text);
    return fault_hint(why, "Install them there, or leave them out, and see to what needs them:%s",
                      c.excluded.text);
}
