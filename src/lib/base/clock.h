/*
 * clock.h - time: a monotonic clock for durations and deadlines, UTC for records.
 */
#ifndef PGHAUL_BASE_CLOCK_H
#define PGHAUL_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Milli- and microseconds of the monotonic clock, which all processes share: for durations and
 * deadlines only. */
int64_t clock_ms(void);
int64_t clock_us(void);

/* Microseconds since 1970-01-01 UTC: for records. */
int64_t clock_utc_us(void);

/* "2026-11-20T18:47:01.123Z". Returns `to`, of at least CLOCK_TEXT bytes. */
#define CLOCK_TEXT 32
const char *clock_text(char *to, int64_t utc_us);

/* "850 ms", "12.3 s", "4 min 05 s", "3 h 07 min". Returns `to`. */
const char *duration_text(char *to, size_t size, int64_t ms);

#endif
