/*
 * quiet.h - nobody writes any more: waiting for that, and the place in the stream where it is so.
 */
#ifndef PGHAUL_CUTOVER_QUIET_H
#define PGHAUL_CUTOVER_QUIET_H

#include "cutover/freeze.h"

/* Who has prepared a transaction can commit it whatever the settings are: FAULT_CUTOVER_PREPARED.
 */
bool quiet_check_prepared(struct conn *source, struct fault *why);

/* Waits until whoever wrote when the source was frozen has ended, and all sessions of others with
 * him. FAULT_CUTOVER_PREPARED; FAULT_LATE says for whom it waits. */
bool quiet_wait(struct freeze *freeze, struct fault *why);

/* Writes a mark into the source's WAL and brings it to its disk: what has committed by now has
 * committed before *ret_end. */
bool quiet_mark(struct conn *source, lsn_t *ret_end, struct fault *why);

/* Waits until the run's apply has come to that place and holds there; *ret_transactions: how many
 * with changes it has applied in all. It goes on when the run is told to, or soon by itself
 * (catalog/pause.h). */
bool quiet_apply(struct db *db, struct conn *source, struct leash *leash, lsn_t end,
                 int64_t *ret_transactions, struct fault *why);

#endif
