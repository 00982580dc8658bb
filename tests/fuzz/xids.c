/* What a snapshot sees: nothing from its xmax on, all before its xmin. */
#include "fuzz.h"

#include "wire/xids.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = input_text(data, size);
    bool seen, next;
    if (text == NULL)
        return 0;
    uint64_t xmin = strtoull(text, NULL, 10);
    if (xids_see(text, (uint32_t)(xmin - 1), &seen) && xids_see(text, (uint32_t)xmin, &next) &&
        xmin > 1 && xmin < UINT32_MAX / 2 && !seen && next)
        abort();
    free(text);
    return 0;
}
