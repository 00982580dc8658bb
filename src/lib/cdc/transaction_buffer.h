/*
 * transaction_buffer.h - messages of a transaction of which it is not known yet where it committed.
 *
 * A few megabytes are kept in memory; what is more goes to a file in the spool's directory, which
 * has no name there: it is gone with the process.
 */
#ifndef PGHAUL_CDC_TRANSACTION_BUFFER_H
#define PGHAUL_CDC_TRANSACTION_BUFFER_H

#include "base/fault.h"
#include "base/lsn.h"

#include <stddef.h>

struct transaction_buffer {
    const char *dir; /* borrowed */
    int fd;          /* -1: there is no file yet */
    uint64_t stored; /* bytes in the file */
    uint8_t *bytes;  /* what comes after these */
    size_t length, room;

    uint64_t read;   /* bytes of the file that were read back */
    uint8_t *window; /* the last of them */
    size_t window_at, window_length, window_room;
    size_t given; /* bytes of `bytes` */
};

struct transaction_message {
    lsn_t lsn;
    size_t length;
    const uint8_t *bytes; /* borrowed until the next call */
};

void transaction_buffer_open(struct transaction_buffer *buffer, const char *dir);
void drop_transaction_buffer(struct transaction_buffer *buffer);

/* Room for a message of at most `most` bytes, to be written there; buffer_added says how many it
 * has become. */
uint8_t *buffer_room(struct transaction_buffer *buffer, size_t most);
void buffer_added(struct transaction_buffer *buffer, lsn_t lsn, size_t length);

/* Puts what is too much for memory into the file. FAULT_SPOOL_FULL: the same call may be made
 * again. */
bool buffer_relieve(struct transaction_buffer *buffer, struct fault *why);

bool buffer_is_empty(const struct transaction_buffer *buffer);
void buffer_clear(struct transaction_buffer *buffer);

/* From the first to the last; nothing may be added meanwhile, before buffer_clear. */
bool buffer_next(struct transaction_buffer *buffer, bool *ret_found,
                 struct transaction_message *ret_message, struct fault *why);

#endif
