/*
 * work.h - work items: what a run consists of.
 *
 * An item belongs to a stage (the phase in which it may be claimed) and a lane
 * (the role of worker that claims it). It is claimed by one worker at a time,
 * fenced by owner and epoch; when it is done, the items that waited for it may
 * become ready. Every kind is written so that it can be run again: what is on
 * the target decides (see jobs/).
 */
#ifndef PGHAUL_CATALOG_WORK_H
#define PGHAUL_CATALOG_WORK_H

#include "store/db.h"

/* The phases of a run, in order. run/phases.c has a sentence for each. */
enum phase {
    PHASE_NEW = 0,
    PHASE_PLAN,    /* reading the source's catalogs, dumping its schema */
    PHASE_SCHEMA,  /* creating tables and all that they need */
    PHASE_COPY,    /* rows, large objects, sequences; indexes, keys, statistics */
    PHASE_POST,    /* triggers, rules, policies, comments, privileges, … */
    PHASE_REFRESH, /* materialized views */
    PHASE_FOLLOW,  /* changes since the snapshot; offline: nothing */
    PHASE_CLOSE,   /* event triggers, last checks, cleaning up */
    PHASE_DONE,
    PHASES
};

/* Which role of worker claims an item. */
enum lane {
    LANE_PLAN,   /* source and target, in the snapshot; ends after the plan */
    LANE_SCHEMA, /* pg_dump, pg_restore, scripts on the target */
    LANE_COPY,   /* source in the snapshot, and target */
    LANE_BUILD,  /* target only */
    LANE_APPLY,  /* target, and now and then the source as it is then */
    LANES
};

/* Kinds of items: also the words in work.kind. */
#define WORK_KINDS(K)                                                   \
    K(PLAN, "plan", "reading the source's catalogs")                    \
    K(RENEW, "renew", "preparing unfinished tables for a new snapshot") \
    K(DUMP, "dump", "dumping the schema")                               \
    K(ROLES, "roles", "creating roles")                                 \
    K(SCHEMA, "schema", "creating the schema")                          \
    K(TABLES, "tables", "creating tables, side by side")                \
    K(VIEWS, "views", "creating what needs several tables")             \
    K(RESTORE, "restore", "restoring the schema from a file")           \
    K(EMPTY, "empty", "emptying split tables")                          \
    K(TABLE, "table", "copying tables")                                 \
    K(PART, "part", "copying parts of tables")                          \
    K(SMALL, "small", "copying small tables, with indexes")             \
    K(CONFIG, "config", "copying extension configuration")              \
    K(BLOBS, "blobs", "copying large objects")                          \
    K(SEQUENCES, "sequences", "setting sequences")                      \
    K(INDEX, "index", "building indexes")                               \
    K(KEYS, "keys", "adding keys")                                      \
    K(EXCLUSION, "exclusion", "adding exclusion constraints")           \
    K(ANALYZE, "analyze", "making statistics")                          \
    K(SETTLE, "settle", "applying changes up to the last copy")         \
    K(FOREIGN_KEYS, "foreign_keys", "adding foreign keys")              \
    K(POST, "post", "restoring the rest of the schema")                 \
    K(REFRESH, "refresh", "refreshing materialized views")              \
    K(FOLLOW, "follow", "applying changes")                             \
    K(LAST_SEQUENCES, "last_sequences", "setting sequences anew")       \
    K(LAST_UNLOGGED, "last_unlogged", "copying unlogged tables anew")   \
    K(LAST_BLOBS, "last_blobs", "copying large objects anew")           \
    K(CHECK, "check", "checking the result")                            \
    K(FINAL, "final", "cleaning up")                                    \
    K(HAND_OVER, "hand_over", "handing over")

enum work_kind {
#define K(name, word, sentence) WORK_##name,
    WORK_KINDS(K)
#undef K
        WORK_KIND_COUNT
};

const char *work_kind_word(enum work_kind kind);
const char *work_kind_sentence(enum work_kind kind);

/* False when there is no such kind. */
bool work_kind_parse(const char *word, enum work_kind *ret_kind);

struct work {
    int64_t id;
    int64_t epoch; /* of our claim */
    enum lane lane;
    enum work_kind kind;
    int64_t object; /* oid of what it is about, 0 = nothing */
    int part;       /* number of the part or batch, from 1; 0 = whole */
    int64_t leaf;   /* of a part: the table of the source that has the rows; 0 = the object */
    int64_t bytes;  /* expected */
    int attempts;   /* this one included */
    char *name;     /* for people: what it is about; "" when the kind says all */
    char *low;      /* bounds of a part: from low up to before high; NULL = open */
    char *high;
};

/* Frees what a claim has filled; an empty struct is fine. For scoped(). */
void drop_work(struct work *work);

/* Adds an item. `name`, `low`, `high` may be NULL ("" for the name). */
struct work_new {
    enum phase stage;
    enum lane lane;
    enum work_kind kind;
    int64_t object;
    int part;
    int64_t leaf;
    const char *name;
    int64_t priority;
    int64_t bytes;
    const char *low;
    const char *high;
};
bool work_add(struct db *db, const struct work_new *item, struct fault *why);

/* Takes the most urgent ready item of a lane in the current phase for `owner`
 * (process.id), if fewer than `most` items of the lane are running. *ret_found is
 * false when there is none now. */
bool work_claim(struct db *db, enum lane lane, int64_t most, int64_t owner, struct work *ret_work,
                bool *ret_found, struct fault *why);

/* Ends our claim: the item is done, its waiters may become ready. *ret_lanes is a
 * mask (1 << lane) of lanes in which items became ready. FAULT_CATALOG when the
 * claim was taken from us meanwhile. rows or bytes < 0: not known. */
bool work_finish(struct db *db, const struct work *work, int64_t owner, int64_t rows, int64_t bytes,
                 unsigned *ret_lanes, struct fault *why);

/* The target says that this item is done (pghaul.done): make the catalog follow, and note it as
 * confirmed. A part counts only in the current snapshot, unless it was known to be done. */
struct work_found {
    int64_t id;
    int64_t rows, bytes; /* -1: not known */
    int64_t snapshot;    /* that it was done in; 0: in none */
};
bool work_found_done(struct db *db, const struct work_found *found, int64_t current,
                     struct fault *why);

/* Forgets what was confirmed; counts the done items that should have been and were not. */
bool work_unconfirm(struct db *db, struct fault *why);
bool work_unconfirmed(struct db *db, int64_t *ret_count, struct fault *why);

/* Gives the items of an owner back, with the reason (may be NULL). */
bool work_return(struct db *db, int64_t owner, const char *reason, struct fault *why);

/* Notes how far a running item is. */
bool work_moved(struct db *db, int64_t id, int64_t bytes, struct fault *why);

/* Could something of this lane be claimed now? `most` as for work_claim(). */
bool work_ready(struct db *db, enum lane lane, int64_t most, bool *ret_ready, struct fault *why);

/* Is anything of a lane and stage, or of the whole present stage, not done? */
bool work_lane_open(struct db *db, enum phase stage, enum lane lane, bool *ret_open,
                    struct fault *why);
bool work_stage_open(struct db *db, bool *ret_open, struct fault *why);

/* Is anything of the stages before this one not done? */
bool work_open_before(struct db *db, enum phase stage, bool *ret_open, struct fault *why);

/* Are more than `most` items of a lane open in the present stage? */
bool work_crowded(struct db *db, enum lane lane, int64_t most, bool *ret_crowded,
                  struct fault *why);

/* Open items of a lane in a stage, and the bytes expected of them. */
bool work_lane_size(struct db *db, enum phase stage, enum lane lane, int64_t *ret_items,
                    int64_t *ret_bytes, struct fault *why);

/* Is there a done item of a kind? One that was ever begun? Makes all of them ready again. */
bool work_kind_is_done(struct db *db, enum work_kind kind, bool *ret_done, struct fault *why);
bool work_kind_was_tried(struct db *db, enum work_kind kind, bool *ret_tried, struct fault *why);
bool work_kind_reset(struct db *db, enum work_kind kind, struct fault *why);

/* How many items of a kind there are, and which is the first (0: there is none). */
bool work_kind_count(struct db *db, enum work_kind kind, int64_t *ret_count, struct fault *why);
bool work_kind_id(struct db *db, enum work_kind kind, int64_t *ret_id, struct fault *why);

/* Does away with the items of a kind that turn out to have nothing to do. */
bool work_skip(struct db *db, enum work_kind kind, struct fault *why);

/* Is anything that reads in the snapshot not done, in any stage? How many items that copy
 * rows or large objects are not? */
bool work_data_open(struct db *db, bool *ret_open, struct fault *why);
bool work_rows_open(struct db *db, int64_t *ret_count, struct fault *why);

/* Tables with such items. */
bool work_tables_open(struct db *db, int64_t *ret_count, struct fault *why);

/* Takes an item back from its owner and puts it, with all that waits for it, into a later stage. */
bool work_put_off(struct db *db, const struct work *work, enum phase stage, const char *reason,
                  struct fault *why);

/* Counts the edges into work.waits: once, when a plan is complete. */
bool work_count_waits(struct db *db, struct fault *why);

#endif
