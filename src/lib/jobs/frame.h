/*
 * frame.h - what filters ask for around the script that creates the schema.
 *
 * Schemas of tables that were asked for by name; and stand-ins for sequences that
 * a default needs but that are not chosen, until the default is dropped.
 */
#ifndef PGHAUL_JOBS_FRAME_H
#define PGHAUL_JOBS_FRAME_H

#include "jobs/job.h"

/* The script is what pg_restore makes of its schemas, `before`, the rest, `after`. */
struct frame {
    struct job *job;
    struct strbuf before;
    struct strbuf after;
};

/* Fills both, often with nothing. Asks the target, where there is one, what it has already: that
 * stays. */
bool frame_make(struct frame *frame, struct fault *why);

/* For scoped(). */
void drop_frame(struct frame *frame);

#endif
