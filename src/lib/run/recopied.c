#include "run/recopied.h"

#include "base/scoped.h"
#include "base/text.h"
#include "catalog/objects.h"
#include "catalog/sql.h"

#include <inttypes.h>
#include <stdlib.h>

void drop_recopied(struct recopied *recopied)
{
    for (size_t i = 0; i < recopied->count; i++)
        free(recopied->list[i].xids);
    free(recopied->list);
    *recopied = (struct recopied){.db = NULL};
}

static bool on_snapshot(void *arg, const struct stmt *row, struct fault *why)
{
    struct recopied *recopied = arg;
    struct copied copied = {.snapshot = stmt_int(row, 0)};
    if (!lsn_parse(stmt_text(row, 1), &copied.settled))
        return fault_set(why, FAULT_CATALOG, "snapshot %" PRId64 " has no place in the stream",
                         copied.snapshot);
    copied.xids = copy_string(stmt_text(row, 2));
    recopied->list = grow_memory(recopied->list, recopied->count, sizeof *recopied->list);
    recopied->list[recopied->count++] = copied;
    return true;
}

bool recopied_read(struct recopied *recopied, struct fault *why)
{
    return catalog_list(recopied->db, SQL_RECOPIED_SNAPSHOTS, 0, on_snapshot, recopied, why);
}

bool recopied_find(const struct recopied *recopied, uint32_t relation,
                   const struct copied **ret_copied, struct fault *why)
{
    int64_t snapshot;
    *ret_copied = NULL;
    if (!db_int(recopied->db, why, &snapshot, 0, SQL_TABLE_COPIED_IN, "i", (int64_t)relation))
        return false;
    for (size_t i = 0; i < recopied->count; i++)
        if (recopied->list[i].snapshot == snapshot)
            *ret_copied = &recopied->list[i];
    return true;
}

bool recopied_refuse_end(lsn_t end, lsn_t settled, struct fault *why)
{
    char e[LSN_TEXT], s[LSN_TEXT];
    fault_set(
        why, FAULT_END_PASSED,
        "the end is %s, and tables that are copied in a later snapshot are of one moment with "
        "all others only from %s on",
        lsn_text(e, end), lsn_text(s, settled));
    return fault_hint(why, "Go on with --resume and a later --endpos.");
}
