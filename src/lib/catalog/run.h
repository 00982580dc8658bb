/*
 * run.h - the run itself: identity, state, settings, snapshots, processes, events.
 */
#ifndef PGHAUL_CATALOG_RUN_H
#define PGHAUL_CATALOG_RUN_H

#include "base/fault.h"
#include "base/lsn.h"
#include "base/strbuf.h"
#include "catalog/work.h"
#include "store/db.h"

struct run {
    char name[128];
    char uuid[40];
    char version[32];
    char state[16]; /* running, stopped, failed, done, cancelled */
    enum phase phase;
    char source[512]; /* connection, without secrets */
    char target[512];
    char source_id[96]; /* system identifier, start of the server, database: "" until known */
    char target_id[96];
    int source_version; /* server_version_num; 0 until known */
    int target_version;
    char encoding[32]; /* of the source database */
    int64_t snapshot;  /* snapshot.seq that copies are made in; 0 until known */
    int64_t created_us, started_us, ended_us;
    int resumes;
    int fault_id;
    char fault_text[1024];
    char fault_hint[512];
};

/* Begins a run: writes its row with a fresh uuid. */
bool run_create(struct db *db, const char *name, const char *version, const char *source,
                const char *target, struct fault *why);

/* *ret_found is false when the catalog has no run. */
bool run_get(struct db *db, struct run *ret_run, bool *ret_found, struct fault *why);

/* What the servers are, filled in as soon as they are connected to; and which databases. */
bool run_set_source(struct db *db, int version, const char *encoding, struct fault *why);
bool run_set_sides(struct db *db, const char *source_id, const char *target_id, int target_version,
                   struct fault *why);

/* For the workers, who claim items of this phase, and for people. A resume goes through the
 * phases again and does not rely on it. */
bool run_set_phase(struct db *db, enum phase phase, struct fault *why);

/* Forgets the run, its plan and its events; what is needed to end its backends stays,
 * and so does a snapshot that a `pghaul snapshot` holds. */
bool run_forget(struct db *db, struct fault *why);

bool run_set_snapshot(struct db *db, int64_t seq, struct fault *why);
bool run_set_resumed(struct db *db, struct fault *why);

/* state: stopped, failed, done or cancelled. `fault` may be NULL. */
bool run_end(struct db *db, const char *state, const struct fault *fault, struct fault *why);

/* The setting that lists the uuids of runs given up by --restart, as SQL literals. */
#define SETTING_GIVEN_UP "given-up"
#define SETTING_SEVERAL_END "several-end" /* --endpos, of several databases */

/* The setting that names a role that is to own the target's database once it is there. */
#define SETTING_DATABASE_OWNER "database-owner"

bool setting_put(struct db *db, const char *name, const char *value, struct fault *why);
bool setting_put_durably(struct db *db, const char *name, const char *value, struct fault *why);
bool setting_get(struct db *db, const char *name, struct strbuf *value, bool *ret_found,
                 struct fault *why);

/* Marks of the source's definitions (plan/marks.h) as they were copied. */
#define SETTING_MARKS "marks"

/* Of a way back: uuid of the run that it turns back, whose changes are dropped from the stream. */
#define SETTING_MIRRORED "mirrored"

/* Slot, publication and source that changes are received from. */
#define SETTING_STREAM "stream"

/* Where the slot began, when they were first received. */
#define SETTING_STREAM_START "stream-start"

/* That the run was cleaned up, or that this was begun: nothing can follow any more. */
#define SETTING_CLEANUP "cleanup"

/* That the run was cancelled, or that this was begun: nothing goes on with it any more. */
#define SETTING_CANCEL "cancel"

/* The timeline of its WAL, as far as it was received. */
#define SETTING_STREAM_TIMELINE "stream-timeline"

enum snapshot_holder { HOLDER_RUN, HOLDER_COMMAND, HOLDER_OUTSIDE };

struct snapshot {
    int64_t seq;
    char id[64];
    char lsn[LSN_TEXT];
    char content[201]; /* what it sees begins like this; "" until it is entered */
    enum snapshot_holder holder;
    int holder_pid; /* 0: outside */
    int backend_pid;
    char backend_start[64];
    bool ended;
};

/* run, command, outside */
const char *snapshot_holder_word(enum snapshot_holder holder);

/* What was found when a snapshot from outside was entered. */
bool snapshot_set_content(struct db *db, const struct snapshot *snapshot, struct fault *why);

/* Durable, before anything is copied in it: what has committed before `settled` is seen or is in
 * the stream, and nothing later is seen. `xids`: all that it sees. */
bool snapshot_settle(struct db *db, int64_t seq, lsn_t settled, const char *xids,
                     struct fault *why);

/* Has the run's snapshot such a place? */
bool snapshot_is_settled(struct db *db, bool *ret_settled, struct fault *why);

/* The last of these places among the snapshots that tables were copied in; 0: there is none. */
bool snapshot_settled(struct db *db, lsn_t *ret_settled, struct fault *why);

/* Fills snapshot->seq. */
bool snapshot_add(struct db *db, struct snapshot *snapshot, struct fault *why);
bool snapshot_get(struct db *db, int64_t seq, struct snapshot *ret_snapshot, bool *ret_found,
                  struct fault *why);

/* The one that a `pghaul snapshot` holds for this directory; *ret_seq 0: none. */
bool snapshot_held(struct db *db, int64_t *ret_seq, struct fault *why);
bool snapshot_end(struct db *db, int64_t seq, struct fault *why);

/* Ends the rows of `pghaul snapshot` processes that died without saying so. */
bool snapshot_end_held(struct db *db, struct fault *why);

/* A worker registers before it does anything, and its backends before it claims. */
bool process_add(struct db *db, const char *role, int number, int pid, int64_t *ret_id,
                 struct fault *why);
bool process_set_source(struct db *db, int64_t id, int backend, const char *start,
                        struct fault *why);
bool process_set_target(struct db *db, int64_t id, int backend, const char *start,
                        struct fault *why);
/* What a backend on the target is doing or waiting for; "" for nothing special. */
bool process_note(struct db *db, int target_pid, const char *note, struct fault *why);
bool process_end(struct db *db, int64_t id, const char *ending, struct fault *why);

struct process_left {
    int64_t id;
    int source_pid, target_pid; /* 0: had none */
    char source_start[64], target_start[64];
};

/* Processes whose backends are not known to be gone, except `self`: of one role and
 * number (role NULL: all roles, number 0: all numbers), started before a time (0: at
 * any). Up to `most`; call again after process_reaped() for more. */
bool process_unreaped(struct db *db, int64_t self, const char *role, int number, int64_t before_us,
                      struct process_left *to, int most, int *ret_count, struct fault *why);
bool process_reaped(struct db *db, int64_t id, struct fault *why);

bool event_add(struct db *db, const char *level, int fault_id, const char *text, struct fault *why);

#endif
