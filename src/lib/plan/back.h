/*
 * back.h - what is special about the plan of a way back (settings.contents is CONTENT_CHANGES): its
 * source is the target of the run that it turns back, and only what that has brought goes back.
 */
#ifndef PGHAUL_PLAN_BACK_H
#define PGHAUL_PLAN_BACK_H

#include "pg/conn.h"
#include "store/db.h"

/* Leaves out what the run has not brought: part of a plan's transaction, after what the source
 * holds is read. FAULT_BACK_LACKS when something that it has brought is not among that. */
bool back_keep_brought(struct db *db, struct fault *why);

/* Adds pghaul.progress to what is published, if this is a way back: by it the run's own changes are
 * known (cdc/mirrored.h). In a write transaction of the catalog. FAULT_BACK_UNMARKED when the run
 * has no row there. */
bool back_publish_mark(struct db *db, struct conn *source, struct fault *why);

#endif
