/* Folding: what changes come to, written as sets, is what they come to one by one. */
#include "../unit.h"

#include "cdc/encode.h"
#include "cdc/fold.h"
#include "cdc/statement.h"

enum { COLUMNS = 3, ROWS_MOST = 64, CHANGES = 40, ROUNDS = 3000 };

static char texts[10][2] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
static int key_column[COLUMNS];
static struct destination_column columns[COLUMNS] = {
    {.type = 23},
    {.type = 25},
    {.type = 25},
};
static struct destination by_key = {
    .count = COLUMNS, .columns = columns, .key = key_column, .key_count = 1};
static struct destination by_image = {
    .count = COLUMNS, .columns = columns, .key = key_column, .by_image = true};

/* A table: rows of digits; -1 in the first is none. */
struct table {
    int rows[ROWS_MOST][COLUMNS];
    int count;
};

static struct pgoutput_value value_of(int digit)
{
    return (struct pgoutput_value){
        .kind = PGOUTPUT_TEXT, .length = 1, .bytes = (uint8_t *)texts[digit]};
}

static struct pgoutput_value *row_of(struct arena *arena, const int *digits)
{
    struct pgoutput_value *row = arena_take(arena, COLUMNS * sizeof *row);
    for (int i = 0; i < COLUMNS; i++)
        row[i] = digits[i] < 0 ? (struct pgoutput_value){.kind = PGOUTPUT_UNCHANGED}
                               : value_of(digits[i]);
    return row;
}

static int digit_of(const struct pgoutput_value *value)
{
    return value->kind == PGOUTPUT_TEXT ? value->bytes[0] - '0' : -1;
}

static int find_row(const struct table *table, const struct destination *to,
                    const struct pgoutput_value *row)
{
    for (int i = 0; i < table->count; i++) {
        bool same = true;
        for (int c = 0; c < (to->by_image ? COLUMNS : 1); c++)
            same = same && table->rows[i][c] == digit_of(&row[c]);
        if (same)
            return i;
    }
    return -1;
}

static void write_row(struct table *table, int number, const struct pgoutput_value *row)
{
    for (int c = 0; c < COLUMNS; c++)
        if (row[c].kind == PGOUTPUT_TEXT)
            table->rows[number][c] = digit_of(&row[c]);
}

static void remove_row(struct table *table, int number)
{
    table->count--;
    memmove(table->rows[number], table->rows[number + 1],
            sizeof table->rows[0] * (size_t)(table->count - number));
}

/* One change as it was made. */
static void apply_one(struct table *table, const struct change *change)
{
    if (change->tag == PGOUTPUT_INSERT) {
        write_row(table, table->count++, change->after);
        return;
    }
    int found = find_row(table, change->to, change_key(change));
    ck_assert_int_ge(found, 0);
    if (change->tag == PGOUTPUT_DELETE)
        remove_row(table, found);
    else
        write_row(table, found, change->after);
}

/* What a fold has: first deletes, then updates (all found in the table as it was before them), then
 * inserts. */
static void apply_sets(struct table *table, const struct fold *fold)
{
    static const enum fold_state order[] = {FOLD_DELETE, FOLD_UPDATE, FOLD_INSERT};
    for (size_t set = 0; set < sizeof order / sizeof order[0]; set++) {
        bool taken[ROWS_MOST] = {false};
        struct table before = *table;
        for (size_t i = 0; i < fold->count; i++) {
            const struct fold_entry *entry = &fold->entries[i];
            if (entry->state != order[set])
                continue;
            if (entry->state == FOLD_INSERT) {
                if (!fold->to->by_image)
                    ck_assert_int_lt(find_row(table, fold->to, entry->after), 0);
                write_row(table, table->count++, entry->after);
            } else if (entry->state == FOLD_DELETE) {
                int found = find_row(table, fold->to, entry->before);
                ck_assert_int_ge(found, 0);
                remove_row(table, found);
            } else {
                int found = -1;
                for (int r = 0; r < before.count && found < 0; r++) {
                    struct table one = {.count = 1};
                    memcpy(one.rows[0], before.rows[r], sizeof one.rows[0]);
                    if (!taken[r] && find_row(&one, fold->to, entry->before) == 0)
                        found = r;
                }
                ck_assert_int_ge(found, 0);
                taken[found] = true;
                write_row(table, found, entry->after);
            }
        }
    }
}

static int compare_rows(const void *a, const void *b)
{
    return memcmp(a, b, COLUMNS * sizeof(int));
}

static void check_same(struct table *a, struct table *b)
{
    ck_assert_int_eq(a->count, b->count);
    qsort(a->rows, (size_t)a->count, sizeof a->rows[0], compare_rows);
    qsort(b->rows, (size_t)b->count, sizeof b->rows[0], compare_rows);
    ck_assert_int_eq(memcmp(a->rows, b->rows, sizeof a->rows[0] * (size_t)a->count), 0);
}

static bool has_key(const struct table *table, int key)
{
    for (int i = 0; i < table->count; i++)
        if (table->rows[i][0] == key)
            return true;
    return false;
}

/* A change that this table can have; false when the dice give none. */
static bool random_change(struct arena *arena, struct destination *to, const struct table *table,
                          struct change *change)
{
    int digits[COLUMNS] = {rand() % 8, rand() % 3, rand() % 3};
    int number = table->count == 0 ? -1 : rand() % table->count;
    *change = (struct change){.to = to};
    switch (rand() % 3) {
    case 0:
        if ((!to->by_image && has_key(table, digits[0])) || table->count == ROWS_MOST - 1)
            return false;
        change->tag = PGOUTPUT_INSERT;
        change->after = row_of(arena, digits);
        return true;
    case 1:
        if (number < 0)
            return false;
        change->tag = PGOUTPUT_DELETE;
        change->whole = to->by_image;
        change->before = row_of(arena, table->rows[number]);
        return true;
    default:
        if (number < 0)
            return false;
        change->tag = PGOUTPUT_UPDATE;
        change->whole = to->by_image;
        if (to->by_image || rand() % 4 == 0)
            change->before = row_of(arena, table->rows[number]);
        if (!to->by_image && (change->before == NULL || has_key(table, digits[0])))
            digits[0] = table->rows[number][0];
        if (rand() % 3 == 0)
            digits[2] = -1;
        change->after = row_of(arena, digits);
        return true;
    }
}

static void fold_randomly(struct destination *to)
{
    struct arena arena = ARENA_EMPTY;
    for (int round = 0; round < ROUNDS; round++) {
        struct table one_by_one = {.count = 0}, as_sets;
        struct fold fold;
        for (int i = 0; i < rand() % 10; i++) {
            int row[COLUMNS] = {to->by_image ? rand() % 3 : i, rand() % 2, rand() % 2};
            memcpy(one_by_one.rows[one_by_one.count++], row, sizeof row);
        }
        as_sets = one_by_one;
        fold_begin(&fold, to, CHANGES, &arena);
        for (int i = 0; i < CHANGES; i++) {
            struct change *change = arena_take(&arena, sizeof *change);
            if (!random_change(&arena, to, &one_by_one, change))
                continue;
            apply_one(&one_by_one, change);
            enum fold_answer answer = fold_add(&fold, change);
            ck_assert_int_ne(answer, FOLD_BROKEN);
            ck_assert_int_eq(answer == FOLD_ALONE, !to->by_image && change_moves(change));
            if (answer == FOLD_ALONE) {
                apply_sets(&as_sets, &fold);
                apply_one(&as_sets, change);
                fold_clear(&fold);
            }
        }
        apply_sets(&as_sets, &fold);
        check_same(&one_by_one, &as_sets);
        arena_clear(&arena);
    }
    drop_arena(&arena);
}

START_TEST(changes_by_key_come_to_the_same)
{
    srand(1);
    fold_randomly(&by_key);
}
END_TEST

START_TEST(changes_by_image_come_to_the_same)
{
    srand(2);
    fold_randomly(&by_image);
}
END_TEST

START_TEST(what_does_not_follow_is_told)
{
    struct arena arena = ARENA_EMPTY;
    struct fold fold;
    const int row[COLUMNS] = {1, 1, 1};
    struct change insert = {.to = &by_key, .tag = PGOUTPUT_INSERT, .after = row_of(&arena, row)};
    struct change update = {.to = &by_key, .tag = PGOUTPUT_UPDATE, .after = row_of(&arena, row)};
    struct change delete = {.to = &by_key, .tag = PGOUTPUT_DELETE, .before = row_of(&arena, row)};
    fold_begin(&fold, &by_key, 8, &arena);
    ck_assert_int_eq(fold_add(&fold, &insert), FOLD_TAKEN);
    ck_assert_int_eq(fold_add(&fold, &insert), FOLD_BROKEN);
    fold_clear(&fold);
    ck_assert_int_eq(fold_add(&fold, &delete), FOLD_TAKEN);
    ck_assert_int_eq(fold_add(&fold, &delete), FOLD_BROKEN);
    ck_assert_int_eq(fold_add(&fold, &update), FOLD_BROKEN);
    ck_assert_int_eq(fold_add(&fold, &insert), FOLD_TAKEN);
    ck_assert_int_eq(fold.entries[0].state, FOLD_UPDATE);
    drop_arena(&arena);
}
END_TEST

/* The same key may look like another one, and the later update would not be the last. */
START_TEST(keys_in_another_form_are_not_compared)
{
    struct arena arena = ARENA_EMPTY;
    struct fold fold;
    const int row[COLUMNS] = {1, 1, 1};
    struct destination *const tables[] = {&by_key, &by_image};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        struct pgoutput_value *binary = row_of(&arena, row);
        struct change first = {
            .to = tables[i], .tag = PGOUTPUT_DELETE, .before = row_of(&arena, row)};
        struct change second = {.to = tables[i], .tag = PGOUTPUT_INSERT, .after = binary};
        fold_begin(&fold, tables[i], 8, &arena);
        ck_assert_int_eq(fold_add(&fold, &first), FOLD_TAKEN);
        binary[1].kind = PGOUTPUT_BINARY;
        ck_assert_int_eq(fold_add(&fold, &second), tables[i]->by_image ? FOLD_BROKEN : FOLD_TAKEN);
        binary[0].kind = PGOUTPUT_BINARY;
        ck_assert_int_eq(fold_add(&fold, &second), FOLD_BROKEN);
    }
    drop_arena(&arena);
}
END_TEST

/* ---- arenas ---- */

START_TEST(an_arena_keeps_what_was_taken_until_it_is_cleared)
{
    struct arena arena = ARENA_EMPTY;
    for (int round = 0; round < 3; round++) {
        char *kept[200];
        for (size_t i = 0; i < 200; i++) {
            size_t size = i % 7 == 0 ? 300000 : i * 100;
            kept[i] = arena_take(&arena, size + 1);
            ck_assert_int_eq((int)((uintptr_t)kept[i] % 16), 0);
            memset(kept[i], (int)i, size + 1);
        }
        for (size_t i = 0; i < 200; i++)
            ck_assert_int_eq((unsigned char)kept[i][i % 7 == 0 ? 300000 : i * 100],
                             (unsigned char)i);
        ck_assert_int_ge((int)arena.used, 200 * 100 * 100 / 2);
        arena_clear(&arena);
        ck_assert_int_eq((int)arena.used, 0);
    }
    drop_arena(&arena);
}
END_TEST

/* ---- encoding ---- */

START_TEST(rows_are_encoded_as_text)
{
    struct strbuf text = STRBUF_EMPTY;
    struct pgoutput_value row[COLUMNS] = {
        {.kind = PGOUTPUT_TEXT, .length = 1, .bytes = (const uint8_t *)"1"},
        {.kind = PGOUTPUT_NULL},
        {.kind = PGOUTPUT_TEXT, .length = 4, .bytes = (const uint8_t *)"a\"\\\t"},
    };
    const uint8_t mask[COLUMNS] = {MASK_SET, MASK_SET, MASK_SET};
    encode_array_begin(&text, &by_key, 2, ENCODE_TEXT);
    encode_array_row(&text, &by_key, row, ENCODE_TEXT);
    encode_array_row(&text, &by_key, row, ENCODE_TEXT);
    encode_array_end(&text, ENCODE_TEXT);
    ck_assert_str_eq(
        text.text,
        "{\"(\\\"1\\\",,\\\"a\\\"\\\"\\\\\\\\\t\\\")\",\"(\\\"1\\\",,\\\"a\\\"\\\"\\\\\\\\\t\\\")\"}");
    strbuf_clear(&text);
    encode_copy_row(&text, &by_key, mask, row, ENCODE_TEXT);
    ck_assert_str_eq(text.text, "1\t\\N\ta\"\\\\\\t\n");
    drop_strbuf(&text);
}
END_TEST

START_TEST(rows_in_two_encodings_are_told_apart)
{
    enum encoding encoding = ENCODE_TEXT;
    bool known = false;
    struct pgoutput_value row[COLUMNS] = {
        {.kind = PGOUTPUT_NULL},
        {.kind = PGOUTPUT_BINARY, .length = 1, .bytes = (const uint8_t *)"x"},
        {.kind = PGOUTPUT_UNCHANGED},
    };
    ck_assert(encoding_of(&by_key, row, &encoding, &known));
    ck_assert(known);
    ck_assert_int_eq(encoding, ENCODE_BINARY);
    row[2] = value_of(1);
    ck_assert(!encoding_of(&by_key, row, &encoding, &known));
}
END_TEST

SUITE(fold, changes_by_key_come_to_the_same, changes_by_image_come_to_the_same,
      what_does_not_follow_is_told, keys_in_another_form_are_not_compared,
      an_arena_keeps_what_was_taken_until_it_is_cleared, rows_are_encoded_as_text,
      rows_in_two_encodings_are_told_apart)
