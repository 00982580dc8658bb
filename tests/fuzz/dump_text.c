/* What pg_dump prints: every object lies within the text, and each begins behind the one before. */
#include "fuzz.h"

#include "wire/dump_text.h"

static void touch(const struct dump_piece *piece)
{
    volatile unsigned sum = 0;
    for (size_t i = 0; i < piece->length; i++)
        sum += (unsigned char)piece->text[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = input_text(data, size);
    if (text == NULL)
        return 0;
    struct dump_text dump = dump_text_over(text, strlen(text));
    struct dump_object object;
    const char *before = text;
    while (dump_text_next(&dump, &object)) {
        touch(&object.name);
        touch(&object.type);
        touch(&object.schema);
        touch(&object.body);
        touch(&object.tablespace);
        touch(&object.method);
        if (object.name.text <= before)
            abort();
        before = object.name.text;
    }
    free(text);
    return 0;
}
