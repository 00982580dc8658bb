/*
 * arena.h - memory that is taken piece by piece and given back all at once.
 */
#ifndef PGHAUL_BASE_ARENA_H
#define PGHAUL_BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* the first is taken from */
    struct arena_block *spare;  /* emptied ones */
    size_t used;                /* bytes taken since the last arena_clear */
};

#define ARENA_EMPTY   \
    {                 \
        NULL, NULL, 0 \
    }

/* Memory for any type, not zeroed, good until the arena is cleared. */
void *arena_take(struct arena *arena, size_t size);

/* A copy of these bytes. */
void *arena_copy(struct arena *arena, const void *bytes, size_t length);

/* All that was taken is gone. Usual blocks are kept for the next use. */
void arena_clear(struct arena *arena);

/* For scoped(). */
void drop_arena(struct arena *arena);

#endif
