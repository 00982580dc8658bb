#include "jobs/firing.h"

#include "base/failpoint.h"
#include "base/listing.h"
#include "base/log.h"
#include "base/scoped.h"
#include "base/text.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "pg/helper.h"
#include "plan/ask.h"

#include <string.h>

static bool note_in_write(struct db *db, void *arg, struct fault *why)
{
    const struct rows *rows = arg;
    for (int row = 0; row < rows_count(rows); row++)
        if (!db_run(db, why, SQL_SWITCHED_OFF_INSERT, "sssss", rows_text(rows, row, 2),
                    rows_text(rows, row, 3), rows_text(rows, row, 4), rows_text(rows, row, 0),
                    rows_text(rows, row, 1)))
            return false;
    return true;
}

struct switching {
    struct strbuf sql;
    struct listing names;
    bool on;
};

static void drop_switching(struct switching *s)
{
    drop_strbuf(&s->sql);
    drop_listing(&s->names);
}

static bool on_switch(void *arg, const struct stmt *row, struct fault *why)
{
    struct switching *s = arg;
    struct strbuf *to = listing_next(&s->names);
    const char *kind = stmt_text(row, 2);
    (void)why;
    if (to != NULL) {
        strbuf_addf(to, "%s ", strcmp(kind, "RULE") == 0 ? "rule" : "trigger");
        strbuf_add_shown(to, stmt_text(row, 3));
        strbuf_add(to, " of ");
        strbuf_add_name(to, stmt_text(row, 0), stmt_text(row, 1));
    }
    strbuf_add(&s->sql, "ALTER TABLE ONLY ");
    strbuf_add_qualified(&s->sql, stmt_text(row, 0), stmt_text(row, 1));
    strbuf_addf(&s->sql, s->on ? " ENABLE %s" : " DISABLE", stmt_text(row, 4));
    strbuf_addf(&s->sql, " %s ", kind);
    strbuf_add_identifier(&s->sql, stmt_text(row, 3));
    strbuf_add(&s->sql, ";");
    return true;
}

bool firing_show(struct db *db, struct strbuf *sql, struct fault *why)
{
    scoped(drop_switching) struct switching s = {.on = true};
    if (!catalog_list(db, SQL_SWITCHED_OFF_LIST, 0, on_switch, &s, why))
        return false;
    strbuf_add(sql, strbuf_text(&s.sql));
    return true;
}

/* A run that follows again has its event triggers already, which these have nothing to do with. */
static bool run_switches(struct job *job, struct switching *s, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    if (!catalog_list(job->db, SQL_SWITCHED_OFF_LIST, 0, on_switch, s, why))
        return false;
    if (s->names.count == 0)
        return true;
    strbuf_add(&sql, "BEGIN;");
    helper_add_quiet(&sql);
    strbuf_addf(&sql, "%sCOMMIT", s->sql.text);
    return conn_run(job->target, sql.text, why) ||
           fault_during(why, "switching triggers and rules %s", s->on ? "on" : "off");
}

bool firing_switch_off(struct job *job, struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    scoped(drop_switching) struct switching s = {.on = false};
    if (!ask_with(job->target, ASK_ALWAYS_FIRING, 0, NULL, &rows, why) ||
        !db_durable(job->db, true, why) || !db_write(job->db, note_in_write, &rows, why) ||
        !db_durable(job->db, false, why))
        return false;
    FAILPOINT("firing.noted", why);
    if (!run_switches(job, &s, why))
        return false;
    if (s.names.count > 0)
        log_info("off while changes are applied, since they would fire on these as well: %s",
                 listing_end(&s.names));
    FAILPOINT("firing.off", why);
    return true;
}

bool firing_switch_on(struct job *job, struct fault *why)
{
    scoped(drop_switching) struct switching s = {.on = true};
    if (!run_switches(job, &s, why))
        return false;
    FAILPOINT("firing.on", why);
    if (s.names.count > 0)
        log_info("on again as they were: %s", listing_end(&s.names));
    return db_run(job->db, why, SQL_SWITCHED_OFF_FORGET, "");
}
