#include "run/undecodable.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "pg/replication.h"
#include "plan/ask.h"

enum {
    POLL_MS = 20,
    NAMES_MOST = 10,
};

bool undecodable_look(struct conn *source, const char *since, struct strbuf *names,
                      struct fault *why)
{
    const char *const values[] = {since};
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!ask_with(source, ASK_DEFINED_SINCE, 1, values, &rows, why))
        return false;
    for (int row = 0; row < rows_count(&rows) && row < NAMES_MOST; row++)
        strbuf_addf(names, "%s%s", row == 0 ? "" : ", ", rows_text(&rows, row, 0));
    if (rows_count(&rows) > NAMES_MOST)
        strbuf_addf(names, " and %d more", rows_count(&rows) - NAMES_MOST);
    return true;
}

static bool ask_ended(struct conn *source, const char *xid, bool *ret_ended, struct fault *why)
{
    const char *const values[] = {xid};
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    if (!ask_with(source, ASK_ENDED_BEFORE, 1, values, &rows, why))
        return false;
    *ret_ended = rows_bool(&rows, 0, 0);
    return true;
}

/* Until all have ended that have a number by now. */
static bool await_writers(struct conn *source, struct leash *leash,
                          const struct undecodable_wait *wait, struct fault *why)
{
    bool ended;
    char xid[XID_TEXT];
    int64_t told = clock_ms();
    if (!xid_take(source, xid, why))
        return false;
    for (;;) {
        if (!ask_ended(source, xid, &ended, why))
            return false;
        if (ended)
            return true;
        if (!leash_poll(leash, NULL, 0, POLL_MS, why))
            return false;
        if (leash->wish != LEASH_GO)
            return leash_fault(leash, why);
        if (clock_ms() - told < wait->every_ms)
            continue;
        told = clock_ms();
        if (!wait->waiting(wait->arg, why))
            return false;
    }
}

/* A server keeps what it knows of definitions until somebody changes one. That alone would not do
 * for one that has already decoded by the old ones, so nothing before it may be streamed. Our
 * publication's is ours to change; a temporary table nearly everybody may make. */
static bool change_definitions(struct conn *source, const char *publication, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (*publication == '\0') {
        strbuf_add(&sql,
                   "BEGIN; CREATE TEMPORARY TABLE pghaul_definition () ON COMMIT DROP; COMMIT");
    } else {
        strbuf_add(&sql, "COMMENT ON PUBLICATION ");
        strbuf_add_identifier(&sql, publication);
        strbuf_add(&sql, " IS 'made by pghaul'");
    }
    if (conn_run(source, sql.text, why))
        return true;
    /* insufficient_privilege */
    if (*publication == '\0' && strcmp(why->sqlstate, "42501") == 0)
        fault_hint(why,
                   "Give the role TEMPORARY on the source's database, then go on with --resume.");
    return fault_during(why, "having the source look at its definitions anew");
}

/* Who commits is still seen as writing for a moment after his commit is in the WAL, or for as long
 * as he waits for a standby. Hence the second time: a snapshot must see all that lies before the
 * place, since the stream will not bring it. */
bool undecodable_pass(struct conn *source, struct leash *leash, const struct undecodable_wait *wait,
                      lsn_t *ret_start, struct fault *why)
{
    return change_definitions(source, wait->publication, why) &&
           await_writers(source, leash, wait, why) && wal_end(source, ret_start, why) &&
           await_writers(source, leash, wait, why);
}
