#include "jobs/show.h"

/* Kinds without a function send what is only known later: the note says what that is. */
static const struct {
    show_function *function;
    const char *note;
} entries[WORK_KIND_COUNT] = {
    [WORK_PLAN] = {NULL, "queries to both servers' catalogs; then the schema pghaul with the table "
                         "done is made on the target"},
    [WORK_DUMP] = {show_dump, NULL},
    [WORK_SCHEMA] = {NULL, "what pg_restore makes of the dump: DIR/schema/pre.sql; with "
                           "--drop-if-exists DIR/schema/drop.sql and DROP statements before"},
    [WORK_TABLES] = {NULL, "what pg_restore makes of the dump: DIR/schema/tables-N.sql"},
    [WORK_VIEWS] = {NULL, "what pg_restore makes of the dump, if there is any: "
                          "DIR/schema/views.sql"},
    [WORK_EMPTY] = {show_empty, NULL},
    [WORK_TABLE] = {show_copy, NULL},
    [WORK_PART] = {show_copy, NULL},
    [WORK_SMALL] = {show_copy, NULL},
    [WORK_CONFIG] = {show_copy, NULL},
    [WORK_BLOBS] = {show_blobs, NULL},
    [WORK_SEQUENCES] = {show_sequences, NULL},
    [WORK_INDEX] = {show_index, NULL},
    [WORK_KEYS] = {show_keys, NULL},
    [WORK_EXCLUSION] = {show_exclusion, NULL},
    [WORK_ANALYZE] = {show_analyze, NULL},
    [WORK_FOREIGN_KEYS] = {show_foreign_keys, NULL},
    [WORK_POST] = {NULL, "what pg_restore makes of the dump, if there is any: DIR/schema/post.sql"},
    [WORK_REFRESH] = {NULL, "what pg_restore makes of the dump: DIR/schema/refresh.sql"},
    [WORK_SETTLE] = {NULL, "changes of before the last table was copied"},
    [WORK_FOLLOW] = {NULL, "the changes that the source's application makes, as far as they come"},
    [WORK_LAST_SEQUENCES] = {show_sequences, NULL},
    [WORK_LAST_UNLOGGED] = {NULL, "for each unlogged table TRUNCATE and COPY, once more"},
    [WORK_LAST_BLOBS] = {NULL, "hashes of large objects on both sides; those that differ are "
                               "copied"},
    [WORK_CHECK] = {NULL, "queries to the target's catalog"},
    [WORK_FINAL] = {NULL, "comments on indexes, event triggers, and away with our rows in "
                          "pghaul.done"},
};

void drop_shown(struct shown *shown)
{
    drop_strbuf(&shown->source);
    drop_strbuf(&shown->target);
    drop_strbuf(&shown->command);
}

bool job_show(struct job *job, struct shown *shown, struct fault *why)
{
    shown->note = entries[job->work->kind].note;
    show_function *function = entries[job->work->kind].function;
    return function == NULL || function(job, shown, why);
}
