#include "catalog/pause.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "catalog/sql.h"

enum { US_PER_MS = 1000 };

bool pause_ask(struct db *db, lsn_t at, int64_t *ret_until_us, struct fault *why)
{
    char lsn[LSN_TEXT];
    int64_t now = clock_utc_us(), until = now + (int64_t)PAUSE_LEASE_MS * US_PER_MS;
    if (!db_run(db, why, SQL_PAUSE_ASK, "sii", lsn_text(lsn, at), until, now))
        return false;
    *ret_until_us = until;
    return true;
}

bool pause_get(struct db *db, struct pause *ret_pause, struct fault *why)
{
    scoped(drop_stmt) struct stmt *row = db_stmt(db, SQL_PAUSE_GET, why);
    bool found;
    *ret_pause = (struct pause){.at = 0};
    if (row == NULL || !stmt_step(row, &found, why))
        return false;
    if (!found || stmt_int(row, 1) < clock_utc_us())
        return true;
    if (!lsn_parse(stmt_text(row, 0), &ret_pause->at))
        return fault_set(why, FAULT_CATALOG, "the catalog has a pause at \"%s\"",
                         stmt_text(row, 0));
    if (!lsn_parse(stmt_text(row, 2), &ret_pause->held))
        ret_pause->held = 0;
    return true;
}

bool pause_hold(struct db *db, const struct pause *pause, lsn_t applied, struct fault *why)
{
    char at[LSN_TEXT], held[LSN_TEXT];
    return db_run(db, why, SQL_PAUSE_HELD, "ss", lsn_text(held, applied), lsn_text(at, pause->at));
}

bool pause_end(struct db *db, struct fault *why)
{
    return db_run(db, why, SQL_PAUSE_END, "");
}
