/*
 * cmd_position.c - how far a run follows; and where it is to end.
 */
#include "commands.h"
#include "one_of.h"

#include "base/log.h"
#include "base/scoped.h"
#include "catalog/catalog.h"
#include "catalog/position.h"
#include "run/workdir.h"
#include "show/status.h"

struct positioning {
    struct options *options;
    char path[PATH_MAX];
    struct db *db;
    struct position position;
};

static void drop_positioning(struct positioning *p)
{
    drop_db(&p->db);
}

static bool open_run(struct positioning *p, enum db_mode mode, struct fault *why)
{
    char file[PATH_MAX];
    bool found;
    if (!find_directory(p->options, NULL, p->path, why))
        return false;
    workdir_path(file, p->path, "catalog.db");
    if (!catalog_open(&p->db, file, mode, why) ||
        !one_of_refuse(p->db, p->path, "pghaul position", why) ||
        !position_get(p->db, &p->position, &found, why))
        return false;
    return found || fault_set(why, FAULT_NOT_FOLLOWING,
                              "the run in \"%s\" was not started with --follow", p->path);
}

static bool show(struct positioning *p, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    if (!open_run(p, DB_READ_ONLY, why))
        return false;
    json_t *json = status_position(&p->position);
    if (p->options->json)
        add_json(&text, json);
    else
        status_add_position(&text, json);
    json_decref(json);
    return print_text(&text, why);
}

static bool check_reachable(const struct positioning *p, const char *end, struct fault *why)
{
    lsn_t ignored;
    if (!check_end_ahead(p->db, &p->position, end, why))
        return false;
    return lsn_parse(end, &ignored) || workdir_is_locked(p->path) ||
           fault_set(why, FAULT_END_UNKNOWN, "nothing runs in \"%s\" that could ask the source",
                     p->path);
}

static bool set_end(struct positioning *p, struct fault *why)
{
    const char *end = p->options->end;
    if (end == NULL)
        return fault_set(why, FAULT_MISSING_OPTION, "--end is missing");
    if (!check_end("end", end, why) || !open_run(p, DB_EXISTING, why) ||
        !check_not_clean(p->db, why) || !check_not_handed_over(p->db, why) ||
        !check_reachable(p, end, why) || !position_set_end(p->db, end, why))
        return false;
    log_info("the run is to end at %s", end);
    return true;
}

bool cmd_position(struct options *options, struct fault *why)
{
    scoped(drop_positioning) struct positioning p = {.options = options};
    bool sets = options->argument_count > 0;
    if (!set_up_log(options, "position", why))
        return false;
    if (sets && strcmp(options->arguments[0], "set") != 0)
        return fault_set(why, FAULT_BAD_VALUE, "pghaul position knows set, not \"%s\"",
                         options->arguments[0]);
    if (!sets && options->end != NULL)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS, "--end goes with pghaul position set");
    return sets ? set_end(&p, why) : show(&p, why);
}
