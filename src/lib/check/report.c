#include "check/report.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "base/text.h"
#include "check/sides.h"

#include <jansson.h>
#include <string.h>

enum { READY = 0, WARNINGS_ONLY = 10, NOT_READY = 11 };

int report_status(const struct findings *findings)
{
    return findings_count(findings, CHECK_ERROR) > 0     ? NOT_READY
           : findings_count(findings, CHECK_WARNING) > 0 ? WARNINGS_ONLY
                                                         : READY;
}

const char *report_word(const struct findings *findings)
{
    int status = report_status(findings);
    return status == READY ? "ready" : status == WARNINGS_ONLY ? "warnings" : "not_ready";
}

static const char *sentence(const struct findings *findings)
{
    int status = report_status(findings);
    return status == READY           ? "ready"
           : status == WARNINGS_ONLY ? "ready, with warnings"
                                     : "not ready: errors would end the run, or lose something";
}

static size_t counted(const struct findings *findings, enum check_place place)
{
    size_t count = 0;
    for (size_t i = 0; i < findings->count; i++)
        count += findings->list[i].place == place;
    return count;
}

static const enum check_place order[] = {CHECK_HERE, CHECK_SOURCE, CHECK_TARGET, CHECK_PAIR};

/* ---- text ---- */

static void add_wrapped(struct strbuf *text, const char *label, const char *words)
{
    enum { INDENT = 4, WIDTH = 96 };
    size_t column = INDENT + strlen(label);
    strbuf_addf(text, "%*s%s", INDENT, "", label);
    for (const char *at = words; *at != '\0';) {
        size_t length = strcspn(at, " ");
        if (column + 1 + length > WIDTH) {
            strbuf_addf(text, "\n%*s", INDENT + 2, "");
            column = INDENT + 2;
        } else if (at != words || *label != '\0') {
            strbuf_add_char(text, ' ');
            column++;
        }
        strbuf_add_bytes(text, at, length);
        column += length;
        at += length;
        at += strspn(at, " ");
    }
    strbuf_add_char(text, '\n');
}

static void add_objects(struct strbuf *text, const struct finding *finding)
{
    for (size_t i = 0; i < finding->object_count; i++) {
        const struct check_object *object = &finding->objects[i];
        strbuf_addf(text, "      %s%s%s\n", object->name, *object->detail == '\0' ? "" : ": ",
                    object->detail);
    }
    if (finding->object_total > finding->object_count)
        strbuf_addf(text, "      and %zu more\n", finding->object_total - finding->object_count);
}

/* As psql takes them; the server's name goes before them once. */
static void add_statements(struct strbuf *text, const struct finding *finding)
{
    struct finding_statement statement;
    for (size_t at = 0; finding_next_statement(finding, &at, &statement);) {
        if (statement.leads)
            strbuf_addf(text, "    on the %s%s:\n", check_place_word(statement.at),
                        statement.safe ? " (--fix does it)" : "");
        strbuf_addf(text, "      %s;\n", statement.sql);
    }
}

static void add_finding(struct strbuf *text, const struct finding *finding)
{
    strbuf_addf(text, "  %-7s PGH-%04d  %s\n", check_severity_word(finding->severity),
                finding->check->id, finding->check->title);
    if (*finding->text != '\0')
        add_wrapped(text, "", finding->text);
    add_objects(text, finding);
    add_wrapped(text, "means: ", finding->check->means);
    add_wrapped(text, "remedy:", finding_remedy(finding));
    add_statements(text, finding);
}

static void add_side(struct strbuf *text, const char *word, const struct report_side *side)
{
    if (*side->connection == '\0')
        strbuf_addf(text, "%s  none was given: not looked at\n", word);
    else
        strbuf_addf(text, "%s  %s%s%s\n", word, side->connection,
                    *side->version == '\0' ? ", not reached" : ", PostgreSQL ", side->version);
}

void report_add_counts(struct strbuf *text, const struct findings *findings)
{
    for (int severity = 0; severity < CHECK_SEVERITIES; severity++) {
        size_t count = findings_count(findings, (enum check_severity)severity);
        strbuf_addf(text, "%s%zu %s%s", severity == 0 ? "" : ", ", count,
                    check_severity_word((enum check_severity)severity), count == 1 ? "" : "s");
    }
}

void report_add_text(struct strbuf *text, const struct report *report)
{
    char took[32];
    const struct findings *findings = report->findings;
    add_side(text, "source", &report->source);
    add_side(text, "target", &report->target);
    for (size_t p = 0; p < sizeof order / sizeof order[0]; p++) {
        if (counted(findings, order[p]) == 0)
            continue;
        strbuf_addf(text, "\n%s\n", check_place_heading(order[p]));
        for (size_t i = 0; i < findings->count; i++)
            if (findings->list[i].place == order[p])
                add_finding(text, &findings->list[i]);
    }
    strbuf_add_char(text, '\n');
    report_add_counts(text, findings);
    strbuf_addf(text, ", in %s\n%s\n", duration_text(took, sizeof took, report->took_ms),
                sentence(findings));
}

/* ---- JSON ---- */

static json_t *or_null(const char *text)
{
    return *text == '\0' ? json_null() : json_string(text);
}

static json_t *object_json(const struct check_object *object)
{
    bool sql = *object->sql != '\0';
    return json_pack("{s:s, s:o, s:o, s:o, s:b}", "name", object->name, "detail",
                     or_null(object->detail), "sql", or_null(object->sql), "sql_on",
                     sql ? json_string(check_place_word(object->sql_at)) : json_null(), "safe",
                     object->safe);
}

static json_t *finding_json(const struct finding *finding)
{
    char id[16];
    json_t *objects = json_array();
    snprintf(id, sizeof id, "PGH-%04d", finding->check->id);
    for (size_t i = 0; i < finding->object_count; i++)
        json_array_append_new(objects, object_json(&finding->objects[i]));
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:I, s:o}", "id", id, "severity",
                     check_severity_word(finding->severity), "place",
                     check_place_word(finding->place), "title", finding->check->title, "text",
                     or_null(finding->text), "means", finding->check->means, "remedy",
                     finding_remedy(finding), "objects_total", (json_int_t)finding->object_total,
                     "objects", objects);
}

static json_t *side_json(const struct report_side *side)
{
    return json_pack("{s:o, s:o}", "connection", or_null(side->connection), "version",
                     or_null(side->version));
}

struct json_t *report_json(const struct report *report)
{
    char began[CLOCK_TEXT];
    const struct findings *findings = report->findings;
    json_t *list = json_array();
    for (size_t i = 0; i < findings->count; i++)
        json_array_append_new(list, finding_json(&findings->list[i]));
    return json_pack("{s:i, s:s, s:i, s:s, s:I, s:b, s:o, s:o, s:{s:I, s:I, s:I}, s:o}", "version",
                     CHECK_JSON_VERSION, "result", report_word(findings), "exit_status",
                     report_status(findings), "began", clock_text(began, report->began_us),
                     "took_ms", (json_int_t)report->took_ms, "follow", report->follow, "source",
                     side_json(&report->source), "target", side_json(&report->target), "counts",
                     "error", (json_int_t)findings_count(findings, CHECK_ERROR), "warning",
                     (json_int_t)findings_count(findings, CHECK_WARNING), "note",
                     (json_int_t)findings_count(findings, CHECK_NOTE), "findings", list);
}

/* ---- the page of an id ---- */

/* What a check means differs by circumstances; each is told once. */
static void add_meanings(struct strbuf *text, int id)
{
    for (const struct check *check = checks(); check->id != 0; check++)
        if (check->id == id)
            strbuf_addf(text, "\nFound by pghaul check, as %s %s%s:\n  %s\n",
                        check->severity == CHECK_ERROR ? "an" : "a",
                        check_severity_word(check->severity),
                        check->when == CHECK_FOLLOW ? " when changes are followed"
                        : check->when == CHECK_COPY ? " when changes are not followed"
                                                    : "",
                        check->means);
}

bool report_explain(struct strbuf *text, int id)
{
    const struct fault_entry *entry = fault_entry(id);
    const struct check *check = check_of(id);
    if (entry == NULL && check == NULL)
        return false;
    strbuf_addf(text, "PGH-%04d: %s\n", id, entry != NULL ? entry->title : check->title);
    if (entry != NULL)
        strbuf_addf(text, "\nA run that ends with it has exit status %d: %s.\n",
                    fault_exit_status(entry->kind), fault_kind_meaning(entry->kind));
    add_meanings(text, id);
    strbuf_addf(text, "\nWhat to do:\n  %s\n", entry != NULL ? entry->remedy : check->remedy);
    return true;
}

static const char *when_word(const struct check *check)
{
    return check->when == CHECK_FOLLOW ? "--follow"
           : check->when == CHECK_COPY ? "no --follow"
                                       : "always";
}

static const char *places_word(const struct check *check)
{
    return check->places == CHECK_BOTH ? "source and target"
                                       : check_place_word((enum check_place)check->places);
}

void report_list_checks(struct strbuf *text)
{
    for (const struct check *check = checks(); check->id != 0; check++)
        strbuf_addf(text, "PGH-%04d  %-7s  %s, %s: %s\n          %s\n          %s\n", check->id,
                    check_severity_word(check->severity), places_word(check), when_word(check),
                    check->title, check->means, check->remedy);
}

void report_add_checks(struct strbuf *text, const char *heading)
{
    strbuf_addf(text,
                "%s| id | severity | looks at | when | what | what it means | remedy |\n"
                "| --- | --- | --- | --- | --- | --- | --- |\n",
                heading);
    for (const struct check *check = checks(); check->id != 0; check++)
        strbuf_addf(text, "| PGH-%04d | %s | %s | %s | %s | %s | %s |\n", check->id,
                    check_severity_word(check->severity), places_word(check), when_word(check),
                    check->title, check->means, check->remedy);
}
