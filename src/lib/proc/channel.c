#include "proc/channel.h"

#include <errno.h>
#include <sys/socket.h>

bool channel_pair(int ret_ends[2], struct fault *why)
{
    enum { ROOM = 4 * MESSAGE_TEXT };
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_ends) != 0)
        return fault_errno(why, FAULT_SYSTEM, "cannot make a socket pair");
    int room = ROOM;
    for (int end = 0; end < 2; end++)
        setsockopt(ret_ends[end], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    return true;
}

void message_begin(struct message *message, enum message_type type, int64_t work)
{
    memset(message, 0, offsetof(struct message, text));
    message->type = type;
    message->work = work;
    message->text[0] = '\0';
}

void message_add_text(struct message *message, const char *text)
{
    size_t room = sizeof message->text - message->length;
    size_t length = strlen(text) + 1;
    if (length > room)
        return;
    memcpy(message->text + message->length, text, length);
    message->length += (uint32_t)length;
}

void message_set_fault(struct message *message, const struct fault *fault)
{
    memcpy(message->text, fault, sizeof *fault);
    message->length = sizeof *fault;
}

void message_get_fault(const struct message *message, struct fault *ret_fault)
{
    if (message->length == sizeof *ret_fault)
        memcpy(ret_fault, message->text, sizeof *ret_fault);
    else
        fault_set(ret_fault, FAULT_BUG, "a worker sent a malformed fault");
}

static size_t wire_size(const struct message *message)
{
    return offsetof(struct message, text) + message->length;
}

bool channel_send(int fd, const struct message *message, struct fault *why)
{
    ssize_t sent;
    do
        sent = send(fd, message, wire_size(message), MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return true;
    if (errno == EPIPE || errno == ECONNRESET)
        return fault_set(why, FAULT_ORPHANED, "the other end of the control channel is closed");
    return fault_errno(why, FAULT_SYSTEM, "cannot send a control message");
}

bool channel_say(int fd, enum message_type type, int64_t work, struct fault *why)
{
    struct message message;
    message_begin(&message, type, work);
    return channel_send(fd, &message, why);
}

enum channel_got channel_take(int fd, struct message *ret_message)
{
    ssize_t got;
    /* A reset is told once, when the other one has ended without having read all that we said; what
     * it has said before is still there. */
    do
        got = recv(fd, ret_message, sizeof *ret_message, MSG_DONTWAIT);
    while (got < 0 && (errno == EINTR || errno == ECONNRESET));
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return CHANNEL_NOTHING;
    if (got < (ssize_t)offsetof(struct message, text))
        return CHANNEL_CLOSED;
    size_t length = (size_t)got - offsetof(struct message, text);
    if (length >= sizeof ret_message->text)
        length = sizeof ret_message->text - 1;
    ret_message->length = (uint32_t)length;
    ret_message->text[length] = '\0';
    return CHANNEL_MESSAGE;
}
