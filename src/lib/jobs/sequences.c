/*
 * sequences.c - all sequences: last_value and is_called.
 *
 * Read from the relations themselves, many in one statement, because the view
 * pg_sequences shows NULL for a sequence that was set but not yet used. On the
 * target only those that differ are set.
 */
#include "jobs/job.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/filter.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "jobs/show.h"
#include "pg/snapshot.h"
#include "plan/ask.h"
#include "plan/selection.h"

#include <inttypes.h>

enum { CHUNK = 500, CLASS_RELATION = 1259 };

struct chunk {
    struct job *job;
    const char *before; /* each reading of the source */
    int count;
    bool later; /* the target may lack some: the source's may have come since the plan */
    struct strbuf names[CHUNK]; /* quoted, qualified */
    int64_t set;
};

static void drop_chunk(struct chunk **held)
{
    for (int i = 0; *held != NULL && i < CHUNK; i++)
        drop_strbuf(&(*held)->names[i]);
    drop_memory(held);
}

static bool read_values(struct conn *conn, const struct chunk *chunk, const char *before,
                        struct rows *ret_rows, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    strbuf_add(&sql, before);
    for (int i = 0; i < chunk->count; i++)
        strbuf_addf(&sql, "%sSELECT %d AS n, last_value, is_called FROM %s",
                    i == 0 ? "" : " UNION ALL ", i, chunk->names[i].text);
    strbuf_add(&sql, " ORDER BY n");
    return conn_query(conn, sql.text, ret_rows, why);
}

static bool same_value(const struct rows *a, const struct rows *b, int row)
{
    return rows_int(a, row, 1) == rows_int(b, row, 1) &&
           rows_bool(a, row, 2) == rows_bool(b, row, 2);
}

static bool keep_known(struct chunk *chunk, struct fault *why)
{
    scoped(drop_rows) struct rows there = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    int kept = 0;
    for (int i = 0; i < chunk->count; i++) {
        strbuf_addf(&sql, "%s SELECT %d AS n, pg_catalog.to_regclass(", i == 0 ? "" : " UNION ALL",
                    i);
        strbuf_add_literal(&sql, chunk->names[i].text);
        strbuf_add(&sql, ") IS NOT NULL");
    }
    strbuf_add(&sql, " ORDER BY n");
    if (!conn_query(chunk->job->target, sql.text, &there, why))
        return fault_during(why, "looking for sequences on the target");
    for (int i = 0; i < chunk->count; i++) {
        struct strbuf name = chunk->names[i];
        if (!rows_bool(&there, i, 1)) {
            log_warning("sequence %s is not on the target", name.text);
            continue;
        }
        chunk->names[i] = chunk->names[kept];
        chunk->names[kept++] = name;
    }
    chunk->count = kept;
    return true;
}

static bool copy_chunk(struct chunk *chunk, struct fault *why)
{
    struct job *job = chunk->job;
    scoped(drop_rows) struct rows source = ROWS_NONE;
    scoped(drop_rows) struct rows target = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    /* Going back to the savepoint lets go of the locks on the last chunk's sequences. */
    job->held_table = 0;
    if (chunk->later && !keep_known(chunk, why))
        return false;
    if (chunk->count == 0)
        return true;
    if (!read_values(job->source, chunk, chunk->before, &source, why))
        return fault_during(why, "reading sequences");
    if (!read_values(job->target, chunk, "", &target, why))
        return fault_during(why, "reading sequences");
    for (int row = 0; row < chunk->count; row++) {
        if (same_value(&source, &target, row))
            continue;
        strbuf_add(&sql, sql.length == 0 ? "SELECT pg_catalog.setval(" : ", pg_catalog.setval(");
        strbuf_add_literal(&sql, chunk->names[row].text);
        strbuf_addf(&sql, ", %" PRId64 ", %s)", rows_int(&source, row, 1),
                    rows_bool(&source, row, 2) ? "true" : "false");
        chunk->set++;
    }
    chunk->count = 0;
    FAILPOINT("sequences.before_set", why);
    if (sql.length > 0 && !conn_run(job->target, sql.text, why))
        return fault_during(why, "setting sequences");
    FAILPOINT("sequences.set", why);
    return true;
}

static bool on_shown(void *arg, const struct stmt *row, struct fault *why)
{
    struct shown *shown = arg;
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    (void)why;
    strbuf_add_qualified(&name, stmt_text(row, 0), stmt_text(row, 1));
    strbuf_addf(&shown->source, "SELECT last_value, is_called FROM %s;", name.text);
    strbuf_add(&shown->target, "SELECT pg_catalog.setval(");
    strbuf_add_literal(&shown->target, name.text);
    strbuf_add(&shown->target, ", last_value, is_called);");
    return true;
}

bool show_sequences(struct job *job, struct shown *shown, struct fault *why)
{
    shown->note = "the values are those that the source has then; many sequences go in one "
                  "statement, those that have their value already are left alone";
    return catalog_list(job->db, SQL_SEQUENCE_LIST, 0, on_shown, shown, why);
}

static bool on_sequence(void *arg, const struct stmt *row, struct fault *why)
{
    struct chunk *chunk = arg;
    struct strbuf *name = &chunk->names[chunk->count++];
    strbuf_clear(name);
    strbuf_add_qualified(name, stmt_text(row, 0), stmt_text(row, 1));
    return chunk->count < CHUNK || copy_chunk(chunk, why);
}

static bool copy_all(struct job *job, const char *before, bool later, struct fault *why)
{
    scoped(drop_chunk) struct chunk *chunk = new_memory(1, sizeof *chunk);
    chunk->job = job;
    chunk->before = before;
    chunk->later = later;
    if (!catalog_list(job->db, SQL_SEQUENCE_LIST, 0, on_sequence, chunk, why) ||
        (chunk->count > 0 && !copy_chunk(chunk, why)))
        return false;
    job->rows = chunk->set;
    return true;
}

bool job_sequences(struct job *job, struct fault *why)
{
    return copy_all(job, SNAPSHOT_LET_GO, false, why);
}

struct reading {
    struct job *job;
    struct selection selection;
};

static void drop_reading(struct reading *reading)
{
    drop_selection(&reading->selection);
}

static bool on_source(void *arg, const struct rows *row, struct fault *why)
{
    struct reading *reading = arg;
    int64_t oid = rows_int(row, 0, 0);
    bool left_out;
    if (!left_out_has(reading->job->db, CLASS_RELATION, oid, &left_out, why))
        return false;
    return left_out || oids_have(reading->selection.no_data, oid) ||
           db_run(reading->job->db, why, SQL_SEQUENCE_INSERT, "iss", oid, rows_text(row, 0, 1),
                  rows_text(row, 0, 2));
}

static bool read_in_write(struct db *db, void *arg, struct fault *why)
{
    struct reading *reading = arg;
    struct conn *source = reading->job->source;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    ask_add(&sql, ASK_SEQUENCES, conn_version(source), reading->selection.chosen);
    return db_run(db, why, SQL_FORGET_SEQUENCES, "") &&
           conn_stream(source, sql.text, on_source, reading, why);
}

/* Replication does not bring them. The source's connection is in no transaction here. Since the
 * plan some may have come (by new columns) and gone, or have another name. */
bool job_last_sequences(struct job *job, struct fault *why)
{
    scoped(drop_reading) struct reading reading = {.job = job};
    return selection_now(job->db, job->source, &reading.selection, why) &&
           db_write(job->db, read_in_write, &reading, why) && copy_all(job, "", true, why);
}
