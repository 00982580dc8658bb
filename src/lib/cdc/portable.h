/*
 * portable.h - do both servers read the same in the binary form of values?
 *
 * A run takes binary values when every table that it follows may be sent so (plan/sql:
 * ASK_PORTABLE). Columns of other types may come later: of a regclass, say, which is an oid there,
 * and another table's on the target. So each description of a relation is looked at before its rows
 * come.
 */
#ifndef PGHAUL_CDC_PORTABLE_H
#define PGHAUL_CDC_PORTABLE_H

#include "pg/conn.h"
#include "wire/pgoutput.h"

struct portable {
    const struct conn_wish *connection; /* to the source's catalogs; opened when it is needed */
    struct leash *leash;
    struct conn *source;
    uint32_t *good; /* types that are known to be */
    size_t good_count;
};

/* May values of all these columns come in binary form? A type that is not there any more may not.
 */
bool portable_check(struct portable *portable, struct pgoutput_columns columns, bool *ret_portable,
                    struct fault *why);

/* For scoped(). */
void drop_portable(struct portable *portable);

#endif
