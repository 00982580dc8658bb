#include "jobs/statistics.h"

#include "base/scoped.h"
#include "base/text.h"
#include "catalog/sql.h"

enum { ANALYZE_ONLY = 180000 };

static void add_analyze(struct strbuf *sql, const struct job *job, const struct table *table)
{
    /* Partitions that only the target has are nobody else's. */
    bool only = job->run->target_version >= ANALYZE_ONLY && !table->is_root;
    strbuf_add(sql, only ? "ANALYZE ONLY " : "ANALYZE ");
    strbuf_add_qualified(sql, table->nspname, table->relname);
    strbuf_add(sql, ";");
}

static bool on_call(void *arg, const struct stmt *row, struct fault *why)
{
    struct strbuf *sql = arg;
    (void)why;
    strbuf_addf(sql, "%s%s", sql->length == 0 ? "" : ", ", stmt_text(row, 0));
    return true;
}

/* One row, {t,t,…}: was each of them taken? */
static bool add_calls(struct strbuf *sql, const struct job *job, const struct table *table,
                      struct fault *why)
{
    scoped(drop_strbuf) struct strbuf calls = STRBUF_EMPTY;
    if (!catalog_list(job->db, SQL_STATISTIC_CALLS, table->oid, on_call, &calls, why))
        return false;
    strbuf_addf(sql, "SELECT ARRAY[%s]::pg_catalog.bool[];", strbuf_text(&calls));
    return true;
}

bool statistics_add(struct strbuf *sql, const struct job *job, const struct table *table,
                    struct fault *why)
{
    if (table->is_carried)
        return add_calls(sql, job, table, why);
    add_analyze(sql, job, table);
    return true;
}

static bool analyze_instead(struct job *job, const struct table *table, const char *reason,
                            struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    strbuf_add(&text, "statistics of table ");
    strbuf_add_name(&text, table->nspname, table->relname);
    strbuf_addf(&text, " are not carried but made by ANALYZE: %s", reason);
    strbuf_add(&sql, "ROLLBACK TO SAVEPOINT pghaul_statistics;");
    add_analyze(&sql, job, table);
    return conn_run(job->target, sql.text, why) && job_warn(job, text.text, why);
}

bool statistics_carry(struct job *job, const struct table *table, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    strbuf_add(&sql, "SAVEPOINT pghaul_statistics;");
    if (!add_calls(&sql, job, table, why))
        return false;
    if (!conn_query(job->target, sql.text, &rows, why)) {
        char reason[256];
        if (why->id != FAULT_TARGET_QUERY || conn_broken(job->target) || why->retry)
            return false;
        strlcpy(reason, why->text, sizeof reason);
        return analyze_instead(job, table, reason, why);
    }
    /* The server has said why in a warning to our session, which nobody reads. */
    return strchr(rows_text(&rows, 0, 0), 'f') == NULL ||
           analyze_instead(job, table, "the target did not take them", why);
}
