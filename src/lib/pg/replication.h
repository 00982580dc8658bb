/*
 * replication.h - logical slots of a source, and the stream of one.
 *
 * A connection opened with conn_wish.replication is served by a walsender. That takes statements as
 * well, one at a time and without parameters, until the stream is begun; then only the functions
 * below may be called on it.
 */
#ifndef PGHAUL_PG_REPLICATION_H
#define PGHAUL_PG_REPLICATION_H

#include "base/lsn.h"
#include "pg/conn.h"
#include "wire/walsender.h"

/* As pg_replication_slots shows it. */
struct slot {
    bool found;
    bool logical;
    char plugin[64];
    char database[128];
    bool active;     /* somebody streams from it, or is making it */
    bool two_phase;  /* it streams PREPARE TRANSACTION as such */
    lsn_t confirmed; /* what it streams begins here */
    bool lost;       /* the server has removed WAL that it needs, */
    char reason[64]; /* … for this reason; "": not told */
    char state[16];  /* of the WAL that it needs: reserved, extended, unreserved, lost; "": not told
                      */
    int64_t keeps;   /* bytes of WAL that the server keeps for it */
    int64_t safe;    /* bytes that may be written until it is in danger; -1: without end */
    int64_t most;    /* max_slot_wal_keep_size in bytes; -1: none */
};
bool slot_look(struct conn *source, const char *name, struct slot *ret_slot, struct fault *why);

/* The fault of a slot that is lost. Returns false. */
bool slot_lost(const char *name, const char *reason, struct fault *why);

/* On a walsender's connection. Of another timeline than `known` (0: none), which must be an
 * ancestor of the server's, *ret_end is where the server left that one; FAULT_TIMELINE when it is
 * none. */
bool timeline_look(struct conn *walsender, uint32_t known, uint32_t *ret_timeline, lsn_t *ret_end,
                   struct fault *why);

struct slot_made {
    lsn_t consistent;  /* what committed before it is in the snapshot, what did not is streamed */
    char snapshot[64]; /* exported; lives until the walsender is told anything else */
};

/* Makes a logical slot, on a walsender's connection. The server waits until
 * every transaction has ended that writes now; `waiting` is called every `every_ms` of that time,
 * and ends it by returning false: then no slot is left. */
struct slot_wish {
    const char *name;
    const char *plugin; /* FAULT_PLUGIN_MISSING: the server has none of this name */
    bool failover;      /* standbys of the source may keep a copy of it: from version 17 on */
    int every_ms;
    bool (*waiting)(void *arg, struct fault *why);
    void *arg;
};
bool slot_create(struct conn *walsender, const struct slot_wish *wish, struct slot_made *ret_made,
                 struct fault *why);

/* Does the slot's plugin know these options ("'name', 'value', …")? On an ordinary connection,
 * while nobody reads from the slot, of which nothing is taken. */
bool slot_knows(struct conn *source, const char *name, const char *options, bool *ret_knows,
                struct fault *why);

/* The server may not have noticed yet that a reader is gone: waits for that, up to five seconds.
 * *ret_active: somebody reads from the slot all the same. */
bool slot_await_free(struct conn *source, struct leash *leash, const char *name, bool *ret_active,
                     struct fault *why);

/* On an ordinary connection. True when there is none of this name, too. */
bool slot_drop(struct conn *source, const char *name, struct fault *why);

/* Where the source's WAL ends: what is written from now on is behind it. */
bool wal_end(struct conn *source, lsn_t *ret_end, struct fault *why);

/* Brings all WAL that is written by now to the source's disk: an idle server does not do that for
 * seconds, and streams nothing before. */
bool wal_flush(struct conn *source, struct fault *why);

/* Begins to stream from `from`, or from what the slot has confirmed if that is later. `options` is
 * what goes between the brackets, "" for none. After a refusal (by SQLSTATE) it may be tried again.
 */
bool stream_begin(struct conn *walsender, const char *slot, lsn_t from, const char *options,
                  struct fault *why);

enum stream_found {
    STREAM_MESSAGE,
    STREAM_NOTHING, /* the time is over, or the leash was pulled */
    STREAM_ENDED,   /* the server has ended the stream: it is shut down */
};

/* The next message of those that were read together with the last one, without a look at clock or
 * socket; its bytes are borrowed until the next call. STREAM_NOTHING: there are no more of them. */
bool stream_take(struct conn *walsender, enum stream_found *ret_found,
                 struct walsender_message *ret_message, struct fault *why);

/* The next message, as above. `timeout_ms` -1: waits for ever, 0: only looks. `gather`: when there
 * is none, more may come together, a fraction of a millisecond later. */
bool stream_read(struct conn *walsender, int timeout_ms, bool gather, enum stream_found *ret_found,
                 struct walsender_message *ret_message, struct fault *why);

/* Tells the server what we have. What comes before `flushed` it need not keep for us. With `reply`
 * it is to tell at once how far it is. */
bool stream_report(struct conn *walsender, lsn_t received, lsn_t flushed, bool reply,
                   struct fault *why);

#endif
