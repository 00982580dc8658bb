/*
 * position.h - of a run that follows: what it has made on the source, and how far it is.
 *
 * The spool and the target say themselves how far they are; what stands here is for people and for
 * the other processes of the run. What was made on the source stands here before it is made.
 */
#ifndef PGHAUL_CATALOG_POSITION_H
#define PGHAUL_CATALOG_POSITION_H

#include "base/lsn.h"
#include "base/strbuf.h"
#include "store/db.h"

enum { SLOT_NAME = 64 }; /* with a NUL; publications and plugins have names of that length, too */

/* In the order of --plugin. */
enum plugin_wish { PLUGIN_AUTO, PLUGIN_PGOUTPUT, PLUGIN_TEST_DECODING, PLUGIN_WAL2JSON };

/* LSNs that are not known yet are 0. */
struct position {
    char slot[SLOT_NAME];
    char publication[SLOT_NAME];        /* "": none, as only pgoutput needs one */
    char insert_publication[SLOT_NAME]; /* of tables of which only inserts follow; "": none */
    char plugin[SLOT_NAME];             /* "": not chosen yet */
    char source_id[160];                /* of the source that they are on; "": nothing was made */
    lsn_t consistent;
    lsn_t received;
    lsn_t durable;
    lsn_t applied;
    lsn_t flushed;
    lsn_t end;    /* 0: none, */
    bool end_now; /* … or not known yet: the source's present position */
    bool end_was_now;
    int64_t received_us, applied_us;
    int64_t commit_us; /* of the last transaction applied, since 1970, by the source's clock */
    int64_t transactions, inserts, updates, deletes, truncates, conflicts;
    char format[8];      /* of the stream's values: text or binary; "": not begun */
    uint32_t timeline;   /* of the source's WAL, as far as it was received; 0: not known */
    char slot_state[16]; /* of the WAL that the slot needs; "": not seen */
    int64_t slot_keeps;  /* bytes of WAL that the source keeps for it, */
    int64_t slot_safe;   /* … that may come until it is in danger; -1: without end */
    int64_t slot_us;
    lsn_t source_end; /* of its WAL, when the guard saw it last */
};

/* Bytes of the source's WAL, as far as it was seen, that are not received; that are not applied, be
 * they received or not. */
int64_t position_unreceived(const struct position *position);
int64_t position_behind(const struct position *position);

/* 'slot "a" and publication "a"', for people. */
void position_add_made(struct strbuf *text, const char *slot, const char *publication);

/* `end` is an LSN, "now" or NULL. */
bool position_add(struct db *db, const char *slot, const char *publication, const char *end,
                  struct fault *why);

/* *ret_found is false when the run does not follow. */
bool position_get(struct db *db, struct position *ret_position, bool *ret_found, struct fault *why);

/* Durable before it is done: a slot of this plugin, and, if that needs one, a publication of the
 * same name and the one for inserts only, will be made on this source; they were made, and this is
 * the slot's consistent point; there is nothing of them any more. */
bool position_intend(struct db *db, const char *source_id, const char *plugin,
                     const char *insert_publication, struct fault *why);
bool position_begin(struct db *db, lsn_t consistent, struct fault *why);
bool position_undone(struct db *db, struct fault *why);

bool position_received(struct db *db, lsn_t received, lsn_t durable, struct fault *why);

/* Once, before anything is received: binary when the source is `able` and all tables are. */
bool position_choose_format(struct db *db, bool able, struct fault *why);

/* Text from here on. Durable when it returns true. */
bool position_take_text(struct db *db, struct fault *why);

/* Durable when it returns true. */
bool position_set_timeline(struct db *db, uint32_t timeline, struct fault *why);

/* What the source says of the slot; `safe` -1: without end. */
bool position_slot_seen(struct db *db, const char *state, int64_t keeps, int64_t safe,
                        struct fault *why);

/* Was there a relation of this oid when the run was planned, and was it chosen? */
bool position_knows_relation(struct db *db, int64_t oid, bool *ret_known, struct fault *why);

/* Where apply is now, and what it has done since it was last noted. */
bool position_applied(struct db *db, const struct position *news, struct fault *why);

/* An LSN or "now"; the second one takes the place of "now" only. */
bool position_set_end(struct db *db, const char *end, struct fault *why);
bool position_resolve_end(struct db *db, lsn_t end, struct fault *why);

/* What a run that was given up has left on its source. */
struct position_left {
    char run[40];
    char slot[SLOT_NAME];
    char publication[SLOT_NAME];
    char insert_publication[SLOT_NAME];
    char plugin[SLOT_NAME];
    char source_id[160];
};
bool position_left(struct db *db, struct position_left *ret_left, bool *ret_found,
                   struct fault *why);
bool position_drop(struct db *db, const char *run, struct fault *why);

/* The same of all runs, this one included; it comes first. */
struct position_made {
    struct position_left *list;
    size_t count;
};
bool position_made(struct db *db, struct position_made *ret_made, struct fault *why);
void drop_position_made(struct position_made *made);

/* Cleaning up: begun, durable before it is done; is it? Over: nothing of it is on the source. */
bool position_clean(struct db *db, struct fault *why);
bool position_is_clean(struct db *db, bool *ret_clean, struct fault *why);
bool position_cleaned(struct db *db, const char *run, struct fault *why);

/* Slot and publications are gone, and their names may be others' now. */
bool position_released(struct db *db, struct fault *why);

#endif
