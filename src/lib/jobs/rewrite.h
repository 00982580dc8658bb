/*
 * rewrite.h - what the user wants to be another on the target, in a script of pg_restore's.
 */
#ifndef PGHAUL_JOBS_REWRITE_H
#define PGHAUL_JOBS_REWRITE_H

#include "base/fault.h"
#include "base/strbuf.h"
#include "store/db.h"

/* Puts the target's tablespaces (--tablespace-map) in place of the source's, and the versions of
 * extensions that are wanted (--extension-version) into their statements. All else stays byte
 * by byte as it is. */
bool rewrite_script(struct db *db, struct strbuf *sql, struct fault *why);

/* A schema that the target has already is used as it is: CREATE SCHEMA becomes CREATE SCHEMA IF NOT
 * EXISTS. */
void rewrite_schemas(struct strbuf *sql);

#endif
