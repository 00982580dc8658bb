/*
 * book_internal.h - what the files of the book share: the table of options.
 */
#ifndef PGHAUL_BIN_BOOK_INTERNAL_H
#define PGHAUL_BIN_BOOK_INTERNAL_H

#include "book.h"

enum option_type {
    TYPE_FLAG,     /* bool */
    TYPE_TEXT,     /* const char * */
    TYPE_BUFFER,   /* char[] in the settings, `max` bytes */
    TYPE_COUNT,    /* int64_t within min … max */
    TYPE_SIZE,     /* int64_t bytes within min … max; "auto" is 0 where that is the default */
    TYPE_DURATION, /* int64_t milliseconds */
    TYPE_CHOICE,   /* int64_t, place in `choices` */
    TYPE_SET,    /* int64_t, a bit for each of `choices`; adds up when it is given several times */
    TYPE_FILTER, /* adds to the list of filters, `filter` */
    TYPE_FILTER_FILE,
    TYPE_LIST, /* struct text_list: texts between commas, adds up when it is given several times */
    TYPE_MAP,  /* NAME=VALUE: adds to the list of mappings, `mapping` */
};

enum option_use {
    USE_ONCE,  /* for this call only */
    USE_KEPT,  /* a setting of the run; may be changed by a resume */
    USE_LIVE,  /* the same; may be changed while the run goes on, too */
    USE_FIXED, /* a setting of the run; what is done already depends on it */
};

struct option {
    const char *name;
    char letter;
    enum option_type type;
    enum option_use use;
    size_t at; /* place in struct options */
    const char *arg;
    const char *env;
    const char *fallback;
    int64_t min, max;
    enum filter_kind filter;
    enum mapping_kind mapping;
    const char *choices; /* separated by | */
    unsigned commands;
    const char *group;
    const char *help;
};

/* In the order in which help shows them; the place of one is its place in options.given. */
extern const struct option book_options[];
extern const int book_count;

/* Does the command take this option? */
bool option_is_for(const struct option *option, const struct command *command);

/* The headings of help, in order, ended by NULL. */
extern const char *const book_groups[];

/* The option of a command that is nearest to a wrong one; NULL when none is near. */
const char *book_nearest_option(const struct command *command, const char *name);

#endif
