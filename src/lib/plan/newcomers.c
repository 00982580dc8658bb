#include "plan/newcomers.h"

#include "base/listing.h"
#include "base/scoped.h"
#include "base/text.h"
#include "catalog/filter.h"
#include "catalog/position.h"
#include "plan/ask.h"
#include "plan/publication.h"
#include "plan/selection.h"

#include <string.h>

enum { CLASS_RELATION = 1259 };

struct looking {
    struct newcomers *newcomers;
    struct db *db;
    const struct selection *selection;
    struct listing *names;
};

void drop_newcomers(struct newcomers *newcomers)
{
    drop_strbuf(&newcomers->seen);
}

/* A partition of what is published whole is published, too. */
static bool is_meant(const struct looking *l, const struct rows *row, bool *ret_meant,
                     struct fault *why)
{
    int64_t oid = rows_int(row, 0, 0);
    bool known = false, left_out = false, covered = false;
    if (!position_knows_relation(l->db, oid, &known, why) ||
        !left_out_has(l->db, CLASS_RELATION, oid, &left_out, why))
        return false;
    if (!known && *rows_text(row, 0, 3) != '\0' &&
        !publication_covers(l->db, (uint32_t)oid, rows_text(row, 0, 1), rows_text(row, 0, 2),
                            rows_text(row, 0, 3), &covered, why))
        return false;
    *ret_meant = !known && !left_out && !covered && !oids_have(l->selection->no_data, oid);
    return true;
}

static bool on_table(void *arg, const struct rows *row, struct fault *why)
{
    struct looking *l = arg;
    bool meant;
    int64_t oid = rows_int(row, 0, 0);
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    struct strbuf *seen = &l->newcomers->seen;
    if (!is_meant(l, row, &meant, why))
        return false;
    if (!meant || oids_have(strbuf_text(seen), oid))
        return true;
    strbuf_addf(seen, "%s%lld", seen->length == 0 ? "" : ",", (long long)oid);
    strbuf_add_shown(&name, rows_text(row, 0, 1));
    strbuf_add(&name, ".");
    strbuf_add_shown(&name, rows_text(row, 0, 2));
    listing_add(l->names, name.text);
    return true;
}

bool newcomers_look(struct newcomers *newcomers, struct db *db, struct conn *source,
                    struct strbuf *ret_names, struct fault *why)
{
    scoped(drop_rows) struct rows mark = ROWS_NONE;
    scoped(drop_selection) struct selection selection = {.chosen = NULL};
    scoped(drop_listing) struct listing names = {.count = 0};
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    struct looking looking = {newcomers, db, &selection, &names};
    if (!ask_with(source, ASK_TABLES_MARK, 0, NULL, &mark, why))
        return false;
    if (strcmp(rows_text(&mark, 0, 0), newcomers->mark) == 0)
        return true;
    if (!selection_now(db, source, &selection, why))
        return false;
    ask_add(&sql, ASK_TABLES_NOW, conn_version(source), selection.chosen);
    if (!conn_stream(source, sql.text, on_table, &looking, why))
        return false;
    strlcpy(newcomers->mark, rows_text(&mark, 0, 0), sizeof newcomers->mark);
    if (names.count > 0)
        strbuf_add(ret_names, listing_end(&names));
    return true;
}
