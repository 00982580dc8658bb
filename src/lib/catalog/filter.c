#include "catalog/filter.h"

#include "base/scoped.h"
#include "base/strbuf.h"
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

struct filter {
    enum filter_kind kind;
    char *pattern;
};

struct filters {
    struct filter *list;
    int64_t count;
};

static void drop_filters(struct filters *filters)
{
    for (int64_t i = 0; i < filters->count; i++)
        free(filters->list[i].pattern);
    drop_memory(&filters->list);
}

static bool read_filters(struct db *db, struct filters *filters, struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_FILTER_LIST, why);
    int64_t room = filters->count;
    bool row = true;
    filters->count = 0;
    if (stmt == NULL)
        return false;
    while (row && filters->count < room) {
        enum filter_kind kind;
        if (!stmt_step(stmt, &row, why))
            return false;
        if (!row)
            break;
        if (!filter_kind_parse(stmt_text(stmt, 0), &kind))
            return fault_set(why, FAULT_CATALOG, "catalog has a filter of unknown kind \"%s\"",
                             stmt_text(stmt, 0));
        filters->list[filters->count++] = (struct filter){kind, copy_string(stmt_text(stmt, 1))};
    }
    return true;
}

/* Read first, so that `each` may write: a read that turns into a write may fail at once. */
bool filter_list(struct db *db, filter_each *each, void *arg, struct fault *why)
{
    scoped(drop_filters) struct filters filters = {.list = NULL};
    int64_t count;
    if (!filter_count(db, FILTER_KINDS, &count, why))
        return false;
    if (count == 0)
        return true;
    filters.list = new_memory((size_t)count, sizeof *filters.list);
    filters.count = count;
    if (!read_filters(db, &filters, why))
        return false;
    for (int64_t i = 0; i < filters.count; i++)
        if (!each(arg, filters.list[i].kind, filters.list[i].pattern, why))
            return false;
    return true;
}

bool filter_name_add(struct db *db, enum filter_kind kind, const char *nspname, const char *relname,
                     struct fault *why)
{
    return db_run(db, why, SQL_FILTER_NAME_INSERT, "sss", words[kind], nspname, relname);
}

bool left_out_add(struct db *db, const struct left_out *object, struct fault *why)
{
    return db_run(db, why, SQL_LEFT_OUT_INSERT, "iisssss", object->classid, object->oid,
                  object->kind, object->nspname, object->relname, object->description,
                  object->reason);
}

bool left_out_has(struct db *db, int64_t classid, int64_t oid, bool *ret_has, struct fault *why)
{
    int64_t count;
    if (!db_int(db, why, &count, 0, SQL_LEFT_OUT_HAS, "ii", classid, oid))
        return false;
    *ret_has = count > 0;
    return true;
}
