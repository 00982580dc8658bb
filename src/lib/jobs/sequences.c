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

enum { CHUNK = 500, DIRECTLY = 50, CLASS_RELATION = 1259 };

/* A function tells the last value of one that was used since 10; else it is read, fewer at a time,
 * since a statement's cost grows faster than its parts. The function's lock lasts to the end of the
 * transaction, whatever savepoint is gone back to: so it is not used in that of a snapshot. */
enum { TOLD_SINCE = 100000 };

struct value {
    bool there, known;
    int64_t last;
    bool called;
};

struct chunk {
    struct job *job;
    const char *before; /* each reading of the source */
    int count;
    bool later; /* the target may lack some: the source's may have come since the plan */
    struct strbuf names[CHUNK]; /* quoted, qualified */
    struct value source[CHUNK], target[CHUNK];
    int64_t set;
};

static void drop_chunk(struct chunk **held)
{
    for (int i = 0; *held != NULL && i < CHUNK; i++)
        drop_strbuf(&(*held)->names[i]);
    drop_memory(held);
}

static bool ask_for_all(struct conn *conn, const struct chunk *chunk, const char *before,
                        struct value *values, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    strbuf_addf(&sql,
                "%sSELECT s.id IS NOT NULL, pg_catalog.pg_sequence_last_value(s.id)"
                " FROM pg_catalog.unnest(ARRAY[",
                before);
    for (int i = 0; i < chunk->count; i++) {
        strbuf_add(&sql, i == 0 ? "" : ",");
        strbuf_add_literal(&sql, chunk->names[i].text);
    }
    strbuf_add(&sql, "]::pg_catalog.text[]) WITH ORDINALITY t (name, n)"
                     " CROSS JOIN LATERAL pg_catalog.to_regclass(t.name) s (id) ORDER BY t.n");
    if (!conn_query(conn, sql.text, &rows, why))
        return false;
    for (int i = 0; i < chunk->count; i++) {
        bool known = !rows_null(&rows, i, 1);
        values[i] = (struct value){
            .there = rows_bool(&rows, i, 0),
            .known = known,
            .last = rows_int(&rows, i, 1),
            .called = known,
        };
    }
    return true;
}

static bool read_some(struct conn *conn, const struct chunk *chunk, const char *before,
                      const int *which, int count, struct value *values, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    strbuf_add(&sql, before);
    for (int i = 0; i < count; i++)
        strbuf_addf(&sql, "%sSELECT %d AS n, last_value, is_called FROM %s",
                    i == 0 ? "" : " UNION ALL ", i, chunk->names[which[i]].text);
    strbuf_add(&sql, " ORDER BY n");
    if (!conn_query(conn, sql.text, &rows, why))
        return false;
    for (int i = 0; i < count; i++)
        values[which[i]] =
            (struct value){true, true, rows_int(&rows, i, 1), rows_bool(&rows, i, 2)};
    return true;
}

static bool read_values(struct conn *conn, const struct chunk *chunk, const char *before,
                        bool may_lack, struct value *values, struct fault *why)
{
    int which[DIRECTLY], count = 0;
    memset(values, 0, CHUNK * sizeof *values);
    bool told = *before == '\0' && conn_version(conn) >= TOLD_SINCE;
    if (told && !ask_for_all(conn, chunk, before, values, why))
        return fault_during(why, "reading sequences");
    for (int i = 0; i < chunk->count; i++) {
        if (!values[i].known && (!told || !may_lack || values[i].there))
            which[count++] = i;
        if (count == 0 || (count < DIRECTLY && i < chunk->count - 1))
            continue;
        if (!read_some(conn, chunk, before, which, count, values, why))
            return fault_during(why, "reading sequences");
        count = 0;
    }
    return true;
}

static bool same_value(const struct value *a, const struct value *b)
{
    return a->last == b->last && a->called == b->called;
}

static void add_setval(struct strbuf *sql, const char *name, const struct value *value)
{
    strbuf_add(sql, sql->length == 0 ? "SELECT pg_catalog.setval(" : ", pg_catalog.setval(");
    strbuf_add_literal(sql, name);
    strbuf_addf(sql, ", %" PRId64 ", %s)", value->last, value->called ? "true" : "false");
}

static bool copy_chunk(struct chunk *chunk, struct fault *why)
{
    struct job *job = chunk->job;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    /* Going back to the savepoint lets go of the locks on the last chunk's sequences. */
    job->held_table = 0;
    if (!read_values(job->source, chunk, chunk->before, false, chunk->source, why) ||
        !read_values(job->target, chunk, "", chunk->later, chunk->target, why))
        return false;
    for (int i = 0; i < chunk->count; i++) {
        if (!chunk->target[i].known)
            log_warning("sequence %s is not on the target", chunk->names[i].text);
        else if (!same_value(&chunk->source[i], &chunk->target[i])) {
            add_setval(&sql, chunk->names[i].text, &chunk->source[i]);
            chunk->set++;
        }
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
    return copy_all(job, SNAPSHOT_LET_GO, false, why) && snapshot_let_go(job->source, why);
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

/* undefined_table: one that was dropped meanwhile. */
bool job_refresh_sequences(struct job *job, struct fault *why)
{
    return copy_all(job, "", true, why) ||
           (strcmp(why->sqlstate, "42P01") == 0 && job_last_sequences(job, why));
}

/* Replication does not bring them. The source's connection is in no transaction here. Since the
 * plan some may have come (by new columns) and gone, or have another name. */
bool job_last_sequences(struct job *job, struct fault *why)
{
    scoped(drop_reading) struct reading reading = {.job = job};
    return selection_now(job->db, job->source, &reading.selection, why) &&
           db_write(job->db, read_in_write, &reading, why) && copy_all(job, "", true, why);
}
