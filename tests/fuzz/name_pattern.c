/* Patterns for names. */
#include "fuzz.h"

#include "wire/name_pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[1024];
    struct name_pattern pattern;
    const char *wrong;
    if (size >= sizeof text || memchr(data, '\0', size) != NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    for (int parts = 1; parts <= 2; parts++) {
        if (!name_pattern_parse(text, parts, &pattern, &wrong)) {
            if (wrong == NULL)
                abort();
            continue;
        }
        size_t length = strlen(pattern.name);
        bool ours = length >= 4 && memcmp(pattern.name, "^(", 2) == 0 &&
                    memcmp(pattern.name + length - 2, ")$", 2) == 0;
        bool regular = pattern.regular && memcmp(pattern.name, "(?e)", 4) == 0;
        if ((!ours && !regular) || (parts == 1 && pattern.schema[0] != '\0'))
            abort();
    }
    return 0;
}
