/*
 * roles.c - what some roles do beside work items: the snapshot, resuming.
 */
#include "run/worker.h"

#include "base/failpoint.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "jobs/done.h"
#include "pg/snapshot.h"
#include "plan/check.h"
#include "proc/channel.h"
#include "run/follow.h"
#include "run/hold.h"
#include "run/reap.h"
#include "run/workdir.h"

enum { TARGET_IDLE_MS = 3000 };

/* ---- snapshot ---- */

/* The snapshot that somebody else holds, or that a resumed run began with. */
static bool enter(struct worker *worker, int64_t seq, struct snapshot *snapshot, struct fault *why)
{
    bool found;
    if (!snapshot_get(worker->db, seq, snapshot, &found, why))
        return false;
    if (!found)
        return fault_set(why, FAULT_CATALOG, "the catalog has no snapshot %lld", (long long)seq);
    bool known = snapshot->content[0] != '\0';
    return snapshot_enter(worker->source, snapshot->id, snapshot->content, why) &&
           (known || snapshot_set_content(worker->db, snapshot, why));
}

/* A run that follows begins with its slot, whose place any later snapshot must be known to. */
static bool take(struct worker *worker, struct snapshot *snapshot, struct fault *why)
{
    bool planned;
    if (!work_kind_is_done(worker->db, WORK_PLAN, &planned, why))
        return false;
    if (!worker->settings->follow)
        return hold_snapshot(worker->db, worker->source, HOLDER_RUN, snapshot, why);
    return planned ? follow_renew(worker, snapshot, why) : follow_begin(worker, snapshot, why);
}

bool worker_take_snapshot(struct worker *worker, struct fault *why)
{
    struct snapshot *snapshot = &worker->snapshot;
    int64_t wanted = worker->run.snapshot;
    if (!run_set_source(worker->db, conn_version(worker->source),
                        conn_database_encoding(worker->source), why) ||
        !(wanted != 0 ? enter(worker, wanted, snapshot, why) : take(worker, snapshot, why)) ||
        !run_set_snapshot(worker->db, snapshot->seq, why) ||
        !worker_say(worker, MSG_SNAPSHOT, snapshot->seq, why))
        return false;
    worker->entered = true;
    FAILPOINT("snapshot.held", why);
    return true;
}

/* An idle connection tells us that it is lost by becoming readable. That of the target is kept for
 * the next item, but not for long, and must not take the snapshot with it if it is lost. */
bool worker_keep_snapshot(struct worker *worker, struct fault *why)
{
    bool lost;
    struct fault ignored;
    if (!conn_wait_idle(worker->source, TARGET_IDLE_MS, &lost, why))
        return false;
    if (!worker->leash->woken || !conn_is_alive(worker->target))
        drop_conn(&worker->target);
    if (!lost && !conn_wait_idle(worker->source, -1, &lost, why))
        return false;
    if (lost)
        return hold_lost(worker->source, worker->snapshot.id, why);
    bool woken = worker->leash->woken;
    worker->leash->woken = false;
    if (woken && worker->leash->wish == LEASH_GO)
        return worker->target != NULL || worker_connect(worker, SIDE_TARGET, why);
    if (worker->snapshot.holder == HOLDER_RUN)
        snapshot_end(worker->db, worker->snapshot.seq, &ignored);
    return true;
}

/* ---- resume ---- */

/* As long as the target has nothing of the run but roles, which are there for good, its plan and
 * dump may be made anew. The rows on the target go last: without them, what is done in the catalog
 * would be lost. */
static bool begin_again_if_untouched(struct worker *worker, struct fault *why)
{
    bool created, any;
    int64_t roles;
    /* A way back began where its slot did. */
    if ((worker->settings->contents & CONTENT_CHANGES) != 0)
        return true;
    if (!work_kind_is_done(worker->db, WORK_SCHEMA, &created, why) ||
        !work_kind_id(worker->db, WORK_ROLES, &roles, why) ||
        !done_any(&worker->run, worker->target, roles, &any, why))
        return false;
    return created || any ||
           (work_kind_reset(worker->db, WORK_PLAN, why) &&
            work_kind_reset(worker->db, WORK_DUMP, why) && workdir_wipe_schema(worker->dir, why) &&
            done_forget(&worker->run, worker->target, why));
}

bool worker_resume(struct worker *worker, struct fault *why)
{
    bool source = worker->source != NULL;
    return (!source || check_same(worker->source, worker->run.source_id, why)) &&
           check_same(worker->target, worker->run.target_id, why) &&
           reap(worker, NULL, 0, worker->run.started_us, why) &&
           done_follow(worker->db, &worker->run, worker->target, why) &&
           (!source || begin_again_if_untouched(worker, why));
}
