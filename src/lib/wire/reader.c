#include "wire/reader.h"

#include <string.h>

struct reader reader_over(const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    return (struct reader){.at = at, .end = at + length};
}

const uint8_t *take_bytes(struct reader *reader, size_t length)
{
    if (length > (size_t)(reader->end - reader->at)) {
        reader->at = reader->end;
        reader->short_ = true;
        return NULL;
    }
    const uint8_t *bytes = reader->at;
    reader->at += length;
    return bytes;
}

uint8_t take_u8(struct reader *reader)
{
    const uint8_t *b = take_bytes(reader, 1);
    return b == NULL ? 0 : b[0];
}

uint16_t take_u16(struct reader *reader)
{
    const uint8_t *b = take_bytes(reader, 2);
    if (b == NULL)
        return 0;
    return (uint16_t)(b[0] << 8 | b[1]);
}

uint32_t take_u32(struct reader *reader)
{
    const uint8_t *b = take_bytes(reader, 4);
    return b == NULL ? 0 : (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

uint64_t take_u64(struct reader *reader)
{
    /* All eight or none: four that are there do not make half a number. */
    const uint8_t *b = take_bytes(reader, 8);
    if (b == NULL)
        return 0;
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | b[i];
    return number;
}

const char *take_text(struct reader *reader)
{
    const uint8_t *nul = memchr(reader->at, 0, (size_t)(reader->end - reader->at));
    if (nul == NULL) {
        reader->at = reader->end;
        reader->short_ = true;
        return "";
    }
    const char *text = (const char *)reader->at;
    reader->at = nul + 1;
    return text;
}

bool reader_done(const struct reader *reader)
{
    return !reader->short_ && reader->at == reader->end;
}
