#include "plan/dump_arguments.h"

#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/filter.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "wire/name_pattern.h"

void drop_dump_arguments(struct dump_arguments *arguments)
{
    for (size_t i = 0; i < arguments->count; i++)
        free(arguments->list[i]);
    drop_memory(&arguments->list);
}

static void append(struct dump_arguments *arguments, char *argument)
{
    arguments->list = grow_memory(arguments->list, arguments->count, sizeof *arguments->list);
    arguments->list[arguments->count++] = argument;
}

void dump_arguments_add(struct dump_arguments *arguments, const char *option, const char *value)
{
    struct strbuf text = STRBUF_EMPTY;
    strbuf_addf(&text, "--%s%s%s", option, value == NULL ? "" : "=", value == NULL ? "" : value);
    append(arguments, text.text);
}

/* Of a regular expression, pg_dump gets what it means. */
static bool is_regular(const char *pattern)
{
    struct name_pattern parsed;
    const char *ignored;
    enum { PARTS = 2 };
    return name_pattern_parse(pattern, PARTS, &parsed, &ignored) && parsed.regular;
}

static bool on_filter(void *arg, enum filter_kind kind, const char *pattern, struct fault *why)
{
    (void)why;
    if (kind < FILTER_EXCLUDE_INDEX && !is_regular(pattern))
        dump_arguments_add(arg, filter_kind_word(kind), pattern);
    return true;
}

static bool on_name(void *arg, const struct stmt *row, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    const char *relname = stmt_text(row, 2);
    (void)why;
    if (*relname == '\0')
        strbuf_add_identifier(&name, stmt_text(row, 1));
    else
        strbuf_add_qualified(&name, stmt_text(row, 1), relname);
    dump_arguments_add(arg, stmt_text(row, 0), name.text);
    return true;
}

static void add_exact(struct dump_arguments *arguments, enum filter_kind kind,
                      const struct stmt *row)
{
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    strbuf_add_qualified(&name, stmt_text(row, 0), stmt_text(row, 1));
    dump_arguments_add(arguments, filter_kind_word(kind), name.text);
}

static bool on_left_out(void *arg, const struct stmt *row, struct fault *why)
{
    (void)why;
    add_exact(arg, FILTER_EXCLUDE_TABLE, row);
    return true;
}

static bool on_companion(void *arg, const struct stmt *row, struct fault *why)
{
    (void)why;
    add_exact(arg, FILTER_INCLUDE_TABLE, row);
    return true;
}

/* To pg_dump a pattern means the system catalogs as well. */
static bool add_not_system(struct dump_arguments *arguments)
{
    dump_arguments_add(arguments, "exclude-table", "pg_catalog.*");
    dump_arguments_add(arguments, "exclude-table", "information_schema.*");
    return true;
}

/* Sequences and partitions are chosen with their table: pg_dump must be told. */
bool dump_arguments_add_filters(struct dump_arguments *arguments, struct db *db, struct fault *why)
{
    int64_t tables;
    return filter_list(db, on_filter, arguments, why) &&
           catalog_list(db, SQL_FILTER_NAME_LIST, 0, on_name, arguments, why) &&
           catalog_list(db, SQL_LEFT_OUT_RELATIONS, 0, on_left_out, arguments, why) &&
           filter_count(db, FILTER_INCLUDE_TABLE, &tables, why) &&
           (tables == 0 || add_not_system(arguments)) &&
           (tables == 0 || catalog_list(db, SQL_KNOWN_COMPANIONS, 0, on_companion, arguments, why));
}

void dump_arguments_end(struct dump_arguments *arguments)
{
    append(arguments, NULL);
}
