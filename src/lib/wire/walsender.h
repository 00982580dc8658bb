/*
 * walsender.h - what goes over a connection in START_REPLICATION's CopyBoth mode:
 * the contents of one CopyData message each, in both directions.
 */
#ifndef PGHAUL_WIRE_WALSENDER_H
#define PGHAUL_WIRE_WALSENDER_H

#include "base/lsn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* PostgreSQL counts microseconds from 2000-01-01 UTC, clock_utc_us() from 1970: this is the
 * difference. */
#define PG_EPOCH_US INT64_C(946684800000000)

enum walsender_tag {
    WALSENDER_XLOG_DATA = 'w',
    WALSENDER_KEEPALIVE = 'k',
};

struct walsender_message {
    enum walsender_tag tag;
    /* KEEPALIVE: the server has sent, or had no need to send, all that comes before it.
     * XLOG_DATA of logical decoding: the same as `start`, not the end of the server's WAL. */
    lsn_t wal_end;
    int64_t send_time; /* since PostgreSQL's epoch */
    /* KEEPALIVE: the server ends the connection unless it hears from us soon. */
    bool reply_requested;
    /* XLOG_DATA: where in the WAL that is of which the plugin tells (of a Commit its end_lsn).
     * 0 when more comes for the same place, so this is no position to confirm. */
    lsn_t start;
    size_t length;
    const uint8_t *bytes; /* the plugin's message, borrowed */
};

/* False unless the bytes are just one well-formed message. What the plugin wrote is not
 * looked at. */
bool walsender_parse(const void *bytes, size_t length, struct walsender_message *ret_message);

/* How far we are. Each LSN is the first byte that is not yet written, or flushed, or applied.
 * `flushed` lets the server forget what comes before it. */
struct standby_status {
    lsn_t written;
    lsn_t flushed;
    lsn_t applied;
    int64_t client_time;  /* since PostgreSQL's epoch */
    bool reply_requested; /* the server is to answer with a keepalive at once */
};

#define STANDBY_STATUS_LENGTH 34

/* Fills `to`. */
void standby_status_encode(const struct standby_status *status, uint8_t to[STANDBY_STATUS_LENGTH]);

#endif
