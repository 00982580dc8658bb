#include "plan/alter.h"

#include "base/clock.h"
#include "base/listing.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/text.h"
#include "plan/ask.h"

#include <inttypes.h>
#include <string.h>

enum { PAUSE_MS = 1000 };
#define TRY_FOR "500ms"

/* lock_not_available, deadlock_detected */
static bool is_locked(const struct fault *why)
{
    return strcmp(why->sqlstate, "55P03") == 0 || strcmp(why->sqlstate, "40P01") == 0;
}

static bool name_holders(struct conn *conn, const struct alteration *alteration, const char *waited,
                         struct fault *why)
{
    char oid[24];
    const char *const values[] = {oid};
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_listing) struct listing names = {.count = 0};
    snprintf(oid, sizeof oid, "%" PRId64, alteration->relation);
    if (!ask_with(conn, ASK_TABLE_HOLDERS, 1, values, &rows, why))
        return false;
    for (int row = 0; row < rows_count(&rows); row++)
        listing_add(&names, rows_text(&rows, row, 0));
    return fault_set(why, FAULT_ALTER_LOCKED, "%s is locked, for %s now, by %s", alteration->what,
                     waited, names.count == 0 ? "somebody" : listing_end(&names));
}

static bool try_once(struct conn *conn, const char *sql, struct fault *why)
{
    struct fault later;
    if (conn_runf(conn, why, "BEGIN; SET LOCAL lock_timeout = '" TRY_FOR "'; %s COMMIT", sql))
        return true;
    if (!conn_broken(conn) && !conn_run(conn, "ROLLBACK", &later))
        fault_detail(why, "%s", later.text);
    return false;
}

bool alter_patiently(struct conn *conn, struct leash *leash, const struct alteration *alteration,
                     struct fault *why)
{
    char waited[32];
    bool said = false;
    int64_t began = clock_ms();
    while (!try_once(conn, alteration->sql, why)) {
        if (!is_locked(why))
            return false;
        duration_text(waited, sizeof waited, clock_ms() - began);
        name_holders(conn, alteration, waited, why);
        if (why->id != FAULT_ALTER_LOCKED ||
            (alteration->patience_ms > 0 && clock_ms() - began >= alteration->patience_ms))
            return false;
        if (!said)
            log_warning("%s; trying again", why->text);
        said = true;
        if (!leash_poll(leash, NULL, 0, PAUSE_MS, why))
            return false;
        if (leash->wish != LEASH_GO)
            return leash_fault(leash, why);
    }
    return true;
}
