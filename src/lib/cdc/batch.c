#include "cdc/batch.h"

#include <string.h>

static struct arena *arena_of(struct batch *batch)
{
    return &batch->arenas[batch->arena];
}

size_t batch_size(const struct batch *batch)
{
    return batch->arenas[batch->arena].used;
}

static void append(struct change_list *list, struct change *change)
{
    if (list->last == NULL)
        list->first = change;
    else
        list->last->following = change;
    list->last = change;
    change->following = NULL;
}

void batch_begin(struct batch *batch, uint32_t xid, lsn_t commit_lsn)
{
    batch->transaction = arena_take(arena_of(batch), sizeof *batch->transaction);
    *batch->transaction = (struct transaction){.xid = xid, .commit_lsn = commit_lsn};
}

void batch_commit(struct batch *batch, const struct pgoutput_commit *commit)
{
    batch->commit_time = commit->commit_time;
    batch->transaction = NULL;
    if (batch->open.first == NULL)
        return;
    batch->transactions++;
    if (batch->whole.last == NULL)
        batch->whole = batch->open;
    else
        batch->whole.last->following = batch->open.first;
    batch->whole.last = batch->open.last;
    batch->open = (struct change_list){NULL, NULL};
}

/* ---- changes ---- */

static bool misfit(const struct relation *relation, struct fault *why)
{
    return fault_set(why, FAULT_STREAM_UNKNOWN,
                     "a change of table %s.%s does not have its columns, or not its replica "
                     "identity",
                     relation->nspname, relation->relname);
}

/* Text that does not fit is refused by the target; bytes of another type may just mean another
 * value. */
static bool refuse_binary(const struct relation *relation, const struct relation_column *column,
                          struct fault *why)
{
    return fault_set(why, FAULT_APPLY_DDL,
                     "table %s.%s: column \"%s\" has another type on the target, and its values "
                     "come in binary form",
                     relation->nspname, relation->relname, column->name);
}

/* The values of a message's tuple at their places in a row of the destination. Of a key only the
 * key counts: the other columns come as NULL. */
static bool place_tuple(struct batch *batch, const struct relation *relation,
                        struct pgoutput_tuple tuple, bool key_only,
                        const struct pgoutput_value **ret_row, struct fault *why)
{
    const struct destination *to = relation->to;
    struct pgoutput_value value;
    if (tuple.count != relation->count)
        return misfit(relation, why);
    struct pgoutput_value *row = arena_take(arena_of(batch), ((size_t)to->count + 1) * sizeof *row);
    memset(row, 0, (size_t)to->count * sizeof *row);
    for (int i = 0; pgoutput_tuple_next(&tuple, &value); i++) {
        const struct relation_column *column = &relation->columns[i];
        if (column->at < 0 || (!column->key && key_only) || to->columns[column->at].generated)
            continue;
        if (column->other && value.kind == PGOUTPUT_BINARY)
            return refuse_binary(relation, column, why);
        row[column->at] = value;
    }
    *ret_row = row;
    return true;
}

/* What was left alone is what it was. */
static void fill_unchanged(struct change *change, struct pgoutput_value *after)
{
    const struct destination *to = change->to;
    for (int i = 0; change->whole && to->by_image && i < to->count; i++)
        if (after[i].kind == PGOUTPUT_UNCHANGED)
            after[i] = change->before[i];
    for (int i = 0; i < to->key_count; i++)
        if (after[to->key[i]].kind == PGOUTPUT_UNCHANGED)
            after[to->key[i]] = change->before[to->key[i]];
}

static struct change *new_change(struct batch *batch, struct destination *to, enum pgoutput_tag tag)
{
    struct change *change = arena_take(arena_of(batch), sizeof *change);
    *change = (struct change){.to = to, .tag = tag, .transaction = batch->transaction};
    return change;
}

/* An identity column that is GENERATED ALWAYS cannot be updated; where the key does not tell rows
 * apart, nobody would notice that it was not. */
static bool replaces_identity(const struct change *change)
{
    const struct destination *to = change->to;
    if (!to->by_image || change->tag != PGOUTPUT_UPDATE)
        return false;
    for (int i = 0; i < to->count; i++)
        if (to->columns[i].always && !value_same(&change->before[i], &change->after[i]))
            return true;
    return false;
}

static void add(struct batch *batch, struct change *change)
{
    if (!replaces_identity(change)) {
        append(&batch->open, change);
        return;
    }
    struct change *insert = new_change(batch, change->to, PGOUTPUT_INSERT);
    insert->after = change->after;
    change->tag = PGOUTPUT_DELETE;
    change->after = NULL;
    append(&batch->open, change);
    append(&batch->open, insert);
}

/* Is enough there to find the row by? */
static bool has_key(const struct change *change)
{
    const struct destination *to = change->to;
    if (change->tag == PGOUTPUT_INSERT)
        return true;
    if (to->by_image)
        return change->whole;
    for (int i = 0; i < to->key_count; i++)
        if (!value_is_given(&change_key(change)[to->key[i]]))
            return false;
    return true;
}

bool batch_add(struct batch *batch, struct relation *relation, const uint8_t *bytes, size_t length,
               struct fault *why)
{
    const struct pgoutput_mode mode = {.in_stream = false};
    struct pgoutput_message message;
    const struct pgoutput_value *after = NULL;
    const uint8_t *copy = arena_copy(arena_of(batch), bytes, length);
    if (!pgoutput_parse(copy, length, mode, &message))
        return misfit(relation, why);
    const struct pgoutput_change *from = &message.change;
    if (message.tag != PGOUTPUT_INSERT && !relation_check_identity(relation, why))
        return false;
    struct change *change = new_change(batch, relation->to, message.tag);
    change->whole = from->old_is == PGOUTPUT_OLD_ROW;
    if (from->old_is != PGOUTPUT_OLD_NONE &&
        !place_tuple(batch, relation, from->old_tuple, !change->whole, &change->before, why))
        return false;
    if (message.tag != PGOUTPUT_DELETE &&
        !place_tuple(batch, relation, from->new_tuple, false, &after, why))
        return false;
    if (message.tag == PGOUTPUT_DELETE && change->before == NULL)
        return misfit(relation, why);
    change->after = after;
    if (change->before != NULL && after != NULL)
        fill_unchanged(change, (struct pgoutput_value *)(uintptr_t)after);
    if (!has_key(change))
        return misfit(relation, why);
    add(batch, change);
    return true;
}

/* ---- letting go ---- */

static const struct pgoutput_value *copy_row(struct arena *arena, const struct destination *to,
                                             const struct pgoutput_value *row)
{
    if (row == NULL)
        return NULL;
    struct pgoutput_value *copy = arena_copy(arena, row, ((size_t)to->count + 1) * sizeof *row);
    for (int i = 0; i < to->count; i++)
        if (copy[i].length > 0)
            copy[i].bytes = arena_copy(arena, copy[i].bytes, copy[i].length);
    return copy;
}

void batch_written(struct batch *batch)
{
    struct change_list open = {NULL, NULL};
    struct arena *other = &batch->arenas[1 - batch->arena];
    struct transaction *transaction = NULL;
    if (batch->transaction != NULL)
        transaction = arena_copy(other, batch->transaction, sizeof *transaction);
    for (struct change *change = batch->open.first; change != NULL; change = change->following) {
        struct change *copy = arena_copy(other, change, sizeof *change);
        copy->before = copy_row(other, change->to, change->before);
        copy->after = copy_row(other, change->to, change->after);
        copy->transaction = transaction;
        append(&open, copy);
    }
    batch->transaction = transaction;
    batch->open = open;
    batch->whole = (struct change_list){NULL, NULL};
    batch->transactions = 0;
    arena_clear(arena_of(batch));
    batch->arena = 1 - batch->arena;
}

void batch_clear(struct batch *batch)
{
    batch->open = (struct change_list){NULL, NULL};
    batch_written(batch);
}

void drop_batch(struct batch *batch)
{
    drop_arena(&batch->arenas[0]);
    drop_arena(&batch->arenas[1]);
}
