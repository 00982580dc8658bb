/*
 * check.h - the checks, and what they have found.
 *
 * A finding is what one check has to say, with all objects that it is about. Everything in it is
 * safe to show, and ours until drop_findings().
 */
#ifndef PGHAUL_CHECK_CHECK_H
#define PGHAUL_CHECK_CHECK_H

#include "base/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum check_severity { CHECK_ERROR, CHECK_WARNING, CHECK_NOTE, CHECK_SEVERITIES };

/* Where a check looks: as bits, since some look at both sides. */
enum check_place {
    CHECK_HERE = 1 << 0,
    CHECK_SOURCE = 1 << 1,
    CHECK_TARGET = 1 << 2,
    CHECK_PAIR = 1 << 3, /* asked of the target, which is told of the source */
    CHECK_BOTH = CHECK_SOURCE | CHECK_TARGET,
};

enum check_when {
    CHECK_ALWAYS,
    CHECK_FOLLOW, /* only when changes are followed */
    CHECK_COPY,   /* only when they are not */
};

/* Checks that are named by who finds them. */
enum {
    CHECK_DIR_HAS_RUN = FAULT_DIR_HAS_RUN,
    CHECK_NO_ROOM = FAULT_SPOOL_LIMIT,
    CHECK_TARGET_DISK = 7060,
    CHECK_OPEN_FILES = 7081,
    CHECK_CLOCKS = 7082,
    CHECK_LONG_WAY = 7083,
    CHECK_SLOW_LINE = 7084,
    CHECK_PLAN_WARNS = 7090,
    CHECK_UNKNOWN = 7091,
};

struct check {
    int id;
    enum check_severity severity;
    unsigned places; /* enum check_place */
    enum check_when when;
    int sql;  /* enum check_sql (sides.h) that is asked; CHECK_SQLS: none */
    int mend; /* asked when it was found otherwise; CHECK_SQLS: none */
    const char *title;
    const char *means;
    const char *remedy;
};

/* All checks, ended by one with id 0. An id may be there twice, for other circumstances. */
const struct check *checks(void);

/* The first of this id, or NULL. */
const struct check *check_of(int id);

/* "error", "warning", "note"; "here", "source", "target", "pair" and the heading of that group. */
const char *check_severity_word(enum check_severity severity);
const char *check_place_word(enum check_place place);
const char *check_place_heading(enum check_place place);

/* An object of a finding; texts may be "". */
struct check_object {
    char *name;
    char *detail;
    char *sql;  /* mends it, without a semicolon at its end */
    char *runs; /* the same as the server takes it; names may hold what cannot be shown */
    bool safe;  /* … and may be run without a thought */
    enum check_place sql_at; /* CHECK_SOURCE or CHECK_TARGET: where */
};

struct finding {
    const struct check *check;
    enum check_severity severity;
    enum check_place place;
    char *text;   /* one sentence; "" where the title says all */
    char *remedy; /* "" : the check's own */
    struct check_object *objects;
    size_t object_count; /* of those that are kept here: */
    size_t object_total; /* all of them */
};

struct findings {
    struct finding *list;
    size_t count;
};

/* For scoped(). */
void drop_findings(struct findings *findings);

/* A new finding of a check; `text` may be "". Borrowed until the next one. */
struct finding *findings_add(struct findings *findings, const struct check *check,
                             enum check_place place, const char *text);

/* What a fault says, as an error. */
struct finding *findings_add_fault(struct findings *findings, const struct fault *why);

/* `schema` may be NULL, for what is in none; `detail` and `sql` too. */
void finding_add_object(struct finding *finding, const char *schema, const char *name,
                        const char *detail, const char *sql, bool safe);

/* Errors first, then warnings; within these in the order of places, then of ids. */
void findings_sort(struct findings *findings);

size_t findings_count(const struct findings *findings, enum check_severity severity);

/* The statements that mend it: `at` is where to look from, 0 at first. False when there is no more.
 * One that several objects share is told once when they follow each other. */
struct finding_statement {
    const char *sql;
    enum check_place at; /* CHECK_SOURCE or CHECK_TARGET */
    bool safe;
    bool leads; /* the one before was for another server, or not as safe */
};
bool finding_next_statement(const struct finding *finding, size_t *at,
                            struct finding_statement *ret);

/* What to do about it: its own remedy, or the check's. Borrowed. */
const char *finding_remedy(const struct finding *finding);

/* Two clocks, the times of which were read between two looks at ours (microseconds): how far is
 * theirs from ours at least? 0 when that may be the time that it took. */
int64_t check_skew(int64_t before_us, int64_t theirs_us, int64_t after_us);

#endif
