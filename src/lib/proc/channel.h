/*
 * channel.h - messages between the supervisor and a worker.
 *
 * One SOCK_SEQPACKET socket pair per worker: the kernel keeps message borders,
 * and the end of either process is an end of file for the other. Both ends are
 * the same program, so a message is a struct, sent as far as it is filled.
 */
#ifndef PGHAUL_PROC_CHANNEL_H
#define PGHAUL_PROC_CHANNEL_H

#include "base/fault.h"

#include <stddef.h>

enum message_type {
    /* supervisor to worker */
    MSG_SETTINGS = 1, /* text: key NUL value NUL … */
    MSG_WAKE,         /* there may be work again; lanes: where the worker may take it from */
    MSG_FINISH,       /* end after the item in hand */
    MSG_NOW,          /* cancel the item in hand and end */
    MSG_STEER,        /* settings may be others now; code: the run is paused */
    /* worker to supervisor */
    MSG_READY = 32, /* connected */
    MSG_IDLE,       /* found no work */
    MSG_MOVED,      /* work: id, bytes, rows: so far */
    MSG_DONE,       /* work: id, bytes, rows, code: kind, lanes: where work became ready */
    MSG_FAULT,      /* text: a struct fault; work: the item it happened in, or 0 */
    MSG_LOG,        /* code: level, text: who NUL line */
    MSG_SNAPSHOT,   /* work: snapshot.seq */
};

enum { MESSAGE_TEXT = 60000 };

struct message {
    uint32_t type;
    int32_t code;
    uint32_t lanes;
    uint32_t length; /* of text */
    int64_t work;
    int64_t rows;
    int64_t bytes;
    char text[MESSAGE_TEXT];
};

/* A message with its header set and no text. */
void message_begin(struct message *message, enum message_type type, int64_t work);

/* Adds a text with its NUL; one that does not fit is left out. */
void message_add_text(struct message *message, const char *text);

/* Puts a fault into a message, takes it out of one. */
void message_set_fault(struct message *message, const struct fault *fault);
void message_get_fault(const struct message *message, struct fault *ret_fault);

/* Makes a connected pair; both ends are close-on-exec. */
bool channel_pair(int ret_ends[2], struct fault *why);

/* Sends. False when the other side is gone (FAULT_ORPHANED) or the system refuses. */
bool channel_send(int fd, const struct message *message, struct fault *why);

/* Short messages. */
bool channel_say(int fd, enum message_type type, int64_t work, struct fault *why);

enum channel_got { CHANNEL_NOTHING, CHANNEL_MESSAGE, CHANNEL_CLOSED };

/* Takes the next message, if one is there; never blocks. The text of the message
 * is NUL-terminated. */
enum channel_got channel_take(int fd, struct message *ret_message);

#endif
