#include "cdc/apply.h"

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "catalog/landing.h"
#include "cdc/batch.h"
#include "cdc/mirrored.h"
#include "cdc/spool_dir.h"
#include "cdc/spool_read.h"
#include "cdc/write.h"
#include "wire/xids.h"

#include <stdlib.h>

enum {
    BATCH_MOST = 16 << 20,  /* bytes of memory that changes may take before they are written */
    LOOK_EVERY = 256,       /* records between two looks at the clock and the leash */
    TICK_MS = 50,           /* between two calls of the tick */
    FLUSH_MS = 1000,        /* the target's disk has what is applied after that time, */
    FLUSH_QUIET_MS = 10000, /* … or that one, when only the position has moved */
};

struct applying {
    const struct apply_wish *wish;
    struct leash *leash;
    struct spool_reader *reader;
    struct relations relations;
    struct batch batch;
    struct writer writer;
    lsn_t end;
    lsn_t reached; /* what committed before it is applied, or in the batch */
    lsn_t flushed; /* … and on the target's disk */
    int64_t flush_due, tick_due;
    bool begun;    /* a transaction, or a connection: what comes before is the tail of something */
    bool skipping; /* the open transaction: the target has it, or it came from there */
    bool parted;   /* some of the open transaction is in the target's transaction */
    bool ended;    /* the next transaction is not wanted any more */
    bool changed;  /* something but the position has moved since the last flush */
    bool more;     /* the last record was not the last one there is */
    bool misfit;   /* what came does not fit the target's tables; nothing of it was written */
    struct spool_entry last;    /* whose block's `settled` counts when the block is over */
    const struct copied *asked; /* of the open transaction this was asked last: */
    bool seen;                  /* is the transaction seen by it? */
};

static void drop_applying(struct applying *a)
{
    drop_spool_reader(&a->reader);
    drop_relations(&a->relations);
    drop_batch(&a->batch);
    drop_writer(&a->writer);
}

/* ---- to the target ---- */

static void settle(struct applying *a, lsn_t lsn)
{
    if (lsn > a->reached)
        a->reached = lsn;
}

static bool write_whole(struct applying *a, struct fault *why)
{
    if (a->batch.whole.first == NULL)
        return true;
    FAILPOINT("apply.batch_begun", why);
    a->changed = true;
    a->writer.pending.transactions += a->batch.transactions;
    return write_chunk(&a->writer, a->batch.whole.first, why);
}

/* Commits the whole transactions of the batch. `flush`: on the disk, too. */
static bool commit_batch(struct applying *a, bool flush, struct fault *why)
{
    bool writes = a->batch.whole.first != NULL || (a->writer.open && !a->parted);
    if (!writes && !flush)
        return true;
    if (!write_whole(a, why) || !write_commit(&a->writer, a->reached, flush, why))
        return false;
    if (flush)
        a->flushed = a->writer.applied;
    batch_written(&a->batch);
    return true;
}

/* What has come of the open transaction goes to the target, where it waits for the rest. */
static bool write_open(struct applying *a, struct fault *why)
{
    if (!commit_batch(a, false, why))
        return false;
    if (a->batch.open.first == NULL)
        return true;
    if (!write_chunk(&a->writer, a->batch.open.first, why))
        return false;
    a->parted = true;
    batch_clear(&a->batch);
    return true;
}

static bool make_room(struct applying *a, struct fault *why)
{
    if (batch_size(&a->batch) < BATCH_MOST)
        return true;
    if (!commit_batch(a, false, why))
        return false;
    return batch_size(&a->batch) < BATCH_MOST / 2 || write_open(a, why);
}

static bool flush_target(struct applying *a, struct fault *why)
{
    int64_t now = clock_ms();
    if (a->parted || now < a->flush_due || a->reached == a->flushed)
        return true;
    if (!a->changed && now < a->flush_due + FLUSH_QUIET_MS - FLUSH_MS)
        return true;
    if (!commit_batch(a, true, why))
        return false;
    a->flush_due = clock_ms() + FLUSH_MS;
    a->changed = false;
    return spool_remove_before(&a->wish->spool, a->flushed, why);
}

/* ---- messages ---- */

static bool out_of_place(const struct spool_record *record, struct fault *why)
{
    char lsn[LSN_TEXT];
    return fault_set(why, FAULT_STREAM_UNKNOWN, "a message out of place at %s in the spool",
                     lsn_text(lsn, record->lsn));
}

static bool on_begin(struct applying *a, const struct pgoutput_message *message)
{
    lsn_t commit = message->begin.commit_lsn;
    if (a->end != 0 && commit >= a->end) {
        settle(a, a->end);
        a->ended = true;
        return true;
    }
    a->begun = true;
    a->parted = false;
    a->skipping = commit < a->reached;
    a->asked = NULL;
    batch_begin(&a->batch, message->xid, commit);
    return true;
}

static bool on_commit(struct applying *a, const struct pgoutput_commit *commit)
{
    a->begun = true;
    a->parted = false;
    batch_commit(&a->batch, commit);
    settle(a, commit->end_lsn);
    return true;
}

/* The target is asked about a relation, so what is known of it must not be needed any more. */
static bool on_relation(struct applying *a, const struct spool_record *record,
                        const struct pgoutput_message *message, struct fault *why)
{
    if (relation_is_same(&a->relations, message->relation.oid, record->bytes, record->length))
        return true;
    return (relations_known(&a->relations, message->relation.oid) == NULL || write_open(a, why)) &&
           relations_describe(&a->relations, record->bytes, record->length, message, why);
}

static bool look_through(struct applying *a, const struct copied *copied, struct fault *why)
{
    if (a->asked == copied)
        return true;
    if (!xids_see(copied->xids, a->batch.transaction->xid, &a->seen))
        return fault_set(why, FAULT_CATALOG, "\"%s\" is not what a snapshot sees", copied->xids);
    a->asked = copied;
    return true;
}

/* Is what the open transaction does to a relation in the copy of it? */
static bool is_copied(struct applying *a, uint32_t oid, bool *ret_copied, struct fault *why)
{
    const struct apply_wish *wish = a->wish;
    struct relation *relation = relations_known(&a->relations, oid);
    *ret_copied = false;
    if (wish->copied_in == NULL || relation == NULL)
        return true;
    if (!relation->copied_known && !wish->copied_in(wish->arg, oid, &relation->copied, why))
        return false;
    relation->copied_known = true;
    if (relation->copied == NULL || a->batch.transaction->commit_lsn >= relation->copied->settled)
        return true;
    if (!look_through(a, relation->copied, why))
        return false;
    *ret_copied = a->seen;
    return true;
}

static bool find_relation(struct applying *a, uint32_t oid, struct relation **ret_relation,
                          struct fault *why)
{
    if (relations_find(&a->relations, oid, ret_relation, why))
        return true;
    a->misfit = why->id == FAULT_APPLY_DDL || why->id == FAULT_APPLY_REFUSED;
    return false;
}

static bool add_change(struct applying *a, struct relation *relation,
                       const struct spool_record *record, struct fault *why)
{
    if (batch_add(&a->batch, relation, record->bytes, record->length, why))
        return make_room(a, why);
    a->misfit = why->id == FAULT_APPLY_DDL || why->id == FAULT_APPLY_REFUSED;
    return false;
}

/* All of the open transaction, and what is in the target's of it already. The rest is passed over.
 */
static bool skip_open(struct applying *a, struct fault *why)
{
    if (a->parted && !write_rollback(&a->writer, why))
        return false;
    a->parted = false;
    a->skipping = true;
    a->batch.open = (struct change_list){NULL, NULL};
    return true;
}

/* Is the table only there to tell whose a transaction is? Then it is nothing to the target. */
static bool is_mark(struct applying *a, const struct pgoutput_change *change, bool *ret_is,
                    struct fault *why)
{
    const char *mirrored = a->wish->mirrored;
    const struct relation *relation =
        mirrored == NULL ? NULL : relations_known(&a->relations, change->relation);
    bool ours;
    *ret_is = relation != NULL && mirrored_tells(relation);
    return !*ret_is ||
           (mirrored_is_of(relation, change, mirrored, &ours, why) && (!ours || skip_open(a, why)));
}

static bool on_change(struct applying *a, const struct spool_record *record,
                      const struct pgoutput_message *message, struct fault *why)
{
    bool mark, copied;
    struct relation *relation;
    if (!is_mark(a, &message->change, &mark, why))
        return false;
    if (mark)
        return true;
    if (!is_copied(a, message->change.relation, &copied, why))
        return false;
    if (copied)
        return true;
    return find_relation(a, message->change.relation, &relation, why) &&
           (relation->gone || add_change(a, relation, record, why));
}

struct truncation {
    struct destination **tables;
    int64_t *leaves; /* of the source, that go to each */
    uint32_t *roots; /* if several may: else 0 */
    size_t count;
};

static void drop_truncation(struct truncation *t)
{
    free(t->tables);
    free(t->leaves);
    free(t->roots);
}

static void add_truncated(struct truncation *t, const struct relation *relation)
{
    size_t i = 0;
    while (i < t->count && t->tables[i] != relation->to)
        i++;
    if (i == t->count) {
        t->tables = grow_memory(t->tables, t->count, sizeof *t->tables);
        t->leaves = grow_memory(t->leaves, t->count, sizeof *t->leaves);
        t->roots = grow_memory(t->roots, t->count, sizeof *t->roots);
        t->tables[t->count] = relation->to;
        t->leaves[t->count] = 0;
        t->roots[t->count++] = relation->root;
    }
    t->leaves[i]++;
}

static bool list_truncated(struct applying *a, const struct pgoutput_message *message,
                           struct truncation *t, struct fault *why)
{
    struct pgoutput_relations list = message->truncate.relations;
    struct relation *relation;
    bool copied;
    uint32_t oid;
    while (pgoutput_relations_next(&list, &oid)) {
        if (!is_copied(a, oid, &copied, why))
            return false;
        if (copied)
            continue;
        if (!find_relation(a, oid, &relation, why))
            return false;
        if (!relation->gone)
            add_truncated(t, relation);
    }
    return true;
}

/* Rows of one partition cannot be told from those of others that go to the same table. */
static bool refuse_partial(struct applying *a, const struct destination *table, struct fault *why)
{
    fault_set(why, FAULT_APPLY_DDL,
              "TRUNCATE of some partitions only, whose rows are among others' in table %s.%s of "
              "the target",
              table->nspname, table->relname);
    if (a->wish->on_ddl == DDL_WARN) {
        log_warning("%s: it is left out", why->text);
        return true;
    }
    a->misfit = true;
    return fault_hint(why,
                      "Delete the rows of these partitions from that table of the target, then go "
                      "on with --resume --on-ddl warn, which leaves the TRUNCATE out.");
}

static bool check_truncated(struct applying *a, struct truncation *t, struct fault *why)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->count; i++) {
        int64_t leaves = 0;
        if (t->roots[i] != 0 && !landing_leaves(a->wish->db, t->roots[i], &leaves, why))
            return false;
        if (t->leaves[i] < leaves && !refuse_partial(a, t->tables[i], why))
            return false;
        if (t->leaves[i] >= leaves)
            t->tables[kept++] = t->tables[i];
    }
    t->count = kept;
    return true;
}

static bool on_truncate(struct applying *a, const struct pgoutput_message *message,
                        struct fault *why)
{
    scoped(drop_truncation) struct truncation t = {.tables = NULL};
    if (!list_truncated(a, message, &t, why) || !check_truncated(a, &t, why))
        return false;
    if (t.count == 0)
        return true;
    if (!write_open(a, why) || !write_truncate(&a->writer, t.tables, t.count, why))
        return false;
    a->changed = a->parted = true;
    return true;
}

/* What belongs to no transaction, or to one that the target has. */
static bool is_passed_over(const struct applying *a, const struct pgoutput_message *message)
{
    switch (message->tag) {
    case PGOUTPUT_BEGIN:
    case PGOUTPUT_RELATION:
    case PGOUTPUT_TYPE:
        return false;
    case PGOUTPUT_MESSAGE:
    case PGOUTPUT_ORIGIN:
        return true;
    case PGOUTPUT_COMMIT:
        return !a->begun;
    default:
        return !a->begun || a->skipping;
    }
}

static bool on_message(struct applying *a, const struct spool_record *record, struct fault *why)
{
    const struct pgoutput_mode mode = {.in_stream = false};
    struct pgoutput_message message;
    if (!pgoutput_parse(record->bytes, record->length, mode, &message))
        return out_of_place(record, why);
    if (is_passed_over(a, &message))
        return true;
    switch (message.tag) {
    case PGOUTPUT_BEGIN:
        return a->batch.transaction == NULL ? on_begin(a, &message) : out_of_place(record, why);
    case PGOUTPUT_COMMIT:
        return a->batch.transaction != NULL ? on_commit(a, &message.commit)
                                            : out_of_place(record, why);
    case PGOUTPUT_RELATION:
        return on_relation(a, record, &message, why);
    case PGOUTPUT_TYPE:
        relations_describe_type(&a->relations, &message.type);
        return true;
    case PGOUTPUT_INSERT:
    case PGOUTPUT_UPDATE:
    case PGOUTPUT_DELETE:
        return a->batch.transaction != NULL ? on_change(a, record, &message, why)
                                            : out_of_place(record, why);
    case PGOUTPUT_TRUNCATE:
        return a->batch.transaction != NULL ? on_truncate(a, &message, why)
                                            : out_of_place(record, why);
    default:
        return out_of_place(record, why);
    }
}

/* What is incomplete before it is void. */
static bool on_connection(struct applying *a, struct fault *why)
{
    a->begun = true;
    if (a->batch.transaction == NULL)
        return true;
    if (!skip_open(a, why))
        return false;
    a->skipping = false;
    a->batch.transaction = NULL;
    return true;
}

static bool on_record(struct applying *a, const struct spool_record *record, struct fault *why)
{
    switch (record->kind) {
    case SPOOL_CONNECTION:
        return on_connection(a, why);
    case SPOOL_POSITION:
        if (a->batch.transaction == NULL)
            settle(a, record->lsn);
        return true;
    default:
        return on_message(a, record, why);
    }
}

/* ---- the loop ---- */

/* All of a block is read: what it says of the whole of it is true. */
static void end_block(struct applying *a, const struct spool_entry *next)
{
    bool over = next == NULL || next->offset != a->last.offset || next->segment != a->last.segment;
    if (over && a->batch.transaction == NULL)
        settle(a, a->last.settled);
    if (next != NULL)
        a->last = *next;
}

static bool is_over(const struct applying *a)
{
    return a->ended || a->leash->wish != LEASH_GO ||
           (a->end != 0 && a->reached >= a->end && a->batch.transaction == NULL);
}

/* Reads until there is nothing more, it is time to look around, or all is done. */
static bool read_some(struct applying *a, struct fault *why)
{
    struct spool_entry entry;
    a->more = true;
    for (int i = 0; i < LOOK_EVERY && !is_over(a); i++) {
        if (!spool_next(a->reader, &a->more, &entry, why))
            return false;
        end_block(a, a->more ? &entry : NULL);
        if (!a->more)
            return true;
        if (!on_record(a, &entry.record, why))
            return false;
    }
    return true;
}

static struct apply_position position_of(const struct applying *a)
{
    bool pending = a->batch.whole.first != NULL || a->writer.open;
    return (struct apply_position){
        .applied = pending ? a->writer.applied : a->reached,
        .flushed = a->flushed,
        .commit_time = a->batch.commit_time,
        .counts = a->writer.counts,
    };
}

static bool tick(struct applying *a, struct fault *why)
{
    struct apply_position position = position_of(a);
    a->tick_due = clock_ms() + TICK_MS;
    return a->wish->tick == NULL || a->wish->tick(a->wish->arg, &position, &a->end, why);
}

static bool wait_for_more(struct applying *a, struct fault *why)
{
    struct pollfd fd = {.fd = spool_reader_watch(a->reader), .events = POLLIN};
    int64_t left = a->tick_due - clock_ms();
    if (left <= 0)
        return true;
    if (!leash_poll(a->leash, &fd, 1, (int)left, why))
        return false;
    spool_reader_seen(a->reader);
    return true;
}

static bool step(struct applying *a, struct fault *why)
{
    if (!read_some(a, why))
        return false;
    /* Who is behind gathers more; who is not, does not keep anybody waiting. */
    if (!a->more && !commit_batch(a, false, why))
        return false;
    if (!flush_target(a, why) || (clock_ms() >= a->tick_due && !tick(a, why)))
        return false;
    if (a->more)
        return leash_look(a->leash, why);
    return is_over(a) || wait_for_more(a, why);
}

/* The last changes are on the target's disk before anybody is told that they are there. Who is to
 * end at once leaves it to the next one: the target says how far it is. */
static bool finish(struct applying *a, struct fault *why)
{
    if (a->leash->wish == LEASH_NOW)
        return true;
    if (a->parted) {
        a->batch.open = (struct change_list){NULL, NULL};
        a->parted = false;
        if (!write_rollback(&a->writer, why))
            return false;
    }
    if ((a->reached != a->flushed || a->batch.whole.first != NULL) && !commit_batch(a, true, why))
        return false;
    return spool_remove_before(&a->wish->spool, a->flushed, why) && tick(a, why);
}

/* The transactions before the one that does not fit. If they cannot be applied, that comes first.
 */
static void finish_before(struct applying *a, struct fault *why)
{
    struct fault earlier;
    if (!finish(a, &earlier))
        *why = earlier;
}

/* ---- the session ---- */

static bool set_up_session(struct conn *target, struct fault *why)
{
    if (!conn_run(target, "SET session_replication_role = replica", why)) {
        if (strcmp(why->sqlstate, "42501") == 0)
            why->id = FAULT_APPLY_ROLE;
        return false;
    }
    /* A generic plan costs its making once; the plans of ours do not depend on the values. */
    return conn_run(target, "SET synchronous_commit = off", why) &&
           (conn_version(target) < 120000 ||
            conn_run(target, "SET plan_cache_mode = force_generic_plan", why));
}

static bool begin(struct applying *a, struct fault *why)
{
    bool found;
    const struct apply_wish *wish = a->wish;
    if (!set_up_session(wish->target, why) ||
        !apply_prepare(wish->target, wish->run, wish->start, why) ||
        !apply_look(wish->target, wish->run, &a->writer.applied, &found, why))
        return false;
    a->reached = a->flushed = a->writer.applied;
    a->flush_due = clock_ms() + FLUSH_MS;
    spool_reader_open(&a->reader, &wish->spool, a->reached);
    spool_reader_watch(a->reader);
    return tick(a, why);
}

bool apply_run(const struct apply_wish *wish, struct leash *leash,
               struct apply_position *ret_position, struct fault *why)
{
    scoped(drop_applying) struct applying a = {
        .wish = wish,
        .leash = leash,
        .end = wish->end,
        .relations = {.target = wish->target,
                      .db = wish->db,
                      .on_ddl = wish->on_ddl,
                      .is_gone = wish->is_gone,
                      .arg = wish->arg},
        .writer = {.target = wish->target, .run = wish->run, .on_conflict = wish->on_conflict},
    };
    if (!begin(&a, why))
        return false;
    bool good = true;
    while (good && !is_over(&a))
        good = step(&a, why);
    if (a.misfit)
        finish_before(&a, why);
    good = good ? finish(&a, why) : why->id == FAULT_STOPPED;
    *ret_position = position_of(&a);
    return good;
}
