/*
 * relay_raw.c - a COPY from socket to socket.
 *
 * libpq must be idle on both connections, with nothing in its buffers: then the
 * sockets are ours until the next ReadyForQuery on each. We send the simple
 * query ourselves, read the answers with wire/frames, and move the CopyData
 * messages from one socket to the other through one buffer. libpq notices
 * nothing, except that its idea of the transaction status is stale, which it
 * does not use. A connection that breaks meanwhile is closed, never given back.
 *
 * The target is read all the time, because an error of its comes while we send.
 */
#include "pg/relay_internal.h"

#include "base/scoped.h"
#include "wire/frames.h"
#include "wire/server_message.h"

#include <errno.h>
#include <sys/socket.h>

enum {
    BUFFER = 256 * 1024, /* larger ones were not faster: they do not fit into the cores' caches */
    ANSWER_MOST = 64 * 1024,
    LOOK_EVERY = 64, /* pieces that are moved between two looks at the leash, at the most */
    MESSAGE_MOST = BUFFER / 2, /* of the source, data apart: must fit into a half empty buffer */
};

enum state { WAITING, STREAMING, ENDING, IDLE };

struct raw {
    struct relay *relay;
    struct conn *source;
    struct conn *target;
    enum state out; /* source: WAITING for CopyOutResponse … IDLE at ReadyForQuery */
    enum state in;  /* target: WAITING for CopyInResponse … IDLE */
    bool out_failed, in_failed;
    struct fault *why;     /* the first failure */
    struct frames frames;  /* of the source's stream */
    struct frames answers; /* of the target's (never CopyData) */
    char *buffer;          /* bytes of the source: sent < scanned <= filled */
    size_t sent, scanned, filled;
    char *answer; /* bytes of the target */
    size_t answer_filled;
    bool readable, writable; /* the sockets, as far as is known without asking */
    int64_t reported_ms;
};

static bool lost(struct conn *conn, int problem, struct fault *why)
{
    bool source = conn->side == SIDE_SOURCE;
    conn->broken = true;
    fault_set(why, source ? FAULT_SOURCE_LOST : FAULT_TARGET_LOST,
              "the connection to the %s was lost: %s", side_word(conn->side),
              problem == 0 ? "closed by the server" : strerror(problem));
    why->retry = true;
    return false;
}

static bool out_of_step(struct conn *conn, char type, struct fault *why)
{
    conn->broken = true;
    return fault_set(why, FAULT_BUG, "the %s sent a message of type '%c' during COPY",
                     side_word(conn->side), type);
}

/* Sends all of it, waiting as needed. For messages of ours, not for the data. */
static bool send_all(struct conn *conn, const char *bytes, size_t length, struct fault *why)
{
    while (length > 0) {
        ssize_t sent = send(PQsocket(conn->pq), bytes, length, MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes += sent;
            length -= (size_t)sent;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!conn_await(conn, POLLOUT, why))
                return false;
        } else if (errno != EINTR) {
            return lost(conn, errno, why);
        }
    }
    return true;
}

static bool send_message(struct conn *conn, char type, const char *text, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf message = STRBUF_EMPTY;
    size_t length = 4 + (text == NULL ? 0 : strlen(text) + 1);
    const char head[] = {type, (char)(length >> 24), (char)(length >> 16), (char)(length >> 8),
                         (char)length};
    strbuf_add_bytes(&message, head, sizeof head);
    if (text != NULL)
        strbuf_add_bytes(&message, text, strlen(text) + 1);
    return send_all(conn, message.text, message.length, why);
}

/* Reads what is there. False when the connection is lost; *ret_got 0: nothing there. */
static bool receive(struct conn *conn, char *to, size_t room, size_t *ret_got, struct fault *why)
{
    ssize_t got;
    *ret_got = 0;
    do
        got = recv(PQsocket(conn->pq), to, room, 0);
    while (got < 0 && errno == EINTR);
    if (got > 0)
        *ret_got = (size_t)got;
    else if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
        return lost(conn, got == 0 ? 0 : errno, why);
    return true;
}

static void note_error(struct raw *raw, struct conn *conn, const struct frame *frame)
{
    struct server_error error;
    bool *failed = conn == raw->source ? &raw->out_failed : &raw->in_failed;
    server_error_parse(frame->body, frame->length, &error);
    /* What follows the first failure is its consequence. */
    if (!raw->out_failed && !raw->in_failed)
        server_fault(conn->side, &error, raw->why);
    *failed = true;
}

/* ---- the target's answers ---- */

static bool on_target_message(struct raw *raw, const struct frame *frame, struct fault *why)
{
    switch (frame->type) {
    case 'G':
        raw->in = STREAMING;
        return true;
    case 'E':
        note_error(raw, raw->target, frame);
        raw->in = ENDING;
        return true;
    case 'C':
        if (raw->in == ENDING)
            raw->relay->rows_written = command_tag_count(frame->body, frame->length);
        return true;
    case 'Z':
        raw->in = IDLE;
        return true;
    case 'N':
    case 'S':
    case 'A':
    case 'T':
    case 'D':
        return true;
    default:
        return out_of_step(raw->target, frame->type, why);
    }
}

static bool read_target(struct raw *raw, struct fault *why)
{
    size_t got;
    if (!receive(raw->target, raw->answer + raw->answer_filled, ANSWER_MOST - raw->answer_filled,
                 &got, why))
        return false;
    raw->answer_filled += got;
    size_t at = 0;
    for (;;) {
        size_t used;
        struct frame frame;
        switch (frames_next(&raw->answers, raw->answer + at, raw->answer_filled - at,
                            ANSWER_MOST - 1, &used, &frame)) {
        case FRAMES_MESSAGE:
            if (!on_target_message(raw, &frame, why))
                return false;
            at += used;
            break;
        case FRAMES_MORE:
            memmove(raw->answer, raw->answer + at, raw->answer_filled - at);
            raw->answer_filled -= at;
            return true;
        case FRAMES_DATA:
        case FRAMES_BAD:
            return out_of_step(raw->target, raw->answer[at], why);
        }
    }
}

/* ---- the source's stream ---- */

static bool on_source_message(struct raw *raw, const struct frame *frame, struct fault *why)
{
    switch (frame->type) {
    case 'H':
        raw->out = STREAMING;
        return true;
    case 'c':
        raw->out = ENDING;
        return true;
    case 'E':
        note_error(raw, raw->source, frame);
        raw->out = ENDING;
        return true;
    case 'C':
        if (raw->out == ENDING && raw->relay->rows_read < 0)
            raw->relay->rows_read = command_tag_count(frame->body, frame->length);
        return true;
    case 'D':
        if (raw->out == ENDING && !data_row_first(frame->body, frame->length, raw->relay->after,
                                                  sizeof raw->relay->after))
            return out_of_step(raw->source, 'D', why);
        return true;
    case 'Z':
        raw->out = IDLE;
        return true;
    case 'N':
    case 'S':
    case 'A':
    case 'T':
        return true;
    default:
        return out_of_step(raw->source, frame->type, why);
    }
}

/* Nobody takes the rest of the data of a COPY that failed on the target. */
static void skip_unwanted(struct raw *raw)
{
    if (raw->in_failed)
        raw->sent = raw->scanned;
}

/* Moves `scanned` over data that may be sent, up to the next other message; takes
 * that one when all before it is sent. */
static bool scan(struct raw *raw, struct fault *why)
{
    while (raw->scanned < raw->filled) {
        size_t used;
        struct frame frame;
        struct frames before = raw->frames;
        skip_unwanted(raw);
        switch (frames_next(&raw->frames, raw->buffer + raw->scanned, raw->filled - raw->scanned,
                            MESSAGE_MOST, &used, &frame)) {
        case FRAMES_DATA:
            raw->scanned += used;
            break;
        case FRAMES_MESSAGE:
            if (raw->sent < raw->scanned) {
                raw->frames = before;
                return true;
            }
            if (!on_source_message(raw, &frame, why))
                return false;
            raw->scanned += used;
            raw->sent = raw->scanned;
            break;
        case FRAMES_MORE:
            return true;
        case FRAMES_BAD:
            return out_of_step(raw->source, raw->buffer[raw->scanned], why);
        }
    }
    skip_unwanted(raw);
    return true;
}

/* More is read only into a half empty buffer: while the target is slower, only its socket
 * wakes us, and a byte is moved up within the buffer once at the most. */
static bool has_room(const struct raw *raw)
{
    return raw->filled - raw->sent < BUFFER / 2;
}

/* Of a COPY that is given up the rest is read at once. */
static bool wants_more(struct raw *raw, int *ret_wait_ms)
{
    *ret_wait_ms = -1;
    return raw->out != IDLE && has_room(raw) &&
           (raw->in_failed || relay_may_read(raw->relay, raw->source->leash, ret_wait_ms));
}

/* Makes room behind `filled`. */
static void compact(struct raw *raw)
{
    if (raw->sent == 0)
        return;
    memmove(raw->buffer, raw->buffer + raw->sent, raw->filled - raw->sent);
    raw->filled -= raw->sent;
    raw->scanned -= raw->sent;
    raw->sent = 0;
}

static bool read_source(struct raw *raw, bool *ret_progress, struct fault *why)
{
    size_t got;
    int ignored;
    if (!raw->readable || !wants_more(raw, &ignored))
        return true;
    compact(raw);
    size_t room = relay_portion(raw->relay, BUFFER - raw->filled);
    if (!receive(raw->source, raw->buffer + raw->filled, room, &got, why))
        return false;
    raw->filled += got;
    relay_took(raw->relay, got);
    /* Less than there was room for: the socket is empty now, no need to be told so. */
    raw->readable = got == room;
    *ret_progress |= got > 0;
    return true;
}

/* The server's reason for hanging up, if it gave one, is in what can still be read. */
static bool explain_broken_pipe(struct raw *raw, int problem, struct fault *why)
{
    struct fault ignored;
    struct pollfd fd = {.fd = PQsocket(raw->target->pq), .events = POLLIN};
    while (!raw->in_failed && poll(&fd, 1, 0) > 0 && read_target(raw, &ignored))
        ;
    return raw->in_failed ? false : lost(raw->target, problem, why);
}

static bool write_target(struct raw *raw, bool *ret_progress, struct fault *why)
{
    size_t left = raw->scanned - raw->sent;
    if (raw->in != STREAMING || !raw->writable || left == 0)
        return true;
    ssize_t put = send(PQsocket(raw->target->pq), raw->buffer + raw->sent, left, MSG_NOSIGNAL);
    if (put < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
        return explain_broken_pipe(raw, errno, why);
    if (put > 0) {
        raw->sent += (size_t)put;
        *ret_progress = true;
    }
    raw->writable = put == (ssize_t)left;
    return true;
}

/* ---- the loop ---- */

static bool wait_for_either(struct raw *raw, struct fault *why)
{
    int wait_ms;
    bool data = raw->in == STREAMING && raw->sent < raw->scanned;
    bool reads = wants_more(raw, &wait_ms);
    struct pollfd fds[2] = {
        {.fd = reads ? PQsocket(raw->source->pq) : -1, .events = POLLIN},
        {.fd = raw->in == IDLE ? -1 : PQsocket(raw->target->pq),
         .events = (short)(data ? POLLIN | POLLOUT : POLLIN)},
    };
    if (!leash_poll(raw->source->leash, fds, 2, wait_ms, why))
        return false;
    if (raw->source->leash->wish == LEASH_NOW) {
        conn_cancel(raw->source);
        conn_cancel(raw->target);
        raw->source->broken = raw->target->broken = true;
        return leash_fault(raw->source->leash, why);
    }
    raw->readable |= fds[0].revents != 0;
    raw->writable |= (fds[1].revents & POLLOUT) != 0;
    return (fds[1].revents & ~POLLOUT) == 0 || read_target(raw, why);
}

/* Tells the other side when one has come to its end, well or badly. */
static bool pass_on_endings(struct raw *raw, struct fault *why)
{
    if (raw->in == STREAMING && raw->out_failed) {
        raw->in = ENDING;
        return send_message(raw->target, 'f', "pghaul: the source failed", why);
    }
    /* CopyDone only when the source has said all, also what comes after its COPY. */
    if (raw->in == STREAMING && raw->out == IDLE && raw->sent == raw->scanned) {
        raw->in = ENDING;
        return send_message(raw->target, 'c', NULL, why);
    }
    return true;
}

static bool pump(struct raw *raw, struct fault *why)
{
    bool cancelled = false;
    for (int turn = 1; raw->out != IDLE || raw->in != IDLE; turn++) {
        bool progress = false;
        if (turn % LOOK_EVERY == 0 && !leash_look(raw->source->leash, why))
            return false;
        if (!read_source(raw, &progress, why) || !scan(raw, why) ||
            !write_target(raw, &progress, why) || !pass_on_endings(raw, why))
            return false;
        raw->relay->bytes = raw->frames.payload;
        relay_report(raw->relay, &raw->reported_ms);
        /* A target that failed will take no data: end the source's COPY early. Its whole answer may
         * be in the buffer already, so what is there is looked at before waiting for more. */
        if (raw->in_failed && raw->out != IDLE && !cancelled) {
            cancelled = progress = true;
            conn_cancel(raw->source);
        }
        if (!progress && (raw->out != IDLE || raw->in != IDLE) && !wait_for_either(raw, why))
            return false;
    }
    return true;
}

bool relay_raw(struct relay *relay, struct conn *source, struct conn *target, struct fault *why)
{
    scoped(drop_memory) char *buffer = new_memory(1, BUFFER);
    scoped(drop_memory) char *answer = new_memory(1, ANSWER_MOST);
    struct raw raw = {
        .relay = relay,
        .source = source,
        .target = target,
        .why = why,
        .buffer = buffer,
        .answer = answer,
        .readable = true,
        .writable = true,
    };
    struct fault later;
    if (!send_message(target, 'Q', relay->in_sql, why))
        return false;
    if (!send_message(source, 'Q', relay->out_sql, why)) {
        /* It has begun a COPY that libpq knows nothing of. */
        target->broken = true;
        return false;
    }
    if (!pump(&raw, &later)) {
        /* Between two ReadyForQuery libpq cannot take a connection back. */
        source->broken |= raw.out != IDLE;
        target->broken |= raw.in != IDLE;
        if (!raw.out_failed && !raw.in_failed)
            *why = later;
        return false;
    }
    return !raw.out_failed && !raw.in_failed;
}
