/*
 * write_sets.h - from changes to statements in the queue: as sets, or one alone.
 */
#ifndef PGHAUL_CDC_WRITE_SETS_H
#define PGHAUL_CDC_WRITE_SETS_H

#include "cdc/encode.h"
#include "cdc/fold.h"
#include "cdc/write.h"

/* Inserts that are to be written by COPY when the queue is empty. */
struct copy_wish {
    struct copy_wish *next;
    struct destination *to;
    const struct fold_entry **entries;
    size_t count;
    const uint8_t *mask;
    enum encoding encoding;
};

/* Queues what the destination's changes come to. Many inserts that nothing follows become a wish at
 * the end of *wishes. *ret_broken: the changes do not follow from each other, and what was queued
 * is to be undone. */
bool sets_queue(struct writer *writer, struct destination *to, struct copy_wish **wishes,
                bool *ret_broken, struct fault *why);

/* Queues one change. */
bool one_queue(struct writer *writer, const struct change *change, struct fault *why);

/* Does a wish: outside of the pipeline. *ret_rows: written. */
bool copy_wish_run(struct writer *writer, const struct copy_wish *wish, int64_t *ret_rows,
                   struct fault *why);

/* Queues an UPDATE by key of all the columns that an INSERT has. */
bool overwrite_queue(struct writer *writer, const struct change *change, struct fault *why);

/* The values of the change's key as parameters, in the arena; returns their number. `types` and
 * `params` have room for them. */
int key_params(struct writer *writer, const struct change *change, uint32_t *types,
               struct param *params);

#endif
