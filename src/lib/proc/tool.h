/*
 * tool.h - running an external program to its end.
 */
#ifndef PGHAUL_PROC_TOOL_H
#define PGHAUL_PROC_TOOL_H

#include "base/fault.h"
#include "base/strbuf.h"
#include "proc/leash.h"

struct tool {
    const char *program;     /* path */
    const char *const *args; /* NULL-terminated, args[0] is the name */
    const char *const *env;  /* to add, NULL-terminated; may be NULL */
    const int *keep;         /* descriptors the tool needs, ended by -1; may be NULL */
    bool joined;             /* its stderr goes where its stdout goes */
};

/* Runs the tool and waits for it. Its stdout is added to `output`, which may be NULL.
 * Fails with FAULT_TOOL_FAILED when it does not end with status 0: the last lines of
 * its stderr (joined: of all it said) are the detail. Stops it, and fails, when the leash is
 * pulled. */
bool tool_run(const struct tool *tool, struct leash *leash, struct strbuf *output,
              struct fault *why);

#endif
