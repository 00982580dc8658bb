#include "jobs/properties.h"

#include "base/scoped.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "catalog/objects.h"
#include "catalog/sql.h"
#include "plan/database.h"

struct setting {
    struct job *job;
    struct strbuf warnings; /* a line each; noted when the list is read */
};

static void drop_setting(struct setting *setting)
{
    drop_strbuf(&setting->warnings);
}

static bool on_property(void *arg, const struct stmt *row, struct fault *why)
{
    struct setting *setting = arg;
    struct conn *target = setting->job->target;
    scoped(drop_strbuf) struct strbuf sql = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf name = STRBUF_EMPTY;
    strbuf_add(&sql, "SAVEPOINT pghaul_property;");
    database_add_property(&sql, conn_database(target), stmt_text(row, 0), stmt_text(row, 1),
                          stmt_text(row, 2));
    strbuf_add(&sql, ";RELEASE SAVEPOINT pghaul_property");
    if (conn_run(target, sql.text, why))
        return true;
    database_add_description(&name, stmt_text(row, 0), stmt_text(row, 1), stmt_text(row, 2));
    if (!fault_may_be_left_out(why))
        return fault_during(why, "%s", name.text);
    strbuf_addf(&name, " is left out: %s", why->text);
    strbuf_add_shown(&setting->warnings, name.text);
    strbuf_add(&setting->warnings, "\n");
    return conn_run(target, "ROLLBACK TO SAVEPOINT pghaul_property", why);
}

bool properties_set(struct job *job, struct fault *why)
{
    scoped(drop_setting) struct setting setting = {.job = job};
    return catalog_list(job->db, SQL_PROPERTY_LIST, 0, on_property, &setting, why) &&
           warn_lines(job->db, setting.warnings.text, why);
}
