/*
 * drop.c - dropping what is in the way on the target (--drop-if-exists).
 *
 * The target's objects may depend on each other otherwise than the source's, so no
 * order is right beforehand. Each is dropped by a statement of its own, without
 * CASCADE; what others still depend on is tried again after those, as long as a
 * round drops anything. Tables that reference each other go together at the end.
 */
#include "jobs/drop.h"

#include "base/log.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/objects.h"
#include "plan/ask.h"
#include "wire/sql_script.h"

struct doomed {
    char *statement; /* NULL: dropped */
    char *table;     /* quoted name, for a table; else NULL */
};

struct dropping {
    struct job *job;
    struct doomed *list;
    int count;
};

static void drop_dropping(struct dropping *dropping)
{
    for (int i = 0; i < dropping->count; i++) {
        drop_memory(&dropping->list[i].statement);
        drop_memory(&dropping->list[i].table);
    }
    drop_memory(&dropping->list);
}

static void add(struct dropping *dropping, char *statement, char *table)
{
    dropping->list = grow_memory(dropping->list, (size_t)dropping->count, sizeof *dropping->list);
    dropping->list[dropping->count++] = (struct doomed){statement, table};
}

static const char *noun_of(char kind)
{
    switch (kind) {
    case 'v':
        return "VIEW";
    case 'm':
        return "MATERIALIZED VIEW";
    case 'S':
        return "SEQUENCE";
    case 'f':
        return "FOREIGN TABLE";
    default:
        return "TABLE";
    }
}

/* By the target's kind of relation, which may differ from the source's. */
static bool on_target_relation(void *arg, const struct rows *row, struct fault *why)
{
    struct dropping *dropping = arg;
    struct strbuf name = STRBUF_EMPTY, statement = STRBUF_EMPTY;
    const char *noun = noun_of(rows_text(row, 0, 2)[0]);
    bool known;
    if (!relation_is_known(dropping->job->db, rows_text(row, 0, 0), rows_text(row, 0, 1), &known,
                           why))
        return false;
    if (!known)
        return true;
    strbuf_add_qualified(&name, rows_text(row, 0, 0), rows_text(row, 0, 1));
    strbuf_addf(&statement, "DROP %s IF EXISTS %s", noun, name.text);
    bool table = strcmp(noun, "TABLE") == 0;
    add(dropping, statement.text, table ? give(name.text) : NULL);
    drop_strbuf(&name);
    return true;
}

static void add_script(struct dropping *dropping, const char *text)
{
    struct sql_script script = sql_script_over(text, strlen(text));
    struct sql_statement statement;
    while (sql_script_next(&script, &statement)) {
        struct strbuf copy = STRBUF_EMPTY;
        if (statement.label != NULL)
            return; /* the objects themselves follow */
        if (statement.length < 5 || memcmp(statement.text, "DROP ", 5) != 0)
            continue;
        strbuf_add_bytes(&copy, statement.text, statement.length);
        add(dropping, copy.text, NULL);
    }
}

/* dependent_objects_still_exist */
static bool may_go_later(const struct fault *why)
{
    return strcmp(why->sqlstate, "2BP01") == 0;
}

static bool drop_round(struct dropping *dropping, int *ret_dropped, int *ret_left,
                       struct fault *why)
{
    *ret_dropped = *ret_left = 0;
    for (int i = 0; i < dropping->count; i++) {
        struct doomed *doomed = &dropping->list[i];
        if (doomed->statement == NULL)
            continue;
        if (conn_run(dropping->job->target, doomed->statement, why)) {
            drop_memory(&doomed->statement);
            (*ret_dropped)++;
        } else if (may_go_later(why)) {
            (*ret_left)++;
        } else {
            return fault_during(why, "%s", doomed->statement);
        }
    }
    return true;
}

/* Tables whose foreign keys go round in a circle. */
static bool drop_together(struct dropping *dropping, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    for (int i = 0; i < dropping->count; i++)
        if (dropping->list[i].statement != NULL && dropping->list[i].table != NULL)
            strbuf_addf(&sql, "%s%s", sql.length == 0 ? "DROP TABLE IF EXISTS " : ", ",
                        dropping->list[i].table);
    if (sql.length == 0 || !conn_run(dropping->job->target, sql.text, why))
        return false;
    for (int i = 0; i < dropping->count; i++)
        if (dropping->list[i].table != NULL)
            drop_memory(&dropping->list[i].statement);
    return true;
}

bool drop_objects(struct job *job, const char *script, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf ask = STRBUF_EMPTY;
    scoped(drop_dropping) struct dropping dropping = {.job = job};
    int dropped, left;
    ask_add(&ask, ASK_TARGET_RELATIONS, conn_version(job->target), NULL);
    add_script(&dropping, script);
    if (!conn_stream(job->target, ask.text, on_target_relation, &dropping, why))
        return false;
    do {
        if (!drop_round(&dropping, &dropped, &left, why))
            return false;
        if (left > 0 && dropped == 0) {
            if (!drop_together(&dropping, why)) {
                why->id = FAULT_TARGET_NOT_EMPTY;
                fault_hint(why, "Drop by hand what depends on them, or use an empty database.");
                return fault_during(why, "dropping %d objects that are in the way", left);
            }
        }
    } while (left > 0);
    log_info("dropped what was in the way on the target");
    return true;
}
