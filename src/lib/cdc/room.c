#include "cdc/room.h"

#include "base/clock.h"
#include "base/size.h"

enum {
    LOOK_MS = 1000,
    STEP_MOST = 8 << 20, /* bytes that come between two looks, at most, */
    STEP_LEAST = 32 << 10,
    STEPS = 16,   /* … and the part of the limit */
    SEGMENTS = 8, /* at least, of a spool at its limit */
    RESERVE_MOST = 1 << 30,
    RESERVE_PART = 20, /* of the disk */
};

static size_t step_of(const struct room *room)
{
    int64_t step = room->limit / STEPS;
    if (room->limit == 0 || step > STEP_MOST)
        return STEP_MOST;
    return (size_t)(step < STEP_LEAST ? STEP_LEAST : step);
}

int64_t room_reserve(int64_t wanted, int64_t disk_size)
{
    int64_t part = disk_size / RESERVE_PART;
    if (wanted != 0)
        return wanted;
    return part < RESERVE_MOST ? part : RESERVE_MOST;
}

static bool disk_is_short(struct room *room, const struct spool_measure *is)
{
    char have[32], keep[32];
    int64_t reserve = room_reserve(room->reserve, is->disk_size);
    int64_t wanted = room->held ? reserve + reserve / 4 : reserve;
    if (is->disk_free >= wanted)
        return false;
    snprintf(room->why, sizeof room->why,
             "the disk of the work directory has %s left, and %s are to stay free",
             size_text(have, sizeof have, is->disk_free), size_text(keep, sizeof keep, reserve));
    return true;
}

/* What is before the open transaction can go. */
static bool spool_is_large(struct room *room, const struct spool_measure *is)
{
    char have[32], limit[32];
    if (room->limit == 0 || is->bytes < (room->held ? room->limit / 4 * 3 : room->limit))
        return false;
    room->exceeded = is->begun != 0 && is->first >= is->begun;
    snprintf(room->why, sizeof room->why, "the spool has %s, and its limit is %s%s",
             size_text(have, sizeof have, is->bytes), size_text(limit, sizeof limit, room->limit),
             room->exceeded ? ": a single transaction is larger" : "");
    return !room->exceeded;
}

/* On a disk without any room it cannot be closed; it goes later. */
static bool close_segment(struct spool *spool, struct fault *why)
{
    return spool_close_segment(spool, why) || (why->id == FAULT_SPOOL_FULL && why->retry);
}

int64_t room_segment_size(int64_t limit, int64_t usual)
{
    return limit == 0 || usual < limit / SEGMENTS ? usual : limit / SEGMENTS;
}

bool room_look(struct room *room, struct spool *spool, struct fault *why)
{
    struct spool_measure is;
    int64_t now = clock_ms();
    bool before = room->held;
    if (now < room->due_ms && room->came < step_of(room))
        return true;
    if (!spool_measure(spool, &is, why))
        return false;
    room->due_ms = now + LOOK_MS;
    room->came = 0;
    room->exceeded = false;
    room->why[0] = '\0';
    room->held = disk_is_short(room, &is) || spool_is_large(room, &is);
    return !room->held || before || close_segment(spool, why);
}
