/*
 * sql.h - the ids of the catalog's statements, made from sql/ by store/sql2c.awk.
 */
#ifndef PGHAUL_CATALOG_SQL_H
#define PGHAUL_CATALOG_SQL_H

enum catalog_sql {
#define SQL(name, scan_ok, text) SQL_##name,
#include "gen/catalog_sql.inc"
#undef SQL
    SQL_STATEMENTS
};

#endif
