/*
 * lsn.h - WAL positions: 64-bit byte offsets, written as "16/B374D848".
 */
#ifndef PGHAUL_BASE_LSN_H
#define PGHAUL_BASE_LSN_H

#include <stdbool.h>
#include <stdint.h>

typedef uint64_t lsn_t;

#define LSN_TEXT 18

/* False unless the whole text is an LSN. */
bool lsn_parse(const char *text, lsn_t *ret_lsn);

/* Returns `to`, of at least LSN_TEXT bytes. */
const char *lsn_text(char *to, lsn_t lsn);

/* Where WAL is written next may be told as a place behind the header of a page that is not begun
 * yet. This is the page's boundary then, up to which an idle server has sent everything; else the
 * same place. Sizes in bytes, as the server has them. */
lsn_t lsn_before_header(lsn_t lsn, uint64_t block_size, uint64_t segment_size);

#endif
