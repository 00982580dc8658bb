/*
 * schema.c - the schema, from its dump (dump.c), by filtered scripts.
 *
 * pg_dump knows every kind of object, so its archive is the truth. pg_restore turns
 * chosen entries of it into plain SQL, in the work directory, where anyone may read
 * them; we run that SQL ourselves, so that what is done is known on the target
 * (script.h), and a failure names its object.
 *
 *   pre.sql      all that rows need: types, functions, tables, partitions, views, …
 *   tables-N.sql where there are many tables: these, for several sessions at once
 *   views.sql    and what needs more than one of them
 *   post.sql     triggers, rules, policies, comments, privileges, publications, …
 *   refresh.sql  materialized views, in the order in which they depend on each other
 *   final.sql    comments on indexes
 *   events.sql   event triggers: last, because they fire on whatever comes after them
 */
#include "jobs/job.h"

#include "base/failpoint.h"
#include "base/file.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "catalog/filter.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "jobs/done.h"
#include "jobs/drop.h"
#include "jobs/frame.h"
#include "jobs/properties.h"
#include "jobs/rewrite.h"
#include "jobs/schema.h"
#include "jobs/script.h"
#include "wire/restore_list.h"

#include <inttypes.h>

/* ---- its table of contents ---- */

struct loading {
    struct job *job;
    const char *list;
    bool leaves_out; /* something is left out */
    bool whole;      /* what our own items build is wanted as well */
    int32_t dump_id; /* of the entry read last */
    struct strbuf description;
    struct strbuf label;
};

static void drop_loading(struct loading *loading)
{
    drop_strbuf(&loading->description);
    drop_strbuf(&loading->label);
}

/* The line behind an entry's, of a list that was asked for them. */
static bool load_needs(struct loading *loading, const char *line, size_t length, struct fault *why)
{
    int32_t needs;
    const char *end = line + length;
    if (!restore_needs_begin(&line, end))
        return true;
    while (restore_needs_next(&line, end, &needs))
        if (!db_run(loading->job->db, why, SQL_TOC_NEED_INSERT, "dd", (int)loading->dump_id,
                    (int)needs))
            return false;
    return true;
}

static bool load_line(struct loading *loading, const char *line, size_t length, int position,
                      struct fault *why)
{
    struct restore_entry entry;
    if (!restore_list_parse(line, length, &entry)) {
        if (length == 0 || *line == ';')
            return load_needs(loading, line, length, why);
        return fault_set(why, FAULT_TOOL_FAILED, "cannot read a line of pg_restore --list: %.*s",
                         (int)length, line);
    }
    strbuf_clear(&loading->description);
    strbuf_clear(&loading->label);
    strbuf_add_bytes(&loading->description, entry.description, entry.description_length);
    strbuf_add_bytes(&loading->label, entry.label, entry.label_length);
    loading->dump_id = entry.dump_id;
    return db_run(loading->job->db, why, SQL_TOC_INSERT, "ddiiss", entry.dump_id, position,
                  (int64_t)entry.table_oid, (int64_t)entry.oid, loading->description.text,
                  loading->label.text);
}

static bool keep_contents(struct db *db, int64_t contents, struct fault *why)
{
    return contents == CONTENT_ALL ||
           (db_run(db, why, SQL_TOC_CONTENT, "dddddd", CONTENT_INDEXES, CONTENT_CONSTRAINTS,
                   CONTENT_REFRESH, CONTENT_SCHEMA, CONTENT_EXTENSIONS, CONTENT_REST) &&
            db_run(db, why, SQL_TOC_CONTENT_OF_NOTES, "") &&
            db_run(db, why, SQL_TOC_CONTENT_ONLY, "i", contents) &&
            db_run(db, why, SQL_TOC_CONTENT_NOT_THERE, ""));
}

static bool load_in_write(struct db *db, void *arg, struct fault *why)
{
    struct loading *loading = arg;
    int position = 0;
    if (!db_run(db, why, SQL_TOC_CLEAR, "") || !db_run(db, why, SQL_TOC_CLEAR_NEEDS, ""))
        return false;
    for (const char *line = loading->list; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        if (!load_line(loading, line, length, ++position, why))
            return false;
        line += length + (line[length] == '\n');
    }
    return db_run(db, why, loading->whole ? SQL_TOC_WHOLE : SQL_TOC_CLASSIFY, "") &&
           (!loading->leaves_out || db_run(db, why, SQL_TOC_LEAVE_OUT, "")) &&
           (loading->whole || keep_contents(db, loading->job->settings->contents, why));
}

bool schema_load(struct job *job, bool whole, struct fault *why)
{
    char dump[PATH_MAX];
    int64_t any, tables;
    scoped(drop_strbuf) struct strbuf list = STRBUF_EMPTY;
    script_path(dump, job, "dump", "");
    if (!db_int(job->db, why, &any, 0, SQL_LEFT_OUT_ANY, "") ||
        !work_kind_count(job->db, WORK_TABLES, &tables, why))
        return false;
    bool needs = any != 0 || job->settings->contents != CONTENT_ALL || tables > 0;
    const char *const args[] = {"pg_restore", "--list", dump, needs ? "--verbose" : NULL, NULL};
    if (!tools_restore(&job->tools, args, job->leash, &list, why))
        return false;
    scoped(drop_loading) struct loading loading = {
        .job = job, .list = strbuf_text(&list), .leaves_out = any != 0, .whole = whole};
    return db_write(job->db, load_in_write, &loading, why);
}

static bool on_missing(void *arg, const struct stmt *row, struct fault *why)
{
    (void)arg;
    return fault_set(why, FAULT_BUG, "the plan has %s, the schema's dump has not",
                     stmt_text(row, 0));
}

/* ---- from the archive to a script ---- */

static bool on_entry(void *arg, const struct stmt *row, struct fault *why)
{
    struct strbuf *list = arg;
    (void)why;
    strbuf_addf(list, "%" PRId64 "; %" PRId64 " %" PRId64 " %s %s\n", stmt_int(row, 0),
                stmt_int(row, 1), stmt_int(row, 2), stmt_text(row, 3), stmt_text(row, 4));
    return true;
}

static const char *const no_options[] = {NULL};

/* pg_restore of the entries of a list, as SQL. */
static bool restore_text(struct job *job, const char *name, const struct strbuf *list,
                         const char *const *options, struct strbuf *sql, struct fault *why)
{
    char list_path[PATH_MAX], dump[PATH_MAX];
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    const char *args[16] = {"pg_restore", "--use-list", list_path, "--file=-"};
    int count = 4;
    script_path(list_path, job, name, ".list");
    script_path(dump, job, "dump", "");
    if (!write_file(list_path, strbuf_text(list), list->length, why))
        return false;
    while (*options != NULL)
        args[count++] = *options++;
    if (job->settings->no_owner)
        args[count++] = "--no-owner";
    if (job->settings->no_acl)
        args[count++] = "--no-privileges";
    if (job->settings->no_comments)
        args[count++] = "--no-comments";
    if (job->settings->no_tablespaces)
        args[count++] = "--no-tablespaces";
    args[count] = dump;
    if (!tools_restore(&job->tools, args, job->leash, &text, why) ||
        !rewrite_script(job->db, &text, why))
        return false;
    strbuf_add(sql, strbuf_text(&text));
    return true;
}

/* ---- scripts ---- */

static bool list_entries(struct job *job, const char *name, struct strbuf *schemas,
                         struct strbuf *others, struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(job->db, SQL_TOC_SCRIPT, why);
    bool row;
    if (stmt == NULL || !stmt_bind(stmt, why, "s", name))
        return false;
    for (;;) {
        if (!stmt_step(stmt, &row, why))
            return false;
        if (!row)
            return true;
        bool schema = strcmp(stmt_text(stmt, 3), "SCHEMA") == 0;
        if (!on_entry(schema ? schemas : others, stmt, why))
            return false;
    }
}

static bool add_restored(struct job *job, const char *name, const struct strbuf *list,
                         struct strbuf *sql, struct fault *why)
{
    return list->length == 0 || restore_text(job, name, list, no_options, sql, why);
}

/* In the order of the archive, so that pg_restore tells what belongs to a section. */
bool schema_section(struct job *job, const char *section, struct strbuf *sql, struct fault *why)
{
    char option[32];
    const char *const options[] = {option, NULL};
    scoped(drop_strbuf) struct strbuf list = STRBUF_EMPTY;
    snprintf(option, sizeof option, "--section=%s", section);
    return catalog_list(job->db, SQL_TOC_OF_WHOLE, 0, on_entry, &list, why) &&
           (list.length == 0 || restore_text(job, section, &list, options, sql, why));
}

/* Writes NAME.sql, unless a run before this one has: the steps noted on the target
 * count the statements of that file. */
static bool make_script(struct job *job, const char *name, struct fault *why)
{
    char path[PATH_MAX];
    scoped(drop_frame) struct frame frame = {.job = job};
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf schemas = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf others = STRBUF_EMPTY;
    script_path(path, job, name, ".sql");
    if (access(path, F_OK) == 0)
        return true;
    if (strcmp(name, "pre") == 0 && !frame_make(&frame, why))
        return false;
    /* Apart only where something comes between them. */
    if (!list_entries(job, name, frame.before.length > 0 ? &schemas : &others, &others, why) ||
        !add_restored(job, "schemas", &schemas, &sql, why))
        return false;
    strbuf_add(&sql, strbuf_text(&frame.before));
    if (!add_restored(job, name, &others, &sql, why))
        return false;
    strbuf_add(&sql, strbuf_text(&frame.after));
    return write_file(path, strbuf_text(&sql), sql.length, why);
}

static bool has_entries(struct job *job, const char *name, bool *ret_any, struct fault *why)
{
    int64_t count;
    if (!db_int(job->db, why, &count, 0, SQL_TOC_SCRIPT_COUNT, "s", name))
        return false;
    *ret_any = count > 0;
    return true;
}

static bool run_script(struct job *job, const char *name, int batch, bool whole, struct fault *why)
{
    char path[PATH_MAX];
    bool any;
    if (!has_entries(job, name, &any, why))
        return false;
    if (!any)
        return true;
    script_path(path, job, name, ".sql");
    return script_tools(job, why) && make_script(job, name, why) &&
           script_run(job, path, batch, whole, why);
}

/* ---- --drop-if-exists ---- */

/* Before anything of ours is there: what we create must never be dropped by a resumed run. */
static bool drop_existing(struct job *job, struct fault *why)
{
    int step;
    bool whole;
    char path[PATH_MAX];
    static const char *const clean[] = {"--clean", "--if-exists", NULL};
    scoped(drop_strbuf) struct strbuf list = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!job->settings->drop_if_exists || (job->settings->contents & CONTENT_SCHEMA) == 0)
        return true;
    if (!done_last_step(job, &step, &whole, why))
        return false;
    if (step >= 0)
        return true;
    script_path(path, job, "drop", ".sql");
    return catalog_list(job->db, SQL_TOC_DROPPABLE, 0, on_entry, &list, why) &&
           (list.length == 0 || restore_text(job, "drop", &list, clean, &sql, why)) &&
           write_file(path, strbuf_text(&sql), sql.length, why) &&
           drop_objects(job, strbuf_text(&sql), why);
}

/* ---- the jobs ---- */

/* A schema that the target has already is used as it is. Only public, which every database has from
 * the start, gets the source's owner, where we may give it one. */
static bool leave_out_existing(struct job *job, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    int64_t asked;
    /* pg_dump would create public if it is asked for by name. */
    if (!filter_count(job->db, FILTER_INCLUDE_SCHEMA, &asked, why) ||
        !conn_query(job->target,
                    asked > 0 ? "SELECT nspname FROM pg_catalog.pg_namespace"
                              : "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname <>"
                                " 'public' OR NOT pg_catalog.pg_has_role(nspowner, 'USAGE')",
                    &rows, why))
        return false;
    for (int row = 0; row < rows_count(&rows); row++)
        if (!db_run(job->db, why, SQL_TOC_LEAVE_OUT_SCHEMA, "s", rows_text(&rows, row, 0)))
            return false;
    return true;
}

static bool spread_in_write(struct db *db, void *arg, struct fault *why)
{
    const int64_t *scripts = arg;
    return db_run(db, why, SQL_TOC_CLEAR_TABLES, "") && db_run(db, why, SQL_TOC_FIND_TABLES, "") &&
           db_run(db, why, SQL_TOC_SPREAD_TABLES, "i", *scripts) &&
           db_run(db, why, SQL_TOC_SPREAD_OTHERS, "");
}

/* Divides what pre.sql would create among the items that wait for it. */
static bool spread_tables(struct job *job, struct fault *why)
{
    int64_t scripts;
    return work_kind_count(job->db, WORK_TABLES, &scripts, why) &&
           (scripts == 0 || db_write(job->db, spread_in_write, &scripts, why));
}

/* Nothing to restore or refresh: then the phases that would are over before they begin. */
static bool skip_empty(struct job *job, enum work_kind kind, const char *script, struct fault *why)
{
    bool any;
    return has_entries(job, script, &any, why) && (any || work_skip(job->db, kind, why));
}

bool job_schema(struct job *job, struct fault *why)
{
    char path[PATH_MAX];
    int64_t contents = job->settings->contents;
    script_path(path, job, "pre", ".sql");
    if (!script_tools(job, why))
        return false;
    if (access(path, F_OK) != 0 &&
        (!schema_load(job, false, why) || !leave_out_existing(job, why) ||
         (contents == CONTENT_ALL &&
          !catalog_list(job->db, SQL_TOC_MISSING, 0, on_missing, NULL, why)) ||
         !spread_tables(job, why)))
        return false;
    return drop_existing(job, why) && make_script(job, "pre", why) &&
           skip_empty(job, WORK_VIEWS, "views", why) && skip_empty(job, WORK_POST, "post", why) &&
           skip_empty(job, WORK_REFRESH, "refresh", why) && script_run(job, path, 0, true, why);
}

bool job_tables(struct job *job, struct fault *why)
{
    char name[32];
    snprintf(name, sizeof name, "tables-%d", job->work->part);
    return run_script(job, name, 0, true, why);
}

bool job_views(struct job *job, struct fault *why)
{
    return run_script(job, "views", 0, true, why);
}

bool job_post(struct job *job, struct fault *why)
{
    return run_script(job, "post", 0, true, why);
}

/* One transaction for each view, since each may take hours. */
bool job_refresh(struct job *job, struct fault *why)
{
    return run_script(job, "refresh", 1, true, why);
}

/* Comments on indexes first. Then, in one transaction, our table goes, the database gets its
 * properties, and the event triggers come: so none of them fires on anything of ours. */
bool job_final(struct job *job, struct fault *why)
{
    char path[PATH_MAX];
    bool any, events;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!done_any(job->run, job->target, 0, &any, why))
        return false;
    /* The schema's rows are there until this job's own commit removes them. Where there is neither,
     * no item may have left any. */
    if (!any)
        return done_leave(job, why);
    if (!run_script(job, "final", 0, false, why) || !has_entries(job, "events", &events, why))
        return false;
    strbuf_add(&sql, "BEGIN;");
    done_add_remove(&sql, job);
    if (!conn_run(job->target, sql.text, why) || !properties_set(job, why))
        return false;
    strbuf_clear(&sql);
    script_path(path, job, "events", ".sql");
    if (events && (!script_tools(job, why) || !make_script(job, "events", why) ||
                   !script_add(job, path, &sql, why)))
        return false;
    strbuf_add(&sql, "COMMIT");
    FAILPOINT("final.before_commit", why);
    if (!conn_run(job->target, sql.text, why))
        return fault_during(why, "restoring event triggers");
    FAILPOINT("final.after_commit", why);
    return true;
}
