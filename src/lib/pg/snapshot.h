/*
 * snapshot.h - exporting a snapshot of the source, and reading in it.
 */
#ifndef PGHAUL_PG_SNAPSHOT_H
#define PGHAUL_PG_SNAPSHOT_H

#include "pg/conn.h"

/* What a snapshot sees begins like this (txid_snapshot): unlike its id, never the same again. */
enum { SNAPSHOT_CONTENT = 201 };

struct snapshot_export {
    char id[64];
    char lsn[24]; /* WAL position read with it */
    char content[SNAPSHOT_CONTENT];
};

/* Begins a transaction on the connection and exports its snapshot, which lives
 * until that transaction ends; then sets the savepoint of snapshot_enter(). */
bool snapshot_take(struct conn *source, struct snapshot_export *ret_export, struct fault *why);

/* The same for what another session's snapshot sees, which may end then. ret_export->lsn is not
 * that snapshot's but where WAL was afterwards. */
bool snapshot_take_over(struct conn *source, const char *id, struct snapshot_export *ret_export,
                        struct fault *why);

/* Goes back to the savepoint: lets go of locks and errors. The text is for who sends it together
 * with more. */
#define SNAPSHOT_LET_GO "ROLLBACK TO SAVEPOINT pghaul_item;"
bool snapshot_let_go(struct conn *source, struct fault *why);

/* Begins a read-only transaction in the snapshot, and the savepoint of snapshot_let_go() in it.
 * FAULT_SNAPSHOT_GONE when the snapshot's holder has ended, or another snapshot has this id now. An
 * empty `content` is filled.
 */
bool snapshot_enter(struct conn *source, const char *id, char *content, struct fault *why);

/* Takes a number (txid) from the server: whoever writes by now has a smaller one. The upper bound
 * of a snapshot does not tell that: it is behind those that have ended, not those that go on. */
enum { XID_TEXT = 24 };
bool xid_take(struct conn *source, char text[XID_TEXT], struct fault *why);

#endif
