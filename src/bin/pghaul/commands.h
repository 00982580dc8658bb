/*
 * commands.h - the functions behind the commands, one file each, and what they share.
 */
#ifndef PGHAUL_BIN_COMMANDS_H
#define PGHAUL_BIN_COMMANDS_H

#include "book.h"
#include "pg/conninfo.h"

#include <jansson.h>

#define PGHAUL_VERSION "0.1.0"

typedef bool command_function(struct options *options, struct fault *why);

command_function cmd_clone, cmd_copy, cmd_dump, cmd_restore, cmd_snapshot, cmd_list, cmd_plan,
    cmd_ping, cmd_status, cmd_list_options, cmd_help, cmd_worker, cmd_supervise, cmd_stream,
    cmd_position, cmd_cleanup, cmd_follow, cmd_check, cmd_explain, cmd_compare, cmd_serve,
    cmd_notify, cmd_cancel, cmd_pause, cmd_resume, cmd_set, cmd_cutover, cmd_reverse;

/* Prints a text on stdout. FAULT_SYSTEM when it cannot be written (disk full, pipe closed). */
bool print_text(const struct strbuf *text, struct fault *why);

/* Settles what the run copies, from all options that say so; a resumed run goes on with its own.
 * FAULT_CONFLICTING_OPTIONS. */
bool contents_choose(struct options *options, struct fault *why);

/* What a word after `pghaul copy` means; false when it is none of them. */
bool contents_of_copy(const char *word, int64_t *ret_contents);

/* The files of a dumped schema that are meant, by the word after the command and --section: bits of
 * SECTION_PRE_DATA and SECTION_POST_DATA. */
bool sections_choose(const struct options *options, const char *command, int64_t *ret_sections,
                     struct fault *why);

/* Restores a script as a run of its own in a work directory of its own (cmd_clone.c). */
struct restore {
    const char *name; /* "pre-data" or "post-data" */
    const char *file; /* the script */
    const char *dir;  /* work directory of the run */
};
bool restore_script(struct options *options, const struct restore *script, struct fault *why);

/* Adds a JSON value as people read it, with a newline. */
void add_json(struct strbuf *text, const json_t *json);

/* What a slot is called unless the user says so. `to` has SLOT_NAME bytes (catalog/position.h). */
void usual_slot(char *to, const char *run);

/* The same for one of several databases: a run has no two of one name. A name of a database that is
 * long, or has letters that slots may not have, is told from others by a hash of it. */
void database_slot(char *to, const char *run, const char *database);

/* Options about changes: do they go together, are they well formed? FAULT_CONFLICTING_OPTIONS,
 * FAULT_BAD_VALUE. */
bool check_follow(const struct options *options, struct fault *why);

/* Is it LSN|now? FAULT_BAD_VALUE. */
bool check_end(const char *option, const char *text, struct fault *why);

/* Can a run still end there? FAULT_END_PASSED. The first one does not ask whether it has ended. */
struct position;
bool check_end_reachable(const struct position *position, const char *end, struct fault *why);
bool check_end_ahead(struct db *db, const struct position *position, const char *end,
                     struct fault *why);

/* FAULT_CANCELLED. The second one: FAULT_CLEANED_UP, too. */
bool check_not_cancelled(struct db *db, struct fault *why);
bool check_not_clean(struct db *db, struct fault *why);

/* FAULT_HANDED_OVER when nothing is left to do after a cutover. */
bool check_not_handed_over(struct db *db, struct fault *why);

/* May be NULL. FAULT_BAD_VALUE when it is longer than a cutover keeps. */
bool check_command(const char *option, const char *text, struct fault *why);

/* Of a way back: was the target handed over? FAULT_BACK_CLOSED. */
bool check_not_closed(struct db *db, struct fault *why);

/* The options of what is done to a run's way back, in this directory: the sides are the other way
 * round. False when one of them is not given. */
bool back_options(struct options *to, const struct options *from, const char *path);

/* Tells who holds a snapshot for this directory that nobody needs any more (cmd_clone.c). */
bool say_snapshot_held(struct db *db, struct fault *why);

/* FAULT_CONFLICTING_OPTIONS. */
bool check_resume_or_restart(const struct options *options, struct fault *why);

/* Sets the log's level and colour from the options. */
bool set_up_log(const struct options *options, const char *who, struct fault *why);

/* Reads --source or --target. FAULT_MISSING_OPTION when it is not given. */
bool read_side(const struct options *options, enum side side, struct conninfo *ret_info,
               struct fault *why);

/* The work directory that is meant: --dir, --name, or else that of `usual_name`; without
 * one, the only run in the state directory. `to` has PATH_MAX bytes. */
bool find_directory(const struct options *options, const char *usual_name, char *to,
                    struct fault *why);

#endif
