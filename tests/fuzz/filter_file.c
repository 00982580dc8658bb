/* Files of filters. */
#include "fuzz.h"

#include "wire/filter_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *wrong = NULL;
    struct filter_file file = filter_file_over(text, size);
    struct filter_entry entry;
    int line = 0;
    for (;;) {
        enum filter_found found = filter_file_next(&file, &entry, &wrong);
        if (found == FILTER_END)
            return 0;
        if (file.line <= line)
            abort();
        line = file.line;
        if (found == FILTER_WRONG && wrong == NULL)
            abort();
        if (found == FILTER_FOUND) {
            if (entry.object == NULL || entry.name_length == 0)
                abort();
            touch(entry.name, entry.name_length);
        }
    }
}
