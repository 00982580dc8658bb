/*
 * undecodable.h - transactions that the source cannot decode for a slot that it has just made.
 *
 * A server that begins to read for a slot knows which transactions change definitions only from
 * some place on; of one that began after it had begun to read, and did so before that place, it
 * knows nothing. If that one ends before the slot's consistent point, and somebody writes then who
 * commits after it, what he has written is decoded by definitions of before, and so is what comes
 * later until a definition changes again: after a TRUNCATE or another rewrite it "could not map
 * filenode" (from version 16 on: "filenumber") and the slot is stuck; of a column that was added
 * the values are left out. True of all versions, 18 included; follow.bats shows how it comes.
 *
 * So it is looked whether definitions changed while the slot was made. If so, one is changed, and
 * all that writes then is waited for; the stream is begun behind that, where nothing is decoded
 * that began before, and the tables are copied in a snapshot of after that.
 */
#ifndef PGHAUL_RUN_UNDECODABLE_H
#define PGHAUL_RUN_UNDECODABLE_H

#include "base/lsn.h"
#include "base/strbuf.h"
#include "pg/snapshot.h"

/* In a transaction with the slot's snapshot: adds the names of what transactions from `since` on
 * (xid_take) have changed the definition of, the first of them; adds nothing when there is none. */
bool undecodable_look(struct conn *source, const char *since, struct strbuf *names,
                      struct fault *why);

/* Outside of a transaction: waits until the place *ret_start is such that nothing which wrote when
 * this was called, or had begun to before that place, is still to commit. A snapshot that is taken
 * now sees all that committed before it. `waiting` is called every `every_ms`, and ends it by
 * returning false. */
struct undecodable_wait {
    const char *publication; /* one of ours; "": there is none */
    int every_ms;
    bool (*waiting)(void *arg, struct fault *why);
    void *arg;
};
bool undecodable_pass(struct conn *source, struct leash *leash, const struct undecodable_wait *wait,
                      lsn_t *ret_start, struct fault *why);

#endif
