/*
 * cmd_copy.c - a part of a database: a clone with the contents and filters that this means.
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

static bool ask_for_contents(struct options *options, const char *what, struct fault *why)
{
    if (!contents_of_copy(what, &options->settings.contents))
        return fault_set(why, FAULT_BAD_VALUE,
                         "pghaul copy cannot copy \"%s\": it copies db, schema, data, roles, "
                         "extensions, sequences, blobs, indexes, constraints or table NAME",
                         what);
    if ((options->settings.contents & CONTENT_ROLES) != 0 &&
        !book_give(options, "roles", "true", why))
        return false;
    return options->argument_count == 1 ||
           fault_set(why, FAULT_UNKNOWN_OPTION, "pghaul copy %s takes no argument \"%s\"", what,
                     options->arguments[1]);
}

bool cmd_copy(struct options *options, struct fault *why)
{
    const char *what = options->arguments[0];
    return (strcmp(what, "table") == 0 ? ask_for_tables(options, why)
                                       : ask_for_contents(options, what, why)) &&
           cmd_clone(options, why);
}
