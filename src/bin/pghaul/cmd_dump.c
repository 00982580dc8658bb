/*
 * cmd_dump.c - the schema in files, for those who want to edit it before it is restored.
 *
 * Nothing is written to any server, so there is nothing to resume: a dump is made again.
 */
#include "clone.h"
#include "commands.h"
#include "preview.h"

#include "base/file.h"
#include "base/log.h"
#include "base/scoped.h"
#include "catalog/catalog.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "jobs/sections.h"
#include "run/workdir.h"

struct dump {
    struct options *options;
    struct conninfo info;
    struct workdir dir;
    char path[PATH_MAX];
    char between[PATH_MAX]; /* what comes between pg_dump and the files */
    struct preview preview;
    int64_t sections;
};

static void drop_dump(struct dump *dump)
{
    drop_preview(&dump->preview);
    drop_conninfo(&dump->info);
    drop_workdir(&dump->dir);
}

static bool is_there(const struct dump *dump, const char *name)
{
    char path[PATH_MAX];
    workdir_path(path, dump->path, name);
    return access(path, F_OK) == 0;
}

/* What somebody may have edited is not replaced unasked. */
static bool open_directory(struct dump *dump, struct fault *why)
{
    char file[PATH_MAX];
    if (!find_directory(dump->options, dump->info.database, dump->path, why) ||
        !workdir_make(dump->path, why) || !workdir_lock(&dump->dir, dump->path, "lock", why))
        return false;
    bool pre_data =
        (dump->sections & SECTION_PRE_DATA) != 0 && is_there(dump, "schema/pre-data.sql");
    if (!dump->options->restart && (pre_data || ((dump->sections & SECTION_POST_DATA) != 0 &&
                                                 is_there(dump, "schema/post-data.sql"))))
        return fault_set(why, FAULT_HAS_SCHEMA_FILE, "\"%s/schema\" has %s.sql in it already",
                         dump->path, pre_data ? "pre-data" : "post-data");
    workdir_path(file, dump->path, "log/pghaul.log");
    workdir_path(dump->between, dump->path, "dump");
    return log_open_file(file, why) && workdir_make(dump->between, why);
}

/* The one that is asked for, or that a `pghaul snapshot` holds for this directory. */
static bool choose_snapshot(struct dump *dump, struct fault *why)
{
    char file[PATH_MAX];
    struct snapshot held;
    bool is_held;
    scoped(drop_db) struct db *db = NULL;
    dump->preview.exports = true;
    if (dump->options->snapshot != NULL)
        return clone_snapshot_given(dump->options, &dump->preview.snapshot, why);
    if (!is_there(dump, "catalog.db"))
        return true;
    workdir_path(file, dump->path, "catalog.db");
    if (!catalog_open(&db, file, DB_EXISTING, why) ||
        !clone_snapshot_held(db, &held, &is_held, why))
        return false;
    if (is_held)
        dump->preview.snapshot = held;
    return true;
}

static bool on_left_out(void *arg, const struct stmt *row, struct fault *why)
{
    (void)arg;
    (void)why;
    log_warning("%s is left out: %s", stmt_text(row, 0), stmt_text(row, 1));
    return true;
}

static bool write_sections(struct dump *dump, struct fault *why)
{
    struct preview *preview = &dump->preview;
    struct work work = {.kind = WORK_DUMP, .name = NULL};
    struct job job = {
        .db = preview->db,
        .leash = &preview->leash,
        .settings = &dump->options->settings,
        .run = &preview->run,
        .dir = dump->between,
        .source_info = &preview->source_info,
        .source = preview->source,
        .snapshot = &preview->snapshot,
        .work = &work,
    };
    const struct sections sections = {
        .dir = dump->path,
        .pre_data = (dump->sections & SECTION_PRE_DATA) != 0,
        .post_data = (dump->sections & SECTION_POST_DATA) != 0,
    };
    return sections_write(&job, &sections, why);
}

/* Of no use any more. */
static bool remove_between(const struct dump *dump, struct fault *why)
{
    static const char *const below[] = {"schema", "log", ""};
    char path[PATH_MAX];
    if (!workdir_wipe_schema(dump->between, why))
        return false;
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
        workdir_path(path, dump->between, below[i]);
        if (rmdir(path) != 0)
            return fault_errno(why, FAULT_DIR_UNUSABLE, "cannot remove \"%s\"", path);
    }
    return true;
}

bool cmd_dump(struct options *options, struct fault *why)
{
    scoped(drop_dump) struct dump dump = {
        .options = options, .dir = {.lock = -1}, .preview = PREVIEW_NONE};
    if (!sections_choose(options, "dump", &dump.sections, why) ||
        !book_give_bits(options, "contents", CONTENT_SCHEMA | CONTENT_POST_DATA, why) ||
        !set_up_log(options, "dump", why) || !read_side(options, SIDE_SOURCE, &dump.info, why) ||
        !open_directory(&dump, why) || !choose_snapshot(&dump, why) ||
        !preview_make(&dump.preview, options, "dump", why) ||
        !catalog_list(dump.preview.db, SQL_LEFT_OUT_LIST, 0, on_left_out, NULL, why) ||
        !write_sections(&dump, why) || !remove_between(&dump, why))
        return false;
    log_info("the schema of %s is in %s/schema", strbuf_text(&dump.info.shown), dump.path);
    return true;
}
