#include "catalog/back.h"

#include "base/scoped.h"
#include "catalog/filter.h"
#include "catalog/objects.h"
#include "catalog/run.h"
#include "catalog/sql.h"

#include <string.h>

/* The setting that says that it may be begun. */
static const char setting_open[] = "back-open";

/* The setting that says that large objects go back. */
static const char setting_objects[] = "back-objects";

static bool on_relation(void *arg, const struct stmt *row, struct fault *why)
{
    return db_run(arg, why, SQL_BACK_RELATION_INSERT, "sss", stmt_text(row, 0), stmt_text(row, 1),
                  stmt_text(row, 2));
}

/* Others say something of what is copied. */
static bool on_filter(void *arg, enum filter_kind kind, const char *pattern, struct fault *why)
{
    return kind > FILTER_EXCLUDE_DATA || filter_add(arg, kind, pattern, why);
}

static bool take_over_objects(struct db *run, struct db *back, struct fault *why)
{
    int64_t items;
    return work_kind_count(run, WORK_LAST_BLOBS, &items, why) &&
           (items == 0 || setting_put(back, setting_objects, "true", why));
}

bool back_has_objects(struct db *db, bool *ret_has, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf ignored = STRBUF_EMPTY;
    return setting_get(db, setting_objects, &ignored, ret_has, why);
}

bool back_take_over(struct db *run, struct db *back, struct fault *why)
{
    return take_over_objects(run, back, why) &&
           catalog_list(run, SQL_BACK_BROUGHT, 0, on_relation, back, why) &&
           filter_list(run, on_filter, back, why);
}

bool back_of(struct db *db, char *ret_uuid, bool *ret_found, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf uuid = STRBUF_EMPTY;
    if (!setting_get(db, SETTING_MIRRORED, &uuid, ret_found, why))
        return false;
    if (*ret_found)
        strlcpy(ret_uuid, uuid.text, BACK_UUID);
    return true;
}

bool back_is_open(struct db *db, bool *ret_open, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf ignored = STRBUF_EMPTY;
    return setting_get(db, setting_open, &ignored, ret_open, why);
}

bool back_set_open(struct db *db, struct fault *why)
{
    return setting_put_durably(db, setting_open, "true", why);
}
