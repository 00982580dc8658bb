#include "catalog/position.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "catalog/objects.h"
#include "catalog/run.h"
#include "catalog/sql.h"

#include <stdlib.h>
#include <string.h>

#define COPY_COLUMN(to, stmt, column) strlcpy(to, stmt_text(stmt, column), sizeof(to))

/* What the source has behind the end of the run is not for it. */
static lsn_t to_receive(const struct position *position)
{
    return position->end != 0 && position->end < position->source_end ? position->end
                                                                      : position->source_end;
}

int64_t position_unreceived(const struct position *position)
{
    lsn_t end = to_receive(position);
    lsn_t there = position->received != 0 ? position->received : position->consistent;
    return there != 0 && end > there ? (int64_t)(end - there) : 0;
}

int64_t position_behind(const struct position *position)
{
    lsn_t there = position->applied != 0 ? position->applied : position->consistent;
    int64_t unapplied = position->received > there ? (int64_t)(position->received - there) : 0;
    return unapplied + position_unreceived(position);
}

void position_add_made(struct strbuf *text, const char *slot, const char *publication)
{
    strbuf_addf(text, "slot \"%s\"", slot);
    if (*publication != '\0')
        strbuf_addf(text, " and publication \"%s\"", publication);
}

bool position_add(struct db *db, const char *slot, const char *publication, const char *end,
                  struct fault *why)
{
    return db_run_one(db, why, SQL_POSITION_INSERT, "sss", slot, publication, end);
}

static lsn_t lsn_of(const struct stmt *stmt, int column)
{
    lsn_t lsn;
    return lsn_parse(stmt_text(stmt, column), &lsn) ? lsn : 0;
}

bool position_get(struct db *db, struct position *ret_position, bool *ret_found, struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_POSITION_GET, why);
    struct position *p = ret_position;
    if (stmt == NULL || !stmt_step(stmt, ret_found, why))
        return false;
    *p = (struct position){.end = 0};
    if (!*ret_found)
        return true;
    COPY_COLUMN(p->slot, stmt, 0);
    COPY_COLUMN(p->publication, stmt, 1);
    COPY_COLUMN(p->source_id, stmt, 2);
    p->consistent = lsn_of(stmt, 3);
    p->received = lsn_of(stmt, 4);
    p->durable = lsn_of(stmt, 5);
    p->applied = lsn_of(stmt, 6);
    p->flushed = lsn_of(stmt, 7);
    p->end = lsn_of(stmt, 8);
    p->end_now = strcmp(stmt_text(stmt, 8), "now") == 0;
    p->received_us = stmt_int(stmt, 9);
    p->applied_us = stmt_int(stmt, 10);
    p->commit_us = stmt_int(stmt, 11);
    p->transactions = stmt_int(stmt, 12);
    p->inserts = stmt_int(stmt, 13);
    p->updates = stmt_int(stmt, 14);
    p->deletes = stmt_int(stmt, 15);
    p->truncates = stmt_int(stmt, 16);
    p->conflicts = stmt_int(stmt, 17);
    p->end_was_now = stmt_int(stmt, 18) != 0;
    COPY_COLUMN(p->plugin, stmt, 19);
    COPY_COLUMN(p->format, stmt, 20);
    p->timeline = (uint32_t)stmt_int(stmt, 21);
    COPY_COLUMN(p->slot_state, stmt, 22);
    p->slot_keeps = stmt_int(stmt, 23);
    p->slot_safe = stmt_int(stmt, 24);
    p->slot_us = stmt_int(stmt, 25);
    COPY_COLUMN(p->insert_publication, stmt, 26);
    p->source_end = lsn_of(stmt, 27);
    return true;
}

bool position_intend(struct db *db, const char *source_id, const char *plugin,
                     const char *insert_publication, struct fault *why)
{
    return db_durable(db, true, why) && db_usual(db,
                                                 db_run_one(db, why, SQL_POSITION_INTEND, "sss",
                                                            source_id, plugin, insert_publication),
                                                 why);
}

bool position_begin(struct db *db, lsn_t consistent, struct fault *why)
{
    char lsn[LSN_TEXT];
    return db_durable(db, true, why) &&
           db_usual(db, db_run_one(db, why, SQL_POSITION_BEGIN, "s", lsn_text(lsn, consistent)),
                    why);
}

bool position_undone(struct db *db, struct fault *why)
{
    return db_run_one(db, why, SQL_POSITION_UNDONE, "");
}

bool position_received(struct db *db, lsn_t received, lsn_t durable, struct fault *why)
{
    char r[LSN_TEXT], d[LSN_TEXT];
    return db_run_one(db, why, SQL_POSITION_RECEIVED, "ssi", lsn_text(r, received),
                      lsn_text(d, durable), clock_utc_us());
}

bool position_choose_format(struct db *db, bool able, struct fault *why)
{
    return db_durable(db, true, why) &&
           db_usual(db, db_run(db, why, SQL_POSITION_CHOOSE_FORMAT, "d", able ? 1 : 0), why);
}

bool position_take_text(struct db *db, struct fault *why)
{
    return db_durable(db, true, why) &&
           db_usual(db, db_run_one(db, why, SQL_POSITION_TAKE_TEXT, ""), why);
}

bool position_set_timeline(struct db *db, uint32_t timeline, struct fault *why)
{
    return db_durable(db, true, why) &&
           db_usual(db, db_run_one(db, why, SQL_POSITION_SET_TIMELINE, "i", (int64_t)timeline),
                    why);
}

bool position_slot_seen(struct db *db, const char *state, int64_t keeps, int64_t safe,
                        struct fault *why)
{
    return db_run_one(db, why, SQL_POSITION_SLOT_SEEN, "siii", state, keeps, safe, clock_utc_us());
}

bool position_knows_relation(struct db *db, int64_t oid, bool *ret_known, struct fault *why)
{
    int64_t known;
    if (!db_int(db, why, &known, 0, SQL_RELATION_IS_KNOWN, "i", oid))
        return false;
    *ret_known = known != 0;
    return true;
}

bool position_applied(struct db *db, const struct position *news, struct fault *why)
{
    char a[LSN_TEXT], f[LSN_TEXT];
    return db_run_one(db, why, SQL_POSITION_APPLIED, "ssiiiiiiii", lsn_text(a, news->applied),
                      lsn_text(f, news->flushed), clock_utc_us(), news->commit_us,
                      news->transactions, news->inserts, news->updates, news->deletes,
                      news->truncates, news->conflicts);
}

bool position_set_end(struct db *db, const char *end, struct fault *why)
{
    return db_run_one(db, why, SQL_POSITION_SET_STOP, "s", end);
}

bool position_resolve_end(struct db *db, lsn_t end, struct fault *why)
{
    char lsn[LSN_TEXT];
    return db_run(db, why, SQL_POSITION_RESOLVE_STOP, "s", lsn_text(lsn, end));
}

static void read_left(const struct stmt *row, struct position_left *ret_left)
{
    COPY_COLUMN(ret_left->run, row, 0);
    COPY_COLUMN(ret_left->slot, row, 1);
    COPY_COLUMN(ret_left->publication, row, 2);
    COPY_COLUMN(ret_left->source_id, row, 3);
    COPY_COLUMN(ret_left->insert_publication, row, 4);
    COPY_COLUMN(ret_left->plugin, row, 5);
}

bool position_left(struct db *db, struct position_left *ret_left, bool *ret_found,
                   struct fault *why)
{
    scoped(drop_stmt) struct stmt *stmt = db_stmt(db, SQL_POSITION_LEFT, why);
    if (stmt == NULL || !stmt_step(stmt, ret_found, why))
        return false;
    if (*ret_found)
        read_left(stmt, ret_left);
    return true;
}

static bool on_made(void *arg, const struct stmt *row, struct fault *why)
{
    struct position_made *made = arg;
    (void)why;
    made->list = grow_memory(made->list, made->count, sizeof *made->list);
    read_left(row, &made->list[made->count++]);
    return true;
}

bool position_made(struct db *db, struct position_made *ret_made, struct fault *why)
{
    return catalog_list(db, SQL_POSITION_MADE, 0, on_made, ret_made, why);
}

void drop_position_made(struct position_made *made)
{
    free(made->list);
    *made = (struct position_made){NULL, 0};
}

bool position_clean(struct db *db, struct fault *why)
{
    return setting_put_durably(db, SETTING_CLEANUP, "begun", why);
}

bool position_is_clean(struct db *db, bool *ret_clean, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf ignored = STRBUF_EMPTY;
    return setting_get(db, SETTING_CLEANUP, &ignored, ret_clean, why);
}

bool position_released(struct db *db, struct fault *why)
{
    return db_run_one(db, why, SQL_POSITION_RELEASED, "");
}

bool position_cleaned(struct db *db, const char *run, struct fault *why)
{
    return db_run(db, why, SQL_POSITION_CLEANED, "s", run);
}

bool position_drop(struct db *db, const char *run, struct fault *why)
{
    return db_run(db, why, SQL_POSITION_DROP, "s", run);
}
