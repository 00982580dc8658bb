#include "check/check.h"

#include "base/scoped.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "check/checks.h"
#include "check/sides.h"

#include <stdlib.h>
#include <string.h>

#define NONE CHECK_SQLS
static const struct check all[] = {
#define REFUSED(fault, place, mend, means) \
    {fault, CHECK_ERROR, CHECK_##place, CHECK_ALWAYS, NONE, mend, NULL, means, NULL},
#define ASKED(id, severity, place, when, sql, title, means, remedy) \
    {id, CHECK_##severity, CHECK_##place, CHECK_##when, sql, NONE, title, means, remedy},
#define LOOKED_AT(id, severity, place, when, title, means, remedy) \
    {id, CHECK_##severity, CHECK_##place, CHECK_##when, NONE, NONE, title, means, remedy},
    CHECKS(REFUSED, ASKED, LOOKED_AT)
#undef REFUSED
#undef ASKED
#undef LOOKED_AT
        {.id = 0},
};
#undef NONE

enum { KNOWN = (int)(sizeof all / sizeof all[0]) };

/* Titles and remedies of faults are theirs. */
const struct check *checks(void)
{
    static struct check filled[KNOWN];
    if (filled[0].id != 0)
        return filled;
    memcpy(filled, all, sizeof filled);
    for (struct check *check = filled; check->id != 0; check++) {
        const struct fault_entry *entry = check->title == NULL ? fault_entry(check->id) : NULL;
        if (entry == NULL)
            continue;
        check->title = entry->title;
        check->remedy = entry->remedy;
    }
    return filled;
}

const struct check *check_of(int id)
{
    for (const struct check *check = checks(); check->id != 0; check++)
        if (check->id == id)
            return check;
    return NULL;
}

static const char *const severities[CHECK_SEVERITIES] = {"error", "warning", "note"};

const char *check_severity_word(enum check_severity severity)
{
    return severities[severity];
}

static const struct {
    enum check_place place;
    const char *word;
    const char *heading;
} places[] = {
    {CHECK_HERE, "here", "This machine"},
    {CHECK_SOURCE, "source", "The source"},
    {CHECK_TARGET, "target", "The target"},
    {CHECK_PAIR, "pair", "Source and target together"},
};

static size_t place_number(enum check_place place)
{
    size_t i = 0;
    while (i + 1 < sizeof places / sizeof places[0] && places[i].place != place)
        i++;
    return i;
}

const char *check_place_word(enum check_place place)
{
    return places[place_number(place)].word;
}

const char *check_place_heading(enum check_place place)
{
    return places[place_number(place)].heading;
}

/* ---- findings ---- */

static void drop_object(struct check_object *object)
{
    free(object->name);
    free(object->detail);
    free(object->sql);
    free(object->runs);
}

void drop_findings(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        struct finding *finding = &findings->list[i];
        for (size_t o = 0; o < finding->object_count; o++)
            drop_object(&finding->objects[o]);
        free(finding->objects);
        free(finding->text);
        free(finding->remedy);
    }
    free(findings->list);
    *findings = (struct findings){.list = NULL};
}

static char *shown(const char *text)
{
    scoped(drop_strbuf) struct strbuf to = STRBUF_EMPTY;
    if (text != NULL)
        strbuf_add_shown(&to, text);
    return copy_string(strbuf_text(&to));
}

struct finding *findings_add(struct findings *findings, const struct check *check,
                             enum check_place place, const char *text)
{
    findings->list = grow_memory(findings->list, findings->count, sizeof *findings->list);
    struct finding *finding = &findings->list[findings->count++];
    *finding = (struct finding){
        .check = check,
        .severity = check->severity,
        .place = place,
        .text = shown(text),
        .remedy = copy_string(""),
    };
    return finding;
}

static enum check_place place_of(const struct check *check, const struct fault *why)
{
    enum fault_kind kind = fault_kind_of(why);
    if (check != NULL)
        return (enum check_place)check->places;
    return kind == FAULT_KIND_SOURCE   ? CHECK_SOURCE
           : kind == FAULT_KIND_TARGET ? CHECK_TARGET
                                       : CHECK_HERE;
}

/* A fault that is in no table of checks has its text and its remedy all the same. */
struct finding *findings_add_fault(struct findings *findings, const struct fault *why)
{
    const struct check *check = check_of(why->id);
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    strbuf_add(&text, why->text);
    enum check_place place = place_of(check, why);
    if (check == NULL) {
        check = check_of(FAULT_SOURCE_QUERY);
        strbuf_addf(&text, " (PGH-%04d)", (int)why->id);
    }
    if (why->detail[0] != '\0')
        strbuf_addf(&text, "; %s", why->detail + strspn(why->detail, " \t"));
    struct finding *finding = findings_add(findings, check, place, text.text);
    free(finding->remedy);
    finding->remedy = shown(fault_remedy(why));
    finding->severity = CHECK_ERROR;
    return finding;
}

bool finding_next_statement(const struct finding *finding, size_t *at,
                            struct finding_statement *ret)
{
    const struct check_object *before = NULL;
    for (size_t i = 0; i < finding->object_count; i++) {
        const struct check_object *object = &finding->objects[i];
        if (*object->sql == '\0' || (before != NULL && strcmp(before->sql, object->sql) == 0))
            continue;
        if (i >= *at) {
            bool leads =
                before == NULL || before->sql_at != object->sql_at || before->safe != object->safe;
            *ret = (struct finding_statement){object->sql, object->sql_at, object->safe, leads};
            *at = i + 1;
            return true;
        }
        before = object;
    }
    return false;
}

void finding_add_object(struct finding *finding, const char *schema, const char *name,
                        const char *detail, const char *sql, bool safe)
{
    scoped(drop_strbuf) struct strbuf whole = STRBUF_EMPTY;
    if (schema != NULL)
        strbuf_add_name(&whole, schema, name);
    else
        strbuf_add_shown(&whole, name);
    finding->objects =
        grow_memory(finding->objects, finding->object_count, sizeof *finding->objects);
    finding->objects[finding->object_count++] = (struct check_object){
        .name = copy_string(strbuf_text(&whole)),
        .detail = shown(detail),
        .sql = shown(sql),
        .runs = copy_string(sql == NULL ? "" : sql),
        .safe = safe && sql != NULL,
        .sql_at = finding->place == CHECK_SOURCE ? CHECK_SOURCE : CHECK_TARGET,
    };
    finding->object_total++;
}

static int compare(const void *a, const void *b)
{
    const struct finding *one = a, *other = b;
    if (one->severity != other->severity)
        return one->severity < other->severity ? -1 : 1;
    if (one->place != other->place)
        return one->place < other->place ? -1 : 1;
    return one->check->id - other->check->id;
}

void findings_sort(struct findings *findings)
{
    if (findings->count > 1)
        qsort(findings->list, findings->count, sizeof *findings->list, compare);
}

size_t findings_count(const struct findings *findings, enum check_severity severity)
{
    size_t count = 0;
    for (size_t i = 0; i < findings->count; i++)
        count += findings->list[i].severity == severity;
    return count;
}

const char *finding_remedy(const struct finding *finding)
{
    return finding->remedy[0] != '\0' ? finding->remedy : finding->check->remedy;
}

int64_t check_skew(int64_t before_us, int64_t theirs_us, int64_t after_us)
{
    return theirs_us < before_us  ? before_us - theirs_us
           : theirs_us > after_us ? theirs_us - after_us
                                  : 0;
}
