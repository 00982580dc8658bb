/* Small texts from users: sizes, durations, LSNs, failpoints; and text made safe to show. */
#include "fuzz.h"

#include "base/failpoint.h"
#include "base/lsn.h"
#include "base/size.h"
#include "base/strbuf.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = input_text(data, size);
    int64_t number;
    lsn_t lsn;
    struct failpoint_wish wish;
    struct strbuf shown = STRBUF_EMPTY;
    if (text == NULL)
        return 0;
    if (size_parse(text, &number) && number < 0)
        abort();
    duration_parse(text, &number);
    if (lsn_parse(text, &lsn)) {
        char back[LSN_TEXT];
        lsn_t again;
        if (!lsn_parse(lsn_text(back, lsn), &again) || again != lsn)
            abort();
    }
    for (const char *at = text; failpoint_parse(&at, &wish);)
        touch(&wish, sizeof wish);
    strbuf_add_shown(&shown, text);
    for (const char *at = strbuf_text(&shown); *at != '\0';) {
        size_t length = utf8_length(at);
        if (length == 0 || (unsigned char)*at < 0x20)
            abort();
        at += length;
    }
    strbuf_clear(&shown);
    strbuf_add_name(&shown, text, text);
    strbuf_add_literal(&shown, text);
    text_distance(text, "clone");
    drop_strbuf(&shown);
    free(text);
    return 0;
}
