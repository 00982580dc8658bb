/*
 * book.c - every command and every option, once; and parsing from them.
 */
#include "book.h"

#include "base/log.h"
#include "base/scoped.h"
#include "base/size.h"
#include "base/text.h"
#include "catalog/run.h"
#include "commands.h"
#include "plan/plan.h"

#include <inttypes.h>

enum option_type {
    TYPE_FLAG,     /* bool */
    TYPE_TEXT,     /* const char * */
    TYPE_BUFFER,   /* char[] in the settings, `max` bytes */
    TYPE_COUNT,    /* int64_t within min … max */
    TYPE_SIZE,     /* int64_t bytes within min … max; "auto" is 0 where that is the default */
    TYPE_DURATION, /* int64_t milliseconds */
    TYPE_CHOICE,   /* int64_t, place in `choices` */
};

enum option_use {
    USE_ONCE,  /* for this call only */
    USE_KEPT,  /* a setting of the run; may be changed by a resume */
    USE_FIXED, /* a setting of the run; what is done already depends on it */
};

struct option {
    const char *name;
    char letter;
    enum option_type type;
    enum option_use use;
    size_t at; /* place in struct options */
    const char *arg;
    const char *env;
    const char *fallback;
    int64_t min, max;
    const char *choices; /* separated by | */
    unsigned commands;
    const char *group;
    const char *help;
};

#define AT(field) offsetof(struct options, field)
#define ALL (~0U)
#define DONE_BY_RUN (CMD_CLONE | CMD_WORKER)

static const char connection[] = "Connection options";
static const char directory[] = "Run options";
static const char speed[] = "Speed";
static const char contents[] = "What is copied";
static const char general[] = "General options";

/* clang-format off */
static const struct option book[] = {
    {.name = "source", .letter = 'S', .type = TYPE_TEXT, .at = AT(source), .arg = "CONNINFO", .env = "PGHAUL_SOURCE",
     .commands = CMD_CLONE | CMD_SNAPSHOT | CMD_LIST | CMD_PING, .group = connection,
     .help = "database to copy from: a libpq URI or keyword string"},
    {.name = "target", .letter = 'T', .type = TYPE_TEXT, .at = AT(target), .arg = "CONNINFO", .env = "PGHAUL_TARGET",
     .commands = CMD_CLONE | CMD_LIST | CMD_PING, .group = connection,
     .help = "database to copy to"},

    {.name = "dir", .letter = 'D', .type = TYPE_TEXT, .at = AT(dir), .arg = "DIR", .env = "PGHAUL_DIR",
     .commands = CMD_CLONE | CMD_SNAPSHOT | CMD_STATUS | CMD_WORKER, .group = directory,
     .help = "work directory, on a local disk (default: ~/.local/state/pghaul/NAME)"},
    {.name = "name", .letter = 'n', .type = TYPE_TEXT, .at = AT(name), .arg = "NAME",
     .commands = CMD_CLONE | CMD_SNAPSHOT | CMD_STATUS, .group = directory,
     .help = "name of the run (default: the source database's)"},
    {.name = "resume", .type = TYPE_FLAG, .at = AT(resume), .commands = CMD_CLONE, .group = directory,
     .help = "go on with the run in the work directory"},
    {.name = "restart", .type = TYPE_FLAG, .at = AT(restart), .commands = CMD_CLONE, .group = directory,
     .help = "forget the run in the work directory and begin anew"},
    {.name = "not-consistent", .type = TYPE_FLAG, .at = AT(not_consistent), .commands = CMD_CLONE, .group = directory,
     .help = "with --resume: when the snapshot is gone, copy unfinished tables in a new one"},
    {.name = "snapshot", .type = TYPE_TEXT, .at = AT(snapshot), .arg = "ID", .commands = CMD_CLONE, .group = directory,
     .help = "copy in this exported snapshot, which another session holds"},
    {.name = "retry-for", .type = TYPE_DURATION, .use = USE_KEPT, .at = AT(settings.retry_for_ms), .arg = "DURATION",
     .env = "PGHAUL_RETRY_FOR", .fallback = "5min", .min = 0, .max = INT64_C(86400000), .commands = DONE_BY_RUN, .group = directory,
     .help = "how long lost connections and the like are retried"},
    {.name = "lock-timeout", .type = TYPE_DURATION, .use = USE_KEPT, .at = AT(settings.lock_timeout_ms), .arg = "DURATION",
     .env = "PGHAUL_LOCK_TIMEOUT", .fallback = "1min", .min = 0, .max = INT64_C(86400000), .commands = DONE_BY_RUN | CMD_LIST, .group = directory,
     .help = "how long to wait for a locked table on the source; 0: for ever"},
    {.name = "pg-bindir", .type = TYPE_BUFFER, .use = USE_KEPT, .at = AT(settings.pg_bindir), .arg = "DIR", .max = PATH_MAX,
     .env = "PGHAUL_PG_BINDIR", .fallback = "", .commands = DONE_BY_RUN, .group = directory,
     .help = "where pg_dump and pg_restore are (default: the best in PATH and /usr/lib/postgresql)"},

    {.name = "table-jobs", .letter = 'J', .type = TYPE_COUNT, .use = USE_KEPT, .at = AT(settings.table_jobs), .arg = "N",
     .env = "PGHAUL_TABLE_JOBS", .fallback = "4", .min = 1, .max = 128, .commands = DONE_BY_RUN | CMD_LIST, .group = speed,
     .help = "tables, or parts of tables, copied at the same time"},
    {.name = "index-jobs", .letter = 'I', .type = TYPE_COUNT, .use = USE_KEPT, .at = AT(settings.index_jobs), .arg = "N",
     .env = "PGHAUL_INDEX_JOBS", .fallback = "4", .min = 1, .max = 128, .commands = DONE_BY_RUN, .group = speed,
     .help = "indexes and constraints built at the same time"},
    {.name = "split-larger-than", .type = TYPE_SIZE, .use = USE_FIXED, .at = AT(settings.split_larger_than), .arg = "auto|SIZE",
     .env = "PGHAUL_SPLIT_LARGER_THAN", .fallback = "auto", .min = 1 << 20, .max = INT64_MAX, .commands = DONE_BY_RUN | CMD_LIST, .group = speed,
     .help = "copy larger tables in parts; auto: only when one table would keep the others waiting"},
    {.name = "split-by", .type = TYPE_CHOICE, .use = USE_FIXED, .at = AT(settings.split_by), .arg = "METHOD",
     .fallback = "auto", .choices = "auto|ctid|key|none", .commands = DONE_BY_RUN | CMD_LIST, .group = speed,
     .help = "split by ranges of ctid, or of an integer key; auto: ctid where the source can"},
    {.name = "copy-format", .type = TYPE_CHOICE, .use = USE_FIXED, .at = AT(settings.copy_format), .arg = "FORMAT",
     .env = "PGHAUL_COPY_FORMAT", .fallback = "auto", .choices = "auto|text|binary", .commands = DONE_BY_RUN | CMD_LIST, .group = speed,
     .help = "format of COPY; auto: binary where both servers agree on all types of a table"},
    {.name = "maintenance-work-mem", .type = TYPE_BUFFER, .use = USE_KEPT, .at = AT(settings.maintenance_work_mem), .arg = "SIZE", .max = 32,
     .env = "PGHAUL_MAINTENANCE_WORK_MEM", .fallback = "", .commands = DONE_BY_RUN, .group = speed,
     .help = "memory for each index build (default: the target server's setting)"},

    {.name = "drop-if-exists", .type = TYPE_FLAG, .use = USE_FIXED, .at = AT(settings.drop_if_exists), .commands = DONE_BY_RUN, .group = contents,
     .help = "drop objects of the same names on the target first"},
    {.name = "no-owner", .letter = 'O', .type = TYPE_FLAG, .use = USE_FIXED, .at = AT(settings.no_owner), .commands = DONE_BY_RUN, .group = contents,
     .help = "do not set owners: all belongs to the role that connects to the target"},
    {.name = "no-acl", .letter = 'x', .type = TYPE_FLAG, .use = USE_FIXED, .at = AT(settings.no_acl), .commands = DONE_BY_RUN, .group = contents,
     .help = "do not restore privileges (GRANT, REVOKE)"},
    {.name = "no-comments", .type = TYPE_FLAG, .use = USE_FIXED, .at = AT(settings.no_comments), .commands = DONE_BY_RUN, .group = contents,
     .help = "do not restore comments"},
    {.name = "no-tablespaces", .type = TYPE_FLAG, .use = USE_FIXED, .at = AT(settings.no_tablespaces), .commands = DONE_BY_RUN, .group = contents,
     .help = "put everything into the target database's default tablespace"},

    {.name = "json", .type = TYPE_FLAG, .at = AT(json), .commands = CMD_LIST | CMD_STATUS | CMD_PING | CMD_LIST_OPTIONS, .group = general,
     .help = "print JSON"},
    {.name = "markdown", .type = TYPE_FLAG, .at = AT(markdown), .commands = CMD_HELP, .group = general,
     .help = "print a page of the reference in docs/"},
    {.name = "log-level", .type = TYPE_TEXT, .at = AT(log_level), .arg = "LEVEL", .env = "PGHAUL_LOG_LEVEL", .fallback = "info",
     .choices = "error|warning|info|debug", .commands = ALL & ~(unsigned)CMD_WORKER, .group = general,
     .help = "gravest lines only, or all of them"},
    {.name = "verbose", .letter = 'v', .type = TYPE_FLAG, .at = AT(verbose), .commands = ALL & ~(unsigned)CMD_WORKER, .group = general,
     .help = "the same as --log-level debug"},
    {.name = "quiet", .letter = 'q', .type = TYPE_FLAG, .at = AT(quiet), .commands = ALL & ~(unsigned)CMD_WORKER, .group = general,
     .help = "only errors, no progress"},
    {.name = "number", .type = TYPE_COUNT, .at = AT(number), .arg = "N", .fallback = "1", .min = 1, .max = 1000, .commands = CMD_WORKER, .group = general,
     .help = "number of the worker among those of its role"},
    {.name = "channel", .type = TYPE_COUNT, .at = AT(channel), .arg = "FD", .fallback = "0", .min = 0, .max = 1 << 20, .commands = CMD_WORKER, .group = general,
     .help = "descriptor of the supervisor's channel; 0: none"},
    {.name = "version", .letter = 'V', .type = TYPE_FLAG, .at = AT(version), .commands = ALL, .group = general,
     .help = "print the version, then exit"},
    {.name = "help", .letter = '?', .type = TYPE_FLAG, .at = AT(help), .commands = ALL, .group = general,
     .help = "print this help, then exit"},
};

static const struct command commands[] = {
    {.id = CMD_CLONE, .name = "clone", .arguments = "", .summary = "copy a whole database",
     .text = "Copies schema, rows, large objects, sequences, indexes and constraints in one snapshot of the "
             "source, several tables and indexes at a time. What is done is known on the target, so a run "
             "that was stopped or killed goes on with --resume.",
     .run = cmd_clone},
    {.id = CMD_SNAPSHOT, .name = "snapshot", .arguments = "", .summary = "hold a snapshot that outlives a clone",
     .text = "Exports a snapshot of the source, prints its id, and holds it until it is stopped by SIGINT or "
             "SIGTERM. A clone in the same work directory uses it, and can be resumed in it after any crash.",
     .run = cmd_snapshot},
    {.id = CMD_LIST, .name = "list", .arguments = "tables|parts|indexes|sequences",
     .summary = "show what a clone would do, in which order",
     .text = "Reads the source's catalogs and plans a clone without doing it. Nothing is written anywhere.",
     .arguments_least = 1, .arguments_most = 1, .run = cmd_list},
    {.id = CMD_PING, .name = "ping", .arguments = "", .summary = "connect to both sides and say what they can do",
     .text = "Connects to the source, the target, or both, and prints versions, roles and abilities.",
     .run = cmd_ping},
    {.id = CMD_STATUS, .name = "status", .arguments = "", .summary = "show a run, while it runs or afterwards",
     .text = "Reads the catalog in the work directory: state, phase, progress, what runs now, times of all steps.",
     .run = cmd_status},
    {.id = CMD_LIST_OPTIONS, .name = "list-options", .arguments = "[COMMAND]", .summary = "list all options, for scripts",
     .text = "One line an option, tab-separated: command, option, argument, environment variable, default, help.",
     .arguments_most = 1, .run = cmd_list_options},
    {.id = CMD_HELP, .name = "help", .arguments = "[COMMAND|exit-codes|faults]", .summary = "explain a command",
     .text = "Prints the help of a command, the exit status table, or the list of faults.",
     .arguments_most = 1, .run = cmd_help},
    {.id = CMD_WORKER, .name = "worker", .arguments = "ROLE", .summary = "be a worker of a run",
     .text = "Started by the supervisor. By hand, under a debugger, it takes connections from PGHAUL_SOURCE and "
             "PGHAUL_TARGET, does the work that is ready for its role, and ends.",
     .hidden = true, .arguments_least = 1, .arguments_most = 1, .run = cmd_worker},
    {.name = NULL},
};
/* clang-format on */

#define BOOK_COUNT ((int)(sizeof book / sizeof book[0]))
_Static_assert(BOOK_COUNT <= OPTIONS_MOST, "struct options has room for every option");

const struct command *book_commands(void)
{
    return commands;
}

const struct command *book_command(const char *name)
{
    for (const struct command *command = commands; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

static bool is_for(const struct option *option, const struct command *command)
{
    return (option->commands & (unsigned)command->id) != 0;
}

/* ---- nearest ---- */

struct nearest {
    const char *word;
    int distance;
};

static void consider(struct nearest *best, const char *wrong, const char *known)
{
    int distance = text_distance(wrong, known);
    if (best->word == NULL || distance < best->distance)
        *best = (struct nearest){known, distance};
}

/* A third of the letters may be wrong. */
static const char *near_enough(const struct nearest *best, const char *wrong)
{
    return best->word != NULL && best->distance <= 1 + (int)strlen(wrong) / 3 ? best->word : NULL;
}

const char *book_nearest_command(const char *name)
{
    struct nearest best = {NULL, 0};
    for (const struct command *command = commands; command->name != NULL; command++)
        if (!command->hidden)
            consider(&best, name, command->name);
    return near_enough(&best, name);
}

static const char *nearest_option(const struct command *command, const char *name)
{
    struct nearest best = {NULL, 0};
    for (int i = 0; i < BOOK_COUNT; i++)
        if (is_for(&book[i], command))
            consider(&best, name, book[i].name);
    return near_enough(&best, name);
}

/* ---- values ---- */

static void *field(struct options *options, const struct option *option)
{
    return (char *)options + option->at;
}

static bool bad_value(const struct option *option, const char *value, const char *wanted,
                      struct fault *why)
{
    return fault_set(why, FAULT_BAD_VALUE, "--%s cannot be \"%s\": it takes %s", option->name,
                     value, wanted);
}

static bool set_count(struct options *options, const struct option *option, const char *value,
                      struct fault *why)
{
    const char *wrong;
    char wanted[96];
    long long number = strtonum(value, option->min, option->max, &wrong);
    if (wrong != NULL) {
        snprintf(wanted, sizeof wanted, "a whole number from %" PRId64 " to %" PRId64, option->min,
                 option->max);
        return bad_value(option, value, wanted, why);
    }
    *(int64_t *)field(options, option) = number;
    return true;
}

static bool set_size(struct options *options, const struct option *option, const char *value,
                     struct fault *why)
{
    int64_t bytes;
    char wanted[96], least[32];
    if (option->fallback != NULL && strcmp(value, option->fallback) == 0) {
        *(int64_t *)field(options, option) = 0;
        return true;
    }
    if (!size_parse(value, &bytes) || bytes < option->min || bytes > option->max) {
        snprintf(wanted, sizeof wanted, "auto or a size of at least %s, such as 500MB or 2GB",
                 size_text(least, sizeof least, option->min));
        return bad_value(option, value, wanted, why);
    }
    *(int64_t *)field(options, option) = bytes;
    return true;
}

static bool set_duration(struct options *options, const struct option *option, const char *value,
                         struct fault *why)
{
    int64_t ms;
    if (!duration_parse(value, &ms) || ms < option->min || ms > option->max)
        return bad_value(option, value, "a duration up to one day, such as 500ms, 30s, 5min or 1h",
                         why);
    *(int64_t *)field(options, option) = ms;
    return true;
}

/* The place of a word in "a|b|c"; -1: not there. */
static int choice_of(const char *choices, const char *value)
{
    size_t length = strlen(value);
    int place = 0;
    for (const char *at = choices;; at++, place++) {
        size_t here = strcspn(at, "|");
        if (here == length && strncmp(at, value, length) == 0)
            return place;
        at += here;
        if (*at == '\0')
            return -1;
    }
}

static bool set_choice(struct options *options, const struct option *option, const char *value,
                       struct fault *why)
{
    int place = choice_of(option->choices, value);
    if (place < 0) {
        scoped(drop_strbuf) struct strbuf wanted = STRBUF_EMPTY;
        strbuf_addf(&wanted, "one of %s", option->choices);
        return bad_value(option, value, wanted.text, why);
    }
    if (option->type == TYPE_CHOICE)
        *(int64_t *)field(options, option) = place;
    else
        *(const char **)field(options, option) = value;
    return true;
}

static bool set_buffer(struct options *options, const struct option *option, const char *value,
                       struct fault *why)
{
    if (strlcpy(field(options, option), value, (size_t)option->max) >= (size_t)option->max)
        return bad_value(option, value, "a shorter text", why);
    return true;
}

static bool set_value(struct options *options, const struct option *option, const char *value,
                      struct fault *why)
{
    switch (option->type) {
    case TYPE_FLAG:
        *(bool *)field(options, option) = strcmp(value, "false") != 0;
        return true;
    case TYPE_TEXT:
        if (option->choices != NULL)
            return set_choice(options, option, value, why);
        *(const char **)field(options, option) = value;
        return true;
    case TYPE_BUFFER:
        return set_buffer(options, option, value, why);
    case TYPE_COUNT:
        return set_count(options, option, value, why);
    case TYPE_SIZE:
        return set_size(options, option, value, why);
    case TYPE_DURATION:
        return set_duration(options, option, value, why);
    case TYPE_CHOICE:
        return set_choice(options, option, value, why);
    }
    return fault_set(why, FAULT_BUG, "option --%s has no type", option->name);
}

/* ---- parsing ---- */

struct parse {
    struct options *options;
    const struct command *command;
    int argc;
    char **argv;
    int at;
};

static bool give_value(struct parse *parse, int place, const char *value, struct fault *why)
{
    parse->options->given[place] = value;
    return set_value(parse->options, &book[place], value, why);
}

/* The option of this name, or the only one that begins so. -1: none; -2: several. */
static int find_option(const struct command *command, const char *name, size_t length)
{
    int found = -1;
    for (int i = 0; i < BOOK_COUNT; i++) {
        if (!is_for(&book[i], command) || strncmp(book[i].name, name, length) != 0)
            continue;
        if (strlen(book[i].name) == length)
            return i;
        found = found == -1 ? i : -2;
    }
    return found;
}

static bool unknown_option(const struct parse *parse, const char *name, bool several,
                           struct fault *why)
{
    const char *near = nearest_option(parse->command, name);
    fault_set(why, FAULT_UNKNOWN_OPTION, "%s option --%s for pghaul %s",
              several ? "ambiguous" : "unknown", name, parse->command->name);
    if (near != NULL)
        fault_hint(why, "Perhaps --%s is meant; see pghaul help %s.", near, parse->command->name);
    return false;
}

static bool parse_long(struct parse *parse, const char *word, struct fault *why)
{
    size_t length = strcspn(word, "=");
    int place = find_option(parse->command, word, length);
    if (place < 0) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)length, word);
        return unknown_option(parse, name, place == -2, why);
    }
    const struct option *option = &book[place];
    const char *value = word[length] == '=' ? word + length + 1 : NULL;
    if (option->type == TYPE_FLAG) {
        if (value != NULL)
            return fault_set(why, FAULT_BAD_VALUE, "--%s takes no value", option->name);
        return give_value(parse, place, "true", why);
    }
    if (value == NULL && parse->at < parse->argc)
        value = parse->argv[parse->at++];
    if (value == NULL)
        return fault_set(why, FAULT_MISSING_OPTION, "--%s needs a value: %s", option->name,
                         option->arg);
    return give_value(parse, place, value, why);
}

static bool parse_letters(struct parse *parse, const char *letters, struct fault *why)
{
    for (; *letters != '\0'; letters++) {
        int place = 0;
        while (place < BOOK_COUNT &&
               (book[place].letter != *letters || !is_for(&book[place], parse->command)))
            place++;
        if (place == BOOK_COUNT)
            return fault_set(why, FAULT_UNKNOWN_OPTION, "unknown option -%c for pghaul %s",
                             *letters, parse->command->name);
        if (book[place].type == TYPE_FLAG) {
            if (!give_value(parse, place, "true", why))
                return false;
            continue;
        }
        const char *value = letters[1] != '\0' ? letters + 1 : NULL;
        if (value == NULL && parse->at < parse->argc)
            value = parse->argv[parse->at++];
        if (value == NULL)
            return fault_set(why, FAULT_MISSING_OPTION, "-%c needs a value: %s", *letters,
                             book[place].arg);
        return give_value(parse, place, value, why);
    }
    return true;
}

static bool parse_words(struct parse *parse, struct fault *why)
{
    bool only_arguments = false;
    struct options *options = parse->options;
    while (parse->at < parse->argc) {
        const char *word = parse->argv[parse->at++];
        if (!only_arguments && strcmp(word, "--") == 0) {
            only_arguments = true;
        } else if (!only_arguments && strncmp(word, "--", 2) == 0) {
            if (!parse_long(parse, word + 2, why))
                return false;
        } else if (!only_arguments && word[0] == '-' && word[1] != '\0') {
            if (!parse_letters(parse, word + 1, why))
                return false;
        } else {
            if (options->argument_count == ARGUMENTS_MOST ||
                options->argument_count == parse->command->arguments_most)
                return fault_set(why, FAULT_UNKNOWN_OPTION, "pghaul %s takes no argument \"%s\"",
                                 parse->command->name, word);
            options->arguments[options->argument_count++] = word;
        }
    }
    return true;
}

static bool parse_environment(struct options *options, const struct command *command,
                              struct fault *why)
{
    for (int i = 0; i < BOOK_COUNT; i++) {
        const char *value = book[i].env == NULL ? NULL : getenv(book[i].env);
        if (!is_for(&book[i], command) || options->given[i] != NULL || value == NULL ||
            *value == '\0')
            continue;
        /* Workers get everything from the supervisor and the catalog. */
        if (command->id == CMD_WORKER)
            continue;
        options->given[i] = value;
        if (!set_value(options, &book[i], value, why))
            return fault_during(why, "environment variable %s", book[i].env);
    }
    return true;
}

void book_defaults(struct options *options)
{
    struct fault ignored;
    for (int i = 0; i < BOOK_COUNT; i++)
        if (book[i].fallback != NULL)
            set_value(options, &book[i], book[i].fallback, &ignored);
}

bool book_parse(struct options *options, const struct command *command, int argc, char **argv,
                struct fault *why)
{
    struct parse parse = {.options = options, .command = command, .argc = argc, .argv = argv};
    book_defaults(options);
    if (!parse_words(&parse, why))
        return false;
    if (options->help || options->version)
        return true;
    if (options->argument_count < command->arguments_least)
        return fault_set(why, FAULT_MISSING_OPTION, "pghaul %s needs an argument: %s",
                         command->name, command->arguments);
    return parse_environment(options, command, why);
}

/* ---- settings of a run ---- */

void drop_options(struct options *options)
{
    for (int i = 0; i < BOOK_COUNT; i++) {
        free(options->recalled[i]);
        options->recalled[i] = NULL;
    }
}

bool book_keep(const struct options *options, struct db *db, struct fault *why)
{
    for (int i = 0; i < BOOK_COUNT; i++) {
        const char *value = options->given[i] != NULL ? options->given[i] : book[i].fallback;
        if (book[i].use != USE_ONCE &&
            !setting_put(db, book[i].name, value == NULL ? "false" : value, why))
            return false;
    }
    return true;
}

static bool recall_one(struct options *options, int place, struct db *db, struct fault *why)
{
    const struct option *option = &book[place];
    const char *given = options->given[place];
    scoped(drop_strbuf) struct strbuf value = STRBUF_EMPTY;
    bool found;
    if (!setting_get(db, option->name, &value, &found, why))
        return false;
    if (!found)
        return true;
    if (given != NULL && option->use == USE_FIXED && strcmp(given, value.text) != 0)
        return fault_set(why, FAULT_RUN_DIFFERS,
                         "the run was started with --%s %s: it cannot be changed now", option->name,
                         value.text);
    if (given != NULL)
        return true;
    options->recalled[place] = copy_string(value.text);
    options->given[place] = options->recalled[place];
    return set_value(options, option, options->recalled[place], why);
}

bool book_recall(struct options *options, struct db *db, struct fault *why)
{
    for (int i = 0; i < BOOK_COUNT; i++)
        if (book[i].use != USE_ONCE && !recall_one(options, i, db, why))
            return false;
    return true;
}

/* ---- help ---- */

static void add_option(struct strbuf *text, const struct option *option)
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
    strbuf_add(text, option->help);
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
    for (int i = 0; i < BOOK_COUNT; i++) {
        if (book[i].group != group || !is_for(&book[i], command))
            continue;
        if (!any)
            strbuf_addf(text, "\n%s:\n", group);
        any = true;
        add_option(text, &book[i]);
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
    static const char *const groups[] = {connection, directory, speed, contents, general};
    strbuf_addf(text, "pghaul %s: %s\n\nUsage:\n  pghaul %s [OPTION]...%s%s\n\n", command->name,
                command->summary, command->name, *command->arguments == '\0' ? "" : " ",
                command->arguments);
    add_wrapped(text, command->text);
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        add_group(text, command, groups[i]);
}

void book_add_general_help(struct strbuf *text)
{
    strbuf_add(text, "pghaul moves PostgreSQL databases.\n\nUsage:\n"
                     "  pghaul COMMAND [OPTION]...\n\nCommands:\n");
    for (const struct command *command = commands; command->name != NULL; command++)
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
    for (const struct command *command = commands; command->name != NULL; command++) {
        if (command->hidden || (only != NULL && command != only))
            continue;
        for (int i = 0; i < BOOK_COUNT; i++) {
            const struct option *o = &book[i];
            if (!is_for(o, command))
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

/* A bar would end the cell of a table. */
static void add_cell(struct strbuf *text, const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value == '|')
            strbuf_add_char(text, '\\');
        strbuf_add_char(text, *value);
    }
}

static void add_markdown_option(struct strbuf *text, const struct option *option)
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
    strbuf_addf(text, " | %s | %s%s%s |\n",
                option->fallback == NULL ? "" : or_dash(option->fallback),
                option->env == NULL ? "" : "`", option->env == NULL ? "" : option->env,
                option->env == NULL ? "" : "`");
}

void book_add_markdown(struct strbuf *text)
{
    strbuf_addf(text, "# Commands and options\n\n%s", generated);
    for (const struct command *command = commands; command->name != NULL; command++) {
        if (command->hidden)
            continue;
        strbuf_addf(text, "## pghaul %s\n\n`pghaul %s [OPTION]...%s", command->name, command->name,
                    *command->arguments == '\0' ? "" : " ");
        strbuf_addf(text, "%s` — %s\n\n", command->arguments, command->summary);
        strbuf_addf(text,
                    "%s\n\n| option | meaning | default | environment |\n"
                    "| --- | --- | --- | --- |\n",
                    command->text);
        for (int i = 0; i < BOOK_COUNT; i++)
            if (is_for(&book[i], command))
                add_markdown_option(text, &book[i]);
        strbuf_add(text, "\n");
    }
}

void book_add_exit_codes(struct strbuf *text, bool markdown)
{
    if (markdown)
        strbuf_addf(text, "# Exit status\n\n%s| status | word | meaning |\n| --- | --- | --- |\n",
                    generated);
    for (int status = 0; status < FAULT_KINDS; status++)
        for (int kind = 0; kind < FAULT_KINDS; kind++)
            if (fault_exit_status((enum fault_kind)kind) == status)
                strbuf_addf(text, markdown ? "| %d | %s | %s |\n" : "%3d  %-8s %s\n", status,
                            kind == FAULT_KIND_NONE ? "ok" : fault_kind_word((enum fault_kind)kind),
                            fault_kind_meaning((enum fault_kind)kind));
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
