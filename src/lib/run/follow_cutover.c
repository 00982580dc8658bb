/*
 * follow_cutover.c - the worker that hands over when somebody asks for it (cutover/hand_over.h).
 *
 * Until then it keeps the target's sequences near the source's, so that little is left to be done
 * while nobody can write.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/scoped.h"
#include "catalog/back.h"
#include "catalog/catalog.h"
#include "catalog/cutover.h"
#include "cutover/freeze.h"
#include "cutover/hand_over.h"
#include "proc/channel.h"
#include "run/back.h"
#include "run/follow.h"
#include "run/workdir.h"

enum {
    LOOK_MS = 100,       /* between two looks for somebody who asks */
    SEQUENCES_MS = 5000, /* between two settings of sequences */
};

/* ---- the way back ---- */

static struct back back_of_job(const struct job *job)
{
    return (struct back){
        .dir = job->dir,
        .db = job->db,
        .settings = job->settings,
        .source = job->source_info,
        .target = job->target_info,
        .leash = job->leash,
    };
}

static bool prepare_back(struct job *job, struct fault *why)
{
    const struct back back = back_of_job(job);
    return back_prepare(&back, why);
}

static bool undo_back(struct job *job, struct fault *why)
{
    struct leash deaf = LEASH_DEAF;
    struct back back = back_of_job(job);
    /* It is done away with also when all is told to stop. */
    back.leash = &deaf;
    return back_undo(&back, why);
}

static bool open_back(struct job *job, struct fault *why)
{
    return back_open(job->dir, why);
}

/* A way back leads to where it was frozen for the way there: the catalog of that knows how it was.
 */
static bool arrive(struct job *job, struct fault *why)
{
    char path[PATH_MAX], uuid[BACK_UUID];
    bool back, frozen;
    scoped(drop_db) struct db *there = NULL;
    if (!back_of(job->db, uuid, &back, why))
        return false;
    if (!back)
        return true;
    workdir_path(path, job->dir, "../catalog.db");
    return catalog_open(&there, path, DB_EXISTING, why) && frozen_any(there, &frozen, why) &&
           (!frozen || thaw(there, job->target_info, job->settings->role, NULL, why));
}

static const struct ways ways = {prepare_back, undo_back, open_back, arrive};

bool follow_recover(struct worker *worker, struct fault *why)
{
    struct job job = worker_job(worker);
    return hand_over_recover(&job, &ways, why);
}

bool follow_hand_over(struct job *job, struct fault *why)
{
    return hand_over_finish(job, &ways, why);
}

/* ---- the worker ---- */

/* A connection that idles for days may be lost. */
static bool reach(struct worker *worker, enum side side, struct fault *why)
{
    struct conn **conn = side == SIDE_SOURCE ? &worker->source : &worker->target;
    if (*conn != NULL && conn_is_alive(*conn))
        return true;
    drop_conn(conn);
    return worker_connect(worker, side, why);
}

static bool reach_both(struct worker *worker, struct job *job, struct fault *why)
{
    if (!reach(worker, SIDE_SOURCE, why) || !reach(worker, SIDE_TARGET, why))
        return false;
    job->source = worker->source;
    job->target = worker->target;
    return true;
}

/* What cannot be set now is set at the end, where it matters. */
static bool refresh(struct worker *worker, struct job *job, struct fault *why)
{
    if (!reach_both(worker, job, why))
        return false;
    if (job_refresh_sequences(job, why))
        return true;
    if (conn_broken(worker->source) || conn_broken(worker->target) ||
        worker->leash->wish != LEASH_GO)
        return false;
    log_debug("sequences are not refreshed: %s", why->text);
    return true;
}

/* After a hand-over the target's sequences are the application's. */
static bool serve(struct worker *worker, struct job *job, int64_t *due_ms, struct fault *why)
{
    int64_t id, handed;
    if (!cutover_asked(worker->db, &id, why) || !cutover_handed_over(worker->db, &handed, why))
        return false;
    if (handed != 0)
        return true;
    if (id != 0)
        return reach_both(worker, job, why) && hand_over(job, &ways, id, why);
    if (clock_ms() < *due_ms)
        return true;
    *due_ms = clock_ms() + SEQUENCES_MS;
    return refresh(worker, job, why);
}

bool worker_cutover(struct worker *worker, struct fault *why)
{
    struct job job = worker_job(worker);
    int64_t due_ms = clock_ms() + SEQUENCES_MS;
    if (!worker_say(worker, MSG_READY, 0, why))
        return false;
    while (worker->leash->wish == LEASH_GO)
        if (!serve(worker, &job, &due_ms, why) || !leash_poll(worker->leash, NULL, 0, LOOK_MS, why))
            return false;
    return true;
}
