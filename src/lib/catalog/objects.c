#include "catalog/objects.h"

#include "base/scoped.h"
#include "catalog/sql.h"

bool relation_is_known(struct db *db, const char *nspname, const char *relname, bool *ret_known,
                       struct fault *why)
{
    int64_t answer;
    if (!db_int(db, why, &answer, 0, SQL_RELATION_KNOWN, "ss", nspname, relname))
        return false;
    *ret_known = answer != 0;
    return true;
}

bool role_is_coming(struct db *db, const char *rolname, bool *ret_coming, struct fault *why)
{
    int64_t answer;
    if (!db_int(db, why, &answer, 0, SQL_ROLE_COMING, "s", rolname))
        return false;
    *ret_coming = answer != 0;
    return true;
}

bool table_add(struct db *db, const struct table *t, struct fault *why)
{
    const char kind[] = {t->kind, '\0'};
    return db_run(db, why, SQL_TABLE_INSERT, "isssiiiisssssdds", t->oid, t->nspname, t->relname,
                  kind, t->filenode, t->bytes, t->blocks, t->rows_estimate, t->access_method,
                  t->columns, t->column_types, t->format, t->condition, (int)t->is_config,
                  (int)t->has_data, t->signature);
}

/* Texts of a row that outlive it: one piece of memory for all of them. */
static const char *keep(char **room, const struct stmt *stmt, int column)
{
    if (stmt_null(stmt, column))
        return NULL;
    const char *text = stmt_text(stmt, column);
    size_t size = strlen(text) + 1;
    char *kept = *room;
    memcpy(kept, text, size);
    *room += size;
    return kept;
}

static size_t texts_size(const struct stmt *stmt, const int *columns, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += strlen(stmt_text(stmt, columns[i])) + 1;
    return size;
}

static void table_read(const struct stmt *stmt, struct table *t)
{
    static const int texts[] = {1, 2, 8, 9, 10, 11, 12, 15, 16, 17, 23};
    memset(t, 0, sizeof *t);
    t->owned = new_memory(1, texts_size(stmt, texts, sizeof texts / sizeof texts[0]));
    char *room = t->owned;
    t->oid = stmt_int(stmt, 0);
    t->nspname = keep(&room, stmt, 1);
    t->relname = keep(&room, stmt, 2);
    t->kind = stmt_text(stmt, 3)[0];
    t->filenode = stmt_int(stmt, 4);
    t->bytes = stmt_int(stmt, 5);
    t->blocks = stmt_int(stmt, 6);
    t->rows_estimate = stmt_int(stmt, 7);
    t->access_method = keep(&room, stmt, 8);
    t->columns = keep(&room, stmt, 9);
    t->column_types = keep(&room, stmt, 10);
    t->format = keep(&room, stmt, 11);
    t->condition = keep(&room, stmt, 12);
    t->is_config = stmt_int(stmt, 13) != 0;
    t->has_data = stmt_int(stmt, 14) != 0;
    t->split_by = keep(&room, stmt, 15);
    t->split_why = keep(&room, stmt, 16);
    t->split_key = keep(&room, stmt, 17);
    t->is_small = stmt_int(stmt, 18) != 0;
    t->is_analyzed = stmt_int(stmt, 19) != 0;
    t->is_carried = stmt_int(stmt, 20) != 0;
    t->no_truncate = stmt_int(stmt, 21) != 0;
    t->is_guarded = stmt_int(stmt, 22) != 0;
    t->signature = keep(&room, stmt, 23);
    t->is_root = stmt_int(stmt, 24) != 0;
    t->lands = stmt_int(stmt, 25);
}

bool table_get(struct db *db, int64_t oid, struct table *ret_table, struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_TABLE_GET, why);
    bool row;
    if (stmt == NULL || !stmt_bind(stmt, why, "i", oid) || !stmt_step(stmt, &row, why))
        return false;
    if (!row)
        return fault_set(why, FAULT_CATALOG, "the catalog has no table with oid %lld",
                         (long long)oid);
    table_read(stmt, ret_table);
    return true;
}

void drop_table(struct table *table)
{
    drop_memory(&table->owned);
}

bool table_each_larger(struct db *db, int64_t bytes,
                       bool (*each)(void *arg, const struct table *table, struct fault *why),
                       void *arg, struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_TABLE_LARGER_THAN, why);
    if (stmt == NULL || !stmt_bind(stmt, why, "i", bytes))
        return false;
    bool row;
    while (stmt_step(stmt, &row, why)) {
        if (!row)
            return true;
        scoped(drop_table) struct table table;
        table_read(stmt, &table);
        if (!each(arg, &table, why))
            return false;
    }
    return false;
}

bool index_add(struct db *db, const struct catalog_index *x, struct fault *why)
{
    return db_run(db, why, SQL_INDEX_INSERT, "iissssiidsd", x->oid, x->table_oid, x->nspname,
                  x->relname, x->definition, x->tablespace, x->bytes, x->parent,
                  (int)x->partitioned, x->marks, (int)x->is_valid);
}

bool constraint_add(struct db *db, const struct constraint *c, struct fault *why)
{
    return db_run(db, why, SQL_CONSTRAINT_INSERT, "iissidssid", c->oid, c->table_oid, c->conname,
                  c->kind, c->index_oid, (int)c->by_index, c->definition, c->suffix, c->ref_table,
                  (int)c->validated);
}

bool catalog_list(struct db *db, int statement, int64_t key, catalog_each *each, void *arg,
                  struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, statement, why);
    if (stmt == NULL || (stmt_wants(stmt) != 0 && !stmt_bind(stmt, why, "i", key)))
        return false;
    bool row;
    while (stmt_step(stmt, &row, why)) {
        if (!row)
            return true;
        if (!each(arg, stmt, why))
            return false;
    }
    return false;
}
