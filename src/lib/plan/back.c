#include "plan/back.h"

#include "base/listing.h"
#include "base/scoped.h"
#include "catalog/back.h"
#include "catalog/objects.h"
#include "catalog/sql.h"

static bool on_lacking(void *arg, const struct stmt *row, struct fault *why)
{
    (void)why;
    listing_add(arg, stmt_text(row, 0));
    return true;
}

bool back_keep_brought(struct db *db, struct fault *why)
{
    static const int statements[] = {SQL_BACK_LEAVE_OUT, SQL_BACK_NO_TABLES, SQL_BACK_NO_SEQUENCES};
    scoped(drop_listing) struct listing names = {.count = 0};
    return db_run_all(db, statements, sizeof statements / sizeof statements[0], why) &&
           catalog_list(db, SQL_BACK_LACKING, 0, on_lacking, &names, why) &&
           (names.count == 0 ||
            fault_set(why, FAULT_BACK_LACKS,
                      "the run has brought these tables, and where it has brought them they are "
                      "not found: %s",
                      listing_end(&names)));
}

static bool find_mark(struct conn *source, const char *run, int64_t *ret_oid, struct fault *why)
{
    const char *const values[] = {run};
    scoped(drop_rows) struct rows there = ROWS_NONE;
    scoped(drop_rows) struct rows row = ROWS_NONE;
    *ret_oid = 0;
    if (!conn_query(source,
                    "SELECT pg_catalog.to_regclass('pghaul.progress')::pg_catalog.oid::"
                    "pg_catalog.int8",
                    &there, why))
        return false;
    if (rows_null(&there, 0, 0))
        return true;
    if (!conn_query_params(source, "SELECT FROM pghaul.progress WHERE run = $1", 1, values, &row,
                           why))
        return false;
    *ret_oid = rows_count(&row) > 0 ? rows_int(&there, 0, 0) : 0;
    return true;
}

bool back_publish_mark(struct db *db, struct conn *source, struct fault *why)
{
    char run[BACK_UUID];
    int64_t oid;
    bool found;
    if (!back_of(db, run, &found, why))
        return false;
    if (!found)
        return true;
    if (!find_mark(source, run, &oid, why))
        return false;
    return oid == 0 ? fault_set(why, FAULT_BACK_UNMARKED,
                                "pghaul.progress has no row of the run that is to be turned back")
                    : db_run(db, why, SQL_PUBLISHED_INSERT_MARK, "i", oid);
}
