/* Objects of wal2json. What was accepted can be walked to its end. */
#include "told.h"

#include "wire/wal2json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct told_change change;
    if (wal2json_parse((const char *)data, size, &change))
        walk_told(&change, data, size);
    return 0;
}
