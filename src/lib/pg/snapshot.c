#include "pg/snapshot.h"

#include "base/scoped.h"
#include "base/strbuf.h"

#define CONTENT "pg_catalog.left(pg_catalog.txid_current_snapshot()::pg_catalog.text, 200)"

static const char *position_query(int version)
{
    if (version >= 100000)
        return "SELECT pg_catalog.pg_export_snapshot(),"
               " CASE WHEN pg_catalog.pg_is_in_recovery()"
               " THEN pg_catalog.pg_last_wal_replay_lsn()"
               " ELSE pg_catalog.pg_current_wal_insert_lsn() END, " CONTENT;
    return "SELECT pg_catalog.pg_export_snapshot(),"
           " CASE WHEN pg_catalog.pg_is_in_recovery()"
           " THEN pg_catalog.pg_last_xlog_replay_location()"
           " ELSE pg_catalog.pg_current_xlog_insert_location() END, " CONTENT;
}

/* Once a savepoint is set nothing can be exported. */
static bool export_after(struct conn *source, const char *begin, struct snapshot_export *ret_export,
                         struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!conn_run(source, begin, why) ||
        !conn_query(source, position_query(conn_version(source)), &rows, why) ||
        !conn_run(source, "SAVEPOINT pghaul_item", why))
        return fault_during(why, "exporting a snapshot");
    strlcpy(ret_export->id, rows_text(&rows, 0, 0), sizeof ret_export->id);
    strlcpy(ret_export->lsn, rows_text(&rows, 0, 1), sizeof ret_export->lsn);
    strlcpy(ret_export->content, rows_text(&rows, 0, 2), sizeof ret_export->content);
    return true;
}

#define BEGIN_READING "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"

bool snapshot_take(struct conn *source, struct snapshot_export *ret_export, struct fault *why)
{
    return export_after(source, BEGIN_READING, ret_export, why);
}

bool snapshot_take_over(struct conn *source, const char *id, struct snapshot_export *ret_export,
                        struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    strbuf_add(&sql, BEGIN_READING ";SET TRANSACTION SNAPSHOT ");
    strbuf_add_literal(&sql, id);
    return export_after(source, sql.text, ret_export, why);
}

bool snapshot_let_go(struct conn *source, struct fault *why)
{
    return conn_run(source, SNAPSHOT_LET_GO, why);
}

static bool compare(const char *id, char *content, const char *now, struct fault *why)
{
    if (content[0] == '\0')
        strlcpy(content, now, SNAPSHOT_CONTENT);
    return strcmp(content, now) == 0 ||
           fault_set(why, FAULT_SNAPSHOT_GONE,
                     "snapshot %s is gone: since the source was restarted, another one has its id",
                     id);
}

bool snapshot_enter(struct conn *source, const char *id, char *content, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    strbuf_add(&sql, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;"
                     "SET TRANSACTION SNAPSHOT ");
    strbuf_add_literal(&sql, id);
    strbuf_add(&sql, ";SAVEPOINT pghaul_item; SELECT " CONTENT);
    if (conn_query(source, sql.text, &rows, why))
        return compare(id, content, rows_text(&rows, 0, 0), why);
    /* invalid_parameter_value, undefined_object, object_not_in_prerequisite_state: by version */
    static const char *const gone[] = {"22023", "42704", "55000"};
    for (size_t i = 0; i < sizeof gone / sizeof gone[0]; i++)
        if (strcmp(why->sqlstate, gone[i]) == 0) {
            char said[256];
            strlcpy(said, why->text, sizeof said);
            return fault_set(why, FAULT_SNAPSHOT_GONE, "snapshot %s is gone: %s", id, said);
        }
    return fault_during(why, "entering snapshot %s", id);
}

bool xid_take(struct conn *source, char text[XID_TEXT], struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!conn_query(source, "SELECT pg_catalog.txid_current()", &rows, why))
        return false;
    strlcpy(text, rows_text(&rows, 0, 0), XID_TEXT);
    return true;
}
