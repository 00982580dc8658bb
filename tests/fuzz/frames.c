/* The server's stream during COPY: the first byte says how it is cut into reads. */
#include "fuzz.h"

#include "wire/frames.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    size_t step = data[0] + 1, from = 0, have = 0;
    const char *stream = (const char *)data + 1;
    struct frames frames = {0};
    size--;
    while (from < size) {
        size_t used = 0;
        struct frame frame = {0};
        enum frames_found found =
            frames_next(&frames, stream + from, have - from, 4096, &used, &frame);
        if (found == FRAMES_BAD)
            return 0;
        if (found == FRAMES_MORE) {
            if (have == size)
                return 0;
            have = size - have < step ? size : have + step;
            continue;
        }
        if (used == 0 || used > have - from)
            abort();
        if (found == FRAMES_MESSAGE)
            touch(frame.body, frame.length);
        from += used;
    }
    return 0;
}
