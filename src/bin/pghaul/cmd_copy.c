/*
 * cmd_copy.c - a part of a database: a clone with the filters that this means.
 */
#include "commands.h"

static bool ask_for_tables(struct options *options, struct fault *why)
{
    if (options->argument_count < 2 && !options->resume)
        return fault_set(why, FAULT_MISSING_OPTION, "pghaul copy table needs the name of a table");
    for (int i = 1; i < options->argument_count; i++)
        if (!book_give(options, "table", options->arguments[i], why))
            return false;
    return true;
}

bool cmd_copy(struct options *options, struct fault *why)
{
    const char *what = options->arguments[0];
    bool table = strcmp(what, "table") == 0;
    bool schema = strcmp(what, "schema") == 0;
    if (!table && !schema && strcmp(what, "db") != 0)
        return fault_set(why, FAULT_BAD_VALUE,
                         "pghaul copy cannot copy \"%s\": it copies db, schema or table NAME",
                         what);
    if (!table && options->argument_count > 1)
        return fault_set(why, FAULT_UNKNOWN_OPTION, "pghaul copy %s takes no argument \"%s\"", what,
                         options->arguments[1]);
    return (!table || ask_for_tables(options, why)) &&
           (!schema || book_give(options, "schema-only", "true", why)) && cmd_clone(options, why);
}
