#include "catalog/described.h"

#include "base/scoped.h"
#include "catalog/sql.h"

#include <string.h>

void drop_described(struct described *described)
{
    drop_strbuf(&described->nspname);
    drop_strbuf(&described->relname);
    drop_strbuf(&described->columns);
}

static bool read_one(struct db *db, int statement, uint32_t oid, struct described *described,
                     struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, statement, why);
    if (stmt == NULL || !stmt_bind(stmt, why, "i", (int64_t)oid) ||
        !stmt_step(stmt, &described->found, why))
        return false;
    if (!described->found)
        return true;
    strbuf_add(&described->nspname, stmt_text(stmt, 0));
    strbuf_add(&described->relname, stmt_text(stmt, 1));
    strbuf_add(&described->columns, stmt_text(stmt, 2));
    if (statement == SQL_DESCRIBED_GET) {
        described->target = stmt_int(stmt, 3);
        described->gone = stmt_int(stmt, 4) != 0;
    }
    return true;
}

bool described_get(struct db *db, uint32_t oid, struct described *described, struct fault *why)
{
    return read_one(db, SQL_DESCRIBED_GET, oid, described, why) &&
           (described->found || read_one(db, SQL_DESCRIBED_PLANNED, oid, described, why));
}

bool described_put(struct db *db, uint32_t oid, const struct described *described, bool durable,
                   struct fault *why)
{
    if (durable && !db_durable(db, true, why))
        return false;
    bool put = db_run(db, why, SQL_DESCRIBED_PUT, "isssi", (int64_t)oid,
                      strbuf_text(&described->nspname), strbuf_text(&described->relname),
                      strbuf_text(&described->columns), described->target);
    return durable ? db_usual(db, put, why) : put;
}

bool described_gone(struct db *db, uint32_t oid, struct fault *why)
{
    return db_run(db, why, SQL_DESCRIBED_GONE, "i", (int64_t)oid);
}

bool described_has(const char *columns, const char *quoted)
{
    size_t length = strlen(quoted);
    for (const char *at = columns; *at != '\0';) {
        const char *end = at + 1; /* behind the quote that begins a name */
        while (*end != '\0' && (end[0] != '"' || end[1] == '"'))
            end += end[0] == '"' ? 2 : 1;
        end += *end != '\0';
        if ((size_t)(end - at) == length && memcmp(at, quoted, length) == 0)
            return true;
        at = *end == '\0' ? end : end + 2;
    }
    return false;
}
