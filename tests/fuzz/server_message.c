/* Bodies of ErrorResponse, CommandComplete and DataRow. */
#include "fuzz.h"

#include "wire/server_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct server_error error;
    char text[32];
    const char *body = (const char *)data;
    server_error_parse(body, size, &error);
    const char *const fields[] = {error.severity, error.sqlstate, error.message,
                                  error.detail,   error.hint,     error.context};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        touch(fields[i], strlen(fields[i]));
    if (command_tag_count(body, size) < -1)
        abort();
    if (data_row_first(body, size, text, sizeof text) && strlen(text) >= sizeof text)
        abort();
    return 0;
}
