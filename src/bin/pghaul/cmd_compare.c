/*
 * cmd_compare.c - are source and target the same?
 */
#include "commands.h"
#include "preview.h"

#include "base/log.h"
#include "base/scoped.h"
#include "base/size.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "compare/compare.h"
#include "compare/schema.h"
#include "plan/check.h"
#include "run/live.h"
#include "run/workdir.h"
#include "show/status.h"

#include <inttypes.h>

/* The version of the JSON's shape (docs/status-json.md). */
enum { COMPARE_VERSION = 1 };

struct comparing {
    struct options *options;
    struct preview *preview;
    struct compare compare;
    struct strbuf text; /* of differences */
    json_t *json;       /* NULL: text */
    json_t *objects;    /* of json: definitions that differ */
    struct compare_counts data;
    int64_t definitions; /* that differ */
    bool unread;         /* the definitions could not be read */
};

static void drop_comparing(struct comparing *c)
{
    drop_strbuf(&c->text);
    json_decref(c->json);
}

/* ---- what was found ---- */

struct printing {
    struct comparing *c;
    json_t *objects, *rows;
};

static bool on_finding(void *arg, const struct stmt *row, struct fault *why)
{
    struct printing *p = arg;
    (void)why;
    if (p->rows != NULL) {
        json_array_append_new(p->rows, json_pack("{s:s, s:o}", "what", stmt_text(row, 0), "key",
                                                 status_json_text(stmt_text(row, 1))));
        return true;
    }
    strbuf_addf(&p->c->text, "  %s: ", stmt_text(row, 0));
    strbuf_add_shown(&p->c->text, stmt_text(row, 1));
    strbuf_add(&p->c->text, "\n");
    return true;
}

/* Columns of PAIR_LIST. */
enum {
    ID,
    KIND,
    NSPNAME,
    RELNAME,
    STATE,
    NOTE,
    SOURCE_ROWS,
    TARGET_ROWS,
    MISSING,
    EXTRA,
    CHANGED,
    REPAIRED
};

static void add_name(struct strbuf *text, const struct stmt *row)
{
    const char *kind = stmt_text(row, KIND);
    strbuf_addf(text, "%s", kind);
    if (strcmp(kind, "large objects") == 0)
        return;
    strbuf_add(text, " ");
    strbuf_add_name(text, stmt_text(row, NSPNAME), stmt_text(row, RELNAME));
}

static void add_count(struct strbuf *text, const struct stmt *row, int column, const char *word)
{
    char count[32];
    if (stmt_int(row, column) > 0)
        strbuf_addf(text, ", %s %s", count_text(count, sizeof count, stmt_int(row, column)), word);
}

static void add_pair_text(struct strbuf *text, const struct stmt *row)
{
    bool counts = strcmp(stmt_text(row, KIND), "sequence") != 0;
    char source[32], target[32];
    add_name(text, row);
    bool many = strcmp(stmt_text(row, KIND), "large objects") == 0;
    if (strcmp(stmt_text(row, STATE), "differs") == 0)
        strbuf_add(text, many ? " differ" : " differs");
    else
        strbuf_add(text, many ? " are not verified" : " is not verified");
    strbuf_add(text, stmt_int(row, REPAIRED) ? " (repaired)" : "");
    if (*stmt_text(row, NOTE) != '\0') {
        strbuf_add(text, ": ");
        strbuf_add_shown(text, stmt_text(row, NOTE));
    }
    /* Of what only one side has nothing was counted. */
    bool counted = stmt_int(row, SOURCE_ROWS) > 0 || stmt_int(row, TARGET_ROWS) > 0;
    if (counts && counted && strcmp(stmt_text(row, STATE), "differs") == 0)
        strbuf_addf(text, "%s rows: %s on the source, %s on the target",
                    *stmt_text(row, NOTE) == '\0' ? ":" : ";",
                    count_text(source, sizeof source, stmt_int(row, SOURCE_ROWS)),
                    count_text(target, sizeof target, stmt_int(row, TARGET_ROWS)));
    add_count(text, row, MISSING, "missing");
    add_count(text, row, EXTRA, "extra");
    add_count(text, row, CHANGED, "changed");
    strbuf_add(text, "\n");
}

static json_t *pair_json(const struct stmt *row, json_t *rows)
{
    return json_pack("{s:s, s:o, s:o, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:b, s:o}", "kind",
                     stmt_text(row, KIND), "schema", status_json_text(stmt_text(row, NSPNAME)),
                     "name", status_json_text(stmt_text(row, RELNAME)), "state",
                     stmt_text(row, STATE), "note", status_json_text(stmt_text(row, NOTE)),
                     "source_rows", (json_int_t)stmt_int(row, SOURCE_ROWS), "target_rows",
                     (json_int_t)stmt_int(row, TARGET_ROWS), "missing",
                     (json_int_t)stmt_int(row, MISSING), "extra", (json_int_t)stmt_int(row, EXTRA),
                     "changed", (json_int_t)stmt_int(row, CHANGED), "repaired",
                     stmt_int(row, REPAIRED) != 0, "rows", rows);
}

static bool on_pair(void *arg, const struct stmt *row, struct fault *why)
{
    struct printing *p = arg;
    int64_t id = stmt_int(row, ID);
    if (p->objects == NULL && strcmp(stmt_text(row, STATE), "equal") == 0)
        return true;
    if (p->objects == NULL) {
        add_pair_text(&p->c->text, row);
        return catalog_list(p->c->compare.db, SQL_FINDING_LIST, id, on_finding, p, why);
    }
    p->rows = json_array();
    bool good = catalog_list(p->c->compare.db, SQL_FINDING_LIST, id, on_finding, p, why);
    json_array_append_new(p->objects, pair_json(row, p->rows));
    return good;
}

static void add_sum(struct strbuf *text, int64_t count, const char *word)
{
    char shown[32];
    strbuf_addf(text, "%s%s %s", text->length == 0 ? "" : ", ",
                count_text(shown, sizeof shown, count), word);
}

static bool show_data(struct comparing *c, struct fault *why)
{
    struct printing printing = {.c = c, .objects = c->json == NULL ? NULL : json_array()};
    bool good = catalog_list(c->compare.db, SQL_PAIR_LIST, 0, on_pair, &printing, why) &&
                compare_count(c->compare.db, &c->data, why);
    if (c->json != NULL) {
        json_object_set_new(c->json, "data", printing.objects);
        return good;
    }
    scoped(drop_strbuf) struct strbuf sums = STRBUF_EMPTY;
    add_sum(&sums, c->data.equal, "equal");
    if (c->data.differs > 0)
        add_sum(&sums, c->data.differs, c->data.differs == 1 ? "differs" : "differ");
    if (c->data.unverified > 0)
        add_sum(&sums, c->data.unverified, "not verified");
    strbuf_addf(&c->text, "data: %s\n", sums.text);
    return good;
}

/* ---- the definitions ---- */

static bool on_definition(void *arg, const struct schema_difference *difference, struct fault *why)
{
    static const char *const words[] = {"changed", "missing", "extra"};
    static const char *const phrases[] = {"differs", "is on the source only",
                                          "is on the target only"};
    struct comparing *c = arg;
    (void)why;
    c->definitions++;
    if (c->objects != NULL) {
        json_t *diff = json_string(difference->diff);
        /* Of a database that does not know its encoding it may be anything. */
        if (diff == NULL)
            diff = status_json_text(difference->diff);
        json_array_append_new(c->objects, json_pack("{s:o, s:s, s:o}", "object",
                                                    status_json_text(difference->object), "what",
                                                    words[difference->state], "diff", diff));
        return true;
    }
    strbuf_add_shown(&c->text, difference->object);
    strbuf_addf(&c->text, " %s\n%s", phrases[difference->state], difference->diff);
    return true;
}

/* The first line that pg_dump has said, and who keeps it from its locks. */
static void add_unread(struct strbuf *text, struct comparing *c, struct fault *why)
{
    /* Its time for a lock is the server's statement_timeout. */
    bool locked = strstr(why->detail, "timeout") != NULL;
    strbuf_addf(text, "%s%s", why->text, *why->detail == '\0' ? "" : ": ");
    strbuf_add_bytes(text, why->detail, strcspn(why->detail, "\n"));
    for (int side = 0; locked && side < SIDES; side++) {
        struct fault named = {.id = FAULT_NONE};
        check_name_lockers(c->compare.sides[side].holder, &named);
        strbuf_addf(text, "%s%s", *named.detail == '\0' ? "" : "; ", named.detail);
    }
}

/* pg_dump reads all or nothing, and one locked table is enough to stop it; or there is none that
 * knows both servers. The data can be compared all the same. */
static bool definitions_unread(struct comparing *c, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    bool alone = c->options->argument_count > 0;
    bool none = why->id == FAULT_TOOL_OLD || why->id == FAULT_TOOL_MISSING;
    if ((why->id != FAULT_TOOL_FAILED && (!none || alone)) || c->preview->leash.wish != LEASH_GO)
        return false;
    add_unread(&text, c, why);
    c->unread = true;
    if (c->json != NULL) {
        json_object_del(c->json, "schema");
        json_object_set_new(c->json, "schema_note", status_json_text(text.text));
        return true;
    }
    strbuf_add(&c->text, "schema is not verified: ");
    strbuf_add_shown(&c->text, text.text);
    strbuf_add(&c->text, "\n");
    return true;
}

static bool compare_definitions(struct comparing *c, struct fault *why)
{
    int64_t equal;
    if (c->json != NULL) {
        c->objects = json_array();
        json_object_set_new(c->json, "schema", c->objects);
    }
    if (!compare_schema(&c->compare, &c->options->settings, on_definition, c, &equal, why))
        return definitions_unread(c, why);
    if (c->json != NULL)
        return true;
    scoped(drop_strbuf) struct strbuf sums = STRBUF_EMPTY;
    add_sum(&sums, equal, "equal");
    if (c->definitions > 0)
        add_sum(&sums, c->definitions, c->definitions == 1 ? "differs" : "differ");
    strbuf_addf(&c->text, "schema: %s\n", sums.text);
    return true;
}

/* ---- the data ---- */

static bool open_writer(struct comparing *c, struct conn **ret_conn, struct fault *why)
{
    struct conn_wish wish = {
        .info = &c->preview->target_info,
        .application = "pghaul compare",
        .encoding = c->compare.encoding,
        .lock_timeout_ms = c->compare.lock_timeout_ms,
        .role = c->options->settings.role,
        .quote_all = true,
    };
    return conn_open(ret_conn, &wish, &c->preview->leash, why);
}

static bool repair(struct comparing *c, struct fault *why)
{
    scoped(drop_conn) struct conn *writer = NULL;
    struct compare_counts counts;
    return compare_count(c->compare.db, &counts, why) &&
           (counts.differs == 0 || (open_writer(c, &writer, why) &&
                                    compare_repair(&c->compare, writer, c->options->dry_run, why)));
}

static void prepare(struct comparing *c)
{
    struct preview *preview = c->preview;
    const struct settings *settings = &c->options->settings;
    c->compare = (struct compare){
        .db = preview->db,
        .leash = &preview->leash,
        .sides = {{.info = &preview->source_info,
                   .role = settings->source_role,
                   .holder = preview->source},
                  {.info = &preview->target_info,
                   .role = settings->role,
                   .holder = preview->target}},
        .encoding = compare_encoding(conn_database_encoding(preview->source),
                                     conn_database_encoding(preview->target)),
        .lock_timeout_ms = settings->lock_timeout_ms,
        .jobs = (int)settings->table_jobs,
        .show = c->options->show_rows,
        .everything = c->options->filter_count == 0,
        .large_objects = preview->planning.selection.everything,
    };
    strlcpy(c->compare.sides[SIDE_SOURCE].snapshot, preview->snapshot.id,
            sizeof c->compare.sides[SIDE_SOURCE].snapshot);
}

static bool take_target(struct comparing *c, struct fault *why)
{
    struct snapshot_export taken;
    struct compare_side *side = &c->compare.sides[SIDE_TARGET];
    if (!snapshot_take(side->holder, &taken, why))
        return false;
    strlcpy(side->snapshot, taken.id, sizeof side->snapshot);
    return true;
}

static bool on_followed(void *arg, const struct stmt *row, struct fault *why)
{
    return db_run(arg, why, SQL_PUBLISHED_REMEMBER, "iss", stmt_int(row, 0), stmt_text(row, 1),
                  stmt_text(row, 2));
}

/* The plan was made in another snapshot; what follows does not change meanwhile. */
static bool take_live(struct comparing *c, struct fault *why)
{
    char path[PATH_MAX], file[PATH_MAX];
    scoped(drop_db) struct db *db = NULL;
    struct run run;
    bool found;
    struct snapshot_export source, target;
    struct compare_side *sides = c->compare.sides;
    if (!find_directory(c->options, NULL, path, why))
        return false;
    workdir_path(file, path, "catalog.db");
    if (!catalog_open(&db, file, DB_EXISTING, why) || !run_get(db, &run, &found, why) ||
        !check_same(sides[SIDE_SOURCE].holder, run.source_id, why) ||
        !check_same(sides[SIDE_TARGET].holder, run.target_id, why) ||
        !catalog_list(db, SQL_PUBLISHED_FOLLOWED, 0, on_followed, c->compare.db, why))
        return false;
    struct live live = {db, path, run.uuid, &c->preview->source_info, &c->preview->leash};
    if (!live_snapshots(&live, sides[SIDE_SOURCE].holder, sides[SIDE_TARGET].holder, &source,
                        &target, why))
        return false;
    strlcpy(sides[SIDE_SOURCE].snapshot, source.id, sizeof sides[SIDE_SOURCE].snapshot);
    strlcpy(sides[SIDE_TARGET].snapshot, target.id, sizeof sides[SIDE_TARGET].snapshot);
    c->compare.live = true;
    c->compare.everything = c->compare.large_objects = false;
    return true;
}

/* A standby may be compared with its primary; what is one and the same is equal, and tells nothing.
 */
static bool are_two(const struct preview *preview, struct fault *why)
{
    struct identity source, target;
    if (!check_identity(preview->source, &source, why) ||
        !check_identity(preview->target, &target, why))
        return false;
    return strcmp(source.id, target.id) != 0 || strcmp(source.started, target.started) != 0 ||
           fault_set(why, FAULT_SAME_DATABASE,
                     "--source and --target are the same database \"%s\" of the same server",
                     conn_database(preview->source));
}

static bool begin(struct comparing *c, bool schema, struct fault *why)
{
    struct preview *preview = c->preview;
    preview->planning.unchecked = preview->planning.names_only = true;
    preview->compares = true;
    preview->exports = true;
    c->options->settings.contents = schema ? CONTENT_ALL : CONTENT_DATA;
    if (!preview_make(preview, c->options, "compare", why))
        return false;
    if (!are_two(preview, why))
        return false;
    prepare(c);
    return c->options->live ? take_live(c, why) : take_target(c, why);
}

static bool compare_rows(struct comparing *c, struct fault *why)
{
    return compare_read_sides(&c->compare, why) && compare_data(&c->compare, why) &&
           (!c->options->repair || repair(c, why)) && show_data(c, why);
}

/* ---- the command ---- */

static bool no_result(struct fault *why)
{
    if (why->id == FAULT_STOPPED)
        return fault_hint(why, "Nothing was found out. Compare again.");
    if (why->id == FAULT_SOURCE_LOST || why->id == FAULT_TARGET_LOST)
        return fault_hint(why, "Check network and server log. Compare again.");
    return false;
}

/* Filters and mappings are those of the run whose directory is named. */
static bool recall(struct options *options, struct fault *why)
{
    char path[PATH_MAX], file[PATH_MAX];
    scoped(drop_db) struct db *db = NULL;
    if (options->dir == NULL && options->name == NULL)
        return true;
    if (!find_directory(options, NULL, path, why))
        return false;
    workdir_path(file, path, "catalog.db");
    return catalog_open(&db, file, DB_READ_ONLY, why) && book_recall_lists(options, db, why);
}

static bool check(const struct options *options, bool data, struct fault *why)
{
    if (options->repair && (!data || options->argument_count == 0))
        return fault_set(why, FAULT_CONFLICTING_OPTIONS, "--repair goes with pghaul compare data");
    if (options->live && options->repair)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "--repair does not go with --live: replication writes there");
    if (options->live && (!data || options->argument_count == 0))
        return fault_set(why, FAULT_CONFLICTING_OPTIONS, "--live goes with pghaul compare data");
    if (options->live && options->dir == NULL && options->name == NULL)
        return fault_set(why, FAULT_MISSING_OPTION,
                         "--live needs the run: --dir or --name is missing");
    return !options->dry_run || options->repair ||
           fault_set(why, FAULT_CONFLICTING_OPTIONS, "--dry-run goes with --repair");
}

static bool judge(const struct comparing *c, struct fault *why)
{
    int64_t differs = c->definitions + c->data.differs - c->data.repaired;
    if (differs > 0) {
        fault_set(why, FAULT_COMPARE_DIFFERS, "%" PRId64 " of what was compared differ%s", differs,
                  differs == 1 ? "s" : "");
        return c->options->live || (c->options->repair && !c->options->dry_run)
                   ? fault_hint(why, "See what is listed.")
                   : false;
    }
    if (c->data.unverified > 0)
        return fault_set(why, FAULT_COMPARE_UNVERIFIED,
                         "%" PRId64 " of what is there could not be compared", c->data.unverified);
    return !c->unread ||
           fault_set(why, FAULT_COMPARE_UNVERIFIED, "the definitions could not be compared");
}

bool cmd_compare(struct options *options, struct fault *why)
{
    scoped(drop_preview) struct preview preview = PREVIEW_NONE;
    scoped(drop_conninfo) struct conninfo ignored = {.side = SIDE_TARGET};
    scoped(drop_comparing) struct comparing c = {.options = options, .preview = &preview};
    const char *word = options->argument_count == 0 ? "" : options->arguments[0];
    bool schema = strcmp(word, "data") != 0, data = strcmp(word, "schema") != 0;
    if (schema && data && *word != '\0')
        return fault_set(why, FAULT_BAD_VALUE,
                         "pghaul compare cannot compare \"%s\": it compares schema or data", word);
    if (!set_up_log(options, "compare", why) || !check(options, data, why) ||
        !read_side(options, SIDE_TARGET, &ignored, why) || !recall(options, why))
        return false;
    if (options->json)
        c.json = json_pack("{s:i}", "version", COMPARE_VERSION);
    if (!begin(&c, schema, why) || (schema && !compare_definitions(&c, why)) ||
        (data && !compare_rows(&c, why)))
        return no_result(why);
    if (c.json != NULL)
        add_json(&c.text, c.json);
    return print_text(&c.text, why) && judge(&c, why);
}
