#include "catalog/mapping.h"

#include "base/scoped.h"
#include "catalog/sql.h"

static const char *const words[MAPPING_KINDS] = {
#define M(name, word) word,
    MAPPINGS(M)
#undef M
};

const char *mapping_word(enum mapping_kind kind)
{
    return words[kind];
}

bool mapping_add(struct db *db, enum mapping_kind kind, const char *name, const char *value,
                 struct fault *why)
{
    return db_run(db, why, SQL_MAPPING_INSERT, "sss", words[kind], name, value);
}

bool mapping_find(struct db *db, enum mapping_kind kind, const char *name, struct strbuf *value,
                  bool *ret_found, struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_MAPPING_FIND, why);
    if (stmt == NULL || !stmt_bind(stmt, why, "ss", words[kind], name) ||
        !stmt_step(stmt, ret_found, why))
        return false;
    if (*ret_found)
        strbuf_add(value, stmt_text(stmt, 0));
    return true;
}

bool mapping_any(struct db *db, bool *ret_any, struct fault *why)
{
    int64_t count;
    if (!db_int(db, why, &count, 0, SQL_MAPPING_COUNT, ""))
        return false;
    *ret_any = count > 0;
    return true;
}

bool mapping_list(struct db *db, enum mapping_kind kind, mapping_each *each, void *arg,
                  struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_MAPPING_LIST, why);
    bool row;
    if (stmt == NULL || !stmt_bind(stmt, why, "s", kind == MAPPING_KINDS ? NULL : words[kind]))
        return false;
    while (stmt_step(stmt, &row, why)) {
        if (!row)
            return true;
        if (!each(arg, stmt_text(stmt, 2), stmt_text(stmt, 0), stmt_text(stmt, 1), why))
            return false;
    }
    return false;
}
