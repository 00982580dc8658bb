/*
 * renewing.h - settings of a process of a run, read anew from its catalog while it goes on.
 */
#ifndef PGHAUL_BIN_RENEWING_H
#define PGHAUL_BIN_RENEWING_H

#include "book.h"

struct renewing {
    struct options *options;
    struct db *db;
};

/* For supervise.renew and worker.renew; the argument is a struct renewing. */
static inline bool renew_settings(void *arg, struct fault *why)
{
    const struct renewing *renewing = arg;
    return book_renew(renewing->options, renewing->db, why);
}

#endif
