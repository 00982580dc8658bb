/*
 * xids.h - transaction ids, and which of them a snapshot sees.
 *
 * A snapshot's text is that of txid_snapshot, "xmin:xmax:xip,…", with 64 bits for each id. It names
 * top-level transactions only; so does the stream of a slot, but with 32 bits.
 */
#ifndef PGHAUL_WIRE_XIDS_H
#define PGHAUL_WIRE_XIDS_H

#include <stdbool.h>
#include <stdint.h>

/* Is a transaction that has committed visible in the snapshot? It must be less than 2^31
 * transactions away from it. False when the text is not a snapshot. */
bool xids_see(const char *snapshot, uint32_t xid, bool *ret_sees);

#endif
