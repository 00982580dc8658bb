/*
 * dump.c - the schema is dumped once, in the snapshot.
 */
#include "jobs/job.h"

#include "base/failpoint.h"
#include "base/file.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "jobs/script.h"
#include "jobs/show.h"
#include "plan/dump_arguments.h"

#include <inttypes.h>

static void add_usual(struct dump_arguments *arguments, const struct job *job)
{
    char lock_timeout[24];
    dump_arguments_add(arguments, "format", "custom");
    dump_arguments_add(arguments, "compress", "0");
    dump_arguments_add(arguments, "no-password", NULL);
    dump_arguments_add(arguments, "section", "pre-data");
    dump_arguments_add(arguments, "section", "post-data");
    dump_arguments_add(arguments, "no-blobs", NULL);
    if (!job->settings->subscriptions)
        dump_arguments_add(arguments, "no-subscriptions", NULL);
    dump_arguments_add(arguments, "snapshot", job->snapshot->id);
    dump_arguments_add(arguments, "encoding", job->run->encoding);
    if (job->settings->source_role[0] != '\0')
        dump_arguments_add(arguments, "role", job->settings->source_role);
    if (job->settings->lock_timeout_ms > 0) {
        snprintf(lock_timeout, sizeof lock_timeout, "%" PRId64, job->settings->lock_timeout_ms);
        dump_arguments_add(arguments, "lock-wait-timeout", lock_timeout);
    }
    if (job->run->source_version / 10000 != job->run->target_version / 10000)
        dump_arguments_add(arguments, "quote-all-identifiers", NULL);
}

/* All but the file that is written. */
static bool add_all(struct dump_arguments *arguments, struct job *job, struct fault *why)
{
    add_usual(arguments, job);
    dump_arguments_add(arguments, "exclude-schema", "pghaul");
    return dump_arguments_add_filters(arguments, job->db, why);
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
    scoped(drop_dump_arguments) struct dump_arguments arguments = {.list = NULL};
    if (!script_tools(job, why) || !add_all(&arguments, job, why))
        return false;
    dump_arguments_add(&arguments, "file", "DIR/schema/dump");
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
    scoped(drop_dump_arguments) struct dump_arguments arguments = {.list = NULL};
    if (!script_tools(job, why))
        return false;
    log_info("dumping the schema with %s (version %d)", job->tools.pg_dump, job->tools.version);
    script_path(path, job, "dump", "");
    script_path(draft, job, "dump", ".new");
    if (!add_all(&arguments, job, why))
        return false;
    dump_arguments_add(&arguments, "file", draft);
    dump_arguments_end(&arguments);
    FAILPOINT("dump.begun", why);
    if (!tools_dump(&job->tools, job->source_info, (const char *const *)arguments.list, job->leash,
                    why) ||
        !put_file(draft, path, why))
        return false;
    FAILPOINT("dump.made", why);
    return true;
}
