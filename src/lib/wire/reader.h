/*
 * reader.h - a bounded cursor over bytes in network order.
 *
 * A take beyond the end gives 0 (or "") and sets `short_`; so a message is
 * parsed to its end and checked once.
 */
#ifndef PGHAUL_WIRE_READER_H
#define PGHAUL_WIRE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reader {
    const uint8_t *at;
    const uint8_t *end;
    bool short_;
};

struct reader reader_over(const void *bytes, size_t length);

uint8_t take_u8(struct reader *reader);
uint16_t take_u16(struct reader *reader);
uint32_t take_u32(struct reader *reader);
uint64_t take_u64(struct reader *reader);

/* A NUL-terminated string, borrowed from the bytes. */
const char *take_text(struct reader *reader);

/* `length` bytes, borrowed; NULL when there are not as many. */
const uint8_t *take_bytes(struct reader *reader, size_t length);

/* True when the bytes were read to their end, and no take went beyond it. */
bool reader_done(const struct reader *reader);

#endif
