/*
 * translate.h - from what an output plugin tells in text to messages of pgoutput's protocol 1.
 *
 * Whoever reads the spool need not know which plugin it was. What differs from what pgoutput would
 * have sent for a publication of the same tables:
 *   - test_decoding does not tell where a commit record begins: its commit_lsn is end_lsn - 1. That
 *     lies on the same side of every bound but one within the commit record itself, and no bound of
 *     the server's does: they are places between records. One that a person gave may; so the server
 *     is told of those only (translator_boundary).
 *   - typmods, and the columns of the replica identity, are those of now (cdc/source_tables.h).
 *   - there are no Origin messages, and of wal2json no options of TRUNCATE.
 *
 * wal2json leaves out what it has no words for, so tables of which it might are refused
 * (FAULT_PLUGIN_UNFIT): without a replica identity, of which it tells no UPDATE nor DELETE, and, of
 * a version without the option numeric-data-types-as-string, with columns that can be NaN, which it
 * tells as NULL.
 *
 * A transaction is given out when its commit has come, since its Begin says where that is.
 */
#ifndef PGHAUL_CDC_TRANSLATE_H
#define PGHAUL_CDC_TRANSLATE_H

#include "cdc/source_tables.h"
#include "wire/walsender.h"

struct translator;

struct translator_wish {
    const char *plugin;
    const struct conn_wish *connection; /* for questions to the source's catalogs */
    table_wanted *wanted;               /* NULL: all tables */
    void *arg;
    const char *dir; /* of the spool: a large transaction is kept there until its commit */
};

/* Is it one of the plugins that are translated? */
bool translator_knows(const char *plugin);

void translator_open(struct translator **ret_translator, const struct translator_wish *wish,
                     struct leash *leash);

/* For scoped(): NULL is allowed. */
void drop_translator(struct translator **translator);

/* A stream begins, which gives whole transactions; those with commit_lsn < from are not wanted,
 * nor are messages before it that stand outside of transactions. The
 * options are for START_REPLICATION. */
void translator_begin(struct translator *translator, lsn_t from);
const char *translator_options(struct translator *translator);

/* The server refused the stream: true when it may be tried again with other options, as the plugin
 * is too old for those. */
bool translator_may_do_with_less(struct translator *translator, const struct fault *why);

/* Takes one message of the plugin. */
bool translator_take(struct translator *translator, const struct walsender_message *message,
                     struct fault *why);

/* To be called after each translator_take. FAULT_SPOOL_FULL: the same call may be made again. */
bool translator_relieve(struct translator *translator, struct fault *why);

/* The next message that is ready, borrowed until the next call. *ret_found is false when there is
 * none: go on with translator_take. */
bool translator_next(struct translator *translator, bool *ret_found,
                     struct walsender_message *ret_message, struct fault *why);

/* Did the last message begin, or go on with, a transaction? Else everything that committed before
 * this position has been given out; 0: it says nothing of that. */
bool translator_inside(const struct translator *translator, lsn_t *ret_settled);

/* Was what was given out right? FAULT_IDENTITY_CHANGED: perhaps not. It is for the user to hear. */
bool translator_check(struct translator *translator, struct fault *why);

#endif
