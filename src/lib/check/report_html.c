/*
 * report_html.c - a report as one page that loads nothing.
 */
#include "check/report.h"

#include "base/clock.h"

#include <string.h>

/* Objects of a finding that is not to be parted by the end of a printed page. */
enum { SHORT = 8 };

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'\">\n"
    "<title>pghaul check</title>\n<style>\n"
    ":root { --ink: #1c2330; --soft: #5a6475; --line: #d9dee7; --paper: #fff; --code: #f4f6f9;\n"
    "  --error: #b3261e; --warning: #8a5a00; --note: #2a5d9f; --good: #1f7a3d; }\n"
    "@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #a3adbd;\n"
    "  --line: #384150; --paper: #161b22; --code: #1f2630; --error: #ff8a80; --warning: #f0b95a;\n"
    "  --note: #8ab8f5; --good: #7fd69a; } }\n"
    "body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);\n"
    "  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }\n"
    "h1 { font-size: 1.5rem; margin: 0 0 .5rem; }\n"
    "h2 { font-size: 1.15rem; border-bottom: 1px solid var(--line); margin: 2rem 0 .5rem; }\n"
    "h3 { font-size: 1rem; margin: 0; }\n"
    "dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; }\n"
    "dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }\n"
    "article { border: 1px solid var(--line); border-left: .4rem solid var(--line);\n"
    "  border-radius: .3rem; padding: .6rem .9rem; margin: .7rem 0; }\n"
    ".error { border-left-color: var(--error); } .warning { border-left-color: var(--warning); }\n"
    ".note { border-left-color: var(--note); }\n"
    ".error .mark { color: var(--error); } .warning .mark { color: var(--warning); }\n"
    ".note .mark { color: var(--note); } .mark { font-weight: 600; }\n"
    ".ready { color: var(--good); } .warnings { color: var(--warning); }\n"
    ".not_ready { color: var(--error); }\n"
    "p, ul { margin: .35rem 0; } p, li, h3 { overflow-wrap: anywhere; }\n"
    "ul { columns: 20rem; column-gap: 2rem; padding-left: 1.2rem; } li { break-inside: avoid; }\n"
    "pre { background: var(--code); padding: .5rem .7rem; border-radius: .3rem; margin: .35rem 0;\n"
    "  white-space: pre-wrap; overflow-wrap: anywhere; font-size: .9em; }\n"
    "@media print { :root { --ink: #000; --soft: #444; --line: #bbb; --paper: #fff; --code: #fff;\n"
    "    --error: #b3261e; --warning: #8a5a00; --note: #2a5d9f; --good: #1f7a3d; }\n"
    "  body { margin: 0; max-width: none; font-size: 9.5pt; }\n"
    "  article { break-inside: avoid; } article.long { break-inside: auto; }\n"
    "  h2, h3 { break-after: avoid; } p { orphans: 3; widows: 3; }\n"
    "  pre { border: 1px solid #ccc; font-size: .8em; } }\n"
    "</style>\n</head>\n<body>\n";

static void add_escaped(struct strbuf *text, const char *value)
{
    for (; *value != '\0'; value++)
        if (*value == '&')
            strbuf_add(text, "&amp;");
        else if (*value == '<')
            strbuf_add(text, "&lt;");
        else if (*value == '>')
            strbuf_add(text, "&gt;");
        else if (*value == '"')
            strbuf_add(text, "&quot;");
        else
            strbuf_add_char(text, *value);
}

static void add_element(struct strbuf *text, const char *name, const char *value)
{
    strbuf_addf(text, "<%s>", name);
    add_escaped(text, value);
    strbuf_addf(text, "</%s>\n", name);
}

static void add_objects(struct strbuf *text, const struct finding *finding)
{
    if (finding->object_count == 0)
        return;
    strbuf_add(text, "<ul>\n");
    for (size_t i = 0; i < finding->object_count; i++) {
        const struct check_object *object = &finding->objects[i];
        strbuf_add(text, "<li>");
        add_escaped(text, object->name);
        strbuf_add(text, *object->detail == '\0' ? "" : ": ");
        add_escaped(text, object->detail);
        strbuf_add(text, "</li>\n");
    }
    if (finding->object_total > finding->object_count)
        strbuf_addf(text, "<li>and %zu more</li>\n", finding->object_total - finding->object_count);
    strbuf_add(text, "</ul>\n");
}

static void add_statements(struct strbuf *text, const struct finding *finding)
{
    struct finding_statement statement;
    bool any = false;
    for (size_t at = 0; finding_next_statement(finding, &at, &statement); any = true) {
        if (statement.leads)
            strbuf_addf(text, "%s<p>On the %s%s:</p>\n<pre>", any ? "</pre>\n" : "",
                        check_place_word(statement.at),
                        statement.safe ? " (<code>--fix</code> does it)" : "");
        add_escaped(text, statement.sql);
        strbuf_add(text, ";\n");
    }
    strbuf_add(text, any ? "</pre>\n" : "");
}

static void add_finding(struct strbuf *text, const struct finding *finding)
{
    const char *word = check_severity_word(finding->severity);
    strbuf_addf(text,
                "<article class=\"%s%s\">\n<h3><span class=\"mark\">%s</span> PGH-%04d: ", word,
                finding->object_count > SHORT ? " long" : "", word, finding->check->id);
    add_escaped(text, finding->check->title);
    strbuf_add(text, "</h3>\n");
    if (*finding->text != '\0')
        add_element(text, "p", finding->text);
    strbuf_add(text, "<p><strong>What it means:</strong> ");
    add_escaped(text, finding->check->means);
    strbuf_add(text, "</p>\n<p><strong>What to do:</strong> ");
    add_escaped(text, finding_remedy(finding));
    strbuf_add(text, "</p>\n");
    add_objects(text, finding);
    add_statements(text, finding);
    strbuf_add(text, "</article>\n");
}

static void add_side(struct strbuf *text, const char *word, const struct report_side *side)
{
    strbuf_addf(text, "<dt>%s</dt><dd>", word);
    if (*side->connection == '\0')
        strbuf_add(text, "none was given");
    add_escaped(text, side->connection);
    if (*side->version != '\0') {
        strbuf_add(text, ", PostgreSQL ");
        add_escaped(text, side->version);
    }
    strbuf_add(text, "</dd>\n");
}

static void add_top(struct strbuf *text, const struct report *report)
{
    char began[CLOCK_TEXT];
    const struct findings *findings = report->findings;
    const char *word = report_word(findings);
    strbuf_addf(text, "<h1>pghaul check: <span class=\"%s\">%s</span></h1>\n<dl>\n", word,
                report_status(findings) == 0    ? "ready"
                : strcmp(word, "warnings") == 0 ? "ready, with warnings"
                                                : "not ready");
    add_side(text, "source", &report->source);
    add_side(text, "target", &report->target);
    strbuf_addf(text, "<dt>for</dt><dd>%s</dd>\n",
                report->follow ? "a copy that follows changes" : "a copy");
    strbuf_addf(text, "<dt>looked at</dt><dd>%s</dd>\n", clock_text(began, report->began_us));
    strbuf_add(text, "<dt>found</dt><dd>");
    report_add_counts(text, findings);
    strbuf_add(text, "</dd>\n</dl>\n");
}

void report_add_html(struct strbuf *text, const struct report *report)
{
    static const enum check_place order[] = {CHECK_HERE, CHECK_SOURCE, CHECK_TARGET, CHECK_PAIR};
    const struct findings *findings = report->findings;
    strbuf_add(text, head);
    add_top(text, report);
    for (size_t p = 0; p < sizeof order / sizeof order[0]; p++) {
        bool any = false;
        for (size_t i = 0; i < findings->count; i++) {
            if (findings->list[i].place != order[p])
                continue;
            if (!any)
                add_element(text, "h2", check_place_heading(order[p]));
            any = true;
            add_finding(text, &findings->list[i]);
        }
    }
    strbuf_add(text, "</body>\n</html>\n");
}
