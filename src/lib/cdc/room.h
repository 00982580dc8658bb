/*
 * room.h - may more be received? Not when the spool has reached its limit, and not when the disk
 * would be full.
 *
 * Both are looked at now and then, and once it is too much it must become clearly less again, so
 * that receiving does not stop and go with every file that is removed. A transaction is never cut
 * off for the limit: of one that is open, nothing can be applied for good, so a spool that holds
 * nothing else grows beyond the limit.
 */
#ifndef PGHAUL_CDC_ROOM_H
#define PGHAUL_CDC_ROOM_H

#include "cdc/spool_write.h"

struct room {
    int64_t limit;   /* bytes that the spool may have; 0: any number */
    int64_t reserve; /* bytes of the disk that are to stay free; 0: the usual number */
    bool held;       /* nothing more may come */
    bool exceeded;   /* the limit, by the open transaction */
    char why[256];   /* what is held, or exceeded; "": nothing */
    size_t came;     /* bytes since it was looked at, counted by the caller */
    int64_t due_ms;  /* when it is looked at again, however little came */
};

/* Looks, when it is time to. When it begins to hold, the newest segment is closed: so all that is
 * in the spool can go once it is applied. */
bool room_look(struct room *room, struct spool *spool, struct fault *why);

/* How many bytes of a disk of this size stay free; `wanted` as in the struct. */
int64_t room_reserve(int64_t wanted, int64_t disk_size);

/* Segments of a spool with this limit are not larger than a part of it: only whole ones can be
 * removed, and the one in which an open transaction begins must stay. */
int64_t room_segment_size(int64_t limit, int64_t usual);

#endif
