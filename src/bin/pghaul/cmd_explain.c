/*
 * cmd_explain.c - the page of an id.
 */
#include "commands.h"

#include "base/scoped.h"
#include "check/report.h"

static bool unknown(const char *word, struct fault *why)
{
    fault_set(why, FAULT_BAD_VALUE, "there is no error or check \"%s\"", word);
    return fault_hint(why, "Ids are like PGH-2107: see pghaul help faults and pghaul help checks.");
}

bool cmd_explain(struct options *options, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    const char *wrong, *word = options->arguments[0];
    const char *digits = strncasecmp(word, "PGH-", 4) == 0 ? word + 4 : word;
    int id = (int)strtonum(digits, 1, 9999, &wrong);
    if (wrong != NULL || !report_explain(&text, id))
        return unknown(word, why);
    return print_text(&text, why);
}
