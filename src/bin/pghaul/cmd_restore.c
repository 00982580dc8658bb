/*
 * cmd_restore.c - the files of a dumped schema, edited or not, on the target: each is a run of its
 * own, in a work directory below that of the dump.
 */
#include "commands.h"

#include "base/log.h"
#include "run/workdir.h"

struct script {
    const char *name;
    int64_t section;
    char file[PATH_MAX];
    char dir[PATH_MAX];
};

enum { SCRIPTS = 2 };

static bool check_options(const struct options *options, struct fault *why)
{
    if (!check_resume_or_restart(options, why))
        return false;
    if (options->dir == NULL && options->name == NULL) {
        fault_set(why, FAULT_MISSING_OPTION, "which schema is restored?");
        return fault_hint(why, "Give the --dir or --name of pghaul dump.");
    }
    return true;
}

static bool has_run(const struct script *script)
{
    char path[PATH_MAX];
    workdir_path(path, script->dir, "catalog.db");
    return access(path, F_OK) == 0;
}

static bool find(struct script *script, const char *dir, struct fault *why)
{
    char name[32], catalog[PATH_MAX];
    snprintf(name, sizeof name, "schema/%s.sql", script->name);
    workdir_path(script->file, dir, name);
    snprintf(name, sizeof name, "restore/%s", script->name);
    workdir_path(script->dir, dir, name);
    if (access(script->file, R_OK) == 0)
        return true;
    fault_errno(why, FAULT_NO_SCHEMA_FILE, "cannot read \"%s\"", script->file);
    workdir_path(catalog, dir, "catalog.db");
    if (access(catalog, F_OK) == 0)
        fault_during(why, "the directory has a run of another command in it");
    return false;
}

/* Before the first one is begun: both are to be there. */
static bool find_all(struct script *scripts, const char *dir, int64_t sections, bool *ret_any_run,
                     struct fault *why)
{
    *ret_any_run = false;
    for (int i = 0; i < SCRIPTS; i++) {
        if ((sections & scripts[i].section) == 0)
            continue;
        if (!find(&scripts[i], dir, why))
            return false;
        *ret_any_run = *ret_any_run || has_run(&scripts[i]);
    }
    return true;
}

static bool restore(struct options *options, const struct script *script, bool resume,
                    struct fault *why)
{
    const struct restore wish = {.name = script->name, .file = script->file, .dir = script->dir};
    options->resume = resume && has_run(script);
    return restore_script(options, &wish, why);
}

bool cmd_restore(struct options *options, struct fault *why)
{
    struct script scripts[SCRIPTS] = {{.name = "pre-data", .section = SECTION_PRE_DATA},
                                      {.name = "post-data", .section = SECTION_POST_DATA}};
    char dir[PATH_MAX];
    int64_t sections;
    bool any_run, resume = options->resume;
    if (!check_options(options, why) || !sections_choose(options, "restore", &sections, why) ||
        !set_up_log(options, "restore", why) || !find_directory(options, NULL, dir, why) ||
        !find_all(scripts, dir, sections, &any_run, why))
        return false;
    if (resume && !any_run)
        return fault_set(why, FAULT_DIR_NO_RUN, "there is no restore to resume in \"%s\"", dir);
    for (int i = 0; i < SCRIPTS; i++)
        if ((sections & scripts[i].section) != 0 && !restore(options, &scripts[i], resume, why))
            return false;
    return true;
}
