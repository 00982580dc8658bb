/*
 * standby.h - a source that is a hot standby: what it cannot give, and what may end the copy.
 */
#ifndef PGHAUL_PLAN_STANDBY_H
#define PGHAUL_PLAN_STANDBY_H

#include "base/strbuf.h"
#include "pg/conn.h"
#include "plan/selection.h"

/* FAULT_UNLOGGED_ON_STANDBY when rows or values of unlogged relations are to be read. Adds a line
 * to the warnings when the standby's replay may cancel a long copy. Nothing on a primary, and
 * nothing for `contents` (enum content) that are not read from relations. */
bool standby_check(struct conn *source, const struct selection *selection, int64_t contents,
                   struct strbuf *warnings, struct fault *why);

#endif
