/*
 * write_queue.h - statements that were sent to the target, and what each is expected to do.
 *
 * A thin layer over pg/pipeline.h: what was sent is looked at in the same order, and the first
 * thing that is not as expected is told.
 */
#ifndef PGHAUL_CDC_WRITE_QUEUE_H
#define PGHAUL_CDC_WRITE_QUEUE_H

#include "cdc/change.h"
#include "cdc/statement.h"
#include "pg/pipeline.h"

#include <stddef.h>

struct expected {
    int64_t rows;                            /* -1: any number */
    struct destination_statement *statement; /* is prepared when this goes well; NULL: none */
    struct destination *to;                  /* NULL: none */
    const struct change *change;             /* this one alone; NULL: not one */
};

struct write_queue {
    struct conn *target;
    struct expected *list;
    size_t count;
    struct strbuf sql;
};

/* Begins a pipeline. */
bool queue_begin(struct write_queue *queue, struct conn *target, struct fault *why);

/* A statement without parameters. */
bool queue_run(struct write_queue *queue, const char *sql, int64_t rows, struct fault *why);

/* A statement of a destination, prepared first if need be. `change`: it is for this one alone. */
bool queue_execute(struct write_queue *queue, struct destination *to,
                   struct destination_statement *statement, int count, const struct param *params,
                   int64_t rows, const struct change *change, struct fault *why);

/* What is the first that was not as expected. */
struct surprise {
    bool found;
    struct destination *to;      /* NULL: none */
    const struct change *change; /* NULL: not of one change */
    size_t number;               /* of the statement, as queue->count was when it was added */
    int64_t rows;                /* that were changed; -1: the server refused it, as *why says */
};

/* Sends what is queued and takes all results; the queue is empty then, and the pipeline goes on.
 * False only when the connection is lost. `why` tells of a refusal, too. */
bool queue_finish(struct write_queue *queue, struct surprise *ret_surprise, struct fault *why);

/* Leaves the pipeline. */
bool queue_end(struct write_queue *queue, struct fault *why);

/* For scoped(). */
void drop_write_queue(struct write_queue *queue);

#endif
