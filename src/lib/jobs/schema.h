/*
 * schema.h - from pg_dump's archive of the schema to SQL.
 */
#ifndef PGHAUL_JOBS_SCHEMA_H
#define PGHAUL_JOBS_SCHEMA_H

#include "base/strbuf.h"
#include "jobs/job.h"

/* Reads the table of contents of the archive that job_dump() has made, and decides what each entry
 * is for: `whole`, all that is not left out is to be read by people; else our scripts, without what
 * items of our own build. */
bool schema_load(struct job *job, bool whole, struct fault *why);

/* Adds a section, "pre-data" or "post-data", of a whole archive. */
bool schema_section(struct job *job, const char *section, struct strbuf *sql, struct fault *why);

#endif
