/*
 * fault.h - the one way in which things that went wrong travel.
 *
 * A function that can fail returns bool and takes `struct fault *why` last. It
 * fills *why where the failure happens (fault_set), callers on the way up add
 * what they were doing (fault_during), and the edge of the process logs it,
 * once. A fault holds no pointers, so it fits into a pipe message and a row.
 * *why is untouched on success. Secrets never enter a fault.
 */
#ifndef PGHAUL_BASE_FAULT_H
#define PGHAUL_BASE_FAULT_H

#include "base/fault_ids.h"

#include <stdbool.h>
#include <stdint.h>

enum fault_kind {
    FAULT_KIND_NONE,
    FAULT_KIND_USAGE,
    FAULT_KIND_SOURCE,
    FAULT_KIND_TARGET,
    FAULT_KIND_CATALOG,
    FAULT_KIND_SYSTEM,
    FAULT_KIND_STOPPED,
    FAULT_KIND_GIVEN_UP,
    FAULT_KIND_DIFFERS,
    FAULT_KIND_UNVERIFIED,
    FAULT_KIND_BUG,
    FAULT_KINDS
};

enum fault_id {
    FAULT_NONE = 0,
#define F(name, number, kind, title, remedy) name = number,
    FAULTS(F)
#undef F
};

struct fault {
    int32_t id;        /* enum fault_id */
    bool retry;        /* true: the same work may succeed later (lost connection, deadlock, …) */
    char sqlstate[6];  /* of the server's message, "" when there is none */
    char text[1024];   /* one line: what failed, on which object, why */
    char detail[1024]; /* further lines, "" when there are none */
    char hint[512];    /* the way on; "" = the id's own remedy */
};

/* What is known of a fault id: see fault_ids.h. */
struct fault_entry {
    int id;
    enum fault_kind kind;
    const char *name;
    const char *title;
    const char *remedy;
};

/* Fills *why. Returns false, so that `return fault_set(…)` fails the caller. */
bool fault_set(struct fault *why, enum fault_id id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As fault_set, with ": strerror(errno)" at the end; FAULT_SYSTEM unless said otherwise. */
bool fault_errno(struct fault *why, enum fault_id id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Sets the detail or the hint of a fault that is set already. Both return false. */
bool fault_detail(struct fault *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool fault_hint(struct fault *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "format: " before the text. Returns false. */
bool fault_during(struct fault *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

enum fault_kind fault_kind_of(const struct fault *why);

/* The hint to print: the fault's own, else the remedy of its id. Borrowed. */
const char *fault_remedy(const struct fault *why);

/* The entry of an id, or NULL. */
const struct fault_entry *fault_entry(int id);

/* All entries, ended by one with id 0. */
const struct fault_entry *fault_entries(void);

/* The exit status that a process ends with because of a fault of this kind. */
int fault_exit_status(enum fault_kind kind);

/* One lower-case word for a kind: "usage", "source", … */
const char *fault_kind_word(enum fault_kind kind);

/* What the exit status of a kind means to the user, one sentence. */
const char *fault_kind_meaning(enum fault_kind kind);

#endif
