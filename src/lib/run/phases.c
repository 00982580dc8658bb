#include "run/phases.h"

static const struct phase_entry phases[PHASES] = {
    [PHASE_NEW] = {"new", "taking a snapshot of the source", "an empty work directory",
                   "snapshot; after a break: resume"},
    [PHASE_PLAN] = {"plan", "reading the source's catalogs and dumping its schema", "the snapshot",
                    "snapshot, plan, schema"},
    [PHASE_SCHEMA] = {"schema", "creating the schema on the target", "the plan and the dump",
                      "snapshot, schema; build, for many tables"},
    [PHASE_COPY] = {"copy", "copying data and building indexes", "the tables on the target",
                    "snapshot (until all rows are read), copy, build"},
    [PHASE_POST] = {"post", "restoring triggers, policies, comments and privileges",
                    "rows, indexes and keys", "schema"},
    [PHASE_REFRESH] = {"refresh", "refreshing materialized views",
                       "all of the schema but event triggers", "schema, build"},
    [PHASE_FOLLOW] = {"follow", "applying changes", "all of that; empty without --follow",
                      "receive (from the first snapshot on), apply, cutover"},
    [PHASE_CLOSE] = {"close", "checking the result and cleaning up", "everything", "schema"},
    [PHASE_DONE] = {"done", "done", "", ""},
};

const struct phase_entry *phase_entry(enum phase phase)
{
    return &phases[phase];
}
