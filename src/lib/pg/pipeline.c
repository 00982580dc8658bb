#include "pg/pipeline.h"

#include "base/scoped.h"
#include "base/strbuf.h"
#include "pg/conn_internal.h"

#include <stdlib.h>

enum { PARAMS_USUAL = 64 };

/* As libpq wants them. */
struct arrays {
    const char *values[PARAMS_USUAL];
    int lengths[PARAMS_USUAL], formats[PARAMS_USUAL];
    const char **many_values;
    int *many; /* lengths, then formats */
};

static void drop_arrays(struct arrays *arrays)
{
    free(arrays->many_values);
    free(arrays->many);
}

static void fill_arrays(struct arrays *arrays, int count, const struct param *params,
                        const char ***ret_values, int **ret_lengths, int **ret_formats)
{
    *ret_values = arrays->values;
    *ret_lengths = arrays->lengths;
    *ret_formats = arrays->formats;
    arrays->many_values = NULL;
    arrays->many = NULL;
    if (count > PARAMS_USUAL) {
        *ret_values = arrays->many_values = new_memory((size_t)count, sizeof(char *));
        *ret_lengths = arrays->many = new_memory((size_t)count * 2, sizeof(int));
        *ret_formats = arrays->many + count;
    }
    for (int i = 0; i < count; i++) {
        (*ret_values)[i] = params[i].bytes;
        (*ret_lengths)[i] = (int)params[i].length;
        (*ret_formats)[i] = params[i].binary;
    }
}

bool pipeline_begin(struct conn *conn, struct fault *why)
{
    return PQenterPipelineMode(conn->pq) == 1 || conn_fault(conn, NULL, why);
}

bool pipeline_prepare(struct conn *conn, const char *name, const char *sql, int count,
                      const uint32_t *types, struct fault *why)
{
    return PQsendPrepare(conn->pq, name, sql, count, types) == 1 || conn_fault(conn, NULL, why);
}

bool pipeline_execute(struct conn *conn, const char *name, int count, const struct param *params,
                      struct fault *why)
{
    scoped(drop_arrays) struct arrays arrays;
    const char **values;
    int *lengths, *formats;
    fill_arrays(&arrays, count, params, &values, &lengths, &formats);
    return PQsendQueryPrepared(conn->pq, name, count, values, lengths, formats, 1) == 1 ||
           conn_fault(conn, NULL, why);
}

bool pipeline_run(struct conn *conn, const char *sql, struct fault *why)
{
    return PQsendQueryParams(conn->pq, sql, 0, NULL, NULL, NULL, NULL, 1) == 1 ||
           conn_fault(conn, NULL, why);
}

bool pipeline_sync(struct conn *conn, struct fault *why)
{
    return (PQpipelineSync(conn->pq) == 1 || conn_fault(conn, NULL, why)) && conn_flush(conn, why);
}

/* The NULL between the results of two statements is passed over. */
static bool next_result(struct conn *conn, PGresult **ret_result, struct fault *why)
{
    for (int turn = 0; turn < 3; turn++) {
        if (!conn_next(conn, ret_result, why))
            return false;
        if (*ret_result != NULL)
            return true;
    }
    if (PQstatus(conn->pq) == CONNECTION_BAD)
        return conn_fault(conn, NULL, why);
    return fault_set(why, FAULT_BUG, "a pipeline has no further result");
}

bool pipeline_next(struct conn *conn, enum pipeline_found *ret_found, int64_t *ret_rows,
                   struct fault *why)
{
    scoped(drop_result) PGresult *result = NULL;
    if (!next_result(conn, &result, why))
        return false;
    *ret_rows = -1;
    switch (PQresultStatus(result)) {
    case PGRES_PIPELINE_SYNC:
        *ret_found = PIPELINE_SYNCED;
        return true;
    case PGRES_PIPELINE_ABORTED:
        *ret_found = PIPELINE_SKIPPED;
        return true;
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK: {
        const char *count = PQcmdTuples(result);
        *ret_found = PIPELINE_DONE;
        *ret_rows = *count == '\0' ? -1 : strtoll(count, NULL, 10);
        return true;
    }
    default:
        return conn_fault(conn, result, why);
    }
}

bool pipeline_skip(struct conn *conn, struct fault *why)
{
    enum pipeline_found found = PIPELINE_DONE;
    int64_t rows;
    while (found != PIPELINE_SYNCED)
        if (!pipeline_next(conn, &found, &rows, why) && conn->broken)
            return false;
    return true;
}

bool pipeline_end(struct conn *conn, struct fault *why)
{
    return PQexitPipelineMode(conn->pq) == 1 || conn_fault(conn, NULL, why);
}

bool conn_query_typed(struct conn *conn, const char *sql, int count, const uint32_t *types,
                      const struct param *params, struct rows *ret_rows, struct fault *why)
{
    scoped(drop_arrays) struct arrays arrays;
    const char **values;
    int *lengths, *formats;
    fill_arrays(&arrays, count, params, &values, &lengths, &formats);
    return (PQsendQueryParams(conn->pq, sql, count, types, values, lengths, formats, 0) == 1 ||
            conn_fault(conn, NULL, why)) &&
           conn_take(conn, ret_rows, why);
}
