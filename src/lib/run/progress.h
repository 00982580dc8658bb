/*
 * progress.h - how far a run is: a live display on a terminal, lines elsewhere.
 */
#ifndef PGHAUL_RUN_PROGRESS_H
#define PGHAUL_RUN_PROGRESS_H

#include "base/strbuf.h"
#include "catalog/work.h"

struct progress;

/* `show`: draw on stderr if that is a terminal, else log a line every few seconds. */
struct progress *progress_new(struct db *db, bool show);

/* For scoped(): takes the display off the screen. */
void drop_progress(struct progress **progress);

/* A phase begins; an item is done (rows that it copied, bytes as the plan expected). */
void progress_phase(struct progress *progress, enum phase phase);
void progress_done(struct progress *progress, enum work_kind kind, int64_t rows, int64_t bytes);

/* The run is paused, or goes on. */
void progress_pause(struct progress *progress, bool paused);

/* Once a second: draws, or logs a line if it is time to. */
void progress_tick(struct progress *progress);

/* Logs a line now, whatever the log level (SIGUSR1). */
void progress_print(struct progress *progress);

/* One line from numbers; for the display, the log and `pghaul status`. */
struct progress_numbers {
    int64_t tables, tables_done; /* a part counts like a table */
    int64_t indexes, indexes_done;
    int64_t keys, keys_done; /* keys, constraints, foreign keys, statistics */
    int64_t bytes, bytes_done;
    int64_t rows_done;
    int64_t rate; /* bytes a second; 0: not known */
};
void progress_add_line(struct strbuf *text, const struct progress_numbers *numbers);

/* What is copied by now, items that are under way included; false as long as nothing is planned. */
bool progress_now(struct progress *progress, int64_t *ret_bytes, int64_t *ret_rows);

/* Reads the numbers from the catalog (not the rate). */
bool progress_read(struct db *db, struct progress_numbers *ret_numbers, struct fault *why);

#endif
