#include "base/arena.h"

#include "base/strbuf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { USUAL = 256 * 1024, ALIGNMENT = 16 };

struct arena_block {
    struct arena_block *next;
    size_t size;
    size_t used;
    _Alignas(ALIGNMENT) uint8_t bytes[];
};

static struct arena_block *make_block(struct arena *arena, size_t size)
{
    struct arena_block *block = arena->spare;
    if (size <= USUAL && block != NULL) {
        arena->spare = block->next;
    } else {
        size = size < USUAL ? USUAL : size;
        block = new_memory(1, sizeof *block + size);
        block->size = size;
    }
    block->used = 0;
    return block;
}

/* A large piece has a block of its own, behind the one that is taken from. */
static struct arena_block *block_for(struct arena *arena, size_t size)
{
    struct arena_block *first = arena->blocks;
    if (first != NULL && first->size - first->used >= size)
        return first;
    struct arena_block *block = make_block(arena, size);
    if (first != NULL && size > USUAL / 2) {
        block->next = first->next;
        first->next = block;
    } else {
        block->next = first;
        arena->blocks = block;
    }
    return block;
}

void *arena_take(struct arena *arena, size_t size)
{
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct arena_block *block = block_for(arena, size);
    void *piece = block->bytes + block->used;
    block->used += size;
    arena->used += size;
    return piece;
}

void *arena_copy(struct arena *arena, const void *bytes, size_t length)
{
    void *copy = arena_take(arena, length);
    if (length > 0)
        memcpy(copy, bytes, length);
    return copy;
}

void arena_clear(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        if (block->size == USUAL) {
            block->next = arena->spare;
            arena->spare = block;
        } else {
            free(block);
        }
    }
    arena->used = 0;
}

void drop_arena(struct arena *arena)
{
    arena_clear(arena);
    while (arena->spare != NULL) {
        struct arena_block *block = arena->spare;
        arena->spare = block->next;
        free(block);
    }
}
