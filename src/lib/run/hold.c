#include "run/hold.h"

#include "base/failpoint.h"
#include "pg/snapshot.h"

bool hold_snapshot(struct db *db, struct conn *source, enum snapshot_holder holder,
                   struct snapshot *ret_snapshot, struct fault *why)
{
    struct snapshot_export export;
    if (!snapshot_take(source, &export, why))
        return false;
    struct snapshot snapshot = {
        .holder = holder,
        .holder_pid = getpid(),
        .backend_pid = conn_backend_pid(source),
    };
    strlcpy(snapshot.id, export.id, sizeof snapshot.id);
    strlcpy(snapshot.lsn, export.lsn, sizeof snapshot.lsn);
    strlcpy(snapshot.content, export.content, sizeof snapshot.content);
    strlcpy(snapshot.backend_start, conn_backend_start(source), sizeof snapshot.backend_start);
    FAILPOINT("snapshot.taken", why);
    if (!snapshot_add(db, &snapshot, why))
        return false;
    *ret_snapshot = snapshot;
    return true;
}

bool hold_lost(const struct conn *source, const char *snapshot, struct fault *why)
{
    struct fault words;
    bool said = conn_last_words(source, &words);
    fault_set(why, FAULT_SNAPSHOT_GONE, "the connection that holds snapshot %s was lost%s%s",
              snapshot, said ? ": " : "", said ? words.text : "");
    if (said && words.id == FAULT_RECOVERY_CONFLICT)
        why->id = FAULT_RECOVERY_CONFLICT;
    if (said && words.detail[0] != '\0')
        fault_detail(why, "%s", words.detail);
    return false;
}
