/*
 * change.h - a change of one row, on its way to the target.
 */
#ifndef PGHAUL_CDC_CHANGE_H
#define PGHAUL_CDC_CHANGE_H

#include "cdc/destination.h"

struct transaction {
    uint32_t xid;
    lsn_t commit_lsn;
};

/* Rows have a value for each column of the destination; all is in an arena. */
struct change {
    struct change *following; /* in the order in which they were made */
    struct change *next;      /* of the same destination */
    struct destination *to;
    enum pgoutput_tag tag;               /* INSERT, UPDATE, DELETE */
    bool whole;                          /* `before` is the whole row, else its key only */
    const struct pgoutput_value *before; /* NULL: an INSERT, an UPDATE that left the key alone */
    const struct pgoutput_value *after;  /* NULL: a DELETE */
    const struct transaction *transaction;
};

/* The row that has the key by which the change finds its own. */
static inline const struct pgoutput_value *change_key(const struct change *change)
{
    return change->before != NULL ? change->before : change->after;
}

/* Same kind, same bytes. */
bool value_same(const struct pgoutput_value *a, const struct pgoutput_value *b);

/* Does an UPDATE give its row another key? */
bool change_moves(const struct change *change);

#endif
