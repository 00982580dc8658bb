/* The spool's bytes: even first byte: a segment; odd: the records of a block. */
#include "fuzz.h"

#include "wire/spool_format.h"

enum { MOST = 1024 * 1024 };

static void take_records(const struct spool_block *block, const uint8_t *raw)
{
    struct spool_records records;
    struct spool_record record;
    if (!spool_records_over(block, raw, &records))
        return;
    for (uint32_t i = 0; i < block->records; i++) {
        if (!spool_take_record(&records, &record))
            abort();
        touch(record.bytes, record.length);
    }
    if (spool_take_record(&records, &record))
        abort();
}

/* Whether or not the stored bytes are whole: unpacking must bear anything. */
static void take_block(const struct spool_block *block, const uint8_t *stored)
{
    touch(&(bool){spool_block_whole(block, stored)}, 1);
    if (!block->packed) {
        take_records(block, stored);
        return;
    }
    uint8_t *raw = malloc(block->raw);
    if (raw != NULL && spool_unpack(block, stored, raw))
        take_records(block, raw);
    free(raw);
}

static void take_segment(const uint8_t *data, size_t size)
{
    struct spool_segment segment;
    struct spool_block block;
    if (!spool_get_segment(data, size, &segment))
        return;
    touch(segment.run, strlen(segment.run));
    size_t at = SPOOL_SEGMENT_HEADER;
    while (size - at >= SPOOL_BLOCK_HEADER &&
           spool_get_block(data + at, spool_block_place(&segment, at), &block)) {
        at += SPOOL_BLOCK_HEADER;
        if (block.stored > size - at || block.raw > MOST)
            return;
        take_block(&block, data + at);
        at += block.stored;
    }
}

/* What is packed comes back. */
static void there_and_back(const uint8_t *data, uint32_t size)
{
    struct spool_block block = {.raw = size};
    uint8_t *packed = malloc(size + 1), *raw = malloc(size + 1);
    if (packed != NULL && raw != NULL && spool_pack(data, size, packed, &block.stored) &&
        (!spool_unpack(&block, packed, raw) || memcmp(raw, data, size) != 0))
        abort();
    free(packed);
    free(raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > MOST)
        return 0;
    if (data[0] % 2 == 0) {
        take_segment(data + 1, size - 1);
        return 0;
    }
    struct spool_block block = {.raw = (uint32_t)size - 2, .records = data[1]};
    take_records(&block, data + 2);
    block.stored = block.raw;
    block.raw = MOST;
    block.packed = true;
    take_block(&block, data + 2);
    there_and_back(data + 2, (uint32_t)size - 2);
    return 0;
}
