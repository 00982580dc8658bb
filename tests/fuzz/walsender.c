/* What a walsender sends; and the answer to it, which is always as long. */
#include "fuzz.h"

#include "wire/reader.h"
#include "wire/walsender.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct walsender_message message;
    if (!walsender_parse(data, size, &message))
        return 0;
    if (message.tag == WALSENDER_XLOG_DATA) {
        if (message.bytes + message.length != data + size)
            abort();
        touch(message.bytes, message.length);
    }
    struct standby_status status = {.written = message.wal_end,
                                    .flushed = message.start,
                                    .client_time = message.send_time,
                                    .reply_requested = message.reply_requested};
    uint8_t bytes[STANDBY_STATUS_LENGTH];
    standby_status_encode(&status, bytes);
    struct reader reader = reader_over(bytes, sizeof bytes);
    if (take_u8(&reader) != 'r' || take_u64(&reader) != status.written ||
        take_u64(&reader) != status.flushed || take_u64(&reader) != 0 ||
        (int64_t)take_u64(&reader) != status.client_time ||
        take_u8(&reader) != status.reply_requested || !reader_done(&reader))
        abort();
    return 0;
}
