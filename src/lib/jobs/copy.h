/*
 * copy.h - the two statements that copy a whole table, for who does it at another time than the
 * job.
 */
#ifndef PGHAUL_JOBS_COPY_H
#define PGHAUL_JOBS_COPY_H

#include "catalog/objects.h"
#include "pg/relay.h"

/* Adds COPY … TO STDOUT of the table's own rows, without a semicolon. */
void copy_add_whole(struct strbuf *sql, const struct table *table);

/* Adds COPY … FROM STDIN into `to` of what is read from `from`. `frozen`: it is truncated in the
 * same transaction, so no VACUUM will be needed. */
void copy_add_in(struct strbuf *sql, const struct table *from, const struct table *to, bool frozen);

/* FAULT_ROW_COUNT unless the target has counted what the source has. */
bool copy_check_rows(const struct relay *relay, struct fault *why);

#endif
