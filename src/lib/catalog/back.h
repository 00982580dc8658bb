/*
 * back.h - of a way back: what its catalog takes over from that of the run that it turns back.
 */
#ifndef PGHAUL_CATALOG_BACK_H
#define PGHAUL_CATALOG_BACK_H

#include "store/db.h"

/* The names of the relations that the run has brought, as its source has them now, and whether
 * large objects come as well; and the user's filters, to know new tables by that are meant as well.
 * In a write transaction of `back`. */
bool back_take_over(struct db *run, struct db *back, struct fault *why);

/* The uuid of the run that the one in this catalog turns back: *ret_found is false when it is no
 * way back. */
enum { BACK_UUID = 40 };
bool back_of(struct db *db, char *ret_uuid, bool *ret_found, struct fault *why);

/* Do large objects go back? */
bool back_has_objects(struct db *db, bool *ret_has, struct fault *why);

/* May it be begun? Before the target is handed over it must not. */
bool back_is_open(struct db *db, bool *ret_open, struct fault *why);

/* Durable when it returns true. */
bool back_set_open(struct db *db, struct fault *why);

#endif
