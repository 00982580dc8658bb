#include "base/lsn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse_half(const char *from, size_t length, uint32_t *ret)
{
    if (length < 1 || length > 8 || strspn(from, "0123456789abcdefABCDEF") < length)
        return false;
    *ret = (uint32_t)strtoul(from, NULL, 16);
    return true;
}

bool lsn_parse(const char *text, lsn_t *ret_lsn)
{
    const char *slash = strchr(text, '/');
    uint32_t high, low;
    if (slash == NULL || !parse_half(text, (size_t)(slash - text), &high) ||
        !parse_half(slash + 1, strlen(slash + 1), &low))
        return false;
    *ret_lsn = (lsn_t)high << 32 | low;
    return true;
}

const char *lsn_text(char *to, lsn_t lsn)
{
    snprintf(to, LSN_TEXT, "%" PRIX32 "/%" PRIX32, (uint32_t)(lsn >> 32), (uint32_t)lsn);
    return to;
}

/* The header of a segment's first page is longer. Elsewhere 40 may be behind the rest of a record.
 */
lsn_t lsn_before_header(lsn_t lsn, uint64_t block_size, uint64_t segment_size)
{
    enum { PAGE_HEADER = 24, SEGMENT_HEADER = 40 };
    if (lsn % segment_size == SEGMENT_HEADER)
        return lsn - SEGMENT_HEADER;
    return lsn % block_size == PAGE_HEADER && lsn % segment_size != PAGE_HEADER ? lsn - PAGE_HEADER
                                                                                : lsn;
}
