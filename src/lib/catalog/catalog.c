#include "catalog/catalog.h"

#include "base/scoped.h"
#include "base/text.h"

enum { APPLICATION_ID = 0x70676861, SCHEMA_VERSION = 12 };

static const char *const texts[SQL_STATEMENTS] = {
#define SQL(name, scan_ok, text) text,
#include "gen/catalog_sql.inc"
#undef SQL
};

const bool catalog_scan_ok[SQL_STATEMENTS] = {
#define SQL(name, scan_ok, text) scan_ok,
#include "gen/catalog_sql.inc"
#undef SQL
};

const char *const catalog_statement_name[SQL_STATEMENTS] = {
#define SQL(name, scan_ok, text) #name,
#include "gen/catalog_sql.inc"
#undef SQL
};

const struct db_book catalog_book = {
    .text = texts,
    .count = SQL_STATEMENTS,
    .schema = SQL_SCHEMA,
    .application_id = APPLICATION_ID,
    .version = SCHEMA_VERSION,
};

static void shown(const char *const *args, struct strbuf *result)
{
    strbuf_add_name(result, args[0], args[1]);
}

bool catalog_open(struct db **ret_db, const char *path, enum db_mode mode, struct fault *why)
{
    scoped(drop_db) struct db *db = NULL;
    if (!db_open(&db, path, &catalog_book, mode, why) ||
        !db_add_function(db, "shown", 2, shown, why))
        return false;
    *ret_db = give(db);
    return true;
}
