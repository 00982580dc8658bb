/* Scripts: every statement lies within the script, after the one before, and is not empty. */
#include "fuzz.h"

#include "wire/sql_script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *before = text;
    struct sql_script script = sql_script_over(text, size);
    struct sql_statement statement;
    char name[16];
    while (sql_script_next(&script, &statement)) {
        if (statement.text < before || statement.length == 0 ||
            statement.text + statement.length > text + size)
            abort();
        before = statement.text + statement.length;
        touch(statement.text, statement.length);
        if (statement.label != NULL)
            touch(statement.label, statement.label_length);
        sql_statement_setting(&statement, name, sizeof name);
        sql_statement_begins(&statement, "SET SESSION AUTHORIZATION");
    }
    if (script.command != NULL)
        touch(script.command, script.command_length);
    return 0;
}
