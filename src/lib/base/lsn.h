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

#endif
