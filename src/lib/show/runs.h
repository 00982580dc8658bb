/*
 * runs.h - all runs whose work directories are in the state directory.
 */
#ifndef PGHAUL_SHOW_RUNS_H
#define PGHAUL_SHOW_RUNS_H

#include "base/fault.h"
#include "base/strbuf.h"

struct json_t;

/* A list of them, as a new reference, newest first. One that cannot be read has the state
 * "unreadable", and says why. A state directory that is not there has none. */
bool runs_collect(const char *home, struct json_t **ret_runs, struct fault *why);

/* The same as a grid. */
void runs_add_text(struct strbuf *text, const struct json_t *runs);

#endif
