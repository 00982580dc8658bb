#include "catalog/pulse.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "catalog/sql.h"

enum { SECOND_US = 1000000 };

bool sample_put(struct db *db, const struct sample *sample, struct fault *why)
{
    char received[LSN_TEXT], applied[LSN_TEXT];
    return db_run(db, why, SQL_SAMPLE_PUT, "iiiiiiiissi", sample->at_us / SECOND_US % SAMPLES_KEPT,
                  sample->at_us, sample->bytes, sample->rows, sample->transactions, sample->inserts,
                  sample->updates, sample->deletes, lsn_text(received, sample->received),
                  lsn_text(applied, sample->applied), sample->caught_up_us);
}

static lsn_t lsn_of(const struct stmt *row, int column)
{
    lsn_t lsn;
    return lsn_parse(stmt_text(row, column), &lsn) ? lsn : 0;
}

/* A bound statement's only row. */
static bool get_sample(struct stmt *stmt, struct sample *ret_sample, bool *ret_found,
                       struct fault *why)
{
    if (!stmt_step(stmt, ret_found, why))
        return false;
    if (*ret_found)
        *ret_sample = (struct sample){
            .at_us = stmt_int(stmt, 0),
            .bytes = stmt_int(stmt, 1),
            .rows = stmt_int(stmt, 2),
            .transactions = stmt_int(stmt, 3),
            .inserts = stmt_int(stmt, 4),
            .updates = stmt_int(stmt, 5),
            .deletes = stmt_int(stmt, 6),
            .received = lsn_of(stmt, 7),
            .applied = lsn_of(stmt, 8),
            .caught_up_us = stmt_int(stmt, 9),
        };
    return true;
}

static bool ask_sample(struct db *db, int statement, int64_t us, struct sample *ret_sample,
                       bool *ret_found, struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, statement, why);
    return stmt != NULL && stmt_bind(stmt, why, "i", us) &&
           get_sample(stmt, ret_sample, ret_found, why);
}

bool sample_span(struct db *db, const struct sample_wish *wish, struct sample *ret_first,
                 struct sample *ret_last, bool *ret_found, struct fault *why)
{
    if (!ask_sample(db, SQL_SAMPLE_LAST, wish->now_us, ret_last, ret_found, why))
        return false;
    if (!*ret_found)
        return true;
    if (!ask_sample(db, SQL_SAMPLE_FIRST, wish->since_us, ret_first, ret_found, why))
        return false;
    *ret_found = *ret_found && ret_first->at_us < ret_last->at_us;
    return true;
}

bool source_seen_put(struct db *db, const struct source_seen *seen, struct fault *why)
{
    char end[LSN_TEXT];
    return db_run(db, why, SQL_SOURCE_SEEN_PUT, "isi", seen->at_us, lsn_text(end, seen->wal_end),
                  seen->skew_us);
}

bool source_seen_get(struct db *db, struct source_seen *ret_seen, struct fault *why)
{
    bool found;
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_SOURCE_SEEN_GET, why);
    if (stmt == NULL || !stmt_step(stmt, &found, why))
        return false;
    *ret_seen = (struct source_seen){.at_us = 0};
    if (found)
        *ret_seen = (struct source_seen){stmt_int(stmt, 0), lsn_of(stmt, 1), stmt_int(stmt, 2)};
    return true;
}

bool backend_seen(struct db *db, const struct backend_seen *seen, struct fault *why)
{
    return db_run(db, why, SQL_BACKEND_SEEN, "sisssssd", seen->on_source ? "source" : "target",
                  clock_utc_us(), seen->state, seen->type, seen->event, seen->object, seen->holder,
                  seen->pid);
}
