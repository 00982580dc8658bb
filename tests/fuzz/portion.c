/* TABLE=CONDITION and lists of columns: every name has a length that was asked for, and an end. */
#include "fuzz.h"

#include "wire/portion.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = input_text(data, size);
    char name[16];
    size_t length;
    const char *wrong;
    if (text == NULL)
        return 0;
    if (portion_split(text, &length) && (length == 0 || text[length] != '='))
        abort();
    const char *at = text;
    while (portion_next_name(&at, name, sizeof name, &wrong))
        if (strlen(name) == 0 || at > text + strlen(text))
            abort();
    if (wrong != NULL && *wrong == '\0')
        abort();
    free(text);
    return 0;
}
