/*
 * common.c - what several commands need.
 */
#include "commands.h"

#include "base/log.h"
#include "base/lsn.h"
#include "base/scoped.h"
#include "catalog/back.h"
#include "catalog/cutover.h"
#include "catalog/position.h"
#include "catalog/run.h"
#include "catalog/work.h"
#include "plan/publication.h"
#include "run/recopied.h"
#include "run/workdir.h"

#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <libgen.h>

bool print_text(const struct strbuf *text, struct fault *why)
{
    if (fwrite(strbuf_text(text), 1, text->length, stdout) != text->length || fflush(stdout) != 0)
        return fault_errno(why, FAULT_SYSTEM, "cannot write to standard output");
    return true;
}

void add_json(struct strbuf *text, const json_t *json)
{
    char *dump = json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    strbuf_addf(text, "%s\n", dump);
    free(dump);
}

bool check_resume_or_restart(const struct options *options, struct fault *why)
{
    return !options->resume || !options->restart ||
           fault_set(why, FAULT_CONFLICTING_OPTIONS, "--resume and --restart exclude each other");
}

/* Slots may have no other letters in their names. */
static const char slot_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

/* Is it the name as it is? `most`: so many letters, behind which there is room for a NUL. */
static bool add_slot_letters(char *to, size_t *length, size_t most, const char *name)
{
    bool same = true;
    const size_t end = *length + most;
    for (; *name != '\0' && *length < end; name++) {
        bool upper = *name >= 'A' && *name <= 'Z';
        const char *letter = upper ? slot_letters + (*name - 'A') : strchr(slot_letters, *name);
        same = same && letter != NULL && !upper;
        to[(*length)++] = *(letter == NULL ? "_" : letter);
    }
    to[*length] = '\0';
    return same && *name == '\0';
}

void usual_slot(char *to, const char *run)
{
    size_t length = strlcpy(to, "pghaul_", SLOT_NAME);
    add_slot_letters(to, &length, SLOT_NAME - 1 - length, run);
}

/* FNV-1a: what tells names apart must be the same on every machine and for ever. */
static uint32_t hash_of(const char *name)
{
    uint32_t hash = UINT32_C(2166136261);
    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * UINT32_C(16777619);
    return hash;
}

void database_slot(char *to, const char *run, const char *database)
{
    enum { RUN_LETTERS = 23, HASH_LETTERS = 9 };
    size_t length = strlcpy(to, "pghaul_", SLOT_NAME);
    add_slot_letters(to, &length, RUN_LETTERS, run);
    to[length++] = '_';
    if (add_slot_letters(to, &length, SLOT_NAME - 1 - length, database))
        return;
    if (length > SLOT_NAME - 1 - HASH_LETTERS)
        length = SLOT_NAME - 1 - HASH_LETTERS;
    snprintf(to + length, SLOT_NAME - length, "_%08" PRIx32, hash_of(database));
}

bool check_end(const char *option, const char *text, struct fault *why)
{
    lsn_t ignored;
    return strcmp(text, "now") == 0 || lsn_parse(text, &ignored) ||
           fault_set(why, FAULT_BAD_VALUE,
                     "--%s cannot be \"%s\": it takes LSN|now, an LSN being like 16/B374D848",
                     option, text);
}

bool check_end_reachable(const struct position *position, const char *end, struct fault *why)
{
    char text[LSN_TEXT];
    lsn_t lsn, there = position->applied;
    if (there < position->consistent)
        there = position->consistent;
    return !lsn_parse(end, &lsn) || lsn >= there ||
           fault_set(why, FAULT_END_PASSED, "the target has everything up to %s already",
                     lsn_text(text, there));
}

bool check_end_ahead(struct db *db, const struct position *position, const char *end,
                     struct fault *why)
{
    char text[LSN_TEXT];
    bool over;
    lsn_t lsn, settled;
    if (!work_kind_is_done(db, WORK_FOLLOW, &over, why) || !snapshot_settled(db, &settled, why))
        return false;
    if (over)
        return fault_set(why, FAULT_END_PASSED, "the run has reached its end at %s already",
                         lsn_text(text, position->end));
    return check_end_reachable(position, end, why) &&
           (!lsn_parse(end, &lsn) || lsn >= settled || recopied_refuse_end(lsn, settled, why));
}

bool check_not_cancelled(struct db *db, struct fault *why)
{
    bool cancelled;
    scoped(drop_strbuf) struct strbuf ignored = STRBUF_EMPTY;
    return setting_get(db, SETTING_CANCEL, &ignored, &cancelled, why) &&
           (!cancelled || fault_set(why, FAULT_CANCELLED, "the run was cancelled"));
}

bool check_not_clean(struct db *db, struct fault *why)
{
    bool clean;
    if (!check_not_cancelled(db, why))
        return false;
    if (!position_is_clean(db, &clean, why))
        return false;
    return !clean || fault_set(why, FAULT_CLEANED_UP, "the run was cleaned up: its slot is gone");
}

bool check_not_handed_over(struct db *db, struct fault *why)
{
    struct cutover cutover;
    int64_t id;
    if (!cutover_handed_over(db, &id, why))
        return false;
    return id == 0 || (cutover_get(db, id, &cutover, why) &&
                       (strcmp(cutover.state, "done") != 0 ||
                        fault_set(why, FAULT_HANDED_OVER, "the run was handed over by a cutover")));
}

bool check_command(const char *option, const char *text, struct fault *why)
{
    return text == NULL || strlen(text) < CUTOVER_COMMAND ||
           fault_set(why, FAULT_BAD_VALUE, "--%s is longer than %d bytes: put it into a script",
                     option, CUTOVER_COMMAND - 1);
}

bool check_not_closed(struct db *db, struct fault *why)
{
    char uuid[BACK_UUID];
    bool back, open;
    if (!back_of(db, uuid, &back, why) || !back_is_open(db, &open, why))
        return false;
    return !back || open ||
           fault_set(why, FAULT_BACK_CLOSED,
                     "the run that this one turns back may still write to where it came from");
}

static bool check_portions(const struct options *options, struct fault *why)
{
    for (int i = 0; i < options->filter_count; i++)
        if (options->filters[i].kind == FILTER_WHERE || options->filters[i].kind == FILTER_COLUMNS)
            return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                             "changes are followed of whole tables only: --%s does not go with "
                             "--follow",
                             filter_kind_word(options->filters[i].kind));
    return true;
}

static bool check_no_follow(const struct options *options, struct fault *why)
{
    const struct settings *settings = &options->settings;
    const char *given = options->endpos != NULL      ? "endpos"
                        : *options->slot != '\0'     ? "slot"
                        : settings->plugin != 0      ? "plugin"
                        : settings->no_identity != 0 ? "no-identity"
                        : settings->failover_slot    ? "failover-slot"
                                                     : NULL;
    return given == NULL ||
           fault_set(why, FAULT_CONFLICTING_OPTIONS, "--%s goes with --follow only", given);
}

/* What sends only the inserts of a table is a publication. */
static bool check_insert_only(const struct settings *settings, struct fault *why)
{
    return settings->no_identity != IDENTITY_INSERT_ONLY ||
           (settings->plugin != PLUGIN_TEST_DECODING && settings->plugin != PLUGIN_WAL2JSON) ||
           fault_set(why, FAULT_CONFLICTING_OPTIONS,
                     "--no-identity insert-only needs publications: it goes with --plugin pgoutput "
                     "only");
}

bool check_follow(const struct options *options, struct fault *why)
{
    const struct settings *settings = &options->settings;
    if (options->endpos != NULL && !check_end("endpos", options->endpos, why))
        return false;
    if (strlen(options->slot) >= SLOT_NAME ||
        strspn(options->slot, slot_letters) != strlen(options->slot))
        return fault_set(why, FAULT_BAD_VALUE,
                         "--slot cannot be \"%s\": it takes at most 63 of a-z, 0-9 and _",
                         options->slot);
    if (!settings->follow)
        return check_no_follow(options, why);
    if (*options->slot != '\0' && (options->all_databases || options->databases.count > 0))
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "a slot is of one database: --slot does not go with several, each of "
                         "which gets its own");
    if (options->snapshot != NULL)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "--follow copies in the snapshot of its slot: --snapshot cannot be given");
    if (options->not_consistent)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "changes would not go with a copy in another snapshot: --not-consistent "
                         "does not go with --follow");
    if (settings->contents != CONTENT_ALL && settings->contents != CONTENT_CHANGES &&
        (settings->contents & ~(int64_t)CONTENT_REFRESH) != CONTENT_DATA)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "--follow goes with a whole clone, or with --data-only into tables that "
                         "are there, not with another part of it");
    return check_insert_only(settings, why) && check_portions(options, why);
}

bool set_up_log(const struct options *options, const char *who, struct fault *why)
{
    enum log_level level;
    if (options->verbose && options->quiet)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "--verbose and --quiet exclude each other");
    if (!log_level_parse(options->log_level, &level))
        return fault_set(why, FAULT_BUG, "log level \"%s\"", options->log_level);
    log_set_level(options->verbose ? LEVEL_DEBUG : options->quiet ? LEVEL_ERROR : level);
    log_set_who(who);
    return true;
}

bool read_side(const struct options *options, enum side side, struct conninfo *ret_info,
               struct fault *why)
{
    const char *text = side == SIDE_SOURCE ? options->source : options->target;
    if (text == NULL) {
        fault_set(why, FAULT_MISSING_OPTION, "--%s is missing", side_word(side));
        return fault_hint(why, "Give --%s CONNINFO, or set PGHAUL_%s.", side_word(side),
                          side == SIDE_SOURCE ? "SOURCE" : "TARGET");
    }
    return conninfo_read(ret_info, side, text, why);
}

/* The only run below the state directory. */
static bool find_only_run(char *to, struct fault *why)
{
    char home[PATH_MAX], pattern[PATH_MAX + 16];
    glob_t found;
    if (!workdir_state_home(home, sizeof home, why))
        return false;
    snprintf(pattern, sizeof pattern, "%s/*/catalog.db", home);
    if (glob(pattern, 0, NULL, &found) != 0)
        return fault_set(why, FAULT_DIR_NO_RUN, "there is no run in \"%s\"", home);
    bool one = found.gl_pathc == 1;
    if (one)
        snprintf(to, PATH_MAX, "%s", dirname(found.gl_pathv[0]));
    else
        fault_set(why, FAULT_MISSING_OPTION, "there are %d runs in \"%s\": which one?",
                  (int)found.gl_pathc, home);
    globfree(&found);
    if (!one)
        return fault_hint(why, "Give --name or --dir.");
    return true;
}

/* Workers and tools run in this directory's name, so it must be absolute. */
static bool make_absolute(char *to, const char *path, struct fault *why)
{
    char here[PATH_MAX];
    if (*path == '/') {
        strlcpy(to, path, PATH_MAX);
        return true;
    }
    if (getcwd(here, sizeof here) == NULL)
        return fault_errno(why, FAULT_SYSTEM, "cannot find the current directory");
    if (snprintf(to, PATH_MAX, "%s/%s", here, path) >= PATH_MAX)
        return fault_set(why, FAULT_DIR_UNUSABLE, "the path of the work directory is too long");
    return true;
}

bool find_directory(const struct options *options, const char *usual_name, char *to,
                    struct fault *why)
{
    if (options->dir != NULL && options->name != NULL && usual_name == NULL)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "--dir and --name exclude each other here");
    if (options->dir != NULL)
        return make_absolute(to, options->dir, why);
    const char *name = options->name != NULL ? options->name : usual_name;
    if (name == NULL || *name == '\0')
        return find_only_run(to, why);
    return workdir_default(to, PATH_MAX, name, why);
}
