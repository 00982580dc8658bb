/*
 * cmd_help.c - help, and list-options.
 */
#include "commands.h"

#include "base/scoped.h"

static bool find_command(const char *name, const struct command **ret_command, struct fault *why)
{
    *ret_command = book_command(name);
    if (*ret_command != NULL)
        return true;
    const char *near = book_nearest_command(name);
    fault_set(why, FAULT_UNKNOWN_COMMAND, "unknown command \"%s\"", name);
    if (near != NULL)
        fault_hint(why, "Perhaps %s is meant; see pghaul --help.", near);
    return false;
}

bool cmd_help(struct options *options, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    const char *topic = options->argument_count > 0 ? options->arguments[0] : NULL;
    const struct command *command;
    if (topic == NULL && options->markdown)
        book_add_markdown(&text);
    else if (topic == NULL)
        book_add_general_help(&text);
    else if (strcmp(topic, "exit-codes") == 0)
        book_add_exit_codes(&text, options->markdown);
    else if (strcmp(topic, "faults") == 0)
        book_add_faults(&text, options->markdown);
    else if (strcmp(topic, "checks") == 0)
        book_add_checks(&text, options->markdown);
    else if (find_command(topic, &command, why))
        book_add_help(&text, command);
    else
        return false;
    return print_text(&text, why);
}

bool cmd_list_options(struct options *options, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    const struct command *command = NULL;
    if (options->argument_count > 0 && !find_command(options->arguments[0], &command, why))
        return false;
    book_add_list(&text, command, options->json);
    return print_text(&text, why);
}
