#include "cdc/write.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "cdc/write_sets.h"

enum {
    AT_ONCE = 500,  /* changes of a chunk that is written one by one, on their way */
    IN_ORDER = 100, /* chunks for which a table that had to is written in order at once */
};

/* ---- the open transaction ---- */

static const char *const chunk_savepoint = "SAVEPOINT pghaul_chunk";

/* The row of the run is taken first: who comes second waits, and finds that it has moved. And who
 * reads the target's changes knows from the first of them that they are ours (mirrored.h). */
static bool queue_lock(struct writer *w, struct fault *why)
{
    char lsn[LSN_TEXT];
    strbuf_clear(&w->sql);
    strbuf_addf(&w->sql,
                "UPDATE pghaul.progress SET at = pg_catalog.now()"
                " WHERE run = '%s' AND applied = '%s' AND handed_over IS NULL",
                w->run, lsn_text(lsn, w->applied));
    return queue_run(&w->queue, w->sql.text, 1, why);
}

enum { LOCK_NUMBER = 1 }; /* of that statement in the queue */

static bool queue_opening(struct writer *w, struct fault *why)
{
    if (w->open)
        return queue_run(&w->queue, chunk_savepoint, -1, why);
    return queue_run(&w->queue, "BEGIN", -1, why) && queue_lock(w, why);
}

static bool overtaken(const struct writer *w, struct fault *why)
{
    char lsn[LSN_TEXT];
    return fault_set(why, FAULT_APPLY_OVERTAKEN, "the target is not at %s any more",
                     lsn_text(lsn, w->applied));
}

static bool undo_chunk(struct writer *w, bool was_open, struct fault *why)
{
    return conn_run(w->target, was_open ? "ROLLBACK TO SAVEPOINT pghaul_chunk" : "ROLLBACK", why);
}

bool write_rollback(struct writer *w, struct fault *why)
{
    if (!w->open)
        return true;
    w->open = false;
    w->pending = (struct apply_counts){0};
    return conn_run(w->target, "ROLLBACK", why);
}

/* ---- a chunk ---- */

/* Gives each destination its changes; returns those that have any. */
static struct destination *share_out(struct change *first)
{
    struct destination *list = NULL, **end = &list;
    for (struct change *change = first; change != NULL; change = change->following) {
        struct destination *to = change->to;
        if (to->changes == 0) {
            to->first = to->last = change;
            to->next = NULL;
            *end = to;
            end = &to->next;
        } else {
            to->last->next = change;
            to->last = change;
        }
        change->next = NULL;
        to->changes++;
    }
    return list;
}

static void forget_shares(struct destination *list)
{
    while (list != NULL) {
        struct destination *to = list;
        list = to->next;
        to->first = to->last = NULL;
        to->next = NULL;
        to->changes = 0;
    }
}

static bool queue_in_order(struct writer *w, struct destination *to, struct fault *why)
{
    to->in_order--;
    for (const struct change *change = to->first; change != NULL; change = change->next)
        if (!one_queue(w, change, why))
            return false;
    return true;
}

/* Queues all; *ret_broken as sets_queue says. */
static bool queue_all(struct writer *w, struct destination *list, struct copy_wish **wishes,
                      bool *ret_broken, struct fault *why)
{
    *ret_broken = false;
    for (struct destination *to = list; to != NULL && !*ret_broken; to = to->next) {
        bool good = to->in_order > 0 ? queue_in_order(w, to, why)
                                     : sets_queue(w, to, wishes, ret_broken, why);
        if (!good)
            return false;
        if (*ret_broken)
            to->in_order = IN_ORDER;
    }
    return true;
}

/* A refusal is no reason to give up here: it is told by *surprise. */
static bool run_copies(struct writer *w, const struct copy_wish *wish, struct surprise *surprise,
                       struct fault *why)
{
    for (; wish != NULL && !surprise->found; wish = wish->next) {
        int64_t rows = -1;
        bool good = copy_wish_run(w, wish, &rows, why);
        if (!good && conn_broken(w->target))
            return false;
        if (!good || rows != (int64_t)wish->count)
            *surprise = (struct surprise){.found = true, .to = wish->to, .rows = good ? rows : -1};
    }
    return true;
}

/* Writes the chunk as sets. False only when the connection is lost. */
static bool write_sets(struct writer *w, struct destination *list, struct surprise *ret_surprise,
                       struct fault *why)
{
    struct copy_wish *wishes = NULL;
    bool broken;
    if (!queue_begin(&w->queue, w->target, why) || !queue_opening(w, why) ||
        !queue_all(w, list, &wishes, &broken, why) || !queue_finish(&w->queue, ret_surprise, why) ||
        !queue_end(&w->queue, why))
        return false;
    if (broken && !ret_surprise->found)
        *ret_surprise = (struct surprise){.found = true, .rows = 0};
    return run_copies(w, wishes, ret_surprise, why);
}

/* Writes the chunk one by one, in its order. */
static bool write_in_order(struct writer *w, const struct change *first,
                           struct surprise *ret_surprise, struct fault *why)
{
    if (!queue_begin(&w->queue, w->target, why) || !queue_opening(w, why))
        return false;
    *ret_surprise = (struct surprise){.found = false};
    const struct change *change = first;
    while (!ret_surprise->found && change != NULL) {
        for (int i = 0; i < AT_ONCE && change != NULL; i++, change = change->following)
            if (!one_queue(w, change, why))
                return false;
        if (!queue_finish(&w->queue, ret_surprise, why))
            return false;
    }
    return queue_end(&w->queue, why);
}

/* ---- what does not fit ---- */

static const char *verb(const struct change *change)
{
    return change->tag == PGOUTPUT_INSERT   ? "INSERT into"
           : change->tag == PGOUTPUT_UPDATE ? "UPDATE of"
                                            : "DELETE from";
}

/* "(id, name)=(1, x)", the values as the target shows them. Whatever goes wrong here, there is
 * something more important to tell. */
static void add_key(struct writer *w, const struct change *change, struct strbuf *text)
{
    const struct destination *to = change->to;
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    struct fault ignored;
    uint32_t *types = arena_take(&w->arena, (size_t)to->count * sizeof *types);
    struct param *params = arena_take(&w->arena, (size_t)to->count * sizeof *params);
    if (to->key_count == 0)
        return;
    int count = key_params(w, change, types, params);
    strbuf_add(&sql, "SELECT pg_catalog.concat_ws(', '");
    for (int i = 1; i <= count; i++)
        strbuf_addf(&sql, ", ($%d)::pg_catalog.text", i);
    strbuf_add(&sql, ")");
    if (!conn_query_typed(w->target, sql.text, count, types, params, &rows, &ignored))
        return;
    strbuf_add(text, ", key (");
    for (int i = 0; i < to->key_count; i++)
        strbuf_addf(text, "%s%s", i == 0 ? "" : ", ", to->columns[to->key[i]].name);
    strbuf_addf(text, ")=(%s)", rows_text(&rows, 0, 0));
}

/* "transaction 731, committed at 0/1A2B3C: UPDATE of public.t, key (id)=(5)". Outside of the
 * failed transaction. */
static void add_description(struct writer *w, const struct change *change, struct strbuf *text)
{
    char lsn[LSN_TEXT];
    strbuf_addf(text, "transaction %u, committed at %s: %s table %s.%s", change->transaction->xid,
                lsn_text(lsn, change->transaction->commit_lsn), verb(change), change->to->nspname,
                change->to->relname);
    add_key(w, change, text);
}

/* Integrity constraint violations. */
static bool is_conflict(const struct surprise *surprise, const struct fault *refusal)
{
    return surprise->rows >= 0 || strncmp(refusal->sqlstate, "23", 2) == 0;
}

static bool refuse(struct writer *w, const struct surprise *surprise, const struct fault *refusal,
                   struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    if (surprise->change == NULL) {
        *why = *refusal;
        return false;
    }
    bool conflict = is_conflict(surprise, refusal);
    add_description(w, surprise->change, &text);
    if (surprise->rows >= 0)
        strbuf_addf(&text, ": %s",
                    surprise->rows == 0 ? "the target has no such row"
                                        : "the target has several such rows");
    else
        strbuf_addf(&text, ": %s", refusal->text);
    fault_set(why, conflict ? FAULT_APPLY_CONFLICT : FAULT_APPLY_REFUSED, "%s", text.text);
    if (surprise->rows < 0)
        fault_detail(why, "%s", refusal->detail);
    return false;
}

/* ---- one by one, with a way out for each ---- */

static const char *const change_savepoint = "SAVEPOINT pghaul_change";

static bool try_one(struct writer *w, const struct change *change,
                    bool (*queue)(struct writer *, const struct change *, struct fault *),
                    struct surprise *ret_surprise, struct fault *refusal, struct fault *why)
{
    *refusal = (struct fault){.id = FAULT_NONE};
    if (!queue_begin(&w->queue, w->target, why) ||
        !queue_run(&w->queue, change_savepoint, -1, why) || !queue(w, change, why))
        return false;
    if (!queue_finish(&w->queue, ret_surprise, refusal)) {
        *why = *refusal;
        return false;
    }
    return queue_end(&w->queue, why) &&
           conn_run(w->target,
                    ret_surprise->found ? "ROLLBACK TO SAVEPOINT pghaul_change"
                                        : "RELEASE SAVEPOINT pghaul_change",
                    why);
}

static bool insert_instead(struct writer *w, const struct change *change, struct fault *why)
{
    struct change insert = *change;
    insert.tag = PGOUTPUT_INSERT;
    insert.before = NULL;
    return one_queue(w, &insert, why);
}

/* What the source has is written over what the target has. *ret_surprise: this did not go either.
 */
static bool overwrite(struct writer *w, const struct change *change, struct surprise *ret_surprise,
                      struct fault *refusal, struct fault *why)
{
    if (change->tag == PGOUTPUT_DELETE && ret_surprise->rows == 0) {
        ret_surprise->found = false;
        return true;
    }
    if (change->tag == PGOUTPUT_INSERT && change->to->key_count > 0 && ret_surprise->rows < 0 &&
        strcmp(refusal->sqlstate, "23505") == 0)
        return try_one(w, change, overwrite_queue, ret_surprise, refusal, why);
    if (change->tag == PGOUTPUT_UPDATE && ret_surprise->rows == 0 &&
        row_is_whole(change->to, change->after))
        return try_one(w, change, insert_instead, ret_surprise, refusal, why);
    return true;
}

static bool settle_conflict(struct writer *w, const struct change *change,
                            struct surprise *surprise, struct fault *refusal, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    struct surprise first = *surprise;
    struct fault because = *refusal;
    bool overwrites = w->on_conflict == CONFLICT_OVERWRITE;
    if (!is_conflict(surprise, refusal))
        return refuse(w, surprise, refusal, why);
    if (overwrites && !overwrite(w, change, surprise, refusal, why))
        return false;
    if (overwrites && surprise->found) {
        first.change = change;
        return refuse(w, &first, &because, why);
    }
    add_description(w, change, &text);
    log_warning("%s: %s; %s", text.text,
                first.rows < 0 ? because.text : "the target has no such row, or several",
                overwrites ? "the source's row wins" : "left out");
    w->pending.conflicts++;
    return true;
}

static bool write_each(struct writer *w, const struct change *first, struct fault *why)
{
    struct surprise surprise;
    struct fault refusal;
    if (!queue_begin(&w->queue, w->target, why) || !queue_opening(w, why) ||
        !queue_finish(&w->queue, &surprise, why) || !queue_end(&w->queue, why))
        return false;
    if (surprise.found)
        return overtaken(w, why);
    w->open = true;
    for (const struct change *change = first; change != NULL; change = change->following) {
        if (!try_one(w, change, one_queue, &surprise, &refusal, why))
            return false;
        if (surprise.found && !settle_conflict(w, change, &surprise, &refusal, why))
            return false;
    }
    return true;
}

/* ---- the chunk, by whichever way it goes ---- */

static void count(struct writer *w, const struct change *first)
{
    for (const struct change *change = first; change != NULL; change = change->following) {
        w->pending.inserts += change->tag == PGOUTPUT_INSERT;
        w->pending.updates += change->tag == PGOUTPUT_UPDATE;
        w->pending.deletes += change->tag == PGOUTPUT_DELETE;
    }
}

/* A deadlock, a lock that did not come: the same may go well later. */
static bool may_heal(const struct surprise *surprise, const struct fault *why)
{
    return surprise->rows < 0 && why->retry;
}

static bool again_in_order(struct writer *w, const struct change *first, struct surprise *surprise,
                           struct fault *why)
{
    struct fault refusal = *why;
    bool was_open = w->open;
    if (surprise->to != NULL)
        surprise->to->in_order = IN_ORDER;
    log_debug("%s%s: writing the changes one by one",
              surprise->to == NULL ? "changes" : surprise->to->quoted,
              surprise->rows < 0 ? " were refused" : " do not fit");
    if (!undo_chunk(w, was_open, why))
        return false;
    if (!write_in_order(w, first, surprise, &refusal)) {
        *why = refusal;
        return false;
    }
    if (!surprise->found)
        return true;
    if (!undo_chunk(w, was_open, why))
        return false;
    if (may_heal(surprise, &refusal)) {
        *why = refusal;
        return false;
    }
    if (w->on_conflict == CONFLICT_STOP)
        return refuse(w, surprise, &refusal, why);
    return write_each(w, first, why);
}

bool write_chunk(struct writer *w, struct change *first, struct fault *why)
{
    struct surprise surprise;
    bool was_open = w->open;
    if (first == NULL)
        return true;
    arena_clear(&w->arena);
    struct destination *list = share_out(first);
    bool good = write_sets(w, list, &surprise, why);
    forget_shares(list);
    if (!good)
        return false;
    if (surprise.found && !was_open && surprise.to == NULL && surprise.number == LOCK_NUMBER)
        return overtaken(w, why);
    if (surprise.found && (may_heal(&surprise, why) || !again_in_order(w, first, &surprise, why)))
        return false;
    w->open = true;
    count(w, first);
    FAILPOINT("apply.chunk_written", why);
    return !was_open || conn_run(w->target, "RELEASE SAVEPOINT pghaul_chunk", why);
}

/* ---- the rest ---- */

bool write_truncate(struct writer *w, struct destination *const *tables, size_t table_count,
                    struct fault *why)
{
    struct surprise surprise;
    if (!queue_begin(&w->queue, w->target, why) || (!w->open && !queue_opening(w, why)))
        return false;
    strbuf_clear(&w->sql);
    strbuf_add(&w->sql, "TRUNCATE ");
    for (size_t i = 0; i < table_count; i++)
        strbuf_addf(&w->sql, "%s%s%s", i == 0 ? "" : ", ", tables[i]->kind == 'p' ? "" : "ONLY ",
                    tables[i]->quoted);
    if (!queue_run(&w->queue, w->sql.text, -1, why) || !queue_finish(&w->queue, &surprise, why) ||
        !queue_end(&w->queue, why))
        return false;
    if (surprise.found && surprise.rows >= 0)
        return overtaken(w, why);
    if (surprise.found) {
        why->id = why->retry ? why->id : FAULT_APPLY_REFUSED;
        return false;
    }
    w->open = true;
    w->pending.truncates++;
    return true;
}

static void add_counts(struct apply_counts *to, const struct apply_counts *more)
{
    to->transactions += more->transactions;
    to->inserts += more->inserts;
    to->updates += more->updates;
    to->deletes += more->deletes;
    to->truncates += more->truncates;
    to->conflicts += more->conflicts;
}

static bool queue_progress(struct writer *w, lsn_t applied, bool flush, struct fault *why)
{
    char lsn[LSN_TEXT], before[LSN_TEXT];
    if (flush && !queue_run(&w->queue, "SET LOCAL synchronous_commit = on", -1, why))
        return false;
    strbuf_clear(&w->sql);
    strbuf_addf(&w->sql,
                "UPDATE pghaul.progress SET applied = '%s', at = pg_catalog.now()"
                " WHERE run = '%s' AND applied = '%s'",
                lsn_text(lsn, applied), w->run, lsn_text(before, w->applied));
    return queue_run(&w->queue, w->sql.text, 1, why) && queue_run(&w->queue, "COMMIT", -1, why);
}

bool write_commit(struct writer *w, lsn_t applied, bool flush, struct fault *why)
{
    struct surprise surprise;
    if (!w->open && applied == w->applied && !flush)
        return true;
    FAILPOINT("apply.before_commit", why);
    if (!queue_begin(&w->queue, w->target, why) || (!w->open && !queue_opening(w, why)) ||
        !queue_progress(w, applied, flush, why) || !queue_finish(&w->queue, &surprise, why) ||
        !queue_end(&w->queue, why))
        return false;
    if (surprise.found)
        return surprise.rows >= 0 ? overtaken(w, why) : false;
    FAILPOINT("apply.after_commit", why);
    w->open = false;
    w->applied = applied;
    add_counts(&w->counts, &w->pending);
    w->pending = (struct apply_counts){0};
    return true;
}

void drop_writer(struct writer *w)
{
    drop_arena(&w->arena);
    drop_strbuf(&w->sql);
    for (int i = 0; i < 4; i++)
        drop_strbuf(&w->values[i]);
    drop_write_queue(&w->queue);
}
