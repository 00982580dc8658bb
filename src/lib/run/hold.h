/*
 * hold.h - taking the snapshot that copies are made in.
 */
#ifndef PGHAUL_RUN_HOLD_H
#define PGHAUL_RUN_HOLD_H

#include "catalog/run.h"
#include "pg/conn.h"

/* Exports a snapshot from a transaction of this process, which keeps it alive by staying
 * in it, and notes it in the catalog. */
bool hold_snapshot(struct db *db, struct conn *source, enum snapshot_holder holder,
                   struct snapshot *ret_snapshot, struct fault *why);

/* The fault when the connection that holds a snapshot was lost, with what the server said. */
bool hold_lost(const struct conn *source, const char *snapshot, struct fault *why);

#endif
