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
    bool two_phase;  /* it streams PREPARE TRANSACTION as such */
    lsn_t confirmed; /* what it streams begins here */
};
bool slot_look(struct conn *source, const char *name, struct slot *ret_slot, struct fault *why);

/* Begins to stream from `from`, or from what the slot has confirmed if that is later. `options` is
 * what goes between the brackets, "" for none. */
bool stream_begin(struct conn *walsender, const char *slot, lsn_t from, const char *options,
                  struct fault *why);

enum stream_found {
    STREAM_MESSAGE,
    STREAM_NOTHING, /* the time is over, or the leash was pulled */
    STREAM_ENDED,   /* the server has ended the stream: it is shut down */
};

/* The next message; its bytes are borrowed until the next call. `timeout_ms` -1: waits for ever, 0:
 * only looks. */
bool stream_read(struct conn *walsender, int timeout_ms, enum stream_found *ret_found,
                 struct walsender_message *ret_message, struct fault *why);

/* Tells the server what we have. What comes before `flushed` it need not keep for us. With `reply`
 * it is to tell at once how far it is. */
bool stream_report(struct conn *walsender, lsn_t received, lsn_t flushed, bool reply,
                   struct fault *why);

#endif
