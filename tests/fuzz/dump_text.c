/* What pg_dump prints: every object lies within the text, and each begins behind the one before. */
#include "fuzz.h"

#include "wire/dump_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = input_text(data, size);
    if (text == NULL)
        return 0;
    struct dump_text dump = dump_text_over(text, strlen(text));
    struct dump_object object;
    const char *before = text;
    while (dump_text_next(&dump, &object)) {
        touch(object.name.text, object.name.length);
        touch(object.type.text, object.type.length);
        touch(object.schema.text, object.schema.length);
        touch(object.body.text, object.body.length);
        touch(object.tablespace.text, object.tablespace.length);
        touch(object.method.text, object.method.length);
        if (object.name.text <= before)
            abort();
        before = object.name.text;
    }
    free(text);
    return 0;
}
