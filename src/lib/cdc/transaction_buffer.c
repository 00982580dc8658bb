#include "cdc/transaction_buffer.h"

#include "base/failpoint.h"
#include "base/file.h"
#include "base/scoped.h"
#include "base/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    IN_MEMORY = 4 << 20, /* bytes of a transaction that stay there */
    WINDOW = 1 << 20,    /* bytes that are read back at once */
};

/* Before each message. */
struct frame {
    lsn_t lsn;
    uint64_t length;
};

void transaction_buffer_open(struct transaction_buffer *buffer, const char *dir)
{
    *buffer = (struct transaction_buffer){.dir = dir, .fd = -1};
}

void drop_transaction_buffer(struct transaction_buffer *buffer)
{
    drop_fd(&buffer->fd);
    free(buffer->bytes);
    free(buffer->window);
    buffer->bytes = buffer->window = NULL;
}

/* Keeps what is in it. */
static void grow(uint8_t **bytes, size_t *room, size_t wanted)
{
    if (wanted <= *room)
        return;
    size_t size = wanted < *room * 2 ? *room * 2 : wanted;
    uint8_t *larger = new_memory(size, 1);
    if (*room > 0)
        memcpy(larger, *bytes, *room);
    free(*bytes);
    *bytes = larger;
    *room = size;
}

uint8_t *buffer_room(struct transaction_buffer *buffer, size_t most)
{
    grow(&buffer->bytes, &buffer->room, buffer->length + sizeof(struct frame) + most);
    return buffer->bytes + buffer->length + sizeof(struct frame);
}

void buffer_added(struct transaction_buffer *buffer, lsn_t lsn, size_t length)
{
    const struct frame frame = {.lsn = lsn, .length = length};
    memcpy(buffer->bytes + buffer->length, &frame, sizeof frame);
    buffer->length += sizeof frame + length;
}

bool buffer_is_empty(const struct transaction_buffer *buffer)
{
    return buffer->stored == 0 && buffer->length == 0;
}

/* What one huge value needed is not kept. */
static void give_back(uint8_t **bytes, size_t *room)
{
    if (*room <= 2 * (size_t)IN_MEMORY)
        return;
    drop_memory(bytes);
    *bytes = NULL;
    *room = 0;
}

void buffer_clear(struct transaction_buffer *buffer)
{
    drop_fd(&buffer->fd);
    buffer->fd = -1;
    buffer->stored = buffer->read = 0;
    buffer->length = buffer->given = 0;
    buffer->window_at = buffer->window_length = 0;
    give_back(&buffer->bytes, &buffer->room);
    give_back(&buffer->window, &buffer->window_room);
}

static bool failed(const struct transaction_buffer *buffer, const char *what, struct fault *why)
{
    bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
    fault_errno(why, full ? FAULT_SPOOL_FULL : FAULT_DIR_UNUSABLE,
                "cannot %s the file for a large transaction in \"%s\"", what, buffer->dir);
    why->retry = full;
    return false;
}

/* One that a crash left its name is opened again. */
static bool make_file(struct transaction_buffer *buffer, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf path = STRBUF_EMPTY;
    strbuf_addf(&path, "%s/transaction.tmp", buffer->dir);
    scoped(drop_fd) int fd =
        open(path.text, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0 || unlink(path.text) != 0)
        return failed(buffer, "make", why);
    buffer->fd = give_fd(fd);
    return true;
}

bool buffer_relieve(struct transaction_buffer *buffer, struct fault *why)
{
    if (buffer->length < IN_MEMORY)
        return true;
    if (buffer->fd < 0 && !make_file(buffer, why))
        return false;
    if (!full_write(buffer->fd, buffer->bytes, buffer->length, buffer->stored))
        return failed(buffer, "write", why);
    FAILPOINT("receive.transaction_stored", why);
    buffer->stored += buffer->length;
    buffer->length = 0;
    give_back(&buffer->bytes, &buffer->room);
    return true;
}

/* The message at `at`, if it is there as a whole: gives its length with its frame, else how much
 * is needed. */
static size_t look(const uint8_t *at, size_t length, struct transaction_message *message)
{
    struct frame frame;
    if (length < sizeof frame)
        return sizeof frame;
    memcpy(&frame, at, sizeof frame);
    *message = (struct transaction_message){
        .lsn = frame.lsn, .length = frame.length, .bytes = at + sizeof frame};
    return sizeof frame + frame.length;
}

/* Reads on in the file until `need` bytes are in the window. */
static bool fill(struct transaction_buffer *buffer, size_t need, struct fault *why)
{
    size_t have = buffer->window_length - buffer->window_at;
    size_t size = need > WINDOW ? need : WINDOW;
    if (have > 0)
        memmove(buffer->window, buffer->window + buffer->window_at, have);
    grow(&buffer->window, &buffer->window_room, size);
    uint64_t left = buffer->stored - buffer->read;
    size_t wanted = left < size - have ? left : size - have;
    ssize_t got = full_read(buffer->fd, buffer->window + have, wanted, buffer->read);
    if (got < 0)
        return failed(buffer, "read", why);
    buffer->window_at = 0;
    buffer->window_length = have + (size_t)got;
    buffer->read += (size_t)got;
    if (buffer->window_length >= need)
        return true;
    return fault_set(why, FAULT_DIR_UNUSABLE, "the file for a large transaction in \"%s\" is short",
                     buffer->dir);
}

static bool next_stored(struct transaction_buffer *buffer, struct transaction_message *ret_message,
                        struct fault *why)
{
    for (;;) {
        size_t have = buffer->window_length - buffer->window_at;
        size_t need = look(buffer->window + buffer->window_at, have, ret_message);
        if (need <= have) {
            buffer->window_at += need;
            return true;
        }
        if (!fill(buffer, need, why))
            return false;
    }
}

bool buffer_next(struct transaction_buffer *buffer, bool *ret_found,
                 struct transaction_message *ret_message, struct fault *why)
{
    *ret_found = true;
    if (buffer->window_at < buffer->window_length || buffer->read < buffer->stored)
        return next_stored(buffer, ret_message, why);
    *ret_found = buffer->given < buffer->length;
    if (*ret_found)
        buffer->given +=
            look(buffer->bytes + buffer->given, buffer->length - buffer->given, ret_message);
    return true;
}
