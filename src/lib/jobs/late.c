#include "jobs/late.h"

#include "base/log.h"
#include "base/size.h"

#include <inttypes.h>

static void on_moved(void *arg, int64_t bytes)
{
    struct job *job = arg;
    job->moved(job, bytes);
}

static struct late late_of(struct job *job)
{
    return (struct late){
        .db = job->db,
        .settings = job->settings,
        .run = job->run,
        .source = job->source,
        .target = job->target,
        .moved = on_moved,
        .arg = job,
    };
}

bool job_last_blobs(struct job *job, struct fault *why)
{
    const struct late late = late_of(job);
    struct late_blobs_counts counts;
    if (!late_blobs_pass(&late, &counts, why))
        return false;
    job->rows = counts.written;
    job->bytes = counts.bytes;
    if (counts.written + counts.properties + counts.removed > 0)
        log_info("large objects since the copy: %" PRId64 " copied anew, %" PRId64
                 " with other owners, privileges, comments or labels, %" PRId64 " removed",
                 counts.written, counts.properties, counts.removed);
    return true;
}

bool job_last_unlogged(struct job *job, struct fault *why)
{
    char size[32];
    const struct late late = late_of(job);
    struct late_unlogged_counts counts;
    if (!late_unlogged_copy(&late, &counts, why))
        return false;
    job->rows = counts.rows;
    job->bytes = counts.bytes;
    if (counts.tables > 0)
        log_info("unlogged tables copied anew: %" PRId64 ", %s", counts.tables,
                 size_text(size, sizeof size, counts.bytes));
    return true;
}
