/*
 * listing.h - the first of many names, for a sentence: "a, b, c and 12 more".
 */
#ifndef PGHAUL_BASE_LISTING_H
#define PGHAUL_BASE_LISTING_H

#include "base/strbuf.h"

struct listing {
    struct strbuf text;
    int count; /* all of them */
};

/* Where the next name is to be written, or NULL when it is only counted. */
struct strbuf *listing_next(struct listing *listing);

/* Adds a name that is safe to show. */
void listing_add(struct listing *listing, const char *name);

/* The whole text, "" when there is no name. Called once, after the last one. Borrowed. */
const char *listing_end(struct listing *listing);

/* For scoped(). */
void drop_listing(struct listing *listing);

#endif
