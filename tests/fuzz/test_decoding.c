/* Lines of test_decoding. What was accepted can be walked to its end. */
#include "told.h"

#include "wire/test_decoding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct told_change change;
    if (test_decoding_parse((const char *)data, size, &change))
        walk_told(&change, data, size);
    return 0;
}
