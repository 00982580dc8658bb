#include "catalog/filter.h"

#include "base/scoped.h"
#include "catalog/sql.h"

static const char *const words[FILTER_KINDS] = {
#define F(name, word) word,
    FILTERS(F)
#undef F
};

const char *filter_kind_word(enum filter_kind kind)
{
    return words[kind];
}

bool filter_kind_parse(const char *word, enum filter_kind *ret_kind)
{
    for (int kind = 0; kind < FILTER_KINDS; kind++)
        if (strcmp(word, words[kind]) == 0) {
            *ret_kind = (enum filter_kind)kind;
            return true;
        }
    return false;
}

bool filter_add(struct db *db, enum filter_kind kind, const char *pattern, struct fault *why)
{
    return db_run(db, why, SQL_FILTER_INSERT, "ss", words[kind], pattern);
}

bool filter_count(struct db *db, enum filter_kind kind, int64_t *ret_count, struct fault *why)
{
    return db_int(db, why, ret_count, 0, SQL_FILTER_COUNT, "s",
                  kind == FILTER_KINDS ? NULL : words[kind]);
}

bool filter_list(struct db *db, filter_each *each, void *arg, struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_FILTER_LIST, why);
    bool row;
    if (stmt == NULL)
        return false;
    while (stmt_step(stmt, &row, why)) {
        enum filter_kind kind;
        if (!row)
            return true;
        if (!filter_kind_parse(stmt_text(stmt, 0), &kind))
            return fault_set(why, FAULT_CATALOG, "catalog has a filter of unknown kind \"%s\"",
                             stmt_text(stmt, 0));
        if (!each(arg, kind, stmt_text(stmt, 1), why))
            return false;
    }
    return false;
}

bool left_out_add(struct db *db, const struct left_out *object, struct fault *why)
{
    return db_run(db, why, SQL_LEFT_OUT_INSERT, "iisssss", object->classid, object->oid,
                  object->kind, object->nspname, object->relname, object->description,
                  object->reason);
}
