/*
 * book_print.c - help, lists and the reference, from the book.
 */
#include "book_internal.h"

#include "base/scoped.h"
#include "check/report.h"

/* ---- help ---- */

/* Of a command that begins, or goes on with, a run that it can be changed of. */
static const char *live_note(const struct command *command, const struct option *option)
{
    bool runs = (command->id & (CMD_CLONE | CMD_COPY | CMD_FOLLOW)) != 0;
    return runs && option->use == USE_LIVE ? " (pghaul set changes it while the run goes on)" : "";
}

/* What pghaul set knows. */
static void add_live(struct strbuf *text, const char *separator)
{
    for (int i = 0; i < book_count; i++)
        if (book_options[i].use == USE_LIVE)
            strbuf_addf(text, "%s%s=%s", separator, book_options[i].name, book_options[i].arg);
}

static void add_option(struct strbuf *text, const struct command *command,
                       const struct option *option)
{
    scoped(drop_strbuf) struct strbuf left = STRBUF_EMPTY;
    if (option->letter != '\0')
        strbuf_addf(&left, "  -%c, --%s", option->letter, option->name);
    else
        strbuf_addf(&left, "      --%s", option->name);
    if (option->arg != NULL)
        strbuf_addf(&left, " %s", option->arg);
    strbuf_addf(text, "%-36s ", left.text);
    if (left.length > 36)
        strbuf_addf(text, "\n%-36s ", "");
    strbuf_addf(text, "%s%s", option->help, live_note(command, option));
    if (option->choices != NULL)
        strbuf_addf(text, " (%s)", option->choices);
    if (option->fallback != NULL && *option->fallback != '\0')
        strbuf_addf(text, " (default: %s)", option->fallback);
    if (option->env != NULL)
        strbuf_addf(text, "\n%-36s [%s]", "", option->env);
    strbuf_add(text, "\n");
}

static void add_group(struct strbuf *text, const struct command *command, const char *group)
{
    bool any = false;
    for (int i = 0; i < book_count; i++) {
        if (book_options[i].group != group || !option_is_for(&book_options[i], command))
            continue;
        if (!any)
            strbuf_addf(text, "\n%s:\n", group);
        any = true;
        add_option(text, command, &book_options[i]);
    }
}

static void add_wrapped(struct strbuf *text, const char *words)
{
    enum { WIDTH = 78 };
    size_t column = 0;
    while (*words != '\0') {
        size_t length = strcspn(words, " ");
        if (column > 0 && column + 1 + length > WIDTH) {
            strbuf_add(text, "\n");
            column = 0;
        } else if (column > 0) {
            strbuf_add(text, " ");
            column++;
        }
        strbuf_add_bytes(text, words, length);
        column += length;
        words += length;
        words += *words == ' ';
    }
    strbuf_add(text, "\n");
}

void book_add_help(struct strbuf *text, const struct command *command)
{
    strbuf_addf(text, "pghaul %s: %s\n\nUsage:\n  pghaul %s [OPTION]...%s%s\n\n", command->name,
                command->summary, command->name, *command->arguments == '\0' ? "" : " ",
                command->arguments);
    add_wrapped(text, command->text);
    if (command->id == CMD_SET) {
        strbuf_add(text, "\nSettings:");
        add_live(text, "\n  ");
        strbuf_add(text, "\n");
    }
    for (const char *const *group = book_groups; *group != NULL; group++)
        add_group(text, command, *group);
}

void book_add_general_help(struct strbuf *text)
{
    strbuf_add(text, "pghaul moves PostgreSQL databases.\n\nUsage:\n"
                     "  pghaul COMMAND [OPTION]...\n\nCommands:\n");
    for (const struct command *command = book_commands(); command->name != NULL; command++)
        if (!command->hidden)
            strbuf_addf(text, "  %-14s %s\n", command->name, command->summary);
    strbuf_add(text,
               "\nThe first migration:\n"
               "  pghaul clone --source postgres://app@old/shop"
               " --target postgres://admin@new/shop\n\n"
               "See pghaul help COMMAND for the options of a command, pghaul help exit-codes\n"
               "and pghaul help faults for what it may end with.\n");
}

static void add_json_text(struct strbuf *text, const char *key, const char *value)
{
    strbuf_addf(text, "\"%s\": ", key);
    if (value == NULL) {
        strbuf_add(text, "null");
        return;
    }
    /* The book holds no control characters. */
    strbuf_add_char(text, '"');
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\')
            strbuf_add_char(text, '\\');
        strbuf_add_char(text, *value);
    }
    strbuf_add_char(text, '"');
}

static void add_json_option(struct strbuf *text, const struct command *command,
                            const struct option *option)
{
    const char letter[] = {option->letter, '\0'};
    const char *const pairs[][2] = {
        {"command", command->name},
        {"option", option->name},
        {"letter", *letter == '\0' ? NULL : letter},
        {"argument", option->arg},
        {"environment", option->env},
        {"default", option->fallback},
        {"choices", option->choices},
        {"help", option->help},
    };
    strbuf_add(text, "  {");
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        strbuf_add(text, i == 0 ? "" : ", ");
        add_json_text(text, pairs[i][0], pairs[i][1]);
    }
    strbuf_add(text, "}");
}

static const char *or_dash(const char *text)
{
    return text == NULL || *text == '\0' ? "-" : text;
}

void book_add_list(struct strbuf *text, const struct command *only, bool json)
{
    bool first = true;
    strbuf_add(text, json ? "[\n" : "");
    for (const struct command *command = book_commands(); command->name != NULL; command++) {
        if (command->hidden || (only != NULL && command != only))
            continue;
        for (int i = 0; i < book_count; i++) {
            const struct option *o = &book_options[i];
            if (!option_is_for(o, command))
                continue;
            if (json) {
                strbuf_add(text, first ? "" : ",\n");
                add_json_option(text, command, o);
            } else {
                strbuf_addf(text, "%s\t--%s\t%s\t%s\t%s\t%s\n", command->name, o->name,
                            or_dash(o->arg), or_dash(o->env), or_dash(o->fallback), o->help);
            }
            first = false;
        }
    }
    strbuf_add(text, json ? "\n]\n" : "");
}

/* ---- the reference in docs/ ---- */

static const char generated[] =
    "<!-- Made by `make docs` from the program's own tables: edit those. -->\n\n";

void book_add_checks(struct strbuf *text, bool markdown)
{
    scoped(drop_strbuf) struct strbuf heading = STRBUF_EMPTY;
    if (!markdown) {
        report_list_checks(text);
        return;
    }
    strbuf_addf(&heading,
                "# Checks\n\n%sWhat pghaul check looks at (docs/check.md). The numbers never "
                "change their meaning.\n\n",
                generated);
    report_add_checks(text, strbuf_text(&heading));
}

/* A bar would end the cell of a table. */
static void add_cell(struct strbuf *text, const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value == '|')
            strbuf_add_char(text, '\\');
        strbuf_add_char(text, *value);
    }
}

static void add_markdown_option(struct strbuf *text, const struct command *command,
                                const struct option *option)
{
    strbuf_add(text, "| `");
    if (option->letter != '\0')
        strbuf_addf(text, "-%c`, `", option->letter);
    strbuf_addf(text, "--%s", option->name);
    if (option->arg != NULL) {
        strbuf_add_char(text, ' ');
        add_cell(text, option->arg);
    }
    strbuf_add(text, "` | ");
    add_cell(text, option->help);
    if (option->choices != NULL) {
        strbuf_add(text, " (");
        add_cell(text, option->choices);
        strbuf_add(text, ")");
    }
    strbuf_add(text, live_note(command, option));
    strbuf_addf(text, " | %s | %s%s%s |\n",
                option->fallback == NULL ? "" : or_dash(option->fallback),
                option->env == NULL ? "" : "`", option->env == NULL ? "" : option->env,
                option->env == NULL ? "" : "`");
}

void book_add_markdown(struct strbuf *text)
{
    strbuf_addf(text, "# Commands and options\n\n%s", generated);
    for (const struct command *command = book_commands(); command->name != NULL; command++) {
        if (command->hidden)
            continue;
        strbuf_addf(text, "## pghaul %s\n\n`pghaul %s [OPTION]...%s", command->name, command->name,
                    *command->arguments == '\0' ? "" : " ");
        strbuf_addf(text, "%s` — %s\n\n", command->arguments, command->summary);
        strbuf_addf(text, "%s\n\n", command->text);
        if (command->id == CMD_SET) {
            strbuf_add(text, "```");
            add_live(text, "\n");
            strbuf_add(text, "\n```\n\n");
        }
        strbuf_add(text, "| option | meaning | default | environment |\n"
                         "| --- | --- | --- | --- |\n");
        for (int i = 0; i < book_count; i++)
            if (option_is_for(&book_options[i], command))
                add_markdown_option(text, command, &book_options[i]);
        strbuf_add(text, "\n");
    }
}

/* Of commands that have gone well. */
static const struct {
    int status;
    const char *word;
    const char *meaning;
} of_commands[] = {
    {10, "warnings", "pghaul check: ready, but there are warnings"},
    {11, "unready", "pghaul check: not ready, there are errors"},
};

void book_add_exit_codes(struct strbuf *text, bool markdown)
{
    enum { STATUSES = 16 };
    if (markdown)
        strbuf_addf(text, "# Exit status\n\n%s| status | word | meaning |\n| --- | --- | --- |\n",
                    generated);
    for (int status = 0; status < STATUSES; status++)
        for (int kind = 0; kind < FAULT_KINDS; kind++)
            if (fault_exit_status((enum fault_kind)kind) == status)
                strbuf_addf(text, markdown ? "| %d | %s | %s |\n" : "%3d  %-8s %s\n", status,
                            kind == FAULT_KIND_NONE ? "ok" : fault_kind_word((enum fault_kind)kind),
                            fault_kind_meaning((enum fault_kind)kind));
    for (size_t i = 0; i < sizeof of_commands / sizeof of_commands[0]; i++)
        strbuf_addf(text, markdown ? "| %d | %s | %s |\n" : "%3d  %-8s %s\n", of_commands[i].status,
                    of_commands[i].word, of_commands[i].meaning);
}

void book_add_faults(struct strbuf *text, bool markdown)
{
    if (markdown)
        strbuf_addf(text,
                    "# Faults\n\n%sThe numbers never change their meaning.\n\n"
                    "| id | exit status | what | remedy |\n| --- | --- | --- | --- |\n",
                    generated);
    for (const struct fault_entry *entry = fault_entries(); entry->id != 0; entry++)
        strbuf_addf(text,
                    markdown ? "| PGH-%04d | %d | %s | %s |\n"
                             : "PGH-%04d  %d  %s\n             %s\n",
                    entry->id, fault_exit_status(entry->kind), entry->title, entry->remedy);
}
