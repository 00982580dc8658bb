/*
 * copied.h - a snapshot that tables were copied in later than where the stream begins.
 *
 * What such a snapshot sees of the stream is in those tables already. Its xids decide, not where a
 * transaction committed: one may be in the WAL before the snapshot was taken and be seen only
 * later.
 */
#ifndef PGHAUL_CDC_COPIED_H
#define PGHAUL_CDC_COPIED_H

#include "base/lsn.h"

struct copied {
    int64_t snapshot;
    lsn_t settled; /* whatever it sees has committed before */
    char *xids;    /* xids.h */
};

#endif
