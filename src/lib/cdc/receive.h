/*
 * receive.h - from the source's stream of changes into the spool.
 *
 * What comes is kept as it comes, or as what pgoutput would have sent (cdc/translate.h). The server
 * is told of a position only when all that is before it is on our disk: from then on it may forget
 * it. A lost connection is opened again and goes on behind the last whole transaction, which the
 * server then sends whole again.
 */
#ifndef PGHAUL_CDC_RECEIVE_H
#define PGHAUL_CDC_RECEIVE_H

#include "cdc/spool_write.h"
#include "cdc/translate.h"
#include "pg/replication.h"

/* Where the two ends are. */
struct receive_position {
    lsn_t received;   /* what committed before it is here, on disk or not yet */
    lsn_t durable;    /* … is on disk: the server was told so, or will be */
    const char *held; /* why nothing more is taken now, or the limit is exceeded; "": it is not */
};

struct receive_wish {
    const struct conn_wish *connection; /* of a walsender */
    const char *slot;
    lsn_t start; /* what committed before it is not asked for; 0: what the slot has not confirmed */
    const char *publications; /* of a slot of plugin pgoutput: names, with commas between them; NULL
                               * or "" for others: */
    struct {
        table_wanted *wanted; /* NULL: all tables */
        void *arg;
        const char *dir; /* the spool's */
    } told;
    const struct conn_wish *catalogs; /* for questions to the source's */
    const char *source;   /* who the source is (identity.id): any other one is refused */
    lsn_t end;            /* receive what committed before it, then end; 0: until told to stop */
    int64_t retry_for_ms; /* how long a lost connection is tried again */
    int64_t spool_limit;  /* bytes; 0: none */
    int64_t reserve;      /* bytes of the disk that stay free; 0: the usual number (room.h) */

    /* Values come in the source's binary form, from version 14 on; until a table has a column whose
     * type does not go. Then, before anything comes in text, that is noted. */
    bool binary;
    bool (*note_text)(void *arg, struct fault *why);

    /* The timeline of the source's WAL, as far as it was received; 0: not known. Another one is
     * noted, when it goes on where that one has ended. */
    uint32_t timeline;
    bool (*note_timeline)(void *arg, uint32_t timeline, struct fault *why);

    /* Called at least every 200 ms while the connection is good, and before receive_run returns
     * true: to note how far it is, and to set *end, spool_limit and reserve anew. NULL: not wanted.
     */
    bool (*tick)(void *arg, const struct receive_position *position, lsn_t *end, struct fault *why);
    void *arg;
};

/* Can the slot be received from? Of this database, by plugin pgoutput or one that is translated,
 * without two-phase commits. FAULT_SLOT_UNFIT. */
bool receive_check_slot(struct conn *source, const char *name, struct slot *ret_slot,
                        struct fault *why);

/* Receives until the end is reached, the leash is pulled (true in both cases: all that came is on
 * disk then), or something fails that does not heal. */
bool receive_run(const struct receive_wish *wish, struct spool *spool, struct leash *leash,
                 struct receive_position *ret_position, struct fault *why);

#endif
