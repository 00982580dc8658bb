#include "base/listing.h"

enum { NAMED = 10 };

struct strbuf *listing_next(struct listing *listing)
{
    if (listing->count++ >= NAMED)
        return NULL;
    if (listing->count > 1)
        strbuf_add(&listing->text, ", ");
    return &listing->text;
}

void listing_add(struct listing *listing, const char *name)
{
    struct strbuf *to = listing_next(listing);
    if (to != NULL)
        strbuf_add(to, name);
}

const char *listing_end(struct listing *listing)
{
    if (listing->count > NAMED)
        strbuf_addf(&listing->text, " and %d more", listing->count - NAMED);
    return strbuf_text(&listing->text);
}

void drop_listing(struct listing *listing)
{
    drop_strbuf(&listing->text);
}
