#include "plan/newcomers.h"

#include "base/scoped.h"
#include "base/text.h"
#include "catalog/described.h"
#include "catalog/filter.h"
#include "catalog/landing.h"
#include "catalog/objects.h"
#include "catalog/position.h"
#include "catalog/sql.h"
#include "plan/ask.h"
#include "plan/publication.h"
#include "plan/selection.h"

#include <inttypes.h>
#include <string.h>

enum { CLASS_RELATION = 1259 };

/* Columns of ASK_TABLES_NOW. */
enum { OID, SCHEMA, NAME, ABOVE, ATTACHED, OLDER, KIND };

enum seen { SEEN_NEW, SEEN_ATTACHED, SEEN_UNPUBLISHED, SEEN_KEYLESS };

struct looking {
    struct newcomers *newcomers;
    struct db *db;
    const struct selection *selection;
    struct strbuf doubtful; /* statement that finds partitions with rows from before */
};

static void drop_looking(struct looking *l)
{
    drop_strbuf(&l->doubtful);
}

static void forget(struct newcomers *n)
{
    struct listing *const listings[] = {&n->come, &n->attached, &n->gone, &n->unpublished,
                                        &n->keyless};
    for (size_t i = 0; i < sizeof listings / sizeof listings[0]; i++) {
        drop_listing(listings[i]);
        *listings[i] = (struct listing){.count = 0};
    }
}

void drop_newcomers(struct newcomers *newcomers)
{
    for (size_t i = 0; i < sizeof newcomers->seen / sizeof newcomers->seen[0]; i++)
        drop_strbuf(&newcomers->seen[i]);
    forget(newcomers);
}

/* Each is told of once. */
static void tell(struct newcomers *newcomers, enum seen kind, int64_t oid, struct listing *listing,
                 const char *name)
{
    struct strbuf *seen = &newcomers->seen[kind];
    if (oids_have(strbuf_text(seen), oid))
        return;
    strbuf_addf(seen, "%s%" PRId64, seen->length == 0 ? "" : ",", oid);
    listing_add(listing, name);
}

/* ---- tables that the plan does not know ---- */

/* Is one of these (" 1  2 ") not known to the plan? */
static bool any_is_new(struct db *db, const char *oids, bool *ret_new, struct fault *why)
{
    char *end;
    *ret_new = false;
    for (const char *at = oids; !*ret_new; at = end) {
        bool known;
        int64_t oid = strtoll(at, &end, 10);
        if (end == at)
            return true;
        if (!position_knows_relation(db, oid, &known, why))
            return false;
        *ret_new = !known;
    }
    return true;
}

/* A partition of what is published whole is published, too; but not what it had before. */
static bool look_at_partition(struct looking *l, const struct rows *row, const char *name,
                              struct fault *why)
{
    bool attached;
    if (!any_is_new(l->db, rows_text(row, 0, ATTACHED), &attached, why))
        return false;
    if (attached)
        tell(l->newcomers, SEEN_ATTACHED, rows_int(row, 0, OID), &l->newcomers->attached, name);
    if (attached || *rows_text(row, 0, OLDER) == '\0' ||
        oids_have(strbuf_text(&l->newcomers->seen[SEEN_ATTACHED]), rows_int(row, 0, OID)))
        return true;
    strbuf_addf(&l->doubtful, "%sSELECT %" PRId64 ", ",
                l->doubtful.length == 0 ? "" : " UNION ALL ", rows_int(row, 0, OID));
    strbuf_add_literal(&l->doubtful, name);
    strbuf_add(&l->doubtful, "::pg_catalog.text WHERE EXISTS (SELECT FROM ONLY ");
    strbuf_add_qualified(&l->doubtful, rows_text(row, 0, SCHEMA), rows_text(row, 0, NAME));
    strbuf_addf(&l->doubtful, " AS t WHERE %s)", rows_text(row, 0, OLDER));
    return true;
}

static bool on_table(void *arg, const struct rows *row, struct fault *why)
{
    struct looking *l = arg;
    int64_t oid = rows_int(row, 0, OID);
    const char *above = rows_text(row, 0, ABOVE);
    bool known, left_out, covered = false;
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    if (!position_knows_relation(l->db, oid, &known, why) ||
        !left_out_has(l->db, CLASS_RELATION, oid, &left_out, why))
        return false;
    if (known || left_out)
        return true;
    strbuf_add_name(&name, rows_text(row, 0, SCHEMA), rows_text(row, 0, NAME));
    if (*above != '\0' && !publication_covers(l->db, (uint32_t)oid, rows_text(row, 0, SCHEMA),
                                              rows_text(row, 0, NAME), above, &covered, why))
        return false;
    bool leaf = strcmp(rows_text(row, 0, KIND), "r") == 0;
    if (covered)
        return (!leaf || landing_add(l->db, oid, above, why)) &&
               look_at_partition(l, row, name.text, why);
    if (!oids_have(l->selection->no_data, oid))
        tell(l->newcomers, SEEN_NEW, oid, &l->newcomers->come, name.text);
    return true;
}

/* undefined_table: one was dropped meanwhile, so things have changed again. */
static bool look_for_rows(struct looking *l, struct conn *source, bool *ret_again,
                          struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    *ret_again = false;
    if (l->doubtful.length == 0)
        return true;
    if (!conn_query(source, l->doubtful.text, &rows, why)) {
        *ret_again = strcmp(why->sqlstate, "42P01") == 0;
        return *ret_again || fault_during(why, "looking for rows of new partitions");
    }
    for (int row = 0; row < rows_count(&rows); row++)
        tell(l->newcomers, SEEN_ATTACHED, rows_int(&rows, row, 0), &l->newcomers->attached,
             rows_text(&rows, row, 1));
    return true;
}

static bool look_for_new(struct newcomers *newcomers, struct db *db, struct conn *source,
                         bool *ret_again, struct fault *why)
{
    scoped(drop_selection) struct selection selection = {.chosen = NULL};
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_looking) struct looking looking = {newcomers, db, &selection, STRBUF_EMPTY};
    if (!selection_now(db, source, &selection, why))
        return false;
    ask_add(&sql, ASK_TABLES_NOW, conn_version(source), selection.chosen);
    return conn_stream(source, sql.text, on_table, &looking, why) &&
           look_for_rows(&looking, source, ret_again, why);
}

/* ---- tables that are published ---- */

static bool name_of(struct db *db, int64_t oid, struct strbuf *ret_name, struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_PUBLISHED_NAME, why);
    bool found;
    if (stmt == NULL || !stmt_bind(stmt, why, "i", oid) || !stmt_step(stmt, &found, why))
        return false;
    strbuf_add(ret_name, found ? stmt_text(stmt, 0) : "");
    return true;
}

static bool look_at_gone(struct newcomers *newcomers, struct db *db, int64_t oid, const char *name,
                         struct fault *why)
{
    scoped(drop_described) struct described before = {.found = false};
    if (!described_get(db, (uint32_t)oid, &before, why))
        return false;
    if (before.gone)
        return true;
    if (*name != '\0')
        listing_add(&newcomers->gone, name);
    return landing_gone(db, oid, why) && described_gone(db, (uint32_t)oid, why);
}

static bool look_at_some(struct newcomers *newcomers, struct db *db, struct conn *source,
                         const char *const *values, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!ask_with(source, ASK_NOT_FOLLOWED, 2, values, &rows, why))
        return false;
    for (int row = 0; row < rows_count(&rows); row++) {
        int64_t oid = rows_int(&rows, row, 0);
        scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
        bool gone = rows_bool(&rows, row, 1), unpublished = rows_bool(&rows, row, 2);
        bool keyless = !gone && rows_bool(&rows, row, 3);
        if (!gone && !unpublished && !keyless)
            continue;
        if (!name_of(db, oid, &name, why) ||
            (gone && !look_at_gone(newcomers, db, oid, name.text, why)))
            return false;
        if (name.length == 0)
            continue;
        if (unpublished)
            tell(newcomers, SEEN_UNPUBLISHED, oid, &newcomers->unpublished, name.text);
        if (keyless && !unpublished)
            tell(newcomers, SEEN_KEYLESS, oid, &newcomers->keyless, name.text);
    }
    return true;
}

struct published {
    int64_t last;
    struct strbuf oids; /* "{1,2": not closed */
};

static void drop_published(struct published *published)
{
    drop_strbuf(&published->oids);
}

static bool on_published(void *arg, const struct stmt *row, struct fault *why)
{
    struct published *published = arg;
    (void)why;
    published->last = stmt_int(row, 0);
    strbuf_addf(&published->oids, "%s%" PRId64, published->oids.length == 0 ? "{" : ",",
                published->last);
    return true;
}

static bool look_at_published(struct newcomers *newcomers, struct db *db, struct conn *source,
                              const char *publication, struct fault *why)
{
    scoped(drop_published) struct published some = {.oids = STRBUF_EMPTY};
    for (;;) {
        strbuf_clear(&some.oids);
        if (!catalog_list(db, SQL_PUBLISHED_AFTER, some.last, on_published, &some, why))
            return false;
        if (some.oids.length == 0)
            return true;
        strbuf_add(&some.oids, "}");
        const char *const values[] = {some.oids.text, publication};
        if (!look_at_some(newcomers, db, source, values, why))
            return false;
    }
}

bool newcomers_look(struct newcomers *newcomers, struct db *db, struct conn *source,
                    const char *publication, struct fault *why)
{
    scoped(drop_rows) struct rows mark = ROWS_NONE;
    bool again;
    forget(newcomers);
    if (!ask_with(source, ASK_TABLES_MARK, 0, NULL, &mark, why))
        return false;
    if (strcmp(rows_text(&mark, 0, 0), newcomers->mark) == 0)
        return true;
    if (!look_for_new(newcomers, db, source, &again, why) ||
        !look_at_published(newcomers, db, source, publication, why))
        return false;
    strlcpy(newcomers->mark, again ? "" : rows_text(&mark, 0, 0), sizeof newcomers->mark);
    return true;
}
