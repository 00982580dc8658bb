/*
 * log.h - what a process says while it works.
 *
 * One line is one write(2), so that lines of many processes never mix. A line
 * goes to stderr and to the run's log file; in a worker it goes to the
 * supervisor instead (log_divert), which prints it. Library code logs at debug
 * level only; what went wrong travels as a fault and is logged once, at the
 * edge of the process.
 */
#ifndef PGHAUL_BASE_LOG_H
#define PGHAUL_BASE_LOG_H

#include "base/fault.h"

enum log_level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_INFO, LEVEL_DEBUG, LEVELS };

/* Only lines of this level or a graver one are written to stderr. The file gets
 * at least LEVEL_INFO. */
void log_set_level(enum log_level level);
enum log_level log_level(void);

/* "error", "warning", "info", "debug" and back. */
bool log_level_parse(const char *word, enum log_level *ret_level);

/* Who speaks: "clone", "copy/2". Copied. */
void log_set_who(const char *who);

/* Which of several runs that share a terminal speaks: comes before who. Copied. */
void log_set_run(const char *name);

/* Decides about colour from PG_COLOR, NO_COLOR and whether stderr is a terminal. */
void log_set_colour_from_environment(void);
bool log_colour(void);

/* Appends to this file as well, from now on. */
bool log_open_file(const char *path, struct fault *why);

/* Called before a line is put on stderr, so that a progress display can step aside. NULL: none. */
void log_set_display(void (*hide)(void));

/* Gives every line to `sink` instead of writing it. `sink` returns false when it
 * cannot take the line, which is then written after all. */
typedef bool log_sink(enum log_level level, const char *who, const char *text);
void log_divert(log_sink *sink);

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A line for somebody else: what a worker diverted to us. */
void log_relayed(enum log_level level, const char *who, const char *text);

/* A fault with its detail and hint, as one to three lines, into the log file only: for what the
 * process will end by saying. */
void log_fault_to_file(const struct fault *why);

#define log_error(...) log_line(LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LEVEL_DEBUG, __VA_ARGS__)

#endif
