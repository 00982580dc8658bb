/*
 * pause.h - a wish that apply waits for a moment, so that source and target can be read at one
 * place of the stream.
 *
 * Who has the wish renews it; it ends by itself, so that nobody who died keeps apply waiting.
 */
#ifndef PGHAUL_CATALOG_PAUSE_H
#define PGHAUL_CATALOG_PAUSE_H

#include "base/lsn.h"
#include "store/db.h"

enum {
    PAUSE_LEASE_MS = 5000,
    PAUSE_WHERE_IT_IS = 1, /* an LSN that everybody has passed: apply is to wait where it is */
};

struct pause {
    lsn_t at;   /* apply what committed before it, and nothing else; 0: there is no such wish */
    lsn_t held; /* what committed before it is applied, and apply waits; 0: not yet */
};

/* Wishes it, or renews the wish, for PAUSE_LEASE_MS: until *ret_until_us (clock_utc_us) apply does
 * not go on. */
bool pause_ask(struct db *db, lsn_t at, int64_t *ret_until_us, struct fault *why);
bool pause_get(struct db *db, struct pause *ret_pause, struct fault *why);

/* By apply: it waits there. */
bool pause_hold(struct db *db, const struct pause *pause, lsn_t applied, struct fault *why);
bool pause_end(struct db *db, struct fault *why);

#endif
