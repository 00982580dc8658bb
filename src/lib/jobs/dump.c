/*
 * dump.c - the schema is dumped once, in the snapshot.
 *
 * pg_dump gets the user's filters as they are, and the relations that stay behind
 * because of them (plan/selection.h).
 */
#include "jobs/job.h"

#include "base/failpoint.h"
#include "base/file.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/filter.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "jobs/script.h"
#include "jobs/show.h"
#include "wire/name_pattern.h"

#include <inttypes.h>

struct arguments {
    char **list; /* ended by NULL */
    size_t count;
};

static void drop_arguments(struct arguments *arguments)
{
    for (size_t i = 0; i < arguments->count; i++)
        free(arguments->list[i]);
    drop_memory(&arguments->list);
}

static void append(struct arguments *arguments, char *argument)
{
    arguments->list = grow_memory(arguments->list, arguments->count, sizeof *arguments->list);
    arguments->list[arguments->count++] = argument;
}

static void add(struct arguments *arguments, const char *option, const char *value)
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
        add(arg, filter_kind_word(kind), pattern);
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
    add(arg, stmt_text(row, 0), name.text);
    return true;
}

static void add_exact(struct arguments *arguments, enum filter_kind kind, const struct stmt *row)
{
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    strbuf_add_qualified(&name, stmt_text(row, 0), stmt_text(row, 1));
    add(arguments, filter_kind_word(kind), name.text);
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
static bool add_not_system(struct arguments *arguments)
{
    add(arguments, "exclude-table", "pg_catalog.*");
    add(arguments, "exclude-table", "information_schema.*");
    return true;
}

/* Sequences and partitions are chosen with their table: pg_dump must be told. */
static bool add_filters(struct arguments *arguments, struct db *db, struct fault *why)
{
    int64_t tables;
    return filter_list(db, on_filter, arguments, why) &&
           catalog_list(db, SQL_FILTER_NAME_LIST, 0, on_name, arguments, why) &&
           catalog_list(db, SQL_LEFT_OUT_RELATIONS, 0, on_left_out, arguments, why) &&
           filter_count(db, FILTER_INCLUDE_TABLE, &tables, why) &&
           (tables == 0 || add_not_system(arguments)) &&
           (tables == 0 || catalog_list(db, SQL_KNOWN_COMPANIONS, 0, on_companion, arguments, why));
}

static void add_usual(struct arguments *arguments, const struct job *job)
{
    char lock_timeout[24];
    add(arguments, "format", "custom");
    add(arguments, "compress", "0");
    add(arguments, "no-password", NULL);
    add(arguments, "section", "pre-data");
    add(arguments, "section", "post-data");
    add(arguments, "no-blobs", NULL);
    if (!job->settings->subscriptions)
        add(arguments, "no-subscriptions", NULL);
    add(arguments, "snapshot", job->snapshot->id);
    add(arguments, "encoding", job->run->encoding);
    if (job->settings->source_role[0] != '\0')
        add(arguments, "role", job->settings->source_role);
    if (job->settings->lock_timeout_ms > 0) {
        snprintf(lock_timeout, sizeof lock_timeout, "%" PRId64, job->settings->lock_timeout_ms);
        add(arguments, "lock-wait-timeout", lock_timeout);
    }
    if (job->run->source_version / 10000 != job->run->target_version / 10000)
        add(arguments, "quote-all-identifiers", NULL);
}

/* All but the file that is written. */
static bool add_all(struct arguments *arguments, struct job *job, struct fault *why)
{
    add_usual(arguments, job);
    add(arguments, "exclude-schema", "pghaul");
    return add_filters(arguments, job->db, why);
}

/* As one would type it in a shell. */
static void add_word(struct strbuf *line, const char *word)
{
    strbuf_add_char(line, ' ');
    if (strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./:,") ==
        strlen(word)) {
        strbuf_add(line, word);
        return;
    }
    strbuf_add_char(line, '\'');
    for (; *word != '\0'; word++)
        strbuf_add(line, *word == '\'' ? "'\\''" : (char[]){*word, '\0'});
    strbuf_add_char(line, '\'');
}

bool show_dump(struct job *job, struct shown *shown, struct fault *why)
{
    scoped(drop_arguments) struct arguments arguments = {.list = NULL};
    if (!script_tools(job, why) || !add_all(&arguments, job, why))
        return false;
    add(&arguments, "file", "DIR/schema/dump");
    shown->note = "DIR is the work directory, SNAPSHOT the id of the run's snapshot; a password "
                  "travels in the environment";
    strbuf_add(&shown->command, job->tools.pg_dump);
    add_word(&shown->command, "-d");
    add_word(&shown->command, strbuf_text(&job->source_info->open));
    for (size_t i = 0; i < arguments.count; i++)
        add_word(&shown->command, arguments.list[i]);
    return true;
}

bool job_dump(struct job *job, struct fault *why)
{
    char path[PATH_MAX], draft[PATH_MAX];
    scoped(drop_arguments) struct arguments arguments = {.list = NULL};
    if (!script_tools(job, why))
        return false;
    log_info("dumping the schema with %s (version %d)", job->tools.pg_dump, job->tools.version);
    script_path(path, job, "dump", "");
    script_path(draft, job, "dump", ".new");
    if (!add_all(&arguments, job, why))
        return false;
    add(&arguments, "file", draft);
    append(&arguments, NULL);
    FAILPOINT("dump.begun", why);
    if (!tools_dump(&job->tools, job->source_info, (const char *const *)arguments.list, job->leash,
                    why) ||
        !put_file(draft, path, why))
        return false;
    FAILPOINT("dump.made", why);
    return true;
}
