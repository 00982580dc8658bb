#include "wire/frames.h"

#include "wire/reader.h"

enum { HEADER = 5, LONGEST = 0x40000000 };

/* CopyData from the front on: whole messages, and the front part of the last one. */
static size_t take_data(struct frames *frames, const char *bytes, size_t length)
{
    size_t used = 0;
    for (;;) {
        if (frames->open > 0) {
            size_t here = length - used < frames->open ? length - used : frames->open;
            frames->open -= here;
            frames->payload += (int64_t)here;
            used += here;
        }
        if (length - used < HEADER || bytes[used] != 'd')
            return used;
        struct reader reader = reader_over(bytes + used + 1, HEADER - 1);
        uint32_t size = take_u32(&reader);
        if (size < 4 || size > LONGEST)
            return used;
        frames->open = size - 4;
        frames->messages++;
        used += HEADER;
    }
}

enum frames_found frames_next(struct frames *frames, const char *bytes, size_t length, size_t most,
                              size_t *ret_used, struct frame *ret_frame)
{
    *ret_used = take_data(frames, bytes, length);
    if (*ret_used > 0)
        return FRAMES_DATA;
    if (length < HEADER)
        return FRAMES_MORE;
    struct reader reader = reader_over(bytes + 1, HEADER - 1);
    uint32_t size = take_u32(&reader);
    if (bytes[0] == 'd' || size < 4 || size > most)
        return FRAMES_BAD;
    if (length < 1 + (size_t)size)
        return FRAMES_MORE;
    *ret_used = 1 + (size_t)size;
    *ret_frame = (struct frame){.type = bytes[0], .body = bytes + HEADER, .length = size - 4};
    return FRAMES_MESSAGE;
}
