/*
 * catalog.h - the SQLite file in the work directory, opened.
 *
 * The catalog is where the processes of a run meet. This layer gives typed rows
 * over store/; it never talks to PostgreSQL. See sql/schema.sql for the tables.
 */
#ifndef PGHAUL_CATALOG_CATALOG_H
#define PGHAUL_CATALOG_CATALOG_H

#include "catalog/sql.h"
#include "store/db.h"

extern const struct db_book catalog_book;

/* The flags of the statement book, for the unit test. */
extern const bool catalog_scan_ok[SQL_STATEMENTS];
extern const char *const catalog_statement_name[SQL_STATEMENTS];

/* Opens the catalog file (or ":memory:"), with the SQL function shown(schema, name). */
bool catalog_open(struct db **ret_db, const char *path, enum db_mode mode, struct fault *why);

#endif
