#include "jobs/deferred.h"

#include "base/failpoint.h"
#include "base/listing.h"
#include "base/scoped.h"
#include "base/text.h"
#include "catalog/sql.h"
#include "plan/ask.h"

typedef bool each_key(struct job *job, const struct rows *keys, int row, void *arg,
                      struct fault *why);

/* Calls `each` with the deferrable keys of tables that the run follows. */
static bool list_keys(struct job *job, each_key *each, void *arg, struct fault *why)
{
    scoped(drop_rows) struct rows keys = ROWS_NONE;
    if (!ask_with(job->target, ASK_DEFERRABLE_KEYS, 0, NULL, &keys, why))
        return false;
    for (int row = 0; row < rows_count(&keys); row++) {
        int64_t ours;
        if (!db_int(job->db, why, &ours, 0, SQL_PUBLISHED_KNOWN, "ss", rows_text(&keys, row, 0),
                    rows_text(&keys, row, 1)) ||
            (ours > 0 && !each(job, &keys, row, arg, why)))
            return false;
    }
    return true;
}

static void add_key(struct strbuf *to, const struct rows *keys, int row)
{
    strbuf_add_shown(to, rows_text(keys, row, 2));
    strbuf_add(to, " of ");
    strbuf_add_name(to, rows_text(keys, row, 0), rows_text(keys, row, 1));
}

static bool list_key(struct job *job, const struct rows *keys, int row, void *arg,
                     struct fault *why)
{
    struct strbuf *to = listing_next(arg);
    (void)job;
    (void)why;
    if (to != NULL)
        add_key(to, keys, row);
    return true;
}

bool deferred_warn(struct job *job, struct fault *why)
{
    scoped(drop_listing) struct listing names = {.count = 0};
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    if (!list_keys(job, list_key, &names, why))
        return false;
    strbuf_addf(&text,
                "deferrable keys are not checked while changes are applied, so nobody else should "
                "write to the target: %s",
                listing_end(&names));
    return names.count == 0 || job_warn(job, text.text, why);
}

/* An exclusion constraint cannot be looked at in this way. */
static bool check_key(struct job *job, const struct rows *keys, int row, void *arg,
                      struct fault *why)
{
    (void)arg;
    if (rows_null(keys, row, 3))
        return true;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    scoped(drop_rows) struct rows found = ROWS_NONE;
    const char *columns = rows_text(keys, row, 3);
    strbuf_addf(&sql, "SELECT pg_catalog.concat_ws(', ', %s), pg_catalog.count(*) FROM ONLY ",
                columns);
    strbuf_add_qualified(&sql, rows_text(keys, row, 0), rows_text(keys, row, 1));
    strbuf_addf(&sql, " WHERE %s GROUP BY %s HAVING pg_catalog.count(*) > 1 LIMIT 1",
                rows_text(keys, row, 4), columns);
    if (!conn_query(job->target, sql.text, &found, why))
        return fault_during(why, "checking deferrable keys");
    add_key(&name, keys, row);
    return rows_count(&found) == 0 ||
           fault_set(why, FAULT_KEY_DOUBLED, "key %s: the target has %s rows with (%s)", name.text,
                     rows_text(&found, 0, 1), rows_text(&found, 0, 0));
}

bool deferred_check(struct job *job, struct fault *why)
{
    if (!list_keys(job, check_key, NULL, why))
        return false;
    FAILPOINT("deferred.checked", why);
    return true;
}
