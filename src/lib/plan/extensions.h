/*
 * extensions.h - can the target have the extensions that a run creates?
 */
#ifndef PGHAUL_PLAN_EXTENSIONS_H
#define PGHAUL_PLAN_EXTENSIONS_H

#include "pg/conn.h"
#include "store/db.h"

/* `created`: extensions come with what is chosen, apart from those that the catalog says are left
 * out. FAULT_EXTENSION_MISSING, FAULT_EXTENSION_VERSION; FAULT_NOT_ON_SOURCE when
 * --extension-version names one that is not created. */
bool check_extensions(struct db *db, struct conn *source, struct conn *target, bool created,
                      struct fault *why);

#endif
