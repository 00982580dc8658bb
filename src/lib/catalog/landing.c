#include "catalog/landing.h"

#include "base/scoped.h"
#include "catalog/sql.h"

void drop_landing(struct landing *landing)
{
    drop_strbuf(&landing->nspname);
    drop_strbuf(&landing->relname);
}

bool landing_get(struct db *db, uint32_t leaf, struct landing *landing, struct fault *why)
{
    bool found;
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_LANDING_GET, why);
    if (stmt == NULL || !stmt_bind(stmt, why, "i", (int64_t)leaf) || !stmt_step(stmt, &found, why))
        return false;
    if (!found)
        return true;
    landing->root = (uint32_t)stmt_int(stmt, 0);
    strbuf_add(&landing->nspname, stmt_text(stmt, 1));
    strbuf_add(&landing->relname, stmt_text(stmt, 2));
    return true;
}

bool landing_leaves(struct db *db, uint32_t root, int64_t *ret_count, struct fault *why)
{
    return db_int(db, why, ret_count, 0, SQL_LANDING_LEAVES, "i", (int64_t)root);
}

bool landing_add(struct db *db, int64_t leaf, const char *above, struct fault *why)
{
    return db_run(db, why, SQL_LANDING_ADD, "is", leaf, above);
}

bool landing_gone(struct db *db, int64_t leaf, struct fault *why)
{
    return db_run(db, why, SQL_LANDING_GONE, "i", leaf);
}
