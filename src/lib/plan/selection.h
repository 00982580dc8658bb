/*
 * selection.h - which relations of the source are meant, by the filters in the catalog.
 *
 * Patterns are matched by the server, with the rules of pg_dump. What is chosen but needs
 * something that is not stays behind as well, and is named.
 */
#ifndef PGHAUL_PLAN_SELECTION_H
#define PGHAUL_PLAN_SELECTION_H

#include "pg/conn.h"
#include "store/db.h"

struct selection {
    char *chosen;          /* oids of relations, as the server writes an array; NULL: all */
    char *no_data;         /* of those without rows and values; NULL: none */
    bool everything;       /* what belongs to no schema comes, too; and large objects */
    struct rows left_out;  /* catalog, oid, kind, schema, relation, description */
    struct rows stand_ins; /* table's schema, table, column, sequence's schema, sequence */
};

/* Notes in the catalog what filters leave out by name, and finds what follows from that. Asks the
 * source, on a connection in the snapshot, and the target (NULL: there is none) whether it
 * has types and functions that are needed but not chosen. FAULT_BAD_VALUE for a pattern that is
 * none; FAULT_NO_MATCH, if `strict`, for one that matches nothing; FAULT_FILTER_NEEDS when a part
 * of a table (default, check) would have to be left out. */
bool selection_resolve(struct db *db, struct conn *source, struct conn *target, bool strict,
                       struct selection *ret_selection, struct fault *why);

/* Notes what is left out in the catalog, and takes away rows and values that are not wanted: part
 * of a plan's transaction, after what the source holds is read. */
bool selection_apply(struct db *db, const struct selection *selection, struct fault *why);

/* For scoped(). */
void drop_selection(struct selection *selection);

#endif
