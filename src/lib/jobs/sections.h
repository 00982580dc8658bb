/*
 * sections.h - the schema as files for people, who may edit them before they are restored.
 */
#ifndef PGHAUL_JOBS_SECTIONS_H
#define PGHAUL_JOBS_SECTIONS_H

#include "jobs/job.h"

struct sections {
    const char *dir; /* where schema/ with the files is */
    bool pre_data, post_data;
};

/* Dumps the schema in the job's snapshot and writes schema.dump, as pg_dump did, pre-data.sql and
 * post-data.sql. job->dir is a directory for what comes between; there is no target. */
bool sections_write(struct job *job, const struct sections *sections, struct fault *why);

#endif
