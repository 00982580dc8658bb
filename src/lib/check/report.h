/*
 * report.h - what the checks have found, for people, for programs, and on paper.
 */
#ifndef PGHAUL_CHECK_REPORT_H
#define PGHAUL_CHECK_REPORT_H

#include "base/strbuf.h"
#include "check/check.h"

struct json_t;

/* The version of the JSON's shape (docs/check.md). */
enum { CHECK_JSON_VERSION = 1 };

/* One side; texts are borrowed and may be shown. */
struct report_side {
    const char *connection; /* without secrets; "": none was given */
    const char *version;    /* "": not reached */
};

struct report {
    struct report_side source, target;
    const struct findings *findings; /* sorted */
    bool follow;
    int64_t began_us; /* UTC */
    int64_t took_ms;
};

/* The exit status that a report means: 0 ready, 10 only warnings, 11 not ready. */
int report_status(const struct findings *findings);

/* "ready", "warnings", "not_ready". */
const char *report_word(const struct findings *findings);

/* "1 error, 0 warnings, 2 notes". */
void report_add_counts(struct strbuf *text, const struct findings *findings);

void report_add_text(struct strbuf *text, const struct report *report);
struct json_t *report_json(const struct report *report); /* a new reference */

/* A page by itself: it loads nothing, has no scripts, and can be printed. */
void report_add_html(struct strbuf *text, const struct report *report);

/* The page of an id, of all faults and checks: title, what it means, remedy. False: there is none.
 */
bool report_explain(struct strbuf *text, int id);

/* All checks: for a terminal; for the reference, behind a heading. */
void report_list_checks(struct strbuf *text);
void report_add_checks(struct strbuf *text, const char *heading);

#endif
