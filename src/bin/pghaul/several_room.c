/*
 * several_room.c - is there room for so many databases that follow at the same time? Each keeps a
 * slot, a walsender, connections and processes for as long as it follows.
 */
#include "clone.h"

#include "base/log.h"
#include "base/scoped.h"
#include "plan/ask.h"

#include <inttypes.h>
#include <sys/resource.h>

enum {
    PROCESSES_EACH = 8, /* a supervisor, who receives, applies, hands over and looks, and helpers */
    FILES_EACH = 2,     /* of ours */
    FILES_OWN = 64,
    CONNECTIONS_EACH = 4, /* on the source, the walsender among them */
};

/* Columns of ASK_ROOM_TO_FOLLOW. */
enum { SLOTS_MOST, SLOTS, SENDERS_MOST, SENDERS, CONNECTIONS_MOST, CONNECTIONS };

static bool check_limit(int resource, const char *name, int64_t needed, int databases,
                        struct fault *why)
{
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)resource, &limit) != 0)
        return fault_errno(why, FAULT_SYSTEM, "cannot read the limit of %s", name);
    if (limit.rlim_cur < (rlim_t)needed && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit((__rlimit_resource_t)resource, &limit);
    }
    return limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= (rlim_t)needed ||
           fault_set(why, FAULT_SEVERAL_PROCESSES,
                     "%d databases that follow need up to %" PRId64
                     " %s, and the limit is %" PRIu64,
                     databases, needed, name, (uint64_t)limit.rlim_cur);
}

static bool check_free(const struct rows *rows, int most, const char *what, enum fault_id id,
                       int databases, struct fault *why)
{
    int64_t free = rows_int(rows, 0, most) - rows_int(rows, 0, most + 1);
    return free >= databases ||
           fault_set(why, id,
                     "%d databases are to be followed, and of %s of the source %" PRId64
                     " of %" PRId64 " are free",
                     databases, what, free < 0 ? 0 : free, rows_int(rows, 0, most));
}

static void warn_of_connections(const struct rows *rows, int databases)
{
    int64_t free = rows_int(rows, 0, CONNECTIONS_MOST) - rows_int(rows, 0, CONNECTIONS);
    if (free < (int64_t)databases * CONNECTIONS_EACH)
        log_warning("the source has room for %" PRId64 " connections (max_connections), and %d "
                    "databases that follow need about %d each: some may fail, and go on with "
                    "--resume",
                    free < 0 ? 0 : free, databases, CONNECTIONS_EACH);
}

bool several_check_room(const struct clone *clone, struct conn *source, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    int databases = clone->members.count - (clone->members.list[0].roles ? 1 : 0);
    if (!clone->options->settings.follow)
        return true;
    if (!check_limit(RLIMIT_NPROC, "processes", (int64_t)databases * PROCESSES_EACH, databases,
                     why) ||
        !check_limit(RLIMIT_NOFILE, "files", FILES_OWN + (int64_t)databases * FILES_EACH, databases,
                     why))
        return false;
    if (clone->options->settings.skip_check)
        return true;
    if (!ask_with(source, ASK_ROOM_TO_FOLLOW, 0, NULL, &rows, why))
        return false;
    warn_of_connections(&rows, databases);
    /* A run that is given up may have left as many, which this one will drop. */
    return clone->found || (check_free(&rows, SLOTS_MOST, "the slots (max_replication_slots)",
                                       FAULT_SLOTS_FULL, databases, why) &&
                            check_free(&rows, SENDERS_MOST, "the WAL senders (max_wal_senders)",
                                       FAULT_WALSENDERS_FULL, databases, why));
}
