#include "plan/selection.h"

#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/catalog.h"
#include "catalog/filter.h"
#include "catalog/sql.h"
#include "plan/ask.h"
#include "plan/forbidden.h"
#include "plan/schemas.h"
#include "wire/name_pattern.h"

struct resolving {
    struct db *db;
    struct conn *source;
    struct conn *target;
    bool strict;
    bool dependents;
    bool has[FILTER_KINDS]; /* one of this kind at least */
    struct strbuf exact;    /* relations asked for by a pattern without * and ?: ",1,2," */
    struct strbuf oids[FILTER_KINDS]; /* that match: "1,2" */
    struct strbuf arrays[FILTER_KINDS];
};

static void drop_resolving(struct resolving *r)
{
    drop_strbuf(&r->exact);
    for (int kind = 0; kind < FILTER_KINDS; kind++) {
        drop_strbuf(&r->oids[kind]);
        drop_strbuf(&r->arrays[kind]);
    }
}

void drop_selection(struct selection *selection)
{
    drop_memory(&selection->chosen);
    drop_memory(&selection->no_data);
    drop_rows(&selection->left_out);
    drop_rows(&selection->stand_ins);
}

static void add_oids(struct strbuf *list, const struct rows *rows)
{
    for (int row = 0; row < rows_count(rows); row++)
        strbuf_addf(list, "%s%s", list->length == 0 ? "" : ",", rows_text(rows, row, 0));
}

/* How each kind of filter is matched. */
static const struct {
    enum ask ask;
    int parts;
    const char *noun;
} kinds[FILTER_KINDS] = {
    [FILTER_INCLUDE_SCHEMA] = {ASK_MATCHING_SCHEMAS, 1, "schema"},
    [FILTER_EXCLUDE_SCHEMA] = {ASK_MATCHING_SCHEMAS, 1, "schema"},
    [FILTER_INCLUDE_TABLE] = {ASK_MATCHING_TABLES, 2, "table"},
    [FILTER_EXCLUDE_TABLE] = {ASK_MATCHING_TABLES, 2, "table"},
    [FILTER_EXCLUDE_DATA] = {ASK_MATCHING_TABLES, 2, "table"},
    [FILTER_EXCLUDE_INDEX] = {ASK_MATCHING_INDEXES, 2, "index"},
    [FILTER_INCLUDE_EXTENSION] = {ASK_MATCHING_EXTENSIONS, 1, "extension"},
    [FILTER_EXCLUDE_EXTENSION] = {ASK_MATCHING_EXTENSIONS, 1, "extension"},
};

enum { CLASS_RELATION = 1259, CLASS_EXTENSION = 3079 };

static bool leave_out_index(struct resolving *r, const struct rows *rows, int row,
                            struct fault *why)
{
    struct left_out index = {.classid = CLASS_RELATION,
                             .oid = rows_int(rows, row, 0),
                             .kind = "index",
                             .nspname = "",
                             .relname = "",
                             .description = rows_text(rows, row, 2),
                             .reason = ""};
    if (rows_text(rows, row, 1)[0] == '\0')
        return left_out_add(r->db, &index, why);
    fault_set(why, FAULT_FILTER_NEEDS, "%s cannot be left out: %s needs it",
              rows_text(rows, row, 2), rows_text(rows, row, 1));
    return fault_hint(why,
                      "Name only indexes that belong to no constraint and no partitioned index.");
}

/* Its configuration tables come without rows. */
static bool leave_out_extension(struct resolving *r, const struct rows *rows, int row,
                                struct fault *why)
{
    struct left_out extension = {.classid = CLASS_EXTENSION,
                                 .oid = rows_int(rows, row, 0),
                                 .kind = "alone",
                                 .nspname = "",
                                 .relname = "",
                                 .description = rows_text(rows, row, 2),
                                 .reason = ""};
    struct strbuf *data = &r->oids[FILTER_EXCLUDE_DATA];
    const char *config = rows_text(rows, row, 1);
    strbuf_addf(data, "%s%s", data->length > 0 && *config != '\0' ? "," : "", config);
    return left_out_add(r->db, &extension, why);
}

static bool on_filter(void *arg, enum filter_kind kind, const char *text, struct fault *why)
{
    struct resolving *r = arg;
    struct name_pattern pattern;
    const char *wrong;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    /* These are for tables that are chosen: plan/portion.c. */
    if (kind == FILTER_WHERE || kind == FILTER_COLUMNS)
        return true;
    if (!name_pattern_parse(text, kinds[kind].parts, &pattern, &wrong))
        return fault_set(why, FAULT_BAD_VALUE, "--%s \"%s\" is not a pattern: %s",
                         filter_kind_word(kind), text, wrong);
    const char *const values[] = {pattern.schema, pattern.name};
    if (!ask_with(r->source, kinds[kind].ask, 2, values, &rows, why)) {
        /* invalid_regular_expression */
        if (strcmp(why->sqlstate, "2201B") == 0)
            why->id = FAULT_BAD_VALUE;
        return fault_during(why, "matching --%s \"%s\"", filter_kind_word(kind), text);
    }
    if (r->strict && rows_count(&rows) == 0)
        return fault_set(why, FAULT_NO_MATCH, "no %s on the source matches --%s \"%s\"",
                         kinds[kind].noun, filter_kind_word(kind), text);
    r->has[kind] = true;
    if (kind == FILTER_INCLUDE_TABLE && !pattern.regular && strpbrk(text, "*?") == NULL)
        for (int row = 0; row < rows_count(&rows); row++)
            strbuf_addf(&r->exact, ",%s,", rows_text(&rows, row, 0));
    if (kind != FILTER_EXCLUDE_INDEX && kind != FILTER_EXCLUDE_EXTENSION)
        add_oids(&r->oids[kind], &rows);
    bool good = true;
    bool named = pattern.regular && kind < FILTER_EXCLUDE_DATA;
    for (int row = 0; good && row < rows_count(&rows); row++)
        good = kind == FILTER_EXCLUDE_INDEX       ? leave_out_index(r, &rows, row, why)
               : kind == FILTER_EXCLUDE_EXTENSION ? leave_out_extension(r, &rows, row, why)
               : named ? filter_name_add(r->db, kind, rows_text(&rows, row, 1),
                                         rows_text(&rows, row, 2), why)
                       : true;
    return good;
}

/* With --extension the others are left out, as if they were named. */
static bool leave_out_others(struct resolving *r, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf wanted = STRBUF_EMPTY;
    if (!r->has[FILTER_INCLUDE_EXTENSION])
        return true;
    if (r->has[FILTER_INCLUDE_TABLE] || r->has[FILTER_INCLUDE_SCHEMA]) {
        fault_set(why, FAULT_CONFLICTING_OPTIONS,
                  "beside --table or --schema no extension comes: --extension cannot be given");
        return fault_hint(why,
                          "Copy the extensions first: pghaul copy extensions --extension NAME.");
    }
    strbuf_addf(&wanted, "{%s}", strbuf_text(&r->oids[FILTER_INCLUDE_EXTENSION]));
    const char *const values[] = {wanted.text};
    if (!ask_with(r->source, ASK_OTHER_EXTENSIONS, 1, values, &rows, why))
        return false;
    for (int row = 0; row < rows_count(&rows); row++)
        if (!leave_out_extension(r, &rows, row, why))
            return false;
    return true;
}

/* Names without a schema mean what the role usually sees. */
static bool match(struct resolving *r, struct db *db, struct fault *why)
{
    return db_run(db, why, SQL_FORGET_LEFT_OUT, "") &&
           db_run(db, why, SQL_FILTER_NAME_FORGET, "") &&
           conn_run(r->source, "RESET search_path", why) && filter_list(db, on_filter, r, why) &&
           conn_run(r->source, "SET search_path = ''", why) && leave_out_others(r, why);
}

static char *array_of(const struct rows *rows)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    strbuf_add_char(&text, '{');
    scoped(drop_strbuf) struct strbuf list = STRBUF_EMPTY;
    add_oids(&list, rows);
    strbuf_add(&text, strbuf_text(&list));
    strbuf_add_char(&text, '}');
    return give(text.text);
}

/* ---- what is needed and not there ---- */

/* Objects that will not be there: "1,2". */
struct lacking {
    struct strbuf catalogs;
    struct strbuf oids;
};

static void drop_lacking(struct lacking *lacking)
{
    drop_strbuf(&lacking->catalogs);
    drop_strbuf(&lacking->oids);
}

static void add_element(struct strbuf *array, const char *text)
{
    strbuf_add(array, array->length == 0 ? "{\"" : ",\"");
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            strbuf_add_char(array, '\\');
        strbuf_add_char(array, *text);
    }
    strbuf_add_char(array, '"');
}

/* Which of the needed objects the target lacks; `needs` is not empty. */
static bool ask_target(struct resolving *r, const struct rows *needs, struct rows *ret_places,
                       struct fault *why)
{
    struct strbuf arrays[4] = {STRBUF_EMPTY, STRBUF_EMPTY, STRBUF_EMPTY, STRBUF_EMPTY};
    const char *values[4];
    for (int row = 0; row < rows_count(needs); row++) {
        char place[16];
        snprintf(place, sizeof place, "%d", row);
        add_element(&arrays[0], place);
        add_element(&arrays[1], rows_text(needs, row, 2));
        add_element(&arrays[2], rows_text(needs, row, 3));
        add_element(&arrays[3], rows_text(needs, row, 4));
    }
    for (int i = 0; i < 4; i++) {
        strbuf_add_char(&arrays[i], '}');
        values[i] = arrays[i].text;
    }
    bool good = conn_run(r->target, "SET quote_all_identifiers = on", why) &&
                ask_with(r->target, ASK_LACKING, 4, values, ret_places, why) &&
                conn_run(r->target, "SET quote_all_identifiers = off", why);
    for (int i = 0; i < 4; i++)
        drop_strbuf(&arrays[i]);
    return good;
}

static bool find_lacking(struct resolving *r, const char *const *about, struct lacking *lacking,
                         struct fault *why)
{
    scoped(drop_rows) struct rows needs = ROWS_NONE;
    scoped(drop_rows) struct rows places = ROWS_NONE;
    if (r->target != NULL && (!ask_with(r->source, ASK_NEEDS, 4, about, &needs, why) ||
                              (rows_count(&needs) > 0 && !ask_target(r, &needs, &places, why))))
        return false;
    int count = places.result == NULL ? 0 : rows_count(&places);
    for (int i = 0; i < count; i++) {
        int row = (int)rows_int(&places, i, 0);
        const char *gap = lacking->oids.length == 0 ? "" : ",";
        strbuf_addf(&lacking->catalogs, "%s%s", gap, rows_text(&needs, row, 0));
        strbuf_addf(&lacking->oids, "%s%s", gap, rows_text(&needs, row, 1));
    }
    return true;
}

/* ---- choosing ---- */

/* $2 to $4 of the queries about what belongs to a schema. */
static void add_scope(const struct resolving *r, const char **to)
{
    to[0] = r->has[FILTER_INCLUDE_TABLE] ? "true" : "false";
    to[1] = r->has[FILTER_INCLUDE_SCHEMA] ? strbuf_text(&r->arrays[FILTER_INCLUDE_SCHEMA]) : NULL;
    to[2] = strbuf_text(&r->arrays[FILTER_EXCLUDE_SCHEMA]);
}

static bool choose(struct resolving *r, struct lacking *lacking, struct selection *selection,
                   struct fault *why)
{
    const char *about[6];
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf catalogs = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf oids = STRBUF_EMPTY;
    add_scope(r, about + 1);
    const char *const values[] = {
        r->has[FILTER_INCLUDE_TABLE] ? strbuf_text(&r->arrays[FILTER_INCLUDE_TABLE]) : NULL,
        about[2], about[3], strbuf_text(&r->arrays[FILTER_EXCLUDE_TABLE])};
    if (!ask_with(r->source, ASK_CHOSEN, 4, values, &rows, why))
        return false;
    if (rows_count(&rows) == 0 && r->has[FILTER_INCLUDE_TABLE])
        return fault_set(why, FAULT_NO_MATCH, "no table on the source matches any --table");
    selection->chosen = array_of(&rows);
    about[0] = selection->chosen;
    if (!r->dependents)
        return true;
    if (!find_lacking(r, about, lacking, why))
        return false;
    strbuf_addf(&catalogs, "{%s}", strbuf_text(&lacking->catalogs));
    strbuf_addf(&oids, "{%s}", strbuf_text(&lacking->oids));
    about[4] = catalogs.text;
    about[5] = oids.text;
    return ask_with(r->source, ASK_LEFT_OUT, 6, about, &selection->left_out, why);
}

static bool find_stand_ins(struct resolving *r, struct selection *selection, struct fault *why)
{
    const char *const values[] = {selection->chosen};
    return ask_with(r->source, ASK_STAND_INS, 1, values, &selection->stand_ins, why);
}

static bool is_asked_for(const struct resolving *r, const char *oid)
{
    char text[32];
    snprintf(text, sizeof text, ",%s,", oid);
    return strstr(strbuf_text(&r->exact), text) != NULL;
}

/* One thing that what is left out in this row needs, if it is known. */
static void add_need(struct strbuf *text, const struct rows *left, int row)
{
    if (rows_text(left, row, 6)[0] != '\0')
        strbuf_addf(text, " (%s)", rows_text(left, row, 6));
}

static bool refuse_need(const char *sentence, const struct rows *left, int row, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf need = STRBUF_EMPTY;
    add_need(&need, left, row);
    return fault_set(why, FAULT_FILTER_NEEDS, "the %s %s%s", rows_text(left, row, 5), sentence,
                     strbuf_text(&need));
}

/* Relations that stay behind are chosen no more. */
static bool take_away(struct resolving *r, struct selection *selection, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf lost = STRBUF_EMPTY;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    const struct rows *left = &selection->left_out;
    strbuf_add_char(&lost, '{');
    for (int row = 0; row < rows_count(left); row++) {
        const char *kind = rows_text(left, row, 2);
        if (strcmp(kind, "part") == 0)
            return refuse_need("needs what the filters leave out and the target lacks", left, row,
                               why);
        if (strcmp(kind, "relation") == 0 && is_asked_for(r, rows_text(left, row, 1)))
            return refuse_need("is asked for, but needs what is not chosen and the target lacks",
                               left, row, why);
        if (strcmp(kind, "relation") == 0)
            strbuf_addf(&lost, "%s%s", lost.length == 1 ? "" : ",", rows_text(left, row, 1));
    }
    strbuf_add_char(&lost, '}');
    const char *const values[] = {selection->chosen, lost.text};
    if (lost.length == 2)
        return true;
    if (!conn_query_params(r->source,
                           "SELECT pg_catalog.unnest($1::pg_catalog.oid[])"
                           " EXCEPT SELECT pg_catalog.unnest($2::pg_catalog.oid[])",
                           2, values, &rows, why))
        return false;
    drop_memory(&selection->chosen);
    selection->chosen = array_of(&rows);
    return true;
}

static bool find_forbidden(struct resolving *r, const struct selection_wish *wish,
                           struct lacking *lacking, struct fault *why)
{
    struct forbidden forbidden = {
        .db = wish->db,
        .source = wish->source,
        .target = wish->target,
        .comments = wish->comments,
        .privileges = wish->privileges,
        .owners = wish->owners,
        .skip = wish->skip_forbidden,
    };
    add_scope(r, forbidden.scope);
    return wish->target == NULL || !wish->dependents ||
           (refusals_pass(wish->refusals,
                          forbidden_find(&forbidden, &lacking->catalogs, &lacking->oids, why),
                          why) &&
            refusals_pass(wish->refusals, schemas_find(&forbidden, why), why));
}

bool selection_resolve(const struct selection_wish *wish, struct selection *ret_selection,
                       struct fault *why)
{
    scoped(drop_resolving) struct resolving r = {.db = wish->db,
                                                 .source = wish->source,
                                                 .target = wish->target,
                                                 .strict = wish->strict,
                                                 .dependents = wish->dependents};
    scoped(drop_selection) struct selection selection = {.everything = true,
                                                         .strict = wish->strict};
    scoped(drop_lacking) struct lacking lacking = {.oids = STRBUF_EMPTY};
    if (!match(&r, wish->db, why))
        return false;
    if (r.has[FILTER_INCLUDE_SCHEMA] && !r.has[FILTER_INCLUDE_TABLE] &&
        r.oids[FILTER_INCLUDE_SCHEMA].length == 0)
        return fault_set(why, FAULT_NO_MATCH, "no schema on the source matches any --schema");
    for (int kind = 0; kind < FILTER_KINDS; kind++)
        strbuf_addf(&r.arrays[kind], "{%s}", strbuf_text(&r.oids[kind]));
    selection.everything = !r.has[FILTER_INCLUDE_TABLE] && !r.has[FILTER_INCLUDE_SCHEMA];
    if (r.oids[FILTER_EXCLUDE_DATA].length > 0)
        selection.no_data = copy_string(strbuf_text(&r.oids[FILTER_EXCLUDE_DATA]));
    if (!find_forbidden(&r, wish, &lacking, why))
        return false;
    bool chooses = !selection.everything || r.has[FILTER_EXCLUDE_SCHEMA] ||
                   r.has[FILTER_EXCLUDE_TABLE] || lacking.oids.length > 0;
    if (chooses && (!choose(&r, &lacking, &selection, why) ||
                    (r.dependents &&
                     (!take_away(&r, &selection, why) || !find_stand_ins(&r, &selection, why)))))
        return fault_during(why, "applying the filters");
    *ret_selection = selection;
    memset(&selection, 0, sizeof selection);
    return true;
}

static bool note_left_out(struct db *db, const struct rows *left, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf reason = STRBUF_EMPTY;
    for (int row = 0; row < rows_count(left); row++) {
        strbuf_clear(&reason);
        strbuf_add(&reason, "it needs what is left out");
        add_need(&reason, left, row);
        struct left_out object = {
            .classid = rows_int(left, row, 0),
            .oid = rows_int(left, row, 1),
            .kind = rows_text(left, row, 2),
            .nspname = rows_text(left, row, 3),
            .relname = rows_text(left, row, 4),
            .description = rows_text(left, row, 5),
            .reason = reason.text,
        };
        if (!left_out_add(db, &object, why))
            return false;
    }
    return true;
}

static bool note_stand_ins(struct db *db, const struct rows *rows, struct fault *why)
{
    for (int row = 0; row < rows_count(rows); row++)
        if (!db_run(db, why, SQL_STAND_IN_INSERT, "sssss", rows_text(rows, row, 0),
                    rows_text(rows, row, 1), rows_text(rows, row, 2), rows_text(rows, row, 3),
                    rows_text(rows, row, 4)))
            return false;
    return true;
}

static bool empty_relations(struct db *db, const char *oids, struct fault *why)
{
    for (const char *at = oids; *at != '\0';) {
        char *end;
        int64_t oid = strtoll(at, &end, 10);
        if (!db_run(db, why, SQL_TABLE_WITHOUT_DATA, "i", oid) ||
            !db_run(db, why, SQL_SEQUENCE_WITHOUT_VALUE, "i", oid))
            return false;
        at = *end == ',' ? end + 1 : end;
    }
    return db_run(db, why, SQL_LEAVE_OUT_KEYS_TO_NO_DATA, "") &&
           db_run(db, why, SQL_FORGET_LEFT_OUT_KEYS, "");
}

bool selection_apply(struct db *db, const struct selection *selection, struct fault *why)
{
    bool chosen = selection->chosen != NULL;
    return (!chosen || selection->left_out.result == NULL ||
            (note_left_out(db, &selection->left_out, why) &&
             note_stand_ins(db, &selection->stand_ins, why))) &&
           db_run(db, why, SQL_LEAVE_OUT_CONSTRAINTS_OF_INDEXES, "") &&
           db_run(db, why, SQL_FORGET_LEFT_OUT_INDEXES, "") &&
           db_run(db, why, SQL_FORGET_LEFT_OUT_KEYS, "") &&
           (selection->no_data == NULL || empty_relations(db, selection->no_data, why));
}

/* ---- later ---- */

static bool copy_filter(void *arg, enum filter_kind kind, const char *pattern, struct fault *why)
{
    return filter_add(arg, kind, pattern, why);
}

bool selection_now(struct db *db, struct conn *source, struct selection *ret_selection,
                   struct fault *why)
{
    scoped(drop_db) struct db *scratch = NULL;
    if (!catalog_open(&scratch, ":memory:", DB_CREATE, why) ||
        !filter_list(db, copy_filter, scratch, why))
        return false;
    struct selection_wish wish = {.db = scratch, .source = source};
    return selection_resolve(&wish, ret_selection, why);
}

bool oids_have(const char *list, int64_t oid)
{
    for (const char *at = list; at != NULL && *at != '\0';) {
        char *end;
        if (strtoll(at, &end, 10) == oid && end != at)
            return true;
        at = strchr(end, ',');
        at = at == NULL ? NULL : at + 1;
    }
    return false;
}
