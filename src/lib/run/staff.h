/*
 * staff.h - how many workers a stage is worth.
 */
#ifndef PGHAUL_RUN_STAFF_H
#define PGHAUL_RUN_STAFF_H

#include "catalog/settings.h"
#include "catalog/work.h"

/* Both 0: those who are there do it. */
struct staff {
    int copiers;
    int builders;
};

/* From the stage's open items in the catalog. */
bool staff_for(struct db *db, const struct settings *settings, enum phase stage,
               struct staff *ret_staff, struct fault *why);

#endif
