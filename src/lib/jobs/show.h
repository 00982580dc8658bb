/*
 * show.h - what a job would send, for those who only want to see it.
 *
 * Made by the functions that the jobs themselves use, from the catalog alone: job->source and
 * job->target are not needed. Left out is what keeps a run together: the transaction around an
 * item, its row in pghaul.done, locks and comparisons with the plan on the source.
 */
#ifndef PGHAUL_JOBS_SHOW_H
#define PGHAUL_JOBS_SHOW_H

#include "jobs/job.h"

struct shown {
    struct strbuf source; /* statements, each ended by a semicolon */
    struct strbuf target;
    struct strbuf command; /* as one would type it in a shell */
    const char *note;      /* NULL: nothing more to say */
};
#define SHOWN_NOTHING \
    {                 \
        .note = NULL  \
    }

/* For scoped(). */
void drop_shown(struct shown *shown);

/* Shows job->work. FAULT_TOOL_MISSING, FAULT_TOOL_OLD when it is the dump. */
bool job_show(struct job *job, struct shown *shown, struct fault *why);

/* The functions, beside those that do it. */
typedef bool show_function(struct job *job, struct shown *shown, struct fault *why);
show_function show_dump, show_empty, show_copy, show_blobs, show_sequences, show_index, show_keys,
    show_exclusion, show_foreign_keys, show_analyze;

#endif
