/*
 * fold.h - what the changes of a table come to.
 *
 * Changes of one destination are added in their order; what they come to, row by row, can be
 * written as sets: first the deletes, then the updates, then the inserts, each row at most once. By
 * the key: insert + update is an insert, insert + delete nothing, delete + insert an update of all
 * columns. By image (REPLICA IDENTITY FULL without a key) rows that look the same are the same: an
 * update of what an earlier change has made takes its place.
 *
 * What is not folded is told to the caller: a change that gives a row another key must be
 * written alone, between the sets before it and those after it.
 */
#ifndef PGHAUL_CDC_FOLD_H
#define PGHAUL_CDC_FOLD_H

#include "base/arena.h"
#include "cdc/change.h"

enum fold_state {
    FOLD_NOTHING, /* was made and removed again */
    FOLD_INSERT,
    FOLD_UPDATE,
    FOLD_DELETE,
};

struct fold_entry {
    enum fold_state state;
    const struct pgoutput_value
        *before;                        /* has its key; by image, the row as it was; NULL: INSERT */
    const struct pgoutput_value *after; /* NULL: DELETE */
};

struct fold {
    const struct destination *to;
    struct arena *arena;
    struct fold_entry *entries;
    size_t count;
    uint32_t
        *slots; /* of the entry's number + 1, by the hash of its key, or of its present image */
    size_t slot_count;
    uint8_t
        *forms; /* of each column that rows are told apart by: the kind of its values; 0: none */
};

/* Room for `most` changes, in the arena. */
void fold_begin(struct fold *fold, const struct destination *to, size_t most, struct arena *arena);

/* As it was at the beginning; what it had may be written over. */
void fold_clear(struct fold *fold);

/* Only to number rows, by image: the number of this one, from 0, the same as that of one that looks
 * the same. A new one has the number that fold->count was. */
size_t fold_number(struct fold *fold, const struct pgoutput_value *row);

enum fold_answer {
    FOLD_TAKEN,
    FOLD_ALONE, /* must be written alone, after all before and before all that follow */
    FOLD_BROKEN, /* does not follow from the changes before it: an insert of a row that is there, …;
                  * or cannot be compared with them, since its values come in another form */
};
enum fold_answer fold_add(struct fold *fold, const struct change *change);

#endif
