#include "compare/schema.h"

#include "base/line_diff.h"
#include "base/log.h"
#include "base/scoped.h"
#include "catalog/mapping.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "pg/tools.h"
#include "plan/ask.h"
#include "plan/dump_arguments.h"
#include "wire/dump_text.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* What a run that follows makes on its source. */
#define OUR_PUBLICATION "pghaul_"

struct dump {
    const char *text; /* of the file, mapped */
    size_t length;
};

struct schema {
    struct compare *compare;
    const struct settings *settings;
    struct tools tools;
    struct dump dumps[SIDES];
    schema_each *each;
    void *arg;
    int64_t equal;
};

static void drop_schema(struct schema *schema)
{
    for (int side = 0; side < SIDES; side++)
        if (schema->dumps[side].text != NULL)
            munmap((void *)(uintptr_t)schema->dumps[side].text, schema->dumps[side].length);
}

/* ---- both dumps ---- */

static void add_left_out(struct dump_arguments *arguments, const struct settings *settings)
{
    const struct {
        bool wanted;
        const char *option;
    } flags[] = {
        {settings->no_owner, "no-owner"},
        {settings->no_acl, "no-acl"},
        {settings->no_comments, "no-comments"},
        {settings->no_tablespaces, "no-tablespaces"},
        {!settings->subscriptions, "no-subscriptions"},
    };
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (flags[i].wanted)
            dump_arguments_add(arguments, flags[i].option, NULL);
}

static bool make_arguments(const struct schema *s, enum side side, const char *path,
                           struct dump_arguments *arguments, struct fault *why)
{
    const struct compare *compare = s->compare;
    const struct compare_side *one = &compare->sides[side];
    dump_arguments_add(arguments, "schema-only", NULL);
    dump_arguments_add(arguments, "no-password", NULL);
    dump_arguments_add(arguments, "encoding", compare->encoding);
    dump_arguments_add(arguments, "snapshot", one->snapshot);
    dump_arguments_add(arguments, "exclude-schema", "pghaul");
    dump_arguments_add(arguments, "file", path);
    if (*one->role != '\0')
        dump_arguments_add(arguments, "role", one->role);
    if (compare->lock_timeout_ms > 0) {
        char timeout[24];
        snprintf(timeout, sizeof timeout, "%" PRId64, compare->lock_timeout_ms);
        dump_arguments_add(arguments, "lock-wait-timeout", timeout);
    }
    /* Versions differ in the words that they quote. */
    if (conn_version(compare->sides[SIDE_SOURCE].holder) / 10000 !=
        conn_version(compare->sides[SIDE_TARGET].holder) / 10000)
        dump_arguments_add(arguments, "quote-all-identifiers", NULL);
    add_left_out(arguments, s->settings);
    if (!dump_arguments_add_filters(arguments, compare->db, why))
        return false;
    dump_arguments_end(arguments);
    return true;
}

static bool map_file(struct dump *dump, int fd, struct fault *why)
{
    struct stat about;
    if (fstat(fd, &about) != 0)
        return fault_errno(why, FAULT_SYSTEM, "cannot look at a dump");
    if (about.st_size == 0)
        return true;
    void *text = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (text == MAP_FAILED)
        return fault_errno(why, FAULT_SYSTEM, "cannot read a dump");
    *dump = (struct dump){text, (size_t)about.st_size};
    return true;
}

/* A side that has nothing of what the filters name. */
static bool has_nothing(const struct fault *why)
{
    return why->id == FAULT_TOOL_FAILED && strstr(why->detail, "no matching ") != NULL;
}

static bool dump_to(struct schema *s, enum side side, const char *path, struct fault *why)
{
    scoped(drop_dump_arguments) struct dump_arguments arguments = {.list = NULL};
    struct fault told;
    log_info("dumping the schema of the %s with %s (version %d)", side_word(side), s->tools.pg_dump,
             s->tools.version);
    if (!make_arguments(s, side, path, &arguments, why))
        return false;
    if (tools_dump(&s->tools, s->compare->sides[side].info, (const char *const *)arguments.list,
                   s->compare->leash, &told) ||
        has_nothing(&told))
        return true;
    *why = told;
    return fault_during(why, "dumping the schema of the %s", side_word(side));
}

/* The file is gone when this ends, whatever its end: it may hold passwords. */
static bool dump_side(struct schema *s, enum side side, struct fault *why)
{
    const char *directory = getenv("TMPDIR");
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/pghaul.XXXXXX", directory == NULL ? "/tmp" : directory);
    scoped(drop_fd) int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return fault_errno(why, FAULT_SYSTEM, "cannot make a file in \"%s\"",
                           directory == NULL ? "/tmp" : directory);
    bool good = dump_to(s, side, path, why) && map_file(&s->dumps[side], fd, why);
    unlink(path);
    return good;
}

/* ---- their objects ---- */

static void add_piece(struct strbuf *text, const struct dump_piece *piece)
{
    strbuf_add_bytes(text, piece->text, piece->length);
}

static bool begins(const struct dump_piece *piece, const char *text)
{
    return piece->length >= strlen(text) && memcmp(piece->text, text, strlen(text)) == 0;
}

static void add_label(struct strbuf *label, const struct dump_object *object)
{
    add_piece(label, &object->type);
    strbuf_add_char(label, ' ');
    if (object->schema.length != 1 || *object->schema.text != '-') {
        add_piece(label, &object->schema);
        strbuf_add_char(label, '.');
    }
    add_piece(label, &object->name);
}

/* A name as pg_dump writes it, without its quotes. */
static void unquote(struct strbuf *name, const struct dump_piece *piece)
{
    bool quoted = piece->length > 0 && *piece->text == '"';
    for (size_t i = quoted; i + quoted < piece->length; i++) {
        strbuf_add_char(name, piece->text[i]);
        i += quoted && piece->text[i] == '"';
    }
}

/* Where the source's object would be on the target. */
static bool add_tablespace(const struct schema *s, enum side side, const struct dump_piece *piece,
                           struct strbuf *state, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf mapped = STRBUF_EMPTY;
    bool found = false;
    unquote(&name, piece);
    if (side == SIDE_SOURCE &&
        !mapping_find(s->compare->db, MAPPING_TABLESPACE, strbuf_text(&name), &mapped, &found, why))
        return false;
    const char *place = strbuf_text(found ? &mapped : &name);
    if (*place != '\0')
        strbuf_addf(state, "TABLESPACE %s\n", place);
    return true;
}

static bool add_object(struct schema *s, enum side side, const struct dump_object *object,
                       struct fault *why)
{
    scoped(drop_strbuf) struct strbuf label = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf state = STRBUF_EMPTY;
    if (begins(&object->type, "PUBLICATION") && begins(&object->name, OUR_PUBLICATION))
        return true;
    add_label(&label, object);
    if (object->method.length > 0) {
        strbuf_add(&state, "ACCESS METHOD ");
        add_piece(&state, &object->method);
        strbuf_add_char(&state, '\n');
    }
    return (object->tablespace.length == 0 ||
            add_tablespace(s, side, &object->tablespace, &state, why)) &&
           db_run(s->compare->db, why, SQL_SCHEMA_OBJECT_INSERT, "dsiis", (int)side, label.text,
                  (int64_t)(object->body.text - s->dumps[side].text), (int64_t)object->body.length,
                  strbuf_text(&state));
}

/* pg_dump leaves out what is not valid, so that it looks as if it were not there. */
static bool add_invalid(struct schema *s, enum side side, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!ask_chosen(s->compare->sides[side].holder, ASK_INVALID_INDEXES, NULL, &rows, why))
        return false;
    for (int row = 0; row < rows_count(&rows); row++) {
        scoped(drop_strbuf) struct strbuf label = STRBUF_EMPTY;
        strbuf_addf(&label, "INVALID INDEX %s.%s", rows_text(&rows, row, 0),
                    rows_text(&rows, row, 1));
        if (!db_run(s->compare->db, why, SQL_SCHEMA_OBJECT_INSERT, "dsiis", (int)side, label.text,
                    INT64_C(0), INT64_C(0), ""))
            return false;
    }
    return true;
}

static bool read_in_write(struct db *db, void *arg, struct fault *why)
{
    struct schema *s = arg;
    (void)db;
    for (int side = 0; side < SIDES; side++) {
        struct dump *dump = &s->dumps[side];
        struct dump_text text = dump_text_over(dump->text, dump->length);
        struct dump_object object;
        while (dump->text != NULL && dump_text_next(&text, &object))
            if (!add_object(s, (enum side)side, &object, why))
                return false;
        if (s->compare->everything && !add_invalid(s, (enum side)side, why))
            return false;
    }
    return true;
}

/* ---- what differs ---- */

/* Columns of SCHEMA_OBJECT_PAIRS. */
enum { LABEL, START, LENGTH, STATE, OTHER_START, OTHER_STATE = OTHER_START + 2, EACH = 3 };

static struct dump_piece body_of(const struct schema *s, const struct stmt *row, enum side side)
{
    int at = (int)side * EACH;
    if (stmt_null(row, START + at))
        return (struct dump_piece){"", 0};
    return (struct dump_piece){s->dumps[side].text + stmt_int(row, START + at),
                               (size_t)stmt_int(row, LENGTH + at)};
}

static bool on_pair(void *arg, const struct stmt *row, struct fault *why)
{
    struct schema *s = arg;
    scoped(drop_strbuf) struct strbuf diff = STRBUF_EMPTY;
    const char *states[] = {stmt_text(row, STATE), stmt_text(row, OTHER_STATE)};
    struct dump_piece source = body_of(s, row, SIDE_SOURCE);
    struct dump_piece target = body_of(s, row, SIDE_TARGET);
    bool missing = stmt_null(row, OTHER_START), extra = stmt_null(row, START);
    if (!missing && !extra && source.length == target.length &&
        (source.length == 0 || memcmp(source.text, target.text, source.length) == 0) &&
        strcmp(states[0], states[1]) == 0) {
        s->equal++;
        return true;
    }
    line_diff_add(&diff, "  ", source.text, source.length, target.text, target.length);
    line_diff_add(&diff, "  ", states[0], strlen(states[0]), states[1], strlen(states[1]));
    struct schema_difference difference = {
        .object = stmt_text(row, LABEL),
        .state = missing ? SCHEMA_MISSING
                 : extra ? SCHEMA_EXTRA
                         : SCHEMA_CHANGED,
        .diff = strbuf_text(&diff),
    };
    return s->each(s->arg, &difference, why);
}

static bool choose_tools(struct schema *s, struct fault *why)
{
    int source = conn_version(s->compare->sides[SIDE_SOURCE].holder);
    int target = conn_version(s->compare->sides[SIDE_TARGET].holder);
    int newer = source > target ? source : target;
    const char *bindir = s->settings->pg_bindir;
    if (tools_choose(&s->tools, *bindir == '\0' ? NULL : bindir, newer, newer, s->compare->leash,
                     why))
        return true;
    if (why->id == FAULT_TOOL_OLD || why->id == FAULT_TOOL_MISSING)
        fault_hint(
            why,
            "Install the client programs of the newer server's major version or a later one, or "
            "give --pg-bindir; pghaul compare data does without.");
    return false;
}

bool compare_schema(struct compare *compare, const struct settings *settings, schema_each *each,
                    void *arg, int64_t *ret_equal, struct fault *why)
{
    scoped(drop_schema) struct schema schema = {
        .compare = compare, .settings = settings, .each = each, .arg = arg};
    if (!choose_tools(&schema, why) || !dump_side(&schema, SIDE_SOURCE, why) ||
        !dump_side(&schema, SIDE_TARGET, why) ||
        !db_write(compare->db, read_in_write, &schema, why) ||
        !catalog_list(compare->db, SQL_SCHEMA_OBJECT_PAIRS, 0, on_pair, &schema, why))
        return false;
    *ret_equal = schema.equal;
    return true;
}
