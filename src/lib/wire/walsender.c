#include "wire/walsender.h"

#include "wire/reader.h"

bool walsender_parse(const void *bytes, size_t length, struct walsender_message *ret_message)
{
    struct walsender_message message = {0};
    struct reader reader = reader_over(bytes, length);
    uint8_t tag = take_u8(&reader);
    if (tag == WALSENDER_XLOG_DATA) {
        message.start = take_u64(&reader);
        message.wal_end = take_u64(&reader);
        message.send_time = (int64_t)take_u64(&reader);
        message.length = (size_t)(reader.end - reader.at);
        message.bytes = take_bytes(&reader, message.length);
    } else if (tag == WALSENDER_KEEPALIVE) {
        message.wal_end = take_u64(&reader);
        message.send_time = (int64_t)take_u64(&reader);
        uint8_t reply = take_u8(&reader);
        if (reply > 1)
            return false;
        message.reply_requested = reply == 1;
    } else {
        return false;
    }
    if (!reader_done(&reader))
        return false;
    message.tag = (enum walsender_tag)tag;
    *ret_message = message;
    return true;
}

static uint8_t *put_u64(uint8_t *at, uint64_t number)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        *at++ = (uint8_t)(number >> shift);
    return at;
}

void standby_status_encode(const struct standby_status *status, uint8_t to[STANDBY_STATUS_LENGTH])
{
    *to++ = 'r';
    to = put_u64(to, status->written);
    to = put_u64(to, status->flushed);
    to = put_u64(to, status->applied);
    to = put_u64(to, (uint64_t)status->client_time);
    *to = status->reply_requested ? 1 : 0;
}
