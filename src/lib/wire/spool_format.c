#include "wire/spool_format.h"

#include <lz4.h>
#include <string.h>
#include <xxhash.h>

/* Offsets within the headers. */
enum { SEGMENT_RUN = 32, SEGMENT_CHECK = 72 };
enum { BLOCK_FIELDS = 36, BLOCK_CHECK = 40, FLAG_PACKED = 1 };

static uint8_t *put_le(uint8_t *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++, value >>= 8)
        *to++ = (uint8_t)value;
    return to;
}

static uint64_t get_le(const uint8_t *from, int bytes)
{
    uint64_t value = 0;
    while (bytes-- > 0)
        value = value << 8 | from[bytes];
    return value;
}

static uint32_t get_u32(const uint8_t *from)
{
    return (uint32_t)get_le(from, 4);
}

void spool_put_segment(uint8_t to[SPOOL_SEGMENT_HEADER], struct spool_segment *segment)
{
    uint8_t *at = put_le(to, SPOOL_SEGMENT_MAGIC, 4);
    at = put_le(at, SPOOL_VERSION, 4);
    at = put_le(at, segment->number, 8);
    at = put_le(at, segment->start, 8);
    at = put_le(at, segment->oldest, 8);
    memset(at, 0, SPOOL_RUN);
    memcpy(at, segment->run, strnlen(segment->run, SPOOL_RUN - 1));
    segment->check = XXH3_64bits(to, SEGMENT_CHECK);
    put_le(to + SEGMENT_CHECK, segment->check, 8);
}

bool spool_get_segment(const uint8_t *from, size_t length, struct spool_segment *ret_segment)
{
    if (length < SPOOL_SEGMENT_HEADER || get_u32(from) != SPOOL_SEGMENT_MAGIC ||
        get_u32(from + 4) != SPOOL_VERSION)
        return false;
    struct spool_segment segment = {
        .number = get_le(from + 8, 8),
        .start = get_le(from + 16, 8),
        .oldest = get_le(from + 24, 8),
        .check = get_le(from + SEGMENT_CHECK, 8),
    };
    memcpy(segment.run, from + SEGMENT_RUN, SPOOL_RUN);
    if (segment.check != XXH3_64bits(from, SEGMENT_CHECK) || segment.run[SPOOL_RUN - 1] != '\0' ||
        segment.oldest == 0 || segment.oldest > segment.number)
        return false;
    *ret_segment = segment;
    return true;
}

void spool_put_block(uint8_t to[SPOOL_BLOCK_HEADER], const struct spool_block *block,
                     const void *stored, uint64_t place)
{
    uint8_t *at = put_le(to, SPOOL_BLOCK_MAGIC, 4);
    at = put_le(at, block->stored, 4);
    at = put_le(at, block->raw, 4);
    at = put_le(at, block->packed ? FLAG_PACKED : 0, 4);
    at = put_le(at, block->records, 4);
    at = put_le(at, block->settled, 8);
    at = put_le(at, block->synced, 8);
    uint64_t seed = XXH3_64bits_withSeed(to, BLOCK_FIELDS, place);
    at = put_le(at, (uint32_t)seed, 4);
    put_le(at, XXH3_64bits_withSeed(stored, block->stored, seed), 8);
}

/* Lengths that no writer makes would only cost memory. LZ4 shrinks to 1/255 at most. */
static bool lengths_possible(const struct spool_block *block)
{
    if (block->raw > SPOOL_RECORD_MOST + (uint32_t)SPOOL_RECORD_HEADER || block->records == 0 ||
        block->raw / SPOOL_RECORD_HEADER < block->records)
        return false;
    if (block->packed)
        return block->stored < block->raw && block->raw / 255 <= block->stored;
    return block->stored == block->raw;
}

bool spool_get_block(const uint8_t from[SPOOL_BLOCK_HEADER], uint64_t place,
                     struct spool_block *ret_block)
{
    uint32_t flags = get_u32(from + 12);
    struct spool_block block = {
        .stored = get_u32(from + 4),
        .raw = get_u32(from + 8),
        .packed = flags == FLAG_PACKED,
        .records = get_u32(from + 16),
        .settled = get_le(from + 20, 8),
        .synced = get_le(from + 28, 8),
        .check = get_le(from + BLOCK_CHECK, 8),
    };
    if (get_u32(from) != SPOOL_BLOCK_MAGIC || flags > FLAG_PACKED)
        return false;
    block.seed = XXH3_64bits_withSeed(from, BLOCK_FIELDS, place);
    if ((uint32_t)block.seed != get_u32(from + BLOCK_FIELDS) || !lengths_possible(&block))
        return false;
    *ret_block = block;
    return true;
}

bool spool_block_whole(const struct spool_block *block, const void *stored)
{
    return XXH3_64bits_withSeed(stored, block->stored, block->seed) == block->check;
}

bool spool_pack(const void *raw, uint32_t length, void *to, uint32_t *ret_length)
{
    if (length < 2)
        return false;
    int packed = LZ4_compress_default(raw, to, (int)length, (int)length - 1);
    if (packed <= 0)
        return false;
    *ret_length = (uint32_t)packed;
    return true;
}

bool spool_unpack(const struct spool_block *block, const void *stored, void *raw)
{
    return LZ4_decompress_safe(stored, raw, (int)block->stored, (int)block->raw) == (int)block->raw;
}

void spool_put_record(uint8_t to[SPOOL_RECORD_HEADER], const struct spool_record *record)
{
    uint8_t *at = put_le(to, record->length, 4);
    at = put_le(at, record->kind, 1);
    put_le(at, record->lsn, 8);
}

bool spool_take_record(struct spool_records *records, struct spool_record *ret_record)
{
    size_t left = (size_t)(records->end - records->at);
    if (left < SPOOL_RECORD_HEADER)
        return false;
    const uint8_t *at = records->at;
    uint32_t length = get_u32(at);
    if (left - SPOOL_RECORD_HEADER < length || at[4] < SPOOL_CHANGE || at[4] > SPOOL_POSITION)
        return false;
    *ret_record = (struct spool_record){
        .kind = (enum spool_kind)at[4],
        .lsn = get_le(at + 5, 8),
        .bytes = at + SPOOL_RECORD_HEADER,
        .length = length,
    };
    records->at = ret_record->bytes + length;
    return true;
}

bool spool_records_over(const struct spool_block *block, const void *raw,
                        struct spool_records *ret_records)
{
    const uint8_t *at = raw;
    struct spool_records records = {.at = at, .end = at + block->raw};
    struct spool_record record;
    uint32_t count = 0;
    while (spool_take_record(&records, &record))
        count++;
    if (records.at != records.end || count != block->records)
        return false;
    *ret_records = (struct spool_records){.at = at, .end = at + block->raw};
    return true;
}
