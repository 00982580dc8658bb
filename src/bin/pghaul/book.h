/*
 * book.h - every command and every option, once.
 *
 * Parsing, --help, list-options, the reference in docs/, and what is kept in the
 * catalog for workers and for --resume all come from the two tables in book.c.
 */
#ifndef PGHAUL_BIN_BOOK_H
#define PGHAUL_BIN_BOOK_H

#include "base/fault.h"
#include "base/strbuf.h"
#include "catalog/filter.h"
#include "catalog/mapping.h"
#include "catalog/settings.h"
#include "store/db.h"

enum command_id {
    CMD_CLONE = 1 << 0,
    CMD_SNAPSHOT = 1 << 1,
    CMD_LIST = 1 << 2,
    CMD_PING = 1 << 3,
    CMD_STATUS = 1 << 4,
    CMD_LIST_OPTIONS = 1 << 5,
    CMD_HELP = 1 << 6,
    CMD_WORKER = 1 << 7,
    CMD_COPY = 1 << 8,
    CMD_PLAN = 1 << 9,
    CMD_SUPERVISE = 1 << 10,
    CMD_DUMP = 1 << 11,
    CMD_RESTORE = 1 << 12,
    CMD_STREAM = 1 << 13,
    CMD_POSITION = 1 << 14,
    CMD_CLEANUP = 1 << 15,
    CMD_FOLLOW = 1 << 16,
    CMD_CHECK = 1 << 17,
    CMD_EXPLAIN = 1 << 18,
    CMD_COMPARE = 1 << 19,
    CMD_SERVE = 1 << 20,
    CMD_NOTIFY = 1 << 21,
    CMD_CANCEL = 1 << 22,
    CMD_PAUSE = 1 << 23,
    CMD_RESUME = 1 << 24,
    CMD_SET = 1 << 25,
    CMD_CUTOVER = 1 << 26,
    CMD_REVERSE = 1 << 27,
};

enum { OPTIONS_MOST = 112, ARGUMENTS_MOST = 256 };

/* Choices of --section, as bits. */
enum section { SECTION_PRE_DATA = 1 << 0, SECTION_DATA = 1 << 1, SECTION_POST_DATA = 1 << 2 };

struct filter_wish {
    enum filter_kind kind;
    char *pattern; /* ours */
};

struct map_wish {
    enum mapping_kind kind;
    char *name; /* ours, with the value behind its NUL */
    const char *value;
};

/* Texts, which are ours. */
struct text_list {
    char **list;
    int count;
};

struct options {
    const char *source;
    const char *target;
    const char *dir;
    const char *name;
    const char *snapshot;
    const char *log_level;
    bool verbose;
    bool quiet;
    bool resume;
    bool restart;
    bool not_consistent;
    bool all_databases;
    struct text_list databases;          /* names */
    struct text_list excluded_databases; /* patterns */
    int64_t database_jobs;
    const char *budget;    /* supervise */
    const char *rate_file; /* supervise, worker */
    const char *slot;
    const char *publication;
    const char *endpos;
    const char *end;
    bool dry_run;
    bool repair;
    bool live;
    int64_t show_rows;
    bool force;
    int64_t segment_size;
    bool binary;
    bool json;
    bool watch;
    const char *metrics;
    const char *metrics_token_file;
    int64_t socket; /* serve */
    const char *notify;
    int64_t notify_lag_ms;
    int64_t notify_stall_ms;
    bool sql;
    bool markdown;
    bool schema_only;
    bool data_only;
    int64_t sections; /* enum section */
    int64_t number;   /* worker */
    int64_t channel;  /* worker */
    bool check_only;
    const char *html;
    bool fix;
    bool yes;
    int64_t max_downtime_ms;
    int64_t freeze; /* enum freeze_mode */
    bool verify;
    bool rehearse;
    bool leave_open;
    bool reverse;
    bool back;
    const char *on_cutover;
    const char *before_freeze;
    bool help;
    bool version;
    int exit_status; /* of a command that went well and has more to say than that */
    struct settings settings;
    struct filter_wish *filters; /* in the order in which they were given */
    int filter_count;
    struct map_wish *maps; /* in the order in which they were given */
    int map_count;

    /* By place in the book: the text that holds, from the command line, the environment or the
       run's catalog; in the last case it is ours. */
    const char *given[OPTIONS_MOST];
    char *recalled[OPTIONS_MOST];
    const char *arguments[ARGUMENTS_MOST];
    int argument_count;
};

struct command {
    enum command_id id;
    const char *name;
    const char *arguments; /* for the usage line: "tables|parts|indexes|sequences" */
    const char *summary;   /* one line */
    const char *text;      /* a paragraph for help and docs */
    bool hidden;
    int arguments_least, arguments_most;
    bool (*run)(struct options *options, struct fault *why);
};

/* Commands are ended by one without a name. */
const struct command *book_commands(void);

/* NULL when there is none of this name. */
const struct command *book_command(const char *name);

/* The known command or option nearest to a wrong one; NULL when none is near. */
const char *book_nearest_command(const char *name);

/* Reads arguments behind the command, then the environment, then defaults. */
bool book_parse(struct options *options, const struct command *command, int argc, char **argv,
                struct fault *why);

/* As if an option had been given on the command line. */
bool book_give(struct options *options, const char *name, const char *value, struct fault *why);

/* The same for an option that is a set, by its bits. */
bool book_give_bits(struct options *options, const char *name, int64_t bits, struct fault *why);

/* Only the defaults: for commands that work without parsing. */
void book_defaults(struct options *options);

/* Frees what was recalled, and the lists of filters and mappings. */
void drop_options(struct options *options);

/* A copy for a run that has the same options but for some: lists and texts stay the other's, which
 * must outlive it. drop_borrowed_options() is for scoped(). */
void book_borrow(struct options *to, const struct options *from);
void drop_borrowed_options(struct options *options);

/* Keeps the settings of a run in its catalog; reads them back. When a run is resumed,
 * what is given now replaces what was kept, unless it would change what is already
 * done: FAULT_RUN_DIFFERS. */
bool book_keep_filters(const struct options *options, struct db *db, struct fault *why);
bool book_keep_maps(const struct options *options, struct db *db, struct fault *why);
bool book_keep(const struct options *options, struct db *db, struct fault *why);
bool book_recall(struct options *options, struct db *db, struct fault *why);

/* Reads anew from the catalog what may be changed while a run goes on. */
bool book_renew(struct options *options, struct db *db, struct fault *why);

/* Takes one of these settings, whose value is borrowed. FAULT_UNKNOWN_OPTION, FAULT_NOT_SETTABLE,
 * FAULT_BAD_VALUE. */
bool book_check_live(struct options *options, const char *name, const char *value,
                     struct fault *why);

/* Calls `each` for every one of them, with its value in these options as it was given. */
bool book_each_live(const struct options *options,
                    bool (*each)(void *arg, const char *name, const char *value, struct fault *why),
                    void *arg, struct fault *why);

/* Fills the lists of filters and mappings from the catalog: for a run that hands them on. */
bool book_recall_lists(struct options *options, struct db *db, struct fault *why);

/* Help as text, the list of options (tab-separated or JSON), the reference page. */
void book_add_general_help(struct strbuf *text);
void book_add_help(struct strbuf *text, const struct command *command);
void book_add_list(struct strbuf *text, const struct command *command, bool json);
void book_add_markdown(struct strbuf *text);
void book_add_exit_codes(struct strbuf *text, bool markdown);
void book_add_faults(struct strbuf *text, bool markdown);
void book_add_checks(struct strbuf *text, bool markdown);

#endif
