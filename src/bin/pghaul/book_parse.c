/*
 * book_parse.c - from the command line, the environment, defaults and a run's catalog to options.
 */
#include "book_internal.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/scoped.h"
#include "base/size.h"
#include "catalog/run.h"
#include "wire/filter_file.h"

#include <inttypes.h>

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
    const char *nothing = option->arg != NULL && strncmp(option->arg, "auto|", 5) == 0 ? "auto"
                          : option->arg != NULL && strncmp(option->arg, "0|", 2) == 0  ? "0"
                                                                                       : NULL;
    if (nothing != NULL && strcmp(value, nothing) == 0) {
        *(int64_t *)field(options, option) = 0;
        return true;
    }
    if (!size_parse(value, &bytes) || bytes < option->min || bytes > option->max) {
        snprintf(wanted, sizeof wanted, "%s%sa size of at least %s, such as 500MB or 2GB",
                 nothing == NULL ? "" : nothing, nothing == NULL ? "" : " or ",
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
    char wanted[96], least[32], most[32];
    if (!duration_parse(value, &ms) || ms < option->min || ms > option->max) {
        snprintf(wanted, sizeof wanted, "a duration from %s to %s, such as 500ms, 30s, 5min or 1h",
                 duration_text(least, sizeof least, option->min),
                 duration_text(most, sizeof most, option->max));
        return bad_value(option, value, wanted, why);
    }
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

static void add_choices(struct strbuf *wanted, const struct option *option)
{
    strbuf_addf(wanted, "one of %s", option->choices);
}

static bool set_choice(struct options *options, const struct option *option, const char *value,
                       struct fault *why)
{
    int place = choice_of(option->choices, value);
    if (place < 0) {
        scoped(drop_strbuf) struct strbuf wanted = STRBUF_EMPTY;
        add_choices(&wanted, option);
        return bad_value(option, value, wanted.text, why);
    }
    if (option->type == TYPE_CHOICE)
        *(int64_t *)field(options, option) = place;
    else
        *(const char **)field(options, option) = value;
    return true;
}

/* Several words may stand in one value, with commas. */
static bool set_bits(struct options *options, const struct option *option, const char *value,
                     struct fault *why)
{
    int64_t *bits = field(options, option);
    for (const char *at = value;; at++) {
        char word[32];
        size_t length = strcspn(at, ",");
        snprintf(word, sizeof word, "%.*s", (int)length, at);
        int place = length < sizeof word ? choice_of(option->choices, word) : -1;
        if (place < 0) {
            scoped(drop_strbuf) struct strbuf wanted = STRBUF_EMPTY;
            add_choices(&wanted, option);
            return bad_value(option, value, wanted.text, why);
        }
        *bits |= INT64_C(1) << place;
        at += length;
        if (*at == '\0')
            return true;
    }
}

static bool set_buffer(struct options *options, const struct option *option, const char *value,
                       struct fault *why)
{
    if (strlcpy(field(options, option), value, (size_t)option->max) >= (size_t)option->max)
        return bad_value(option, value, "a shorter text", why);
    return true;
}

static void add_filter(struct options *options, enum filter_kind kind, const char *pattern)
{
    options->filters =
        grow_memory(options->filters, (size_t)options->filter_count, sizeof *options->filters);
    options->filters[options->filter_count++] = (struct filter_wish){kind, copy_string(pattern)};
}

static enum filter_kind kind_of(const struct filter_entry *entry)
{
    static const struct {
        bool include;
        const char *object;
        enum filter_kind kind;
    } known[] = {
        {true, "table", FILTER_INCLUDE_TABLE},         {true, "schema", FILTER_INCLUDE_SCHEMA},
        {false, "table", FILTER_EXCLUDE_TABLE},        {false, "schema", FILTER_EXCLUDE_SCHEMA},
        {false, "table_data", FILTER_EXCLUDE_DATA},    {false, "index", FILTER_EXCLUDE_INDEX},
        {true, "extension", FILTER_INCLUDE_EXTENSION},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].include == entry->include && strcmp(known[i].object, entry->object) == 0)
            return known[i].kind;
    return FILTER_EXCLUDE_EXTENSION;
}

/* Behind the ~/…/ that a part begins with; NULL: it is a name. */
static const char *regular_end(const char *at, const char *end)
{
    if (end - at < 2 || at[0] != '~' || at[1] != '/')
        return NULL;
    for (at += 2; at < end; at++)
        if (*at == '/' && (at + 1 == end || at[1] == '.'))
            return at + 1;
    return end;
}

/* One part, quoted where need be, becomes one in double quotes; gives what is behind it. */
static const char *add_name(struct strbuf *pattern, const char *at, const char *end)
{
    bool quoted = false;
    strbuf_add_char(pattern, '"');
    for (; at < end && (quoted || *at != '.'); at++) {
        bool doubled = quoted && *at == '"' && at + 1 < end && at[1] == '"';
        if (doubled)
            strbuf_add(pattern, "\"\""), at++;
        else if (*at == '"')
            quoted = !quoted;
        else
            strbuf_add_char(pattern, *at);
    }
    strbuf_add_char(pattern, '"');
    return at;
}

/* A name becomes a pattern that matches nothing else; regular expressions stay. */
static void add_pattern(struct strbuf *pattern, const struct filter_entry *entry)
{
    const char *at = entry->name;
    const char *end = at + entry->name_length;
    if (!entry->exact)
        strbuf_add_bytes(pattern, entry->name, entry->name_length);
    while (entry->exact && at < end) {
        const char *behind = regular_end(at, end);
        if (behind != NULL)
            strbuf_add_bytes(pattern, at, (size_t)(behind - at));
        at = behind != NULL ? behind : add_name(pattern, at, end);
        if (at < end)
            strbuf_add_char(pattern, *at++);
    }
}

static bool read_filters(struct options *options, const char *path, const struct strbuf *text,
                         struct fault *why)
{
    struct filter_file file = filter_file_over(strbuf_text(text), text->length);
    struct filter_entry entry;
    const char *wrong;
    for (;;) {
        scoped(drop_strbuf) struct strbuf pattern = STRBUF_EMPTY;
        switch (filter_file_next(&file, &entry, &wrong)) {
        case FILTER_END:
            return true;
        case FILTER_WRONG:
            fault_set(why, FAULT_BAD_VALUE, "filter file \"%s\", line %d: %s", path, file.line,
                      wrong);
            return fault_hint(why, "Write lines like: include table shop.*");
        case FILTER_FOUND:
            add_pattern(&pattern, &entry);
            add_filter(options, kind_of(&entry), pattern.text);
        }
    }
}

static bool add_filter_file(struct options *options, const char *path, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    if (!read_file(path, &text, why)) {
        why->id = FAULT_BAD_VALUE;
        return fault_during(why, "reading filters");
    }
    return read_filters(options, path, &text, why);
}

/* ---- NAME=VALUE ---- */

static void add_map(struct options *options, enum mapping_kind kind, char *name, const char *value)
{
    options->maps = grow_memory(options->maps, (size_t)options->map_count, sizeof *options->maps);
    options->maps[options->map_count++] = (struct map_wish){kind, name, value};
}

/* The first equals sign divides; one of the name itself is written \=, as for pg_basebackup. */
static const char *divide(char *text)
{
    char *to = text;
    for (char *at = text; *at != '\0'; at++) {
        if (*at == '=') {
            *to = '\0';
            return at + 1;
        }
        at += at[0] == '\\' && at[1] == '=';
        *to++ = *at;
    }
    return NULL;
}

static bool check_map(const struct options *options, const struct option *option, const char *name,
                      const char *value, const char *given, struct fault *why)
{
    if (value == NULL || *name == '\0' || (option->mapping == MAPPING_EXTENSION && *value == '\0'))
        return bad_value(option, given, option->arg, why);
    if (option->mapping == MAPPING_TABLESPACE &&
        (strcmp(name, "pg_default") == 0 || strcmp(name, "pg_global") == 0 ||
         strcmp(value, "pg_global") == 0))
        return bad_value(option, given,
                         "tablespaces that were made by CREATE TABLESPACE; what is in none of "
                         "them goes to the target database's own",
                         why);
    for (int i = 0; i < options->map_count; i++)
        if (options->maps[i].kind == option->mapping && strcmp(options->maps[i].name, name) == 0)
            return fault_set(why, FAULT_BAD_VALUE, "--%s is given twice for \"%s\"", option->name,
                             name);
    return true;
}

static bool set_map(struct options *options, const struct option *option, const char *given,
                    struct fault *why)
{
    scoped(drop_memory) char *name = copy_string(given);
    const char *value = divide(name);
    if (!check_map(options, option, name, value, given, why))
        return false;
    add_map(options, option->mapping, give(name), value);
    return true;
}

/* ---- texts between commas; one of a text itself is written \\, ---- */

static void add_text(struct text_list *texts, const struct strbuf *text)
{
    texts->list = grow_memory(texts->list, (size_t)texts->count, sizeof *texts->list);
    texts->list[texts->count++] = copy_string(strbuf_text(text));
}

static bool add_texts(struct options *options, const struct option *option, const char *value,
                      struct fault *why)
{
    for (const char *at = value;; at++) {
        scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
        for (; *at != '\0' && *at != ','; at++) {
            at += at[0] == '\\' && at[1] == ',';
            strbuf_add_char(&text, *at);
        }
        if (text.length == 0)
            return bad_value(option, value, "names between commas", why);
        add_text(field(options, option), &text);
        if (*at == '\0')
            return true;
    }
}

static void drop_texts(struct text_list *texts)
{
    for (int i = 0; i < texts->count; i++)
        free(texts->list[i]);
    drop_memory(&texts->list);
    texts->count = 0;
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
    case TYPE_SET:
        return set_bits(options, option, value, why);
    case TYPE_FILTER:
        add_filter(options, option->filter, value);
        return true;
    case TYPE_FILTER_FILE:
        return add_filter_file(options, value, why);
    case TYPE_LIST:
        return add_texts(options, option, value, why);
    case TYPE_MAP:
        return set_map(options, option, value, why);
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
    return set_value(parse->options, &book_options[place], value, why);
}

/* The option of this name, or the only one that begins so. -1: none; -2: several. */
static int find_option(const struct command *command, const char *name, size_t length)
{
    int found = -1;
    for (int i = 0; i < book_count; i++) {
        if (!option_is_for(&book_options[i], command) ||
            strncmp(book_options[i].name, name, length) != 0)
            continue;
        if (strlen(book_options[i].name) == length)
            return i;
        found = found == -1 ? i : -2;
    }
    return found;
}

static bool unknown_option(const struct parse *parse, const char *name, bool several,
                           struct fault *why)
{
    const char *near = book_nearest_option(parse->command, name);
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
    const struct option *option = &book_options[place];
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
        while (place < book_count && (book_options[place].letter != *letters ||
                                      !option_is_for(&book_options[place], parse->command)))
            place++;
        if (place == book_count)
            return fault_set(why, FAULT_UNKNOWN_OPTION, "unknown option -%c for pghaul %s",
                             *letters, parse->command->name);
        if (book_options[place].type == TYPE_FLAG) {
            if (!give_value(parse, place, "true", why))
                return false;
            continue;
        }
        const char *value = letters[1] != '\0' ? letters + 1 : NULL;
        if (value == NULL && parse->at < parse->argc)
            value = parse->argv[parse->at++];
        if (value == NULL)
            return fault_set(why, FAULT_MISSING_OPTION, "-%c needs a value: %s", *letters,
                             book_options[place].arg);
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
    for (int i = 0; i < book_count; i++) {
        const char *value = book_options[i].env == NULL ? NULL : getenv(book_options[i].env);
        if (!option_is_for(&book_options[i], command) || options->given[i] != NULL ||
            value == NULL || *value == '\0')
            continue;
        /* Workers get everything from the supervisor and the catalog. */
        if (command->id == CMD_WORKER || command->id == CMD_SUPERVISE)
            continue;
        options->given[i] = value;
        if (!set_value(options, &book_options[i], value, why))
            return fault_during(why, "environment variable %s", book_options[i].env);
    }
    return true;
}

bool book_give(struct options *options, const char *name, const char *value, struct fault *why)
{
    for (int i = 0; i < book_count; i++)
        if (strcmp(book_options[i].name, name) == 0) {
            options->given[i] = value;
            return set_value(options, &book_options[i], value, why);
        }
    return fault_set(why, FAULT_BUG, "there is no option --%s", name);
}

bool book_give_bits(struct options *options, const char *name, int64_t bits, struct fault *why)
{
    struct strbuf words = STRBUF_EMPTY;
    int place = 0;
    while (place < book_count && strcmp(book_options[place].name, name) != 0)
        place++;
    if (place == book_count)
        return fault_set(why, FAULT_BUG, "there is no option --%s", name);
    const char *at = book_options[place].choices;
    for (int bit = 0; *at != '\0'; bit++) {
        size_t length = strcspn(at, "|");
        if ((bits >> bit & 1) != 0) {
            strbuf_add(&words, words.length == 0 ? "" : ",");
            strbuf_add_bytes(&words, at, length);
        }
        at += length + (at[length] == '|');
    }
    free(options->recalled[place]);
    options->recalled[place] = words.text;
    options->given[place] = words.text;
    *(int64_t *)field(options, &book_options[place]) = 0;
    return set_value(options, &book_options[place], strbuf_text(&words), why);
}

void book_defaults(struct options *options)
{
    struct fault ignored;
    for (int i = 0; i < book_count; i++)
        if (book_options[i].fallback != NULL)
            set_value(options, &book_options[i], book_options[i].fallback, &ignored);
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

void book_borrow(struct options *to, const struct options *from)
{
    *to = *from;
    for (int i = 0; i < book_count; i++)
        to->recalled[i] = NULL;
}

void drop_borrowed_options(struct options *options)
{
    for (int i = 0; i < book_count; i++) {
        free(options->recalled[i]);
        options->recalled[i] = NULL;
    }
}

void drop_options(struct options *options)
{
    drop_borrowed_options(options);
    for (int i = 0; i < options->filter_count; i++)
        free(options->filters[i].pattern);
    drop_memory(&options->filters);
    options->filter_count = 0;
    for (int i = 0; i < options->map_count; i++)
        free(options->maps[i].name);
    drop_memory(&options->maps);
    options->map_count = 0;
    drop_texts(&options->databases);
    drop_texts(&options->excluded_databases);
}

struct comparison {
    const struct options *options;
    int at;
    bool same;
};

static bool compare_filter(void *arg, enum filter_kind kind, const char *pattern, struct fault *why)
{
    struct comparison *c = arg;
    (void)why;
    c->same = c->same && c->at < c->options->filter_count &&
              c->options->filters[c->at].kind == kind &&
              strcmp(c->options->filters[c->at].pattern, pattern) == 0;
    c->at++;
    return true;
}

/* A resumed run goes on with its own. */
static bool check_filters(const struct options *options, struct db *db, struct fault *why)
{
    struct comparison c = {.options = options, .same = true};
    if (options->filter_count == 0)
        return true;
    if (!filter_list(db, compare_filter, &c, why))
        return false;
    return (c.same && c.at == options->filter_count) ||
           fault_set(why, FAULT_RUN_DIFFERS,
                     "the run was started with other filters: they cannot be changed now");
}

static bool compare_map(void *arg, const char *kind, const char *name, const char *value,
                        struct fault *why)
{
    struct comparison *c = arg;
    (void)why;
    const struct map_wish *wish = &c->options->maps[c->at];
    c->same = c->same && c->at < c->options->map_count &&
              strcmp(mapping_word(wish->kind), kind) == 0 && strcmp(wish->name, name) == 0 &&
              strcmp(wish->value, value) == 0;
    c->at++;
    return true;
}

static bool check_maps(const struct options *options, struct db *db, struct fault *why)
{
    struct comparison c = {.options = options, .same = true};
    if (options->map_count == 0)
        return true;
    if (!mapping_list(db, MAPPING_KINDS, compare_map, &c, why))
        return false;
    return (c.same && c.at == options->map_count) ||
           fault_set(why, FAULT_RUN_DIFFERS,
                     "the run was started with another --%s: it cannot be "
                     "changed now",
                     mapping_word(options->maps[0].kind));
}

bool book_keep_maps(const struct options *options, struct db *db, struct fault *why)
{
    for (int i = 0; i < options->map_count; i++)
        if (!mapping_add(db, options->maps[i].kind, options->maps[i].name, options->maps[i].value,
                         why))
            return false;
    return true;
}

bool book_keep_filters(const struct options *options, struct db *db, struct fault *why)
{
    for (int i = 0; i < options->filter_count; i++)
        if (!filter_add(db, options->filters[i].kind, options->filters[i].pattern, why))
            return false;
    return true;
}

bool book_keep(const struct options *options, struct db *db, struct fault *why)
{
    for (int i = 0; i < book_count; i++) {
        const char *value =
            options->given[i] != NULL ? options->given[i] : book_options[i].fallback;
        if (value == NULL && book_options[i].type == TYPE_FLAG)
            value = "false";
        if (book_options[i].use != USE_ONCE && value != NULL &&
            !setting_put(db, book_options[i].name, value, why))
            return false;
    }
    return true;
}

static bool recall_one(struct options *options, int place, struct db *db, struct fault *why)
{
    const struct option *option = &book_options[place];
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
    for (int i = 0; i < book_count; i++)
        if (book_options[i].use != USE_ONCE && !recall_one(options, i, db, why))
            return false;
    return check_filters(options, db, why) && check_maps(options, db, why);
}

/* ---- what may be changed while the run goes on ---- */

bool book_renew(struct options *options, struct db *db, struct fault *why)
{
    for (int i = 0; i < book_count; i++) {
        if (book_options[i].use != USE_LIVE)
            continue;
        drop_memory(&options->recalled[i]);
        options->given[i] = NULL;
        if (!recall_one(options, i, db, why))
            return false;
    }
    return true;
}

bool book_each_live(const struct options *options,
                    bool (*each)(void *arg, const char *name, const char *value, struct fault *why),
                    void *arg, struct fault *why)
{
    for (int i = 0; i < book_count; i++) {
        const struct option *option = &book_options[i];
        const char *value = options->given[i] != NULL ? options->given[i] : option->fallback;
        if (option->use == USE_LIVE && !each(arg, option->name, value, why))
            return false;
    }
    return true;
}

static bool list_live(void *arg, const char *name, const char *value, struct fault *why)
{
    struct strbuf *names = arg;
    (void)value;
    (void)why;
    strbuf_addf(names, "%s%s", names->length == 0 ? "" : ", ", name);
    return true;
}

static bool unknown_setting(const struct options *options, const char *name, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf names = STRBUF_EMPTY;
    fault_set(why, FAULT_UNKNOWN_OPTION, "there is no setting \"%s\"", name);
    struct fault told = *why;
    book_each_live(options, list_live, &names, why);
    *why = told;
    return fault_hint(why, "What can be changed while a run goes on: %s.", strbuf_text(&names));
}

/* Of what is not for people to give there is no need to speak. */
static bool refuse_to_change(const struct option *option, const char *value, struct fault *why)
{
    fault_set(why, FAULT_NOT_SETTABLE, "%s cannot be changed while the run goes on", option->name);
    if (option->use == USE_KEPT)
        return fault_hint(why, "Stop the run, then go on with --resume --%s%s%s.", option->name,
                          option->type == TYPE_FLAG ? "" : " ",
                          option->type == TYPE_FLAG ? "" : value);
    return false;
}

bool book_check_live(struct options *options, const char *name, const char *value,
                     struct fault *why)
{
    int place = find_option(book_command("clone"), name, strlen(name));
    if (place < 0 || strcmp(book_options[place].name, name) != 0)
        return unknown_setting(options, name, why);
    if (book_options[place].use != USE_LIVE)
        return refuse_to_change(&book_options[place], value, why);
    options->given[place] = value;
    return set_value(options, &book_options[place], value, why);
}

static bool recall_filter(void *arg, enum filter_kind kind, const char *pattern, struct fault *why)
{
    (void)why;
    add_filter(arg, kind, pattern);
    return true;
}

static bool recall_map(void *arg, const char *kind, const char *name, const char *value,
                       struct fault *why)
{
    scoped(drop_strbuf) struct strbuf both = STRBUF_EMPTY;
    int known = 0;
    while (known < MAPPING_KINDS && strcmp(mapping_word((enum mapping_kind)known), kind) != 0)
        known++;
    if (known == MAPPING_KINDS)
        return fault_set(why, FAULT_CATALOG, "catalog has a mapping of unknown kind \"%s\"", kind);
    strbuf_add_bytes(&both, name, strlen(name) + 1);
    size_t at = both.length;
    strbuf_add(&both, value);
    char *text = both.text;
    both.text = NULL;
    add_map(arg, (enum mapping_kind)known, text, text + at);
    return true;
}

bool book_recall_lists(struct options *options, struct db *db, struct fault *why)
{
    return (options->filter_count > 0 || filter_list(db, recall_filter, options, why)) &&
           (options->map_count > 0 || mapping_list(db, MAPPING_KINDS, recall_map, options, why));
}
