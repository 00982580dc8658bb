#include "jobs/frame.h"

#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/filter.h"
#include "catalog/objects.h"
#include "catalog/sql.h"

void drop_frame(struct frame *frame)
{
    drop_strbuf(&frame->before);
    drop_strbuf(&frame->after);
}

static void add_command(struct strbuf *sql, const char *command, const char *nspname,
                        const char *relname)
{
    strbuf_add(sql, command);
    if (relname == NULL)
        strbuf_add_identifier(sql, nspname);
    else
        strbuf_add_qualified(sql, nspname, relname);
    strbuf_add(sql, ";\n");
}

static bool on_schema(void *arg, const struct stmt *row, struct fault *why)
{
    struct frame *frame = arg;
    (void)why;
    add_command(&frame->before, "CREATE SCHEMA IF NOT EXISTS ", stmt_text(row, 0), NULL);
    return true;
}

/* One that the target has already may stay, and the defaults that need it. */
static bool on_there(void *arg, const struct stmt *row, struct fault *why)
{
    struct frame *frame = arg;
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    strbuf_add_qualified(&name, stmt_text(row, 0), stmt_text(row, 1));
    const char *const values[] = {name.text};
    if (frame->job->target == NULL)
        return on_schema(frame, row, why);
    if (!conn_query_params(frame->job->target, "SELECT pg_catalog.to_regclass($1)", 1, values,
                           &rows, why))
        return false;
    return rows_null(&rows, 0, 0) || db_run(frame->job->db, why, SQL_STAND_IN_DELETE, "ss",
                                            stmt_text(row, 0), stmt_text(row, 1));
}

static bool on_stand_in_schema(void *arg, const struct stmt *row, struct fault *why)
{
    struct frame *frame = arg;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    const char *const values[] = {stmt_text(row, 0)};
    /* Made already, and left there: it may have had other things in it. */
    if (frame->job->target == NULL)
        return true;
    if (!conn_query_params(frame->job->target,
                           "SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1", 1, values,
                           &rows, why))
        return false;
    if (rows_count(&rows) == 0) {
        add_command(&frame->before, "CREATE SCHEMA ", stmt_text(row, 0), NULL);
        add_command(&frame->after, "DROP SCHEMA ", stmt_text(row, 0), NULL);
    }
    return true;
}

static bool on_stand_in(void *arg, const struct stmt *row, struct fault *why)
{
    struct frame *frame = arg;
    scoped(drop_strbuf) struct strbuf after = STRBUF_EMPTY;
    (void)why;
    add_command(&frame->before, "CREATE SEQUENCE ", stmt_text(row, 0), stmt_text(row, 1));
    add_command(&after, "DROP SEQUENCE ", stmt_text(row, 0), stmt_text(row, 1));
    strbuf_add(&after, strbuf_text(&frame->after));
    strbuf_clear(&frame->after);
    strbuf_add(&frame->after, after.text);
    return true;
}

static bool on_default(void *arg, const struct stmt *row, struct fault *why)
{
    struct strbuf *drops = arg;
    (void)why;
    strbuf_add(drops, "ALTER TABLE ONLY ");
    strbuf_add_qualified(drops, stmt_text(row, 0), stmt_text(row, 1));
    strbuf_add(drops, " ALTER COLUMN ");
    strbuf_add_identifier(drops, stmt_text(row, 2));
    strbuf_add(drops, " DROP DEFAULT;\n");
    return true;
}

static bool stand_in_schemas(struct frame *frame, bool tables, struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(frame->job->db, SQL_STAND_IN_SCHEMAS, why);
    bool row;
    if (stmt == NULL || !stmt_bind(stmt, why, "d", (int)tables))
        return false;
    while (stmt_step(stmt, &row, why)) {
        if (!row)
            return true;
        if (!on_stand_in_schema(frame, stmt, why))
            return false;
    }
    return false;
}

/* pg_dump of some tables leaves their schemas to others. */
static bool make_in_write(struct db *db, void *arg, struct fault *why)
{
    struct frame *frame = arg;
    scoped(drop_strbuf) struct strbuf drops = STRBUF_EMPTY;
    int64_t tables;
    if (!filter_count(db, FILTER_INCLUDE_TABLE, &tables, why) ||
        (tables > 0 && !catalog_list(db, SQL_KNOWN_SCHEMAS, 0, on_schema, frame, why)) ||
        !catalog_list(db, SQL_STAND_IN_SEQUENCES, 0, on_there, frame, why) ||
        !stand_in_schemas(frame, tables > 0, why) ||
        !catalog_list(db, SQL_STAND_IN_SEQUENCES, 0, on_stand_in, frame, why) ||
        !catalog_list(db, SQL_STAND_IN_LIST, 0, on_default, &drops, why))
        return false;
    strbuf_add(&drops, strbuf_text(&frame->after));
    strbuf_clear(&frame->after);
    strbuf_add(&frame->after, strbuf_text(&drops));
    return true;
}

/* In a write transaction from the start: a read that turns into a write may fail at once. */
bool frame_make(struct frame *frame, struct fault *why)
{
    return db_write(frame->job->db, make_in_write, frame, why);
}
