/*
 * cmd_list.c - what a clone would do: plans into memory and prints the plan; and which runs there
 * are.
 */
#include "commands.h"
#include "preview.h"

#include "base/scoped.h"
#include "base/size.h"
#include "base/text.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "run/workdir.h"
#include "show/runs.h"
#include "show/status.h"

/* A listing is a table of columns; text and JSON come from the same rows. */
struct column {
    const char *name; /* key in JSON, heading in text */
    int width;        /* negative: to the right */
    enum { AS_TEXT, AS_COUNT, AS_SIZE } kind;
};

enum { COLUMNS_MOST = 9 };

struct listing {
    const char *what;
    int statement;
    struct column columns[COLUMNS_MOST + 1]; /* ended by one without a name */
    /* Puts the value of a column into an empty text; numbers as digits. */
    void (*value)(struct strbuf *text, const struct stmt *row, int column);
};

/* ---- the values ---- */

static void add_qualified(struct strbuf *text, const struct stmt *row, int at)
{
    strbuf_add_name(text, stmt_text(row, at), stmt_text(row, at + 1));
}

static void table_value(struct strbuf *text, const struct stmt *row, int column)
{
    /* table, bytes, rows, format, parts, indexes, why */
    static const int places[] = {1, 3, 4, 5, 8, 9, 7};
    if (column == 0)
        add_qualified(text, row, 1);
    else
        strbuf_add(text, stmt_text(row, places[column]));
}

static void add_range(struct strbuf *text, const struct stmt *row)
{
    const char *by = strcmp(stmt_text(row, 4), "key") == 0 ? stmt_text(row, 5) : stmt_text(row, 4);
    if (stmt_null(row, 6) && stmt_null(row, 7)) {
        strbuf_add(text, "whole");
        return;
    }
    if (!stmt_null(row, 6))
        strbuf_addf(text, "%s <= ", stmt_text(row, 6));
    strbuf_add(text, by);
    if (!stmt_null(row, 7))
        strbuf_addf(text, " < %s", stmt_text(row, 7));
}

static void part_value(struct strbuf *text, const struct stmt *row, int column)
{
    /* table, part, bytes, range, why */
    if (column == 0)
        add_qualified(text, row, 0);
    else if (column == 3)
        add_range(text, row);
    else
        strbuf_add(text, stmt_text(row, column == 1 ? 2 : column == 2 ? 3 : 8));
}

static const char *constraint_word(const char *kind)
{
    switch (*kind) {
    case 'p':
        return "primary key";
    case 'u':
        return "unique";
    case 'x':
        return "exclusion";
    default:
        return "";
    }
}

static void index_value(struct strbuf *text, const struct stmt *row, int column)
{
    /* index, table, bytes, constraint, how, definition */
    if (column <= 1)
        add_qualified(text, row, column * 2);
    else if (column == 3)
        strbuf_add(text, constraint_word(stmt_text(row, 5)));
    else
        strbuf_add(text, stmt_text(row, column == 2 ? 4 : column == 4 ? 8 : 7));
}

static void sequence_value(struct strbuf *text, const struct stmt *row, int column)
{
    (void)column;
    add_qualified(text, row, 0);
}

static const struct listing listings[] = {
    {"tables",
     SQL_LIST_TABLES,
     {{"table", 40, AS_TEXT},
      {"bytes", -10, AS_SIZE},
      {"rows", -14, AS_COUNT},
      {"format", 7, AS_TEXT},
      {"parts", -6, AS_COUNT},
      {"indexes", -8, AS_COUNT},
      {"why", 0, AS_TEXT}},
     table_value},
    {"parts",
     SQL_LIST_PARTS,
     {{"table", 40, AS_TEXT},
      {"part", -5, AS_COUNT},
      {"bytes", -10, AS_SIZE},
      {"range", 30, AS_TEXT},
      {"why", 0, AS_TEXT}},
     part_value},
    {"indexes",
     SQL_LIST_INDEXES,
     {{"index", 40, AS_TEXT},
      {"table", 34, AS_TEXT},
      {"bytes", -10, AS_SIZE},
      {"constraint", 12, AS_TEXT},
      {"how", 24, AS_TEXT},
      {"definition", 0, AS_TEXT}},
     index_value},
    {"sequences", SQL_LIST_SEQUENCES, {{"sequence", 0, AS_TEXT}}, sequence_value},
};

/* ---- printing ---- */

struct printing {
    const struct listing *listing;
    struct strbuf *text;
    json_t *rows; /* NULL: text */
};

static void add_cell(struct strbuf *text, const struct column *column, const char *value)
{
    char shown[64];
    const char *cell = value;
    if (column->kind == AS_SIZE)
        cell = size_text(shown, sizeof shown, strtoll(value, NULL, 10));
    else if (column->kind == AS_COUNT)
        cell = count_text(shown, sizeof shown, strtoll(value, NULL, 10));
    if (text->length > 0 && text->text[text->length - 1] != '\n')
        strbuf_add(text, "  ");
    if (column->width < 0)
        strbuf_addf(text, "%*s", -column->width, cell);
    else if (column->width == 0)
        strbuf_add(text, cell);
    else
        strbuf_addf(text, "%-*s", column->width, cell);
}

static bool on_row(void *arg, const struct stmt *row, struct fault *why)
{
    struct printing *printing = arg;
    json_t *object = printing->rows == NULL ? NULL : json_object();
    (void)why;
    for (int i = 0; printing->listing->columns[i].name != NULL; i++) {
        const struct column *column = &printing->listing->columns[i];
        scoped(drop_strbuf) struct strbuf value = STRBUF_EMPTY;
        printing->listing->value(&value, row, i);
        if (object == NULL)
            add_cell(printing->text, column, strbuf_text(&value));
        else if (column->kind == AS_TEXT)
            json_object_set_new(object, column->name, status_json_text(strbuf_text(&value)));
        else
            json_object_set_new(object, column->name,
                                json_integer(strtoll(strbuf_text(&value), NULL, 10)));
    }
    if (object != NULL)
        json_array_append_new(printing->rows, object);
    else
        strbuf_add(printing->text, "\n");
    return true;
}

static void add_heading(struct strbuf *text, const struct listing *listing)
{
    for (int i = 0; listing->columns[i].name != NULL; i++) {
        struct column plain = listing->columns[i];
        plain.kind = AS_TEXT;
        add_cell(text, &plain, plain.name);
    }
    strbuf_add(text, "\n");
}

static bool print_listing(struct db *db, const struct listing *listing, bool json,
                          struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    struct printing printing = {.listing = listing, .text = &text};
    if (json)
        printing.rows = json_array();
    else
        add_heading(&text, listing);
    bool good = catalog_list(db, listing->statement, 0, on_row, &printing, why);
    if (json) {
        add_json(&text, printing.rows);
        json_decref(printing.rows);
    }
    return good && print_text(&text, why);
}

static bool list_runs(const struct options *options, struct fault *why)
{
    char home[PATH_MAX];
    json_t *runs;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    if (!set_up_log(options, "list", why) || !workdir_state_home(home, sizeof home, why) ||
        !runs_collect(home, &runs, why))
        return false;
    if (options->json)
        add_json(&text, runs);
    else
        runs_add_text(&text, runs);
    json_decref(runs);
    return print_text(&text, why);
}

bool cmd_list(struct options *options, struct fault *why)
{
    scoped(drop_preview) struct preview preview = PREVIEW_NONE;
    const struct listing *listing = NULL;
    if (strcmp(options->arguments[0], "runs") == 0)
        return list_runs(options, why);
    for (size_t i = 0; i < sizeof listings / sizeof listings[0]; i++)
        if (strcmp(listings[i].what, options->arguments[0]) == 0)
            listing = &listings[i];
    if (listing == NULL)
        return fault_set(why, FAULT_BAD_VALUE,
                         "pghaul list cannot list \"%s\": it lists tables, parts, indexes, "
                         "sequences or runs",
                         options->arguments[0]);
    preview.planning.unchecked = true;
    return set_up_log(options, "list", why) && contents_choose(options, why) &&
           preview_make(&preview, options, "list", why) &&
           print_listing(preview.db, listing, options->json, why);
}
