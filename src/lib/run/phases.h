/*
 * phases.h - the phases of a run: one table, for the log, the display and the docs.
 */
#ifndef PGHAUL_RUN_PHASES_H
#define PGHAUL_RUN_PHASES_H

#include "catalog/work.h"

struct phase_entry {
    const char *word;     /* for JSON and scripts: "copy" */
    const char *sentence; /* for people: "copying data and building indexes" */
    const char *needs;    /* what must be there: for the docs */
    const char *roles;    /* who works in it: for the docs */
};

const struct phase_entry *phase_entry(enum phase phase);

#endif
