/* Lines of pg_restore --list. */
#include "fuzz.h"

#include "wire/restore_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct restore_entry entry;
    const char *line = (const char *)data, *end = line + size;
    int32_t needs;
    if (restore_needs_begin(&line, end))
        while (restore_needs_next(&line, end, &needs))
            if (needs < 0 || line > end)
                abort();
    if (!restore_list_parse(line, (size_t)(end - line), &entry))
        return 0;
    touch(entry.description, entry.description_length);
    touch(entry.label, entry.label_length);
    if (entry.label + entry.label_length != end || entry.description < line)
        abort();
    return 0;
}
