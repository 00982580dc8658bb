/*
 * script.c - running a script of schema statements on the target, exactly once.
 *
 * Step n of the item in pghaul.done says that the first n statements are done.
 * After a break the SET statements before it are run again, because they belong
 * to the session. Statements go to the server many at a time; when one of them
 * fails, the batch is rolled back and run again one by one to find it.
 */
#include "jobs/script.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "jobs/done.h"
#include "wire/sql_script.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum {
    BATCH_MOST = 2000,
    MORE = 1000,             /* statements that may end a block begun in the batch */
    SENT_MOST = 256 * 1024,  /* bytes in one message */
    LOCKS_PER_STATEMENT = 8, /* table, TOAST table and index, sequence, types: with reserve */
};

struct mapped {
    char *text;
    size_t length;
};

static void drop_mapped(struct mapped *mapped)
{
    if (mapped->text != NULL)
        munmap(mapped->text, mapped->length);
}

static bool map_file(const char *path, struct mapped *ret_mapped, struct fault *why)
{
    struct stat stat;
    scoped(drop_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &stat) != 0)
        return fault_errno(why, FAULT_SYSTEM, "cannot open \"%s\"", path);
    *ret_mapped = (struct mapped){NULL, (size_t)stat.st_size};
    if (stat.st_size == 0)
        return true;
    void *text = mmap(NULL, ret_mapped->length, PROT_READ, MAP_PRIVATE, fd, 0);
    if (text == MAP_FAILED)
        return fault_errno(why, FAULT_SYSTEM, "cannot map \"%s\"", path);
    ret_mapped->text = text;
    return true;
}

struct script {
    struct job *job;
    char name[64]; /* of the file, for people */
    const char *begin;
    struct sql_script source;
    bool edited;                 /* by people, perhaps: it may say what pg_restore never does */
    struct strbuf known;         /* names of the target's settings, each between newlines */
    struct sql_statement *batch; /* [most + MORE] */
    int most;
    int count;  /* statements in the batch */
    int passed; /* statements before the batch */
    struct strbuf sql;
};

static void drop_script(struct script *script)
{
    drop_strbuf(&script->known);
    drop_strbuf(&script->sql);
    drop_memory(&script->batch);
}

void script_path(char *to, const struct job *job, const char *name, const char *ending)
{
    snprintf(to, PATH_MAX, "%s/schema/%s%s", job->dir, name, ending);
}

bool script_tools(struct job *job, struct fault *why)
{
    const char *bindir = job->settings->pg_bindir;
    return job->tools.version != 0 ||
           tools_choose(&job->tools, *bindir == '\0' ? NULL : bindir, job->run->source_version,
                        job->run->target_version, job->leash, why);
}

/* A pg_dump that is no newer than the target says nothing that the target does not know. */
static bool read_known_settings(struct script *script, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!script->edited && !script_tools(script->job, why))
        return false;
    if (!script->edited && script->job->tools.version <= conn_version(script->job->target) / 10000)
        return true;
    if (!conn_query(script->job->target,
                    "SELECT pg_catalog.lower(name) FROM pg_catalog.pg_settings", &rows, why))
        return false;
    strbuf_add(&script->known, "\n");
    for (int row = 0; row < rows_count(&rows); row++)
        strbuf_addf(&script->known, "%s\n", rows_text(&rows, row, 0));
    return true;
}

/* How many relations one transaction may make without filling the lock table. */
static bool read_lock_budget(struct script *script, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    bool shared = script->job->work->kind == WORK_TABLES;
    int64_t sessions = shared ? script->job->settings->index_jobs : 1;
    if (!conn_query(script->job->target,
                    "SELECT pg_catalog.current_setting('max_locks_per_transaction')::int8"
                    " * (pg_catalog.current_setting('max_connections')::int8"
                    " + pg_catalog.current_setting('max_prepared_transactions')::int8)",
                    &rows, why))
        return false;
    int64_t batch = rows_int(&rows, 0, 0) / LOCKS_PER_STATEMENT / sessions;
    script->most = batch < 50 ? 50 : batch > BATCH_MOST ? BATCH_MOST : (int)batch;
    return true;
}

/* Whatever else people write, they get an error for, so that nothing is lost by a slip. */
static bool is_from_pg_dump(const char *name)
{
    return strcmp(name, "default_table_access_method") == 0 ||
           strcmp(name, "transaction_timeout") == 0;
}

/* A setting of a newer pg_dump that an older target does not know is left out. */
static bool is_unknown_setting(const struct script *script, const struct sql_statement *statement)
{
    char name[64], line[70];
    if (script->known.length == 0 || !sql_statement_setting(statement, name, sizeof name))
        return false;
    for (char *c = name; *c != '\0'; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c);
    snprintf(line, sizeof line, "\n%s\n", name);
    return (!script->edited || is_from_pg_dump(name)) && strstr(script->known.text, line) == NULL;
}

static bool belongs_to_session(const struct sql_statement *statement)
{
    char name[64];
    return sql_statement_setting(statement, name, sizeof name) ||
           sql_statement_begins(statement, "SELECT pg_catalog.set_config") ||
           sql_statement_begins(statement, "SELECT set_config");
}

/* Between SET and RESET SESSION AUTHORIZATION (grants of another grantor) we are somebody else. */
static bool is_somebody_else(const struct sql_statement *statement, bool before)
{
    if (sql_statement_begins(statement, "RESET SESSION AUTHORIZATION"))
        return false;
    return sql_statement_begins(statement, "SET SESSION AUTHORIZATION") || before;
}

/* The next one that the target gets. */
static bool next_statement(struct script *script, struct sql_statement *ret_statement)
{
    while (sql_script_next(&script->source, ret_statement))
        if (!is_unknown_setting(script, ret_statement))
            return true;
    return false;
}

/* A batch does not reach over the last statement that is done. */
static void take_batch(struct script *script, int done)
{
    script->passed += script->count;
    script->count = 0;
    int left = done - script->passed;
    int most = left > 0 && left < script->most ? left : script->most;
    bool else_now = false;
    /* No batch ends while we are somebody else, who could not write the next step. */
    while ((script->count < most || (else_now && script->count < script->most + MORE)) &&
           next_statement(script, &script->batch[script->count]))
        else_now = is_somebody_else(&script->batch[script->count++], else_now);
}

static bool send_sql(struct script *script, struct fault *why)
{
    bool good = script->sql.length == 0 || conn_run(script->job->target, script->sql.text, why);
    strbuf_clear(&script->sql);
    return good;
}

static void add_statement(struct script *script, const struct sql_statement *statement)
{
    strbuf_add_bytes(&script->sql, statement->text, statement->length);
    /* The last statement of a file may lack its semicolon. */
    strbuf_add(&script->sql, "\n;\n");
    if (sql_statement_begins(statement, "RESET SESSION AUTHORIZATION"))
        conn_add_role(&script->sql, script->job->target);
}

static int line_of(const struct script *script, const char *at)
{
    int line = 1;
    for (const char *c = script->begin; c < at; c++)
        line += *c == '\n';
    return line;
}

static bool name_statement(const struct script *script, const struct sql_statement *statement,
                           struct fault *why)
{
    scoped(drop_strbuf) struct strbuf raw = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf shown = STRBUF_EMPTY;
    size_t line = statement->length;
    const char *newline = memchr(statement->text, '\n', statement->length);
    if (newline != NULL)
        line = (size_t)(newline - statement->text);
    /* The label names the object; statements may hold secrets (user mappings), labels do not. */
    if (statement->label != NULL)
        strbuf_add_bytes(&raw, statement->label, statement->label_length);
    else
        strbuf_add_bytes(&raw, statement->text, line > 60 ? 60 : line);
    strbuf_add_shown(&shown, raw.text);
    if (!why->retry && why->id == FAULT_TARGET_QUERY)
        why->id = FAULT_SCHEMA_RESTORE;
    return fault_during(why, "%s, line %d: %s", script->name, line_of(script, statement->text),
                        shown.text);
}

/* Everything of the batch between BEGIN with its step and COMMIT. */
static bool run_batch(struct script *script, int step, bool one_by_one, struct fault *why)
{
    struct job *job = script->job;
    done_add_begin(&script->sql, job, step, false);
    if (one_by_one && !send_sql(script, why))
        return false;
    for (int i = 0; i < script->count; i++) {
        add_statement(script, &script->batch[i]);
        if (one_by_one && !send_sql(script, why))
            return name_statement(script, &script->batch[i], why);
        if (script->sql.length > SENT_MOST && !send_sql(script, why))
            return false;
    }
    if (!send_sql(script, why))
        return false;
    FAILPOINT("script.before_commit", why);
    if (!conn_run(job->target, "COMMIT", why))
        return false;
    FAILPOINT("script.after_commit", why);
    return true;
}

static bool do_batch(struct script *script, int step, struct fault *why)
{
    struct fault ignored;
    if (run_batch(script, step, false, why) || done_already(script->job, why))
        return true;
    if (conn_broken(script->job->target) || why->retry || why->id == FAULT_INJECTED)
        return false;
    strbuf_clear(&script->sql);
    return conn_run(script->job->target, "ROLLBACK", &ignored) &&
           run_batch(script, step, true, why);
}

/* What the statements before set in the session that is gone. */
static bool restore_session(struct script *script, struct fault *why)
{
    for (int i = 0; i < script->count; i++)
        if (belongs_to_session(&script->batch[i]))
            add_statement(script, &script->batch[i]);
    return send_sql(script, why);
}

/* The worker goes on in this session, and counts on it: an index without a tablespace of its own
 * must not follow the last table that had one. */
static bool leave_session(struct script *script, struct fault *why)
{
    return conn_run(script->job->target, "SET default_tablespace = ''", why);
}

static bool run_all(struct script *script, int done, bool whole, struct fault *why)
{
    for (;;) {
        take_batch(script, done);
        int last = script->passed + script->count;
        if (last <= done && script->count > 0) {
            if (!restore_session(script, why))
                return false;
            continue;
        }
        if (script->count == 0)
            return (!whole || do_batch(script, 0, why)) && leave_session(script, why);
        if (!do_batch(script, last, why))
            return false;
    }
}

static bool open_script(struct script *script, struct mapped *file, const char *path, int batch,
                        struct fault *why)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    const char *ending = strstr(name, SCRIPT_EDITED);
    snprintf(script->name, sizeof script->name, "%.*s",
             ending == NULL ? (int)strlen(name) : (int)(ending - name), name);
    script->edited = script->job->settings->contents == CONTENT_SCRIPT;
    script->most = batch;
    if (!map_file(path, file, why) || !read_known_settings(script, why) ||
        (batch == 0 && !read_lock_budget(script, why)))
        return false;
    script->batch = new_memory((size_t)script->most + MORE, sizeof *script->batch);
    script->begin = file->text;
    script->source = sql_script_over(file->text, file->length);
    return true;
}

bool script_run(struct job *job, const char *path, int batch, bool whole, struct fault *why)
{
    scoped(drop_mapped) struct mapped file = {NULL, 0};
    scoped(drop_script) struct script script = {.job = job};
    int done;
    bool already;
    if (!done_last_step(job, &done, &already, why))
        return false;
    if (already)
        return true;
    if (!open_script(&script, &file, path, batch, why))
        return false;
    if (done > 0)
        log_debug("the first %d statements of %s are done", done, path);
    return run_all(&script, done, whole, why);
}

bool script_add(struct job *job, const char *path, struct strbuf *sql, struct fault *why)
{
    scoped(drop_mapped) struct mapped file = {NULL, 0};
    scoped(drop_script) struct script script = {.job = job};
    if (!open_script(&script, &file, path, BATCH_MOST, why))
        return false;
    for (take_batch(&script, 0); script.count > 0; take_batch(&script, 0))
        for (int i = 0; i < script.count; i++)
            add_statement(&script, &script.batch[i]);
    strbuf_add(sql, strbuf_text(&script.sql));
    return true;
}

/* ---- a script that somebody may have edited ---- */

static const struct {
    const char *words;
    const char *instead;
} refused[] = {
    {"BEGIN", "pghaul begins and ends the transactions itself"},
    {"START TRANSACTION", "pghaul begins and ends the transactions itself"},
    {"COMMIT", "pghaul begins and ends the transactions itself"},
    {"END", "pghaul begins and ends the transactions itself"},
    {"ROLLBACK", "pghaul begins and ends the transactions itself"},
    {"ABORT", "pghaul begins and ends the transactions itself"},
    {"SAVEPOINT", "pghaul begins and ends the transactions itself"},
    {"RELEASE", "pghaul begins and ends the transactions itself"},
    {"PREPARE TRANSACTION", "pghaul begins and ends the transactions itself"},
    {"COPY", "rows are copied by pghaul copy data"},
    {"SET SESSION AUTHORIZATION DEFAULT", "it is RESET SESSION AUTHORIZATION here"},
    {"RESET SESSION AUTHORIZATION", NULL},
    {"SET SESSION AUTHORIZATION", NULL},
    {"RESET", "settings are only made by SET name = value"},
    {"DISCARD", "settings are only made by SET name = value"},
};

/* NULL: nothing is against it. */
static const char *objection(const struct sql_statement *statement)
{
    char name[64];
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (sql_statement_begins(statement, refused[i].words))
            return refused[i].instead;
    if (sql_statement_begins(statement, "SET") &&
        !sql_statement_setting(statement, name, sizeof name))
        return "settings are only made by SET name = value";
    return NULL;
}

static bool refuse(const struct script *script, const char *at, size_t length, const char *reason,
                   struct fault *why)
{
    enum { SHOWN = 40 };
    scoped(drop_strbuf) struct strbuf raw = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf shown = STRBUF_EMPTY;
    strbuf_add_bytes(&raw, at, length > SHOWN ? SHOWN : length);
    strbuf_add_shown(&shown, raw.text);
    return fault_set(why, FAULT_SCRIPT_UNFIT, "%s, line %d: \"%s\": %s", script->name,
                     line_of(script, at), shown.text, reason);
}

bool script_check(struct job *job, const char *path, struct fault *why)
{
    scoped(drop_mapped) struct mapped file = {NULL, 0};
    scoped(drop_script) struct script script = {.job = job};
    struct sql_statement statement;
    int count = 0;
    if (!open_script(&script, &file, path, 1, why))
        return false;
    const char *zero = file.text == NULL ? NULL : memchr(file.text, '\0', file.length);
    if (zero != NULL)
        return fault_set(why, FAULT_SCRIPT_UNFIT, "%s, line %d: there is a zero byte", script.name,
                         line_of(&script, zero));
    for (; sql_script_next(&script.source, &statement); count++) {
        const char *reason = objection(&statement);
        if (reason != NULL)
            return refuse(&script, statement.text, statement.length, reason, why);
    }
    if (script.source.command != NULL)
        return refuse(&script, script.source.command, script.source.command_length,
                      "only psql knows its commands", why);
    return count > 0 || fault_set(why, FAULT_SCRIPT_UNFIT, "%s holds no statement", script.name);
}

bool script_goes_on(struct job *job, const char *before, const char *now, int done,
                    struct fault *why)
{
    scoped(drop_mapped) struct mapped file = {NULL, 0}, file_now = {NULL, 0};
    scoped(drop_script) struct script script = {.job = job}, script_now = {.job = job};
    if (!open_script(&script, &file, before, 1, why) ||
        !open_script(&script_now, &file_now, now, 1, why))
        return false;
    for (int i = 1; i <= done; i++) {
        struct sql_statement was, is;
        if (!next_statement(&script, &was))
            return fault_set(why, FAULT_BUG, "%s has less than %d statements", before, done);
        if (next_statement(&script_now, &is) && was.length == is.length &&
            memcmp(was.text, is.text, was.length) == 0)
            continue;
        fault_set(
            why, FAULT_SCRIPT_CHANGED,
            "%s was changed where the target has done it already: statement %d of the %d that "
            "are done, in line %d before the change, is another one now",
            script.name, i, done, line_of(&script, was.text));
        return fault_hint(why,
                          "What was done is in \"%s\": put that back, up to this statement, and "
                          "go on with --resume; or begin again with --restart on a target "
                          "without these objects.",
                          before);
    }
    return true;
}
