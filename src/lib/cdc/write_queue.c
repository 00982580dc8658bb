#include "cdc/write_queue.h"

#include <stdlib.h>

bool queue_begin(struct write_queue *queue, struct conn *target, struct fault *why)
{
    queue->target = target;
    queue->count = 0;
    return pipeline_begin(target, why);
}

static void expect(struct write_queue *queue, struct expected expected)
{
    queue->list = grow_memory(queue->list, queue->count, sizeof *queue->list);
    queue->list[queue->count++] = expected;
}

bool queue_run(struct write_queue *queue, const char *sql, int64_t rows, struct fault *why)
{
    if (!pipeline_run(queue->target, sql, why))
        return false;
    expect(queue, (struct expected){.rows = rows});
    return true;
}

/* The types of single values are told, so that a value is read as one of its column. */
static int types_of(const struct destination *to, const struct destination_statement *statement,
                    uint32_t *types)
{
    int count = 0;
    if (is_one_image(statement->kind)) {
        int rows = statement->kind == ONE_IMAGE_UPDATE ? 2 : 1;
        for (int i = 0; i < rows * to->count; i++)
            if (statement->mask[i % to->count] != MASK_NONE)
                types[count++] = to->columns[i % to->count].type;
        return count;
    }
    for (int i = 0; statement->kind != ONE_DELETE && i < to->count; i++)
        if (mask_takes(statement->mask[i]))
            types[count++] = to->columns[i].type;
    for (int i = 0; statement->kind != ONE_INSERT && i < to->key_count; i++)
        types[count++] = to->columns[to->key[i]].type;
    return count;
}

static bool is_one(const struct destination_statement *statement)
{
    return statement->kind == ONE_INSERT || statement->kind == ONE_UPDATE ||
           statement->kind == ONE_REPLACE || statement->kind == ONE_DELETE ||
           is_one_image(statement->kind);
}

/* MASK_SAME columns stand behind those that are set in the text, but all are numbered in the order
 * of the columns. */
static bool prepare(struct write_queue *queue, const struct destination *to,
                    struct destination_statement *statement, struct fault *why)
{
    uint32_t *types = NULL;
    int count = 0;
    if (is_one(statement)) {
        types = new_memory(2 * (size_t)to->count, sizeof *types);
        count = types_of(to, statement, types);
    }
    strbuf_clear(&queue->sql);
    statement_add_sql(&queue->sql, to, statement->kind, statement->mask);
    bool good =
        pipeline_prepare(queue->target, statement->name, queue->sql.text, count, types, why);
    free(types);
    if (!good)
        return false;
    statement->prepared = true;
    expect(queue, (struct expected){.rows = -1, .statement = statement});
    return true;
}

bool queue_execute(struct write_queue *queue, struct destination *to,
                   struct destination_statement *statement, int count, const struct param *params,
                   int64_t rows, const struct change *change, struct fault *why)
{
    if (!statement->prepared && !prepare(queue, to, statement, why))
        return false;
    if (!pipeline_execute(queue->target, statement->name, count, params, why))
        return false;
    expect(queue, (struct expected){.rows = rows, .to = to, .change = change});
    return true;
}

/* One result. */
static bool take(struct write_queue *queue, size_t number, struct surprise *surprise,
                 struct fault *why)
{
    const struct expected *expected = &queue->list[number];
    enum pipeline_found found;
    int64_t rows;
    struct fault refusal;
    bool good = pipeline_next(queue->target, &found, &rows, &refusal);
    if (!good && conn_broken(queue->target)) {
        *why = refusal;
        return false;
    }
    if (expected->statement != NULL && (!good || found == PIPELINE_SKIPPED))
        expected->statement->prepared = false;
    if (surprise->found || (good && (expected->rows < 0 || expected->rows == rows)))
        return true;
    *surprise = (struct surprise){
        .found = true,
        .to = expected->to,
        .change = expected->change,
        .number = number,
        .rows = good ? rows : -1,
    };
    if (!good)
        *why = refusal;
    return true;
}

bool queue_finish(struct write_queue *queue, struct surprise *ret_surprise, struct fault *why)
{
    enum pipeline_found found;
    int64_t rows;
    *ret_surprise = (struct surprise){.found = false};
    if (!pipeline_sync(queue->target, why))
        return false;
    for (size_t number = 0; number < queue->count; number++)
        if (!take(queue, number, ret_surprise, why))
            return false;
    queue->count = 0;
    return pipeline_next(queue->target, &found, &rows, why);
}

bool queue_end(struct write_queue *queue, struct fault *why)
{
    return pipeline_end(queue->target, why);
}

void drop_write_queue(struct write_queue *queue)
{
    free(queue->list);
    drop_strbuf(&queue->sql);
}
