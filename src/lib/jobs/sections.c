#include "jobs/sections.h"

#include "base/file.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "jobs/frame.h"
#include "jobs/rewrite.h"
#include "jobs/schema.h"
#include "jobs/script.h"

#include <time.h>

struct section {
    const char *name;
    const char *holds;
};
static const struct section pre_data = {
    "pre-data", "what rows need: schemas, extensions, types, functions, tables, views, sequences,\n"
                "-- with defaults, owners, privileges and comments"};
static const struct section post_data = {
    "post-data",
    "what comes after the rows: indexes, keys and other constraints, triggers, rules,\n"
    "-- policies, statistics objects, publications, REFRESH of materialized views, event "
    "triggers"};

static void add_header(struct strbuf *text, const struct job *job, const struct section *section)
{
    char day[32];
    time_t now = time(NULL);
    struct tm tm;
    strftime(day, sizeof day, "%Y-%m-%d %H:%M UTC", gmtime_r(&now, &tm));
    strbuf_addf(text,
                "--\n-- %s.sql: %s.\n--\n-- Written on %s by pghaul dump schema, with pg_dump %d, "
                "from a server of version %d.\n",
                section->name, section->holds, day, job->tools.version,
                job->run->source_version / 10000);
    strbuf_addf(
        text,
        "-- Edit it as you like; then it is restored by\n--\n"
        "--     pghaul restore %s --target ... --dir ...\n--\n"
        "-- Each statement ends with a semicolon. Transactions are pghaul's business: there "
        "must be no BEGIN or\n-- COMMIT, no command of psql (\\...) and no COPY in it. "
        "Settings are made by SET name = value only.\n-- A line \"-- Name: ...\" says which "
        "object the statements below it make; faults name it.\n--\n\n",
        section->name);
}

static bool put_section(struct job *job, const struct sections *sections,
                        const struct section *section, struct fault *why)
{
    char path[PATH_MAX];
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_frame) struct frame frame = {.job = job};
    if ((section == &pre_data && !frame_make(&frame, why)) ||
        !schema_section(job, section->name, &sql, why))
        return false;
    rewrite_schemas(&sql);
    add_header(&text, job, section);
    strbuf_add(&text, strbuf_text(&frame.before));
    strbuf_add(&text, strbuf_text(&sql));
    strbuf_add(&text, strbuf_text(&frame.after));
    snprintf(path, sizeof path, "%s/schema/%s.sql", sections->dir, section->name);
    return write_file(path, text.text, text.length, why);
}

bool sections_write(struct job *job, const struct sections *sections, struct fault *why)
{
    char dump[PATH_MAX], kept[PATH_MAX];
    script_path(dump, job, "dump", "");
    snprintf(kept, sizeof kept, "%s/schema/schema.dump", sections->dir);
    return job_dump(job, why) && schema_load(job, true, why) &&
           (!sections->pre_data || put_section(job, sections, &pre_data, why)) &&
           (!sections->post_data || put_section(job, sections, &post_data, why)) &&
           put_file(dump, kept, why);
}
