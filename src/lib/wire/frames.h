/*
 * frames.h - the borders of a server's messages in a stream of bytes.
 *
 * For the raw COPY relay: runs of CopyData messages are told apart from all
 * others without looking into them, since CopyData is the same in both
 * directions and may be forwarded as it came, even in pieces.
 */
#ifndef PGHAUL_WIRE_FRAMES_H
#define PGHAUL_WIRE_FRAMES_H

#include <stddef.h>
#include <stdint.h>

struct frames {
    size_t open;      /* bytes of the current CopyData message that are still to come */
    int64_t messages; /* CopyData messages begun so far */
    int64_t payload;  /* bytes of their contents so far */
};

struct frame {
    char type;
    const char *body; /* borrowed; what follows the length word */
    size_t length;
};

enum frames_found {
    FRAMES_MORE,    /* the bytes end within a header, or within a message other than CopyData */
    FRAMES_DATA,    /* ret_used bytes are CopyData: forward them */
    FRAMES_MESSAGE, /* ret_used bytes are one other message, in *ret_frame */
    FRAMES_BAD,     /* no server sends this: the connection is out of step */
};

/* Looks at the front of `bytes`. A message of more than `most` bytes other than
 * CopyData is FRAMES_BAD. */
enum frames_found frames_next(struct frames *frames, const char *bytes, size_t length, size_t most,
                              size_t *ret_used, struct frame *ret_frame);

#endif
