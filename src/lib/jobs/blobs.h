/*
 * blobs.h - how large objects travel, for the copy and for who brings later changes.
 *
 * `which` is a condition on pg_largeobject_metadata, named m: "m.oid IN (1,2)". Contents go as rows
 * (object, offset, piece) to the temporary table pghaul_blob of the target's transaction.
 */
#ifndef PGHAUL_JOBS_BLOBS_H
#define PGHAUL_JOBS_BLOBS_H

#include "jobs/job.h"

/* Adds the source's COPY … TO STDOUT, */
void blobs_add_out(struct strbuf *sql, const char *which);

/* … and the target's: makes the table, then COPY … FROM STDIN. */
void blobs_add_in(struct strbuf *sql);

/* Asks the source, after the statements `before`, and adds statements for the target that give the
 * objects their owners, privileges, comments and labels, as far as the settings wish. */
bool blobs_add_properties(struct strbuf *sql, const struct settings *settings, struct conn *source,
                          const char *before, const char *which, struct fault *why);

#endif
