#include "plan/forbidden.h"

#include "base/listing.h"
#include "base/scoped.h"
#include "catalog/filter.h"
#include "catalog/objects.h"
#include "plan/ask.h"

/* An extension may be there already, or be trusted; of default privileges, those of roles that we
 * are members of, and all when none are restored. */
static bool is_allowed(const struct forbidden *f, const char *extension, const char *role,
                       bool *ret_allowed, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    *ret_allowed = *role != '\0' && !f->privileges;
    if (*ret_allowed || (*extension == '\0' && *role == '\0'))
        return true;
    if (*extension != '\0') {
        if (!ask_with(f->target, ASK_MAY_HAVE_EXTENSION, 1, &extension, &rows, why))
            return false;
        /* What nobody can have is another fault (extensions.h). */
        *ret_allowed = rows_bool(&rows, 0, 0) || (!f->skip && rows_bool(&rows, 0, 1));
        return true;
    }
    bool coming;
    if (!role_is_coming(f->db, role, &coming, why))
        return false;
    *ret_allowed = coming && f->owners;
    if (*ret_allowed)
        return true;
    if (!ask_with(f->target, ASK_MAY_OWN, 1, &role, &rows, why))
        return false;
    *ret_allowed = !rows_bool(&rows, 0, 0);
    return true;
}

struct finding {
    struct db *db;
    struct listing names;
};

static void drop_finding(struct finding *finding)
{
    drop_listing(&finding->names);
}

static bool note(struct finding *finding, const struct rows *rows, int row, struct fault *why)
{
    struct left_out object = {
        .classid = rows_int(rows, row, 0),
        .oid = rows_int(rows, row, 1),
        .kind = rows_text(rows, row, 2),
        .nspname = "",
        .relname = "",
        .description = rows_text(rows, row, 5),
        .reason = "only a superuser could create it on the target",
    };
    if (!left_out_add(finding->db, &object, why))
        return false;
    /* Else a filter leaves it out already. */
    if (db_changes(finding->db) > 0)
        listing_add(&finding->names, rows_text(rows, row, 5));
    return true;
}

static bool refuse(struct conn *target, struct finding *finding, struct fault *why)
{
    return fault_set(why, FAULT_NEEDS_SUPERUSER,
                     "role \"%s\", no superuser on the target, may not create there: %s",
                     conn_user(target), listing_end(&finding->names));
}

bool forbidden_find(const struct forbidden *f, struct strbuf *catalogs, struct strbuf *oids,
                    struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_finding) struct finding finding = {.db = f->db};
    if (conn_is_superuser(f->target))
        return true;
    if (!ask_with(f->source, ASK_PRIVILEGED, 3, f->scope, &rows, why))
        return false;
    for (int row = 0; row < rows_count(&rows); row++) {
        bool allowed;
        if (!is_allowed(f, rows_text(&rows, row, 6), rows_text(&rows, row, 7), &allowed, why))
            return false;
        if (allowed)
            continue;
        int before = finding.names.count;
        if (!note(&finding, &rows, row, why))
            return false;
        if (finding.names.count == before)
            continue;
        const char *gap = oids->length == 0 ? "" : ",";
        strbuf_addf(catalogs, "%s%s", gap, rows_text(&rows, row, 0));
        strbuf_addf(oids, "%s%s", gap, rows_text(&rows, row, 1));
    }
    return finding.names.count == 0 || f->skip || refuse(f->target, &finding, why);
}
