/*
 * contents.c - what a run copies: from --schema-only, --data-only, --section, or the words of
 * `pghaul copy`, to one set of contents, which the run keeps.
 */
#include "commands.h"

enum { CONTENT_SCHEMA_ONLY = CONTENT_ALL & ~(CONTENT_DATA | CONTENT_REFRESH) };

static const struct {
    const char *word; /* of `pghaul copy` */
    int64_t contents;
} copies[] = {
    {"db", CONTENT_ALL},
    {"schema", CONTENT_SCHEMA_ONLY},
    {"data", CONTENT_DATA | CONTENT_REFRESH},
    {"roles", CONTENT_ROLES},
    {"extensions", CONTENT_EXTENSIONS},
    {"sequences", CONTENT_SEQUENCES},
    {"blobs", CONTENT_LARGE_OBJECTS},
    {"indexes", CONTENT_INDEXES},
    {"constraints", CONTENT_CONSTRAINTS},
};

bool contents_of_copy(const char *word, int64_t *ret_contents)
{
    for (size_t i = 0; i < sizeof copies / sizeof copies[0]; i++)
        if (strcmp(copies[i].word, word) == 0) {
            *ret_contents = copies[i].contents;
            return true;
        }
    return false;
}

static int64_t contents_of_sections(int64_t sections)
{
    return ((sections & SECTION_PRE_DATA) != 0 ? CONTENT_SCHEMA : 0) |
           ((sections & SECTION_DATA) != 0 ? CONTENT_DATA : 0) |
           ((sections & SECTION_POST_DATA) != 0 ? CONTENT_POST_DATA : 0);
}

/* 0: nothing was said. */
static bool wished(const struct options *options, int64_t *ret_contents, struct fault *why)
{
    const int64_t wishes[] = {
        options->settings.contents, /* by `pghaul copy` */
        options->schema_only ? CONTENT_SCHEMA_ONLY : 0,
        options->data_only ? CONTENT_DATA | CONTENT_REFRESH : 0,
        contents_of_sections(options->sections),
    };
    *ret_contents = 0;
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
        if (wishes[i] != 0 && *ret_contents != 0)
            return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                             "--schema-only, --data-only, --section and the parts of a database "
                             "after pghaul copy exclude each other");
        *ret_contents |= wishes[i];
    }
    return true;
}

bool sections_choose(const struct options *options, const char *command, int64_t *ret_sections,
                     struct fault *why)
{
    static const struct {
        const char *word;
        int64_t sections;
    } known[] = {
        {"schema", 0},
        {"pre-data", SECTION_PRE_DATA},
        {"post-data", SECTION_POST_DATA},
    };
    const char *word = options->arguments[0];
    size_t i = 0, count = sizeof known / sizeof known[0];
    while (i < count && strcmp(known[i].word, word) != 0)
        i++;
    if (i == count)
        return fault_set(why, FAULT_BAD_VALUE,
                         "pghaul %s cannot %s \"%s\": it takes schema, pre-data or post-data",
                         command, command, word);
    if (known[i].sections != 0 && options->sections != 0)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "--section goes with pghaul %s schema only", command);
    if ((options->sections & SECTION_DATA) != 0)
        return fault_set(why, FAULT_BAD_VALUE,
                         "a schema has no section data: it is copied by pghaul copy data");
    int64_t sections = known[i].sections | options->sections;
    *ret_sections = sections != 0 ? sections : SECTION_PRE_DATA | SECTION_POST_DATA;
    return true;
}

static bool check(const struct settings *settings, struct fault *why)
{
    int64_t contents = settings->contents;
    if (settings->drop_if_exists && (contents & (CONTENT_SCHEMA | CONTENT_LARGE_OBJECTS)) == 0)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "--drop-if-exists drops what the run creates: it goes with the schema or "
                         "large objects");
    if (settings->truncate && ((contents & CONTENT_SCHEMA) != 0 || (contents & CONTENT_ROWS) == 0))
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "--truncate goes with rows that are copied into tables that exist, as by "
                         "--data-only");
    return true;
}

bool contents_choose(struct options *options, struct fault *why)
{
    int64_t contents;
    if (!wished(options, &contents, why))
        return false;
    if (contents == 0 && options->resume)
        return true;
    return book_give_bits(options, "contents", contents == 0 ? CONTENT_ALL : contents, why) &&
           (options->resume || check(&options->settings, why));
}
