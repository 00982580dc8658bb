/* told.h - for tests of the parsers of what plugins tell. */
#ifndef PGHAUL_UNIT_WIRE_TOLD_H
#define PGHAUL_UNIT_WIRE_TOLD_H

#include "../unit.h"

#include "wire/told.h"

#include <bsd/string.h>

struct kept {
    struct kept *next;
    char *bytes;
};

/* In memory of just its size, for a sanitizer to watch; it stays good, and reachable, until the
 * test's process ends. */
static inline const char *keep(const char *text, size_t length)
{
    static struct kept *all;
    struct kept *kept = malloc(sizeof *kept);
    ck_assert_ptr_nonnull(kept);
    kept->next = all;
    kept->bytes = malloc(length > 0 ? length : 1);
    ck_assert_ptr_nonnull(kept->bytes);
    memcpy(kept->bytes, text, length);
    all = kept;
    return kept->bytes;
}

static inline void add_told(char *text, size_t size, const struct told *told)
{
    char copy[256];
    ck_assert_uint_lt(told->length, sizeof copy);
    copy[told_copy(told, copy)] = '\0';
    strlcat(text, copy, size);
}

#endif
