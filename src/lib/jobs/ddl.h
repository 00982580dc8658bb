/*
 * ddl.h - statements that make the indexes and constraints of the plan.
 *
 * Definitions are the source's own (pg_get_indexdef, pg_get_constraintdef). What
 * they do not say is added as pg_dump does: the tablespace by default_tablespace,
 * CLUSTER, REPLICA IDENTITY and statistics marks by statements of their own.
 */
#ifndef PGHAUL_JOBS_DDL_H
#define PGHAUL_JOBS_DDL_H

#include "jobs/job.h"

/* Adds CREATE INDEX for an index of the plan. */
bool ddl_add_index(struct strbuf *sql, struct job *job, int64_t oid, struct fault *why);

/* Adds ALTER TABLE … ADD CONSTRAINT for a constraint that no index can be attached to. */
bool ddl_add_constraint(struct strbuf *sql, struct job *job, int64_t oid, struct fault *why);

/* Adds what makes keys of a table's indexes: ADD CONSTRAINT … USING INDEX, ATTACH
 * PARTITION to the indexes of its parent, marks. */
bool ddl_add_keys(struct strbuf *sql, struct job *job, int64_t table_oid, struct fault *why);

/* Adds all of it for one table, in the right order. */
bool ddl_add_all(struct strbuf *sql, struct job *job, int64_t table_oid, struct fault *why);

#endif
