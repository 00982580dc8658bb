/*
 * failpoint.h - named points where tests make a process fail.
 *
 * Compiled in by -DPGHAUL_FAILPOINTS (every build but release). The variable
 * PGHAUL_TEST_AT holds `point:action[:nth]`, several separated by spaces:
 *   kill      SIGKILL to ourselves, as the kernel's OOM killer would
 *   stop      SIGSTOP to ourselves, so that a test can look and then go on
 *   error     the enclosing function fails with FAULT_INJECTED
 *   delay=MS  wait, then go on
 * nth counts the visits of this process (1 is the first, and the default). When
 * PGHAUL_TEST_DIR is set, each wish is fulfilled once for all processes
 * together, and its point is noted there in the file `fired`.
 */
#ifndef PGHAUL_BASE_FAILPOINT_H
#define PGHAUL_BASE_FAILPOINT_H

#include "base/fault.h"

#ifdef PGHAUL_FAILPOINTS
/* For use in a function that returns bool and takes `why`. */
#define FAILPOINT(name, why)             \
    do {                                 \
        if (!failpoint_visit(name, why)) \
            return false;                \
    } while (0)

/* False when the point's wish was `error`. */
bool failpoint_visit(const char *name, struct fault *why);
#else
#define FAILPOINT(name, why) ((void)(why))
#endif

enum failpoint_action { ACTION_KILL, ACTION_STOP, ACTION_ERROR, ACTION_DELAY };

struct failpoint_wish {
    char point[48];
    enum failpoint_action action;
    long delay_ms; /* for ACTION_DELAY */
    long nth;      /* 1 = the first visit */
};

/* Reads the next wish of `*text` and moves on behind it. False at the end of the
 * text and at a malformed wish, which is left where it is. */
bool failpoint_parse(const char **text, struct failpoint_wish *ret_wish);

#endif
