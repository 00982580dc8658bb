#include "cdc/write_sets.h"

#include "pg/copy_in.h"

#include <stdlib.h>
#include <string.h>

enum {
    COPY_FROM = 500,        /* so many inserts go by COPY */
    ROW_MOST = 16 << 20,    /* bytes: a larger row is written alone, */
    COPY_PIECE = 256 << 10, /* and COPY gets its data in such pieces */
};

/* ---- masks ---- */

static uint8_t *new_mask(struct writer *w, const struct destination *to)
{
    uint8_t *mask = arena_take(&w->arena, (size_t)to->count);
    memset(mask, MASK_NONE, (size_t)to->count);
    return mask;
}

static bool is_key(const struct destination *to, int column)
{
    for (int i = 0; i < to->key_count; i++)
        if (to->key[i] == column)
            return true;
    return false;
}

static void mask_insert(const struct destination *to, const struct pgoutput_value *row,
                        uint8_t *mask)
{
    for (int i = 0; i < to->count; i++)
        mask[i] = value_is_given(&row[i]) && !to->columns[i].generated ? MASK_SET : MASK_NONE;
}

/* `moves`: the key is written as well. What may not be written must be as it is. */
static void mask_update(const struct destination *to, const struct pgoutput_value *row, bool moves,
                        uint8_t *mask)
{
    mask_insert(to, row, mask);
    for (int i = 0; i < to->count; i++) {
        if (mask[i] == MASK_NONE)
            continue;
        if (is_key(to, i))
            mask[i] = moves ? MASK_SET : MASK_NONE;
        else if (to->columns[i].always)
            mask[i] = MASK_SAME;
    }
}

static void mask_image(const struct destination *to, const struct pgoutput_value *row,
                       uint8_t *mask)
{
    for (int i = 0; i < to->count; i++) {
        mask[i] = MASK_NONE;
        if (!value_is_given(&row[i]) || to->columns[i].generated)
            continue;
        bool null = row[i].kind == PGOUTPUT_NULL;
        mask[i] = null ? MASK_NULL : to->columns[i].hashable ? MASK_EQUAL : MASK_IMAGE;
    }
}

static void mask_of(const struct destination *to, const struct fold_entry *entry, uint8_t *mask)
{
    if (entry->state == FOLD_INSERT)
        mask_insert(to, entry->after, mask);
    else if (to->by_image)
        mask_image(to, entry->before, mask);
    else if (entry->state == FOLD_UPDATE)
        mask_update(to, entry->after, false, mask);
    else
        memset(mask, MASK_NONE, (size_t)to->count);
}

/* ---- groups: entries for one statement ---- */

struct group {
    struct group *next;
    uint8_t *mask;
    const struct fold_entry **entries;
    size_t count;
};

static struct group *group_for(struct writer *w, struct group **groups, const struct fold *fold,
                               const uint8_t *mask)
{
    size_t length = (size_t)fold->to->count;
    while (*groups != NULL && memcmp((*groups)->mask, mask, length) != 0)
        groups = &(*groups)->next;
    if (*groups == NULL) {
        struct group *group = arena_take(&w->arena, sizeof *group);
        *group = (struct group){.mask = arena_copy(&w->arena, mask, length)};
        group->entries = arena_take(&w->arena, fold->count * sizeof(struct fold_entry *));
        *groups = group;
    }
    return *groups;
}

static struct group *make_groups(struct writer *w, const struct fold *fold, enum fold_state state)
{
    struct group *groups = NULL;
    uint8_t *mask = new_mask(w, fold->to);
    for (size_t i = 0; i < fold->count; i++) {
        const struct fold_entry *entry = &fold->entries[i];
        if (entry->state != state)
            continue;
        mask_of(fold->to, entry, mask);
        struct group *group = group_for(w, &groups, fold, mask);
        group->entries[group->count++] = entry;
    }
    return groups;
}

/* Numbers in the order of their digits, as text or not; all else as bytes. */
static int compare_values(const struct pgoutput_value *a, const struct pgoutput_value *b,
                          bool number)
{
    if (number && a->length != b->length)
        return a->length < b->length ? -1 : 1;
    size_t common = a->length < b->length ? a->length : b->length;
    int order = common == 0 ? 0 : memcmp(a->bytes, b->bytes, common);
    if (order != 0 || a->length == b->length)
        return order;
    return a->length < b->length ? -1 : 1;
}

static bool is_number(uint32_t type)
{
    enum { INT8 = 20, INT2 = 21, INT4 = 23 };
    return type == INT2 || type == INT4 || type == INT8;
}

static int compare_keys(const void *a, const void *b, void *arg)
{
    const struct destination *to = arg;
    const struct fold_entry *const *first = a, *const *second = b;
    for (int i = 0; i < to->key_count; i++) {
        int column = to->key[i];
        int order = compare_values(&(*first)->before[column], &(*second)->before[column],
                                   is_number(to->columns[column].type));
        if (order != 0)
            return order;
    }
    return 0;
}

/* Rows that are near each other in the index, and often in the table, are written one after the
 * other. */
static void sort_group(struct destination *to, struct group *group)
{
    qsort_r(group->entries, group->count, sizeof(struct fold_entry *), compare_keys, to);
}

/* Where all groups can be found by a column that none of them has NULL, they are one: a scan of
 * the table for all is better than one for each. */
static void join_groups(struct writer *w, const struct fold *fold, struct group *groups)
{
    const struct destination *to = fold->to;
    bool any = false;
    if (groups == NULL || groups->next == NULL)
        return;
    uint8_t *mask = arena_copy(&w->arena, groups->mask, (size_t)to->count);
    for (const struct group *group = groups->next; group != NULL; group = group->next)
        for (int i = 0; i < to->count; i++)
            if (mask[i] != group->mask[i])
                mask[i] = MASK_IMAGE;
    for (int i = 0; i < to->count; i++)
        any = any || mask[i] == MASK_EQUAL;
    if (!any)
        return;
    groups->mask = mask;
    for (const struct group *group = groups->next; group != NULL; group = group->next)
        for (size_t i = 0; i < group->count; i++)
            groups->entries[groups->count++] = group->entries[i];
    groups->next = NULL;
}

/* ---- arrays ---- */

static const struct pgoutput_value *row_of(const struct fold_entry *entry)
{
    return entry->state == FOLD_DELETE ? entry->before : entry->after;
}

/* False when the rows cannot be in one array. */
static bool find_encoding(const struct destination *to, const struct group *group, bool before,
                          enum encoding *ret_encoding)
{
    bool known = false;
    *ret_encoding = to->text_only ? ENCODE_TEXT : ENCODE_BINARY;
    for (size_t i = 0; i < group->count; i++)
        if (!encoding_of(to, before ? group->entries[i]->before : row_of(group->entries[i]),
                         ret_encoding, &known))
            return false;
    return true;
}

static bool fits_array(const struct destination *to, const struct group *group, bool before)
{
    for (size_t i = 0; i < group->count; i++)
        if (!encode_array_takes(to, before ? group->entries[i]->before : row_of(group->entries[i])))
            return false;
    return true;
}

/* Good until `value` is filled anew. */
static struct param rows_param(struct strbuf *value, const struct destination *to,
                               const struct group *group, bool before, enum encoding encoding)
{
    strbuf_clear(value);
    encode_array_begin(value, to, group->count, encoding);
    for (size_t i = 0; i < group->count; i++)
        encode_array_row(value, to, before ? group->entries[i]->before : row_of(group->entries[i]),
                         encoding);
    encode_array_end(value, encoding);
    return (struct param){.bytes = value->text,
                          .length = (uint32_t)value->length,
                          .binary = encoding == ENCODE_BINARY};
}

/* ---- by image ---- */

/* Which of the entries look the same: they are numbered by their first, and among themselves. */
struct images {
    struct group different; /* the first of each */
    int64_t *image;         /* of each entry: number in `different`, from 1 */
    int64_t *which;         /* … the how manieth of them, from 1 */
    int64_t *times;         /* of each in `different` */
};

static void number_images(struct writer *w, const struct destination *to, const struct group *group,
                          struct images *images)
{
    size_t count = group->count;
    struct fold alike;
    images->different = (struct group){.mask = group->mask};
    images->different.entries = arena_take(&w->arena, count * sizeof(struct fold_entry *));
    images->image = arena_take(&w->arena, count * sizeof(int64_t));
    images->which = arena_take(&w->arena, count * sizeof(int64_t));
    images->times = arena_take(&w->arena, count * sizeof(int64_t));
    fold_begin(&alike, to, count, &w->arena);
    for (size_t i = 0; i < count; i++) {
        size_t number = fold_number(&alike, group->entries[i]->before);
        if (number == images->different.count) {
            images->different.entries[images->different.count++] = group->entries[i];
            images->times[number] = 0;
        }
        images->image[i] = (int64_t)number + 1;
        images->which[i] = ++images->times[number];
    }
}

static struct param numbers_param(struct strbuf *value, const int64_t *numbers, size_t count)
{
    strbuf_clear(value);
    encode_numbers_begin(value, count);
    for (size_t i = 0; i < count; i++)
        encode_number(value, numbers[i]);
    return (struct param){.bytes = value->text, .length = (uint32_t)value->length, .binary = true};
}

/* ---- one row ---- */

static struct param value_param(struct writer *w, const struct pgoutput_value *value)
{
    if (value->kind == PGOUTPUT_BINARY)
        return (struct param){.bytes = value->bytes, .length = value->length, .binary = true};
    if (value->kind != PGOUTPUT_TEXT)
        return (struct param){.bytes = NULL};
    char *text = arena_take(&w->arena, (size_t)value->length + 1);
    if (value->length > 0)
        memcpy(text, value->bytes, value->length);
    text[value->length] = '\0';
    return (struct param){.bytes = text, .length = value->length};
}

/* Where there is no array of rows: values come in text and in binary form, or a column that is not
 * given takes no NULL. */
static bool queue_images_apart(struct writer *w, struct destination *to, const struct group *group,
                               bool update, const struct change *told, struct fault *why)
{
    struct destination_statement *statement =
        statement_find(to, update ? ONE_IMAGE_UPDATE : ONE_IMAGE_DELETE, group->mask);
    struct param *params = arena_take(&w->arena, 2 * (size_t)to->count * sizeof *params);
    for (size_t i = 0; i < group->count; i++) {
        int count = 0;
        for (int column = 0; column < to->count; column++)
            if (group->mask[column] != MASK_NONE)
                params[count++] = value_param(w, &group->entries[i]->before[column]);
        for (int column = 0; update && column < to->count; column++)
            if (group->mask[column] != MASK_NONE)
                params[count++] = value_param(w, &group->entries[i]->after[column]);
        if (!queue_execute(&w->queue, to, statement, count, params, 1, told, why))
            return false;
    }
    return true;
}

static bool queue_images(struct writer *w, struct destination *to, const struct group *group,
                         bool update, const struct change *told, struct fault *why)
{
    struct images images;
    enum encoding before, after = ENCODE_BINARY;
    struct param params[4];
    int count = 2;
    number_images(w, to, group, &images);
    if (!fits_array(to, &images.different, true) || (update && !fits_array(to, group, false)) ||
        !find_encoding(to, &images.different, true, &before) ||
        (update && !find_encoding(to, group, false, &after)))
        return queue_images_apart(w, to, group, update, told, why);
    params[0] = rows_param(&w->values[0], to, &images.different, true, before);
    if (update) {
        params[1] = numbers_param(&w->values[1], images.image, group->count);
        params[2] = numbers_param(&w->values[2], images.which, group->count);
        params[3] = rows_param(&w->values[3], to, group, false, after);
        count = 4;
    } else {
        params[1] = numbers_param(&w->values[1], images.times, images.different.count);
    }
    struct destination_statement *statement =
        statement_find(to, update ? IMAGE_UPDATE : IMAGE_DELETE, group->mask);
    return queue_execute(&w->queue, to, statement, count, params, (int64_t)group->count, told, why);
}

int key_params(struct writer *w, const struct change *change, uint32_t *types, struct param *params)
{
    const struct destination *to = change->to;
    for (int i = 0; i < to->key_count; i++) {
        types[i] = to->columns[to->key[i]].type;
        params[i] = value_param(w, &change_key(change)[to->key[i]]);
    }
    return to->key_count;
}

/* What a change is written by. */
struct one {
    const struct change *change;
    bool told; /* as the one that did not fit, when it does not */
};

static bool queue_one(struct writer *w, struct one one, enum statement_kind kind,
                      const uint8_t *mask, struct fault *why)
{
    const struct change *change = one.change;
    struct destination *to = change->to;
    struct param *params = arena_take(&w->arena, 2 * (size_t)to->count * sizeof *params);
    uint32_t *types = arena_take(&w->arena, (size_t)to->count * sizeof *types);
    int count = 0;
    for (int i = 0; kind != ONE_DELETE && i < to->count; i++)
        if (mask_takes(mask[i]))
            params[count++] = value_param(w, &change->after[i]);
    if (kind != ONE_INSERT)
        count += key_params(w, change, types, params + count);
    return queue_execute(&w->queue, to, statement_find(to, kind, mask), count, params, 1,
                         one.told ? change : NULL, why);
}

/* Is there a column among these that cannot be written by UPDATE? */
static bool has_fixed(const struct destination *to, const uint8_t *mask)
{
    for (int i = 0; i < to->count; i++)
        if (mask[i] == MASK_SAME || (mask[i] == MASK_SET && to->columns[i].always))
            return true;
    return false;
}

static bool queue_one_update(struct writer *w, struct one one, struct fault *why)
{
    const struct change *change = one.change;
    const struct destination *to = change->to;
    uint8_t *mask = new_mask(w, to);
    mask_update(to, change->after, change_moves(change), mask);
    if (!has_fixed(to, mask))
        return queue_one(w, one, ONE_UPDATE, mask, why);
    mask_insert(to, change->after, mask);
    return queue_one(w, one, ONE_REPLACE, mask, why);
}

bool overwrite_queue(struct writer *w, const struct change *change, struct fault *why)
{
    uint8_t *mask = new_mask(w, change->to);
    mask_update(change->to, change->after, false, mask);
    return queue_one(w, (struct one){change, true}, ONE_UPDATE, mask, why);
}

static bool queue_one_image(struct writer *w, struct one one, struct fault *why)
{
    struct fold fold;
    const struct change *change = one.change;
    fold_begin(&fold, change->to, 1, &w->arena);
    fold_add(&fold, change);
    bool update = change->tag == PGOUTPUT_UPDATE;
    struct group *group = make_groups(w, &fold, update ? FOLD_UPDATE : FOLD_DELETE);
    return queue_images(w, change->to, group, update, one.told ? change : NULL, why);
}

static bool queue_alone(struct writer *w, struct one one, struct fault *why)
{
    const struct change *change = one.change;
    uint8_t *mask = new_mask(w, change->to);
    if (change->tag == PGOUTPUT_INSERT) {
        mask_insert(change->to, change->after, mask);
        return queue_one(w, one, ONE_INSERT, mask, why);
    }
    if (change->to->by_image)
        return queue_one_image(w, one, why);
    return change->tag == PGOUTPUT_UPDATE ? queue_one_update(w, one, why)
                                          : queue_one(w, one, ONE_DELETE, mask, why);
}

bool one_queue(struct writer *w, const struct change *change, struct fault *why)
{
    return queue_alone(w, (struct one){change, true}, why);
}

/* ---- sets ---- */

/* What several changes have come to, as one. */
static bool queue_entry(struct writer *w, struct destination *to, const struct fold_entry *entry,
                        struct fault *why)
{
    static const enum pgoutput_tag tags[] = {
        [FOLD_INSERT] = PGOUTPUT_INSERT,
        [FOLD_UPDATE] = PGOUTPUT_UPDATE,
        [FOLD_DELETE] = PGOUTPUT_DELETE,
    };
    struct change change = {
        .to = to,
        .tag = tags[entry->state],
        .before = entry->before,
        .after = entry->after,
    };
    return queue_alone(w, (struct one){&change, false}, why);
}

static bool sets_columns(const struct destination *to, const uint8_t *mask)
{
    for (int i = 0; i < to->count; i++)
        if (mask[i] == MASK_SET)
            return true;
    return false;
}

static size_t row_size(const struct destination *to, const struct pgoutput_value *row)
{
    size_t size = 0;
    for (int i = 0; i < to->count; i++)
        size += row[i].length;
    return size;
}

static bool queue_group(struct writer *w, struct destination *to, const struct group *group,
                        enum fold_state state, struct fault *why)
{
    static const enum statement_kind kinds[] = {
        [FOLD_INSERT] = SET_INSERT,
        [FOLD_UPDATE] = SET_UPDATE,
        [FOLD_DELETE] = SET_DELETE,
    };
    enum encoding encoding;
    if (to->by_image && state != FOLD_INSERT)
        return queue_images(w, to, group, state == FOLD_UPDATE, NULL, why);
    bool large = group->count == 1 && row_size(to, row_of(group->entries[0])) > ROW_MOST;
    bool empty = state == FOLD_INSERT && !sets_columns(to, group->mask);
    if (large || empty || !fits_array(to, group, false) ||
        !find_encoding(to, group, false, &encoding)) {
        for (size_t i = 0; i < group->count; i++)
            if (!queue_entry(w, to, group->entries[i], why))
                return false;
        return true;
    }
    struct param param = rows_param(&w->values[0], to, group, false, encoding);
    return queue_execute(&w->queue, to, statement_find(to, kinds[state], group->mask), 1, &param,
                         (int64_t)group->count, NULL, why);
}

/* True when it was taken. */
static bool wish_copy(struct writer *w, struct destination *to, const struct group *group,
                      struct copy_wish **wishes)
{
    enum encoding encoding;
    if (group->count < COPY_FROM || !sets_columns(to, group->mask) ||
        !find_encoding(to, group, false, &encoding))
        return false;
    while (*wishes != NULL)
        wishes = &(*wishes)->next;
    *wishes = arena_take(&w->arena, sizeof **wishes);
    **wishes = (struct copy_wish){
        .to = to,
        .entries = group->entries,
        .count = group->count,
        .mask = group->mask,
        .encoding = encoding,
    };
    return true;
}

/* `wishes` NULL: something follows, so nothing is put off. */
static bool queue_fold(struct writer *w, const struct fold *fold, struct destination *to,
                       struct copy_wish **wishes, struct fault *why)
{
    static const enum fold_state order[] = {FOLD_DELETE, FOLD_UPDATE, FOLD_INSERT};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        struct group *groups = make_groups(w, fold, order[i]);
        if (to->by_image && order[i] != FOLD_INSERT)
            join_groups(w, fold, groups);
        for (struct group *group = groups; group != NULL; group = group->next) {
            if (order[i] != FOLD_INSERT && !to->by_image)
                sort_group(to, group);
            bool copied =
                order[i] == FOLD_INSERT && wishes != NULL && wish_copy(w, to, group, wishes);
            if (!copied && !queue_group(w, to, group, order[i], why))
                return false;
        }
    }
    return true;
}

bool sets_queue(struct writer *w, struct destination *to, struct copy_wish **wishes,
                bool *ret_broken, struct fault *why)
{
    struct fold fold;
    fold_begin(&fold, to, to->changes, &w->arena);
    *ret_broken = false;
    for (const struct change *change = to->first; change != NULL; change = change->next) {
        enum fold_answer answer = fold_add(&fold, change);
        if (answer == FOLD_TAKEN)
            continue;
        *ret_broken = answer == FOLD_BROKEN;
        if (*ret_broken)
            return true;
        if (!queue_fold(w, &fold, to, NULL, why) || !one_queue(w, change, why))
            return false;
        fold_clear(&fold);
    }
    return queue_fold(w, &fold, to, wishes, why);
}

bool copy_wish_run(struct writer *w, const struct copy_wish *wish, int64_t *ret_rows,
                   struct fault *why)
{
    struct fault later;
    struct strbuf *data = &w->values[0];
    strbuf_clear(&w->sql);
    strbuf_clear(data);
    statement_add_copy(&w->sql, wish->to, wish->mask, wish->encoding == ENCODE_BINARY);
    if (!copy_in_begin(w->target, w->sql.text, why))
        return false;
    encode_copy_begin(data, wish->encoding);
    for (size_t i = 0; i < wish->count; i++) {
        encode_copy_row(data, wish->to, wish->mask, wish->entries[i]->after, wish->encoding);
        if (data->length < COPY_PIECE)
            continue;
        if (!copy_in_put(w->target, data->text, data->length, why)) {
            copy_in_end(w->target, "pghaul: failed", ret_rows, &later);
            return false;
        }
        strbuf_clear(data);
    }
    encode_copy_end(data, wish->encoding);
    return copy_in_put(w->target, strbuf_text(data), data->length, why) &&
           copy_in_end(w->target, NULL, ret_rows, why);
}
