/*
 * selection.h - which relations of the source are meant, by the filters in the catalog.
 *
 * Patterns are matched by the server, with the rules of pg_dump. What is chosen but needs
 * something that is not stays behind as well, and is named.
 */
#ifndef PGHAUL_PLAN_SELECTION_H
#define PGHAUL_PLAN_SELECTION_H

#include "pg/conn.h"
#include "plan/refusals.h"
#include "store/db.h"

struct selection {
    char *chosen;          /* oids of relations, as the server writes an array; NULL: all */
    char *no_data;         /* of those without rows and values; NULL: none */
    bool strict;           /* as wished */
    bool everything;       /* what belongs to no schema comes, too; and large objects */
    struct rows left_out;  /* catalog, oid, kind, schema, relation, description */
    struct rows stand_ins; /* table's schema, table, column, sequence's schema, sequence */
};

struct selection_wish {
    struct db *db;       /* with the filters */
    struct conn *source; /* in the snapshot */
    struct conn *target; /* NULL: there is none */
    bool strict;         /* a pattern that matches nothing is an error: FAULT_NO_MATCH */
    bool comments;       /* are restored */
    bool privileges;     /* are restored */
    bool owners;         /* are restored */
    bool dependents; /* come as well, not only rows: what needs what is left out is looked for */
    bool skip_forbidden; /* what only a superuser may create is left out: else FAULT_NEEDS_SUPERUSER
                          */
    struct refusals *refusals; /* may be NULL */
};

/* Notes in the catalog what is left out by name, and finds what follows from that. The target is
 * asked whether it has types and functions that are needed but not chosen. FAULT_BAD_VALUE for a
 * pattern that is none; FAULT_FILTER_NEEDS when a part of a table (default, check) would have to be
 * left out. */
bool selection_resolve(const struct selection_wish *wish, struct selection *ret_selection,
                       struct fault *why);

/* Notes what is left out in the catalog, and takes away rows and values that are not wanted: part
 * of a plan's transaction, after what the source holds is read. */
bool selection_apply(struct db *db, const struct selection *selection, struct fault *why);

/* What the filters in `db` mean now: `db` stays as it is. */
bool selection_now(struct db *db, struct conn *source, struct selection *ret_selection,
                   struct fault *why);

/* Is it in "1,2"? NULL is an empty list. */
bool oids_have(const char *list, int64_t oid);

/* For scoped(). */
void drop_selection(struct selection *selection);

#endif
