/*
 * mapping.h - what the user wants to be another on the target: NAME=VALUE.
 */
#ifndef PGHAUL_CATALOG_MAPPING_H
#define PGHAUL_CATALOG_MAPPING_H

#include "base/strbuf.h"
#include "store/db.h"

/* M(name, word): also the words in mapping.kind, and, with -- before them, our options. */
#define MAPPINGS(M) M(TABLESPACE, "tablespace-map") M(EXTENSION, "extension-version")

enum mapping_kind {
#define M(name, word) MAPPING_##name,
    MAPPINGS(M)
#undef M
        MAPPING_KINDS
};

const char *mapping_word(enum mapping_kind kind);

bool mapping_add(struct db *db, enum mapping_kind kind, const char *name, const char *value,
                 struct fault *why);

/* Adds the value that a name has to `value`, when it has one. */
bool mapping_find(struct db *db, enum mapping_kind kind, const char *name, struct strbuf *value,
                  bool *ret_found, struct fault *why);

/* Is there one of any kind? */
bool mapping_any(struct db *db, bool *ret_any, struct fault *why);

/* Calls `each` with those of a kind (MAPPING_KINDS: of all), in the order in which they were given;
 * `kind` is its word. `each` must not write to the catalog. */
typedef bool mapping_each(void *arg, const char *kind, const char *name, const char *value,
                          struct fault *why);
bool mapping_list(struct db *db, enum mapping_kind kind, mapping_each *each, void *arg,
                  struct fault *why);

#endif
