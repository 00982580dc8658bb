/*
 * size.h - sizes and durations as people write them.
 */
#ifndef PGHAUL_BASE_SIZE_H
#define PGHAUL_BASE_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "1GB", "100 MB", "8kB", "4096": bytes, with PostgreSQL's units of 1024 (B kB
 * MB GB TB, in any case). False when it is not a size or does not fit. */
bool size_parse(const char *text, int64_t *ret_bytes);

/* "30s", "5min", "500ms", "2h", "1d"; a bare number is seconds. Milliseconds out. */
bool duration_parse(const char *text, int64_t *ret_ms);

/* "812 bytes", "64 kB", "1.3 GB". Returns `to`. */
const char *size_text(char *to, size_t size, int64_t bytes);

/* "1,234,567". Returns `to`. */
const char *count_text(char *to, size_t size, int64_t count);

#endif
