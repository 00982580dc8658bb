#include "cdc/fold.h"

#include <string.h>
#include <xxhash.h>

/* ---- values ---- */

bool value_same(const struct pgoutput_value *a, const struct pgoutput_value *b)
{
    return a->kind == b->kind && a->length == b->length &&
           (a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

bool change_moves(const struct change *change)
{
    if (change->tag != PGOUTPUT_UPDATE || change->before == NULL)
        return false;
    for (int i = 0; i < change->to->key_count; i++) {
        int column = change->to->key[i];
        const struct pgoutput_value *after = &change->after[column];
        if (after->kind != PGOUTPUT_UNCHANGED && !value_same(&change->before[column], after))
            return true;
    }
    return false;
}

static uint64_t hash_value(const struct pgoutput_value *value, uint64_t seed)
{
    return XXH3_64bits_withSeed(value->bytes, value->length,
                                seed * 31 + value->length + (uint64_t)value->kind);
}

/* The later row, with the earlier one's values where it leaves them alone. */
static const struct pgoutput_value *merge(const struct fold *fold,
                                          const struct pgoutput_value *earlier,
                                          const struct pgoutput_value *later)
{
    if (row_is_whole(fold->to, later))
        return later;
    size_t count = (size_t)fold->to->count;
    struct pgoutput_value *row = arena_copy(fold->arena, later, count * sizeof *row);
    for (size_t i = 0; i < count; i++)
        if (row[i].kind == PGOUTPUT_UNCHANGED)
            row[i] = earlier[i];
    return row;
}

/* ---- entries by key, or by image ---- */

static uint64_t hash_row(const struct fold *fold, const struct pgoutput_value *row)
{
    const struct destination *to = fold->to;
    uint64_t hash = 0;
    int count = to->by_image ? to->count : to->key_count;
    for (int i = 0; i < count; i++)
        hash = hash_value(&row[to->by_image ? i : to->key[i]], hash);
    return hash;
}

static bool same_row(const struct fold *fold, const struct pgoutput_value *a,
                     const struct pgoutput_value *b)
{
    const struct destination *to = fold->to;
    int count = to->by_image ? to->count : to->key_count;
    for (int i = 0; i < count; i++) {
        int column = to->by_image ? i : to->key[i];
        if (!value_same(&a[column], &b[column]))
            return false;
    }
    return true;
}

/* What an entry is found by. By image, one that was deleted is found no more. */
static const struct pgoutput_value *face(const struct fold *fold, const struct fold_entry *entry)
{
    if (fold->to->by_image)
        return entry->after;
    return entry->before != NULL ? entry->before : entry->after;
}

/* The entry with this key or image, or NULL. */
static struct fold_entry *find(struct fold *fold, const struct pgoutput_value *row)
{
    size_t slot = (size_t)hash_row(fold, row) & (fold->slot_count - 1);
    for (; fold->slots[slot] != 0; slot = (slot + 1) & (fold->slot_count - 1)) {
        struct fold_entry *entry = &fold->entries[fold->slots[slot] - 1];
        const struct pgoutput_value *known = face(fold, entry);
        if (known != NULL && same_row(fold, known, row))
            return entry;
    }
    return NULL;
}

/* From now on the entry is found by this row as well. */
static void hang(struct fold *fold, const struct fold_entry *entry,
                 const struct pgoutput_value *row)
{
    size_t slot = (size_t)hash_row(fold, row) & (fold->slot_count - 1);
    while (fold->slots[slot] != 0)
        slot = (slot + 1) & (fold->slot_count - 1);
    fold->slots[slot] = (uint32_t)(entry - fold->entries) + 1;
}

static void put(struct fold *fold, enum fold_state state, const struct pgoutput_value *before,
                const struct pgoutput_value *after)
{
    struct fold_entry *entry = &fold->entries[fold->count++];
    *entry = (struct fold_entry){.state = state, .before = before, .after = after};
    const struct pgoutput_value *row = face(fold, entry);
    if (row != NULL)
        hang(fold, entry, row);
}

void fold_begin(struct fold *fold, const struct destination *to, size_t most, struct arena *arena)
{
    size_t slots = 4;
    while (slots < most * 2 + 2)
        slots *= 2;
    *fold = (struct fold){.to = to, .arena = arena, .slot_count = slots};
    fold->forms = arena_take(arena, ((size_t)to->count + 1) * sizeof *fold->forms);
    memset(fold->forms, 0, (size_t)to->count * sizeof *fold->forms);
    fold->entries = arena_take(arena, (most + 1) * sizeof *fold->entries);
    fold->slots = arena_take(arena, slots * sizeof *fold->slots);
    memset(fold->slots, 0, slots * sizeof *fold->slots);
}

void fold_clear(struct fold *fold)
{
    if (fold->count > 0)
        memset(fold->slots, 0, fold->slot_count * sizeof *fold->slots);
    fold->count = 0;
}

size_t fold_number(struct fold *fold, const struct pgoutput_value *row)
{
    const struct fold_entry *entry = find(fold, row);
    if (entry != NULL)
        return (size_t)(entry - fold->entries);
    put(fold, FOLD_INSERT, NULL, row);
    return fold->count - 1;
}

/* ---- by key ---- */

static enum fold_answer insert_by_key(struct fold *fold, const struct change *change)
{
    struct fold_entry *entry = find(fold, change->after);
    if (entry == NULL) {
        put(fold, FOLD_INSERT, NULL, change->after);
        return FOLD_TAKEN;
    }
    if (entry->state != FOLD_NOTHING && entry->state != FOLD_DELETE)
        return FOLD_BROKEN;
    entry->state = entry->state == FOLD_DELETE ? FOLD_UPDATE : FOLD_INSERT;
    entry->after = change->after;
    return FOLD_TAKEN;
}

static enum fold_answer update_by_key(struct fold *fold, const struct change *change)
{
    if (change_moves(change))
        return FOLD_ALONE;
    struct fold_entry *entry = find(fold, change_key(change));
    if (entry == NULL) {
        put(fold, FOLD_UPDATE, change_key(change), change->after);
        return FOLD_TAKEN;
    }
    if (entry->state != FOLD_INSERT && entry->state != FOLD_UPDATE)
        return FOLD_BROKEN;
    entry->after = merge(fold, entry->after, change->after);
    return FOLD_TAKEN;
}

static enum fold_answer delete_by_key(struct fold *fold, const struct change *change)
{
    struct fold_entry *entry = find(fold, change->before);
    if (entry == NULL) {
        put(fold, FOLD_DELETE, change->before, NULL);
        return FOLD_TAKEN;
    }
    if (entry->state != FOLD_INSERT && entry->state != FOLD_UPDATE)
        return FOLD_BROKEN;
    if (entry->before == NULL)
        entry->before = change->before;
    entry->state = entry->state == FOLD_INSERT ? FOLD_NOTHING : FOLD_DELETE;
    entry->after = NULL;
    return FOLD_TAKEN;
}

/* ---- by image ---- */

/* A row that an earlier change has made, and that looks like this, gives way; else one that the
 * table has. The row before is whole: it has what an update leaves alone. */
static void replace_image(struct fold *fold, const struct change *change)
{
    const struct pgoutput_value *after =
        change->after == NULL ? NULL : merge(fold, change->before, change->after);
    struct fold_entry *entry = find(fold, change->before);
    if (entry == NULL) {
        put(fold, after == NULL ? FOLD_DELETE : FOLD_UPDATE, change->before, after);
        return;
    }
    entry->after = after;
    if (after != NULL)
        hang(fold, entry, after);
    else
        entry->state = entry->state == FOLD_INSERT ? FOLD_NOTHING : FOLD_DELETE;
}

/* A value in text and the same one in binary form would be taken for two. */
static bool same_forms(const struct fold *fold, const struct pgoutput_value *row)
{
    const struct destination *to = fold->to;
    int count = to->by_image ? to->count : to->key_count;
    for (int i = 0; row != NULL && i < count; i++) {
        int column = to->by_image ? i : to->key[i];
        uint8_t form = (uint8_t)row[column].kind;
        if (form != PGOUTPUT_TEXT && form != PGOUTPUT_BINARY)
            continue;
        if (fold->forms[column] != 0 && fold->forms[column] != form)
            return false;
        fold->forms[column] = form;
    }
    return true;
}

enum fold_answer fold_add(struct fold *fold, const struct change *change)
{
    bool by_image = fold->to->by_image;
    if (!same_forms(fold, change->before) || !same_forms(fold, change->after))
        return FOLD_BROKEN;
    if (change->tag == PGOUTPUT_INSERT && (by_image || fold->to->key_count == 0)) {
        put(fold, FOLD_INSERT, NULL, change->after);
        return FOLD_TAKEN;
    }
    if (by_image) {
        replace_image(fold, change);
        return FOLD_TAKEN;
    }
    switch (change->tag) {
    case PGOUTPUT_INSERT:
        return insert_by_key(fold, change);
    case PGOUTPUT_UPDATE:
        return update_by_key(fold, change);
    default:
        return delete_by_key(fold, change);
    }
}
