/*
 * foreign_keys.c - the foreign keys of one table.
 *
 * Two steps: all keys are added NOT VALID, which takes a strong lock on both tables
 * but only for a moment, then validated, which reads the table under a weak one. So
 * keys of different tables are checked side by side. The tables are locked in the
 * order of their oids, since two tables may reference each other. A partitioned
 * table cannot take a key NOT VALID (before version 18), and with a small one it is
 * not worth it: their keys are added at once.
 *
 * Keys that the target had before the rows came are not added but verified.
 */
#include "jobs/job.h"

#include "base/failpoint.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "jobs/done.h"
#include "jobs/show.h"

enum { STEP_WHOLE, STEP_ADDED };

struct foreign_keys {
    struct job *job;     /* NULL: only to be shown */
    struct strbuf shown; /* queries that verify */
    const struct table *table;
    struct strbuf lock;
    struct strbuf add;
    struct strbuf validate;
};

static void drop_foreign_keys(struct foreign_keys *keys)
{
    drop_strbuf(&keys->shown);
    drop_strbuf(&keys->lock);
    drop_strbuf(&keys->add);
    drop_strbuf(&keys->validate);
}

static bool on_table(void *arg, const struct stmt *row, struct fault *why)
{
    struct foreign_keys *keys = arg;
    (void)why;
    strbuf_add(&keys->lock, keys->lock.length == 0 ? "LOCK TABLE ONLY " : ", ONLY ");
    strbuf_add_qualified(&keys->lock, stmt_text(row, 0), stmt_text(row, 1));
    return true;
}

static void add_alter(struct strbuf *sql, const struct table *table)
{
    strbuf_add(sql, table->kind == 'p' ? "ALTER TABLE " : "ALTER TABLE ONLY ");
    strbuf_add_qualified(sql, table->nspname, table->relname);
}

/* A key that was there before the rows, which came without its being asked. */
static bool verify(struct foreign_keys *keys, const char *name, const char *table,
                   const char *query, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!conn_query(keys->job->target, query, &rows, why))
        return false;
    return rows_count(&rows) == 0 ||
           fault_set(why, FAULT_KEY_BROKEN,
                     "rows of table %s on the target break foreign key \"%s\": what they "
                     "reference is not there",
                     table, name);
}

static bool add_verified(struct foreign_keys *keys, const struct stmt *row, struct fault *why)
{
    const char *query = stmt_text(row, 3);
    if (keys->job != NULL)
        return verify(keys, stmt_text(row, 0), stmt_text(row, 1), query, why);
    strbuf_addf(&keys->shown, "%s;", query);
    return true;
}

static bool on_key(void *arg, const struct stmt *row, struct fault *why)
{
    struct foreign_keys *keys = arg;
    bool validated = stmt_int(row, 2) != 0;
    bool later = validated && keys->table->kind != 'p' && !keys->table->is_small;
    if (!stmt_null(row, 3))
        return add_verified(keys, row, why);
    add_alter(&keys->add, keys->table);
    strbuf_add(&keys->add, " ADD CONSTRAINT ");
    strbuf_add_identifier(&keys->add, stmt_text(row, 0));
    strbuf_addf(&keys->add, " %s%s;", stmt_text(row, 1), later ? " NOT VALID" : "");
    if (later) {
        if (keys->validate.length == 0)
            add_alter(&keys->validate, keys->table);
        else
            strbuf_add(&keys->validate, ",");
        strbuf_add(&keys->validate, " VALIDATE CONSTRAINT ");
        strbuf_add_identifier(&keys->validate, stmt_text(row, 0));
    }
    return true;
}

/* The table that keys->table points to, and the statements. */
static bool make(struct job *job, struct table *table, struct foreign_keys *keys, struct fault *why)
{
    int64_t oid = job->work->object;
    if (!table_get(job->db, oid, table, why) ||
        !catalog_list(job->db, SQL_FOREIGN_KEY_TABLES, oid, on_table, keys, why) ||
        !catalog_list(job->db, SQL_FOREIGN_KEYS, oid, on_key, keys, why))
        return false;
    if (keys->add.length == 0) {
        strbuf_clear(&keys->lock);
        return true;
    }
    strbuf_add(&keys->lock, " IN SHARE ROW EXCLUSIVE MODE;");
    strbuf_add(&keys->lock, strbuf_text(&keys->add));
    return true;
}

bool show_foreign_keys(struct job *job, struct shown *shown, struct fault *why)
{
    scoped(drop_table) struct table table = {.owned = NULL};
    scoped(drop_foreign_keys) struct foreign_keys keys = {.table = &table};
    if (!make(job, &table, &keys, why))
        return false;
    strbuf_add(&shown->target, strbuf_text(&keys.shown));
    strbuf_add(&shown->target, strbuf_text(&keys.lock));
    strbuf_add(&shown->target, strbuf_text(&keys.validate));
    return true;
}

bool job_foreign_keys(struct job *job, struct fault *why)
{
    scoped(drop_table) struct table table = {.owned = NULL};
    scoped(drop_foreign_keys) struct foreign_keys keys = {.job = job, .table = &table};
    if (!make(job, &table, &keys, why))
        return false;
    bool in_two = keys.validate.length > 0;
    FAILPOINT("foreign_keys.begun", why);
    if (!done_run(job, in_two ? STEP_ADDED : STEP_WHOLE, strbuf_text(&keys.lock), why))
        return false;
    FAILPOINT("foreign_keys.added", why);
    if (in_two && !done_run(job, STEP_WHOLE, keys.validate.text, why))
        return false;
    FAILPOINT("foreign_keys.validated", why);
    return true;
}
