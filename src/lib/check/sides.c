#include "check/sides.h"

#include "base/listing.h"
#include "base/scoped.h"
#include "base/text.h"
#include "plan/ask.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { OBJECTS_MOST = 50 };

/* Columns of the statement; the first is a check's place in checks(). */
enum { CHECK, SCHEMA, NAME, DETAIL, STATEMENT, SAFE, TOTAL };
enum { FACTS = -1 };

static const char *const texts[CHECK_SQLS] = {
#define SQL(name, scan_ok, text) text,
#include "gen/check_sql.inc"
#undef SQL
};

void check_sql_add(struct strbuf *sql, enum check_sql which, int server_version, const char *chosen)
{
    ask_expand(sql, texts[which], server_version, chosen);
}

struct asking {
    const struct check_sides *sides;
    struct conn *conn;
    enum check_place asked; /* CHECK_SOURCE or CHECK_TARGET */
    struct findings *findings;
    struct strbuf facts; /* of the source; "": not known */
};

static void drop_asking(struct asking *asking)
{
    drop_strbuf(&asking->facts);
}

/* ---- what the questions are told ---- */

static json_t *text_json(const char *text)
{
    scoped(drop_strbuf) struct strbuf shown = STRBUF_EMPTY;
    strbuf_add_shown(&shown, text);
    return json_string(strbuf_text(&shown));
}

static char *parameters(const struct asking *asking)
{
    const struct check_sides *sides = asking->sides;
    const struct settings *settings = sides->settings;
    bool source = asking->asked == CHECK_SOURCE;
    json_t *facts = asking->facts.length == 0 ? NULL : json_loads(asking->facts.text, 0, NULL);
    json_t *whole = json_pack(
        "{s:b, s:b, s:b, s:b, s:b, s:i, s:o, s:o, s:o}", "follow", settings->follow, "failover",
        settings->failover_slot, "everything", sides->everything, "large_objects",
        sides->everything && (settings->contents & CONTENT_LARGE_OBJECTS) != 0, "brings_schema",
        (settings->contents & CONTENT_SCHEMA) != 0 && !settings->drop_if_exists, "connections",
        source ? sides->source_connections : sides->target_connections, "slot",
        text_json(sides->slot), "maintenance_work_mem", text_json(settings->maintenance_work_mem),
        "source", facts == NULL ? json_object() : facts);
    char *text = json_dumps(whole, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(whole);
    return text;
}

/* ---- one statement ---- */

/* The first one begins the statement. */
static const char *before_arm(const struct strbuf *sql)
{
    return sql->length == 0 ? "WITH p AS (SELECT $1::pg_catalog.jsonb AS j) " : " UNION ALL ";
}

/* What --fix may run comes first: it runs what is shown. */
static void add_arm(struct strbuf *sql, const struct asking *asking, int number, int which)
{
    strbuf_add(sql, before_arm(sql));
    strbuf_addf(sql,
                "(SELECT %d, q.a, q.b, q.c, q.d, q.e, pg_catalog.count(*) OVER () FROM ("
                "SELECT NULL::pg_catalog.text, NULL::pg_catalog.text, NULL::pg_catalog.text,"
                " NULL::pg_catalog.text, NULL::pg_catalog.bool WHERE false UNION ALL (",
                number);
    check_sql_add(sql, (enum check_sql)which, conn_version(asking->conn), asking->sides->chosen);
    strbuf_addf(sql, ")) q (a, b, c, d, e) ORDER BY q.e DESC NULLS LAST, q.a, q.b, q.c LIMIT %d)",
                OBJECTS_MOST);
}

static void add_facts(struct strbuf *sql, const struct asking *asking)
{
    strbuf_addf(sql, "%s(SELECT %d, NULL, NULL, q.f, NULL, NULL, 1 FROM (", before_arm(sql), FACTS);
    check_sql_add(sql, CHECK_FACTS, conn_version(asking->conn), asking->sides->chosen);
    strbuf_add(sql, ") q (f))");
}

static const char *cell(const struct rows *rows, int row, int column)
{
    return rows_null(rows, row, column) ? NULL : rows_text(rows, row, column);
}

static void take_row(struct finding *finding, const struct rows *rows, int row)
{
    finding_add_object(finding, cell(rows, row, SCHEMA), rows_text(rows, row, NAME),
                       cell(rows, row, DETAIL), cell(rows, row, STATEMENT),
                       rows_bool(rows, row, SAFE));
    finding->object_total = (size_t)rows_int(rows, row, TOTAL);
}

static void take_all(struct asking *asking, const struct rows *rows)
{
    struct finding *finding = NULL;
    for (int row = 0; row < rows_count(rows); row++) {
        int64_t number = rows_int(rows, row, CHECK);
        if (number == FACTS) {
            strbuf_add(&asking->facts, rows_text(rows, row, DETAIL));
            continue;
        }
        const struct check *check = &checks()[number];
        if (finding == NULL || finding->check != check) {
            enum check_place place =
                check->places == CHECK_BOTH ? asking->asked : (enum check_place)check->places;
            finding = findings_add(asking->findings, check, place, "");
        }
        take_row(finding, rows, row);
    }
}

static bool ask(struct asking *asking, const struct strbuf *sql, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    struct fault ignored; /* the refusal is what counts */
    char *told = parameters(asking);
    const char *const values[] = {told};
    bool good = conn_query_params(asking->conn, strbuf_text(sql), 1, values, &rows, why);
    free(told);
    if (good)
        take_all(asking, &rows);
    else if (asking->asked == CHECK_SOURCE && !conn_broken(asking->conn))
        conn_run(asking->conn, "ROLLBACK TO SAVEPOINT pghaul_item", &ignored);
    return good;
}

/* ---- all of one server ---- */

static bool applies(const struct asking *asking, const struct check *check, bool errors_only)
{
    const struct settings *settings = asking->sides->settings;
    bool pair = check->places == CHECK_PAIR && asking->asked == CHECK_TARGET;
    return check->sql != CHECK_SQLS && (!errors_only || check->severity == CHECK_ERROR) &&
           ((check->places & (unsigned)asking->asked) != 0 || pair) &&
           (check->when != CHECK_FOLLOW || settings->follow) &&
           (check->when != CHECK_COPY || !settings->follow);
}

static bool ask_apart(struct asking *asking, int number, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    if (number == FACTS)
        add_facts(&sql, asking);
    else
        add_arm(&sql, asking, number, checks()[number].sql);
    if (ask(asking, &sql, why))
        return true;
    if (conn_broken(asking->conn) || fault_kind_of(why) == FAULT_KIND_STOPPED)
        return false;
    strbuf_addf(&text, "%s: %s",
                number == FACTS ? "what the source has, to compare it" : checks()[number].title,
                why->text);
    findings_add(asking->findings, check_of(CHECK_UNKNOWN), asking->asked, text.text);
    return true;
}

static bool ask_server(struct asking *asking, bool errors_only, bool facts, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    for (int i = 0; checks()[i].id != 0; i++)
        if (applies(asking, &checks()[i], errors_only))
            add_arm(&sql, asking, i, checks()[i].sql);
    if (facts)
        add_facts(&sql, asking);
    if (sql.length == 0 || ask(asking, &sql, why))
        return true;
    if (conn_broken(asking->conn) || fault_kind_of(why) == FAULT_KIND_STOPPED)
        return false;
    for (int i = 0; checks()[i].id != 0; i++)
        if (applies(asking, &checks()[i], errors_only) && !ask_apart(asking, i, why))
            return false;
    return !facts || ask_apart(asking, FACTS, why);
}

bool check_ask(const struct check_sides *sides, bool errors_only, struct findings *findings,
               struct fault *why)
{
    scoped(drop_asking) struct asking asking = {
        .sides = sides, .conn = sides->source, .asked = CHECK_SOURCE, .findings = findings};
    if (!ask_server(&asking, errors_only, sides->target != NULL, why))
        return false;
    asking.conn = sides->target;
    asking.asked = CHECK_TARGET;
    return sides->target == NULL || ask_server(&asking, errors_only, false, why);
}

/* ---- what mends what others have found ---- */

static bool mend(struct asking *asking, struct finding *finding, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    struct fault ignored; /* the finding stands by itself */
    asking->asked = finding->place == CHECK_SOURCE ? CHECK_SOURCE : CHECK_TARGET;
    asking->conn = asking->asked == CHECK_SOURCE ? asking->sides->source : asking->sides->target;
    if (asking->conn == NULL)
        return true;
    add_arm(&sql, asking, 0, finding->check->mend);
    char *told = parameters(asking);
    const char *const values[] = {told};
    bool good = conn_query_params(asking->conn, sql.text, 1, values, &rows, why);
    free(told);
    for (int row = 0; good && row < rows_count(&rows); row++)
        take_row(finding, &rows, row);
    if (!good && asking->asked == CHECK_SOURCE)
        conn_run(asking->conn, "ROLLBACK TO SAVEPOINT pghaul_item", &ignored);
    return good || !conn_broken(asking->conn);
}

static bool read_facts(struct asking *asking, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    check_sql_add(&sql, CHECK_FACTS, conn_version(asking->sides->source), asking->sides->chosen);
    if (!conn_query(asking->sides->source, sql.text, &rows, why))
        return false;
    strbuf_add(&asking->facts, rows_text(&rows, 0, 0));
    return true;
}

bool check_mend(const struct check_sides *sides, struct findings *findings, struct fault *why)
{
    scoped(drop_asking) struct asking asking = {.sides = sides, .findings = findings};
    for (size_t i = 0; i < findings->count; i++) {
        struct finding *finding = &findings->list[i];
        if (finding->check->mend == CHECK_SQLS)
            continue;
        if (asking.facts.length == 0 && finding->place == CHECK_TARGET && !read_facts(&asking, why))
            return false;
        if (!mend(&asking, finding, why))
            return false;
    }
    return true;
}

/* ---- before a run ---- */

static bool refuse(const struct finding *finding, struct fault *why)
{
    scoped(drop_listing) struct listing names = {.count = 0};
    scoped(drop_strbuf) struct strbuf one = STRBUF_EMPTY;
    for (size_t i = 0; i < finding->object_count; i++) {
        const struct check_object *object = &finding->objects[i];
        strbuf_clear(&one);
        strbuf_addf(&one, "%s%s%s%s", object->name, *object->detail == '\0' ? "" : " (",
                    object->detail, *object->detail == '\0' ? "" : ")");
        listing_add(&names, one.text);
    }
    names.count = (int)finding->object_total;
    return fault_set(why, (enum fault_id)finding->check->id, "%s: %s", finding->check->title,
                     listing_end(&names));
}

bool check_errors(const struct check_sides *sides, struct fault *why)
{
    scoped(drop_findings) struct findings findings = {.list = NULL};
    if (!check_ask(sides, true, &findings, why))
        return false;
    findings_sort(&findings);
    for (size_t i = 0; i < findings.count; i++)
        if (findings.list[i].severity == CHECK_ERROR)
            return refuse(&findings.list[i], why);
    return true;
}
