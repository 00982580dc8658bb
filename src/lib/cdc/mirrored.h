/*
 * mirrored.h - changes that we have brought ourselves, in a stream that goes back to where they
 * came from.
 *
 * Who applies a run's changes writes its row of pghaul.progress in each of its transactions, first
 * of all. A way back publishes that table, too: a transaction that writes this row is an echo. So
 * is one that writes another whose name begins so (helper_mark(), pg/helper.h).
 */
#ifndef PGHAUL_CDC_MIRRORED_H
#define PGHAUL_CDC_MIRRORED_H

#include "cdc/relation.h"

/* Is it pghaul.progress? */
bool mirrored_tells(const struct relation *relation);

/* Of a change of that: is the row that of this run (its uuid)? FAULT_STREAM_UNKNOWN when it cannot
 * be told. */
bool mirrored_is_of(const struct relation *relation, const struct pgoutput_change *change,
                    const char *run, bool *ret_is, struct fault *why);

#endif
