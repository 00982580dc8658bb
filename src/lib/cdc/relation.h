/*
 * relation.h - the relations that the stream speaks of, and where their changes go.
 *
 * The stream describes a relation before its first change and whenever it may have changed. Only
 * when a change comes is its table looked for on the target, and compared. Several relations have
 * one destination where these are partitions, and the target has others (catalog/landing.h).
 */
#ifndef PGHAUL_CDC_RELATION_H
#define PGHAUL_CDC_RELATION_H

#include "cdc/apply.h"
#include "cdc/destination.h"
#include "store/db.h"

struct relation_column {
    char *name;
    uint32_t type;
    int32_t typmod;
    bool key;
    int at;     /* of the destination; -1: it has none, which --on-ddl warn accepts */
    bool other; /* of another type than there: what a binary value means is not known */
};

struct relation {
    uint32_t oid;
    char *nspname;
    char *relname;
    enum pgoutput_identity identity;
    int count;
    struct relation_column *columns;
    uint8_t *bytes; /* of the message that described it */
    size_t length;
    struct destination *to; /* NULL until a change has come */
    uint32_t root; /* oid of the table of the source whose partitions all go there; 0: own */
    const struct copied *copied;
    bool copied_known; /* if not, that was not asked */
    bool gone;         /* from both sides: its changes are nothing to anybody */
};

struct relations {
    struct conn *target;
    struct db *db; /* what they were like before (catalog/described.h) */
    enum ddl_policy on_ddl;
    bool (*is_gone)(void *arg, uint32_t relation, bool *ret_gone, struct fault *why); /* apply.h */
    void *arg;
    struct relation **list; /* by oid: a table with holes */
    size_t room, count;
    struct source_type *types;
    size_t type_count;
    unsigned serial; /* of destinations */
};

/* The stream describes a relation. What was known of it before is gone, its destination too. */
bool relations_describe(struct relations *relations, const uint8_t *bytes, size_t length,
                        const struct pgoutput_message *message, struct fault *why);

/* … or a type that is not built in. */
void relations_describe_type(struct relations *relations, const struct pgoutput_type *type);

/* The relation of a change, with its destination; or one that is gone. FAULT_APPLY_DDL when the
 * table of the target does not fit, or is not what the relation's changes went to before; nothing
 * has been written then. FAULT_STREAM_UNKNOWN when it was never described. */
bool relations_find(struct relations *relations, uint32_t oid, struct relation **ret_relation,
                    struct fault *why);

/* Can its rows be told apart? FAULT_APPLY_REFUSED. */
bool relation_check_identity(const struct relation *relation, struct fault *why);

/* What was described already, with or without a destination; NULL if it was not. */
struct relation *relations_known(const struct relations *relations, uint32_t oid);

/* Was it described in just these bytes? */
bool relation_is_same(const struct relations *relations, uint32_t oid, const uint8_t *bytes,
                      size_t length);

/* For scoped(). */
void drop_relations(struct relations *relations);

#endif
