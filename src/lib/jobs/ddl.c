#include "jobs/ddl.h"

#include "base/scoped.h"
#include "base/strbuf.h"
#include "catalog/objects.h"
#include "catalog/sql.h"

struct ddl {
    struct job *job;
    struct strbuf *sql;
    bool found;
    bool tablespace_set; /* by a statement before */
};

/* Our sessions have default_tablespace = ''. */
static void add_tablespace(struct ddl *ddl, const char *tablespace)
{
    bool given = *tablespace != '\0' && !ddl->job->settings->no_tablespaces;
    if (!given && !ddl->tablespace_set)
        return;
    ddl->tablespace_set = given;
    strbuf_add(ddl->sql, "SET LOCAL default_tablespace = ");
    strbuf_add_literal(ddl->sql, given ? tablespace : "");
    strbuf_add(ddl->sql, ";");
}

static bool on_index(void *arg, const struct stmt *row, struct fault *why)
{
    struct ddl *ddl = arg;
    (void)why;
    ddl->found = true;
    add_tablespace(ddl, stmt_text(row, 1));
    strbuf_addf(ddl->sql, "%s;", stmt_text(row, 0));
    return true;
}

static bool on_key(void *arg, const struct stmt *row, struct fault *why)
{
    struct ddl *ddl = arg;
    (void)why;
    strbuf_add(ddl->sql, "ALTER TABLE ONLY ");
    strbuf_add_qualified(ddl->sql, stmt_text(row, 4), stmt_text(row, 5));
    strbuf_add(ddl->sql, " ADD CONSTRAINT ");
    strbuf_add_identifier(ddl->sql, stmt_text(row, 0));
    strbuf_add(ddl->sql, stmt_text(row, 1)[0] == 'p' ? " PRIMARY KEY" : " UNIQUE");
    strbuf_add(ddl->sql, " USING INDEX ");
    strbuf_add_identifier(ddl->sql, stmt_text(row, 3));
    strbuf_addf(ddl->sql, "%s;", stmt_text(row, 2));
    return true;
}

static bool on_attachment(void *arg, const struct stmt *row, struct fault *why)
{
    struct ddl *ddl = arg;
    (void)why;
    strbuf_add(ddl->sql, "ALTER INDEX ");
    strbuf_add_qualified(ddl->sql, stmt_text(row, 2), stmt_text(row, 3));
    strbuf_add(ddl->sql, " ATTACH PARTITION ");
    strbuf_add_qualified(ddl->sql, stmt_text(row, 0), stmt_text(row, 1));
    strbuf_add(ddl->sql, ";");
    return true;
}

static bool on_mark(void *arg, const struct stmt *row, struct fault *why)
{
    struct ddl *ddl = arg;
    (void)why;
    strbuf_add(ddl->sql, stmt_text(row, 0));
    return true;
}

static bool on_constraint(void *arg, const struct stmt *row, struct fault *why)
{
    struct ddl *ddl = arg;
    ddl->found = true;
    add_tablespace(ddl, stmt_text(row, 2));
    strbuf_add(ddl->sql, "ALTER TABLE ONLY ");
    strbuf_add_qualified(ddl->sql, stmt_text(row, 3), stmt_text(row, 4));
    strbuf_add(ddl->sql, " ADD CONSTRAINT ");
    strbuf_add_identifier(ddl->sql, stmt_text(row, 0));
    strbuf_addf(ddl->sql, " %s;", stmt_text(row, 1));
    struct db *db = ddl->job->db;
    int64_t index = stmt_int(row, 5);
    return catalog_list(db, SQL_INDEX_ATTACHMENT_OF_ONE, index, on_attachment, ddl, why) &&
           catalog_list(db, SQL_INDEX_MARKS_OF_ONE, index, on_mark, ddl, why);
}

static bool add_one(struct strbuf *sql, struct job *job, int statement, int64_t oid,
                    catalog_each *each, struct fault *why)
{
    struct ddl ddl = {.job = job, .sql = sql};
    if (!catalog_list(job->db, statement, oid, each, &ddl, why))
        return false;
    return ddl.found ||
           fault_set(why, FAULT_CATALOG, "the catalog has no object with oid %lld", (long long)oid);
}

bool ddl_add_index(struct strbuf *sql, struct job *job, int64_t oid, struct fault *why)
{
    return add_one(sql, job, SQL_INDEX_GET, oid, on_index, why);
}

bool ddl_add_constraint(struct strbuf *sql, struct job *job, int64_t oid, struct fault *why)
{
    return add_one(sql, job, SQL_CONSTRAINT_GET, oid, on_constraint, why);
}

/* Attachments are in the order of the parents' oids, so that two partitions never wait for
 * each other. */
bool ddl_add_keys(struct strbuf *sql, struct job *job, int64_t table_oid, struct fault *why)
{
    struct ddl ddl = {.job = job, .sql = sql};
    return catalog_list(job->db, SQL_CONSTRAINTS_BY_INDEX, table_oid, on_key, &ddl, why) &&
           catalog_list(job->db, SQL_INDEX_ATTACHMENTS, table_oid, on_attachment, &ddl, why) &&
           catalog_list(job->db, SQL_INDEX_MARKS, table_oid, on_mark, &ddl, why);
}

bool ddl_add_all(struct strbuf *sql, struct job *job, int64_t table_oid, struct fault *why)
{
    struct ddl ddl = {.job = job, .sql = sql};
    return catalog_list(job->db, SQL_INDEXES_OF_TABLE, table_oid, on_index, &ddl, why) &&
           ddl_add_keys(sql, job, table_oid, why) &&
           catalog_list(job->db, SQL_CONSTRAINTS_ALONE, table_oid, on_constraint, &ddl, why);
}
