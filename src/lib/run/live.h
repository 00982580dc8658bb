/*
 * live.h - two snapshots of one moment, of a source that is written to and a target that follows
 * it.
 *
 * Apply is held; the source's snapshot is taken; the stream tells which of the transactions that
 * come next it sees. If these are just those that committed before some place, apply goes on to
 * that place, and the target's snapshot is taken there. Else another one of the source is taken.
 */
#ifndef PGHAUL_RUN_LIVE_H
#define PGHAUL_RUN_LIVE_H

#include "pg/conn.h"
#include "pg/snapshot.h"
#include "store/db.h"

struct live {
    struct db *db;   /* the run's catalog, which may be written to */
    const char *dir; /* its work directory */
    const char *run; /* its uuid */
    const struct conninfo *source_info;
    struct leash *leash;
};

/* Both connections are in a transaction, which ends; they hold the snapshots then, with the
 * savepoint of snapshot_enter(). FAULT_COMPARE_NOT_LIVE when nobody applies; FAULT_COMPARE_HELD
 * when apply does not come to where it is to wait. */
bool live_snapshots(const struct live *live, struct conn *source, struct conn *target,
                    struct snapshot_export *ret_source, struct snapshot_export *ret_target,
                    struct fault *why);

/* Which transactions a snapshot sees, as the stream tells them one by one. */
struct live_order {
    const char *xids; /* that the snapshot sees (wire/xids.h) */
    lsn_t unseen;     /* the first commit that it does not see; 0: none yet */
    lsn_t seen;       /* the last one that it sees */
};
/* FAULT_CATALOG when `xids` is no snapshot. */
bool live_meet(struct live_order *order, uint32_t xid, lsn_t commit, struct fault *why);

/* The place before which all that it sees committed, and nothing else, when all that committed
 * before `known` was met; 0: there is none. */
lsn_t live_place(const struct live_order *order, lsn_t known);

#endif
