/* Connection strings: whatever is refused is not repeated, what is shown has no password. */
#include "fuzz.h"

#include "pg/conninfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = input_text(data, size);
    struct conninfo info;
    struct fault why;
    if (text == NULL)
        return 0;
    if (conninfo_read(&info, SIDE_SOURCE, text, &why)) {
        struct conninfo again;
        if (!conninfo_read(&again, SIDE_SOURCE, strbuf_text(&info.full), &why))
            abort();
        if ((info.password == NULL) != (again.password == NULL) ||
            (info.password != NULL && strcmp(info.password, again.password) != 0))
            abort();
        if (strstr(strbuf_text(&info.open), "password=") != NULL &&
            strstr(text, "password=") == NULL)
            abort();
        drop_conninfo(&again);
        drop_conninfo(&info);
    }
    free(text);
    return 0;
}
