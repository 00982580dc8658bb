/*
 * schemas.h - what belongs to schemas that the target has already: comment, privileges, owner.
 */
#ifndef PGHAUL_PLAN_SCHEMAS_H
#define PGHAUL_PLAN_SCHEMAS_H

#include "plan/forbidden.h"

/* Notes in the catalog as left out: what the target has in the same way; what only the schema's
 * owner could set there, if `skip` says so (else FAULT_SCHEMA_NOT_OURS); and the owner of public,
 * if the target has no such role, or we may not give it away. */
bool schemas_find(const struct forbidden *forbidden, struct fault *why);

#endif
