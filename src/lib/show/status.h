/*
 * status.h - a picture of a run, from its catalog, while it runs or afterwards.
 */
#ifndef PGHAUL_SHOW_STATUS_H
#define PGHAUL_SHOW_STATUS_H

#include "base/strbuf.h"
#include "catalog/position.h"
#include "catalog/run.h"

struct json_t;

/* The version of the JSON's shape (docs/status-json.md, docs/status.schema.json). */
enum { STATUS_VERSION = 1 };

/* Everything that is known, as a new reference. `dir` is the work directory. */
bool status_collect(struct db *db, const char *dir, struct json_t **ret_status, struct fault *why);

/* The same for people. */
void status_add_text(struct strbuf *text, const struct json_t *status);

/* The summary at the end of a run: steps, and the slowest tables. */
void status_add_summary(struct strbuf *text, const struct json_t *status);

/* How far a run follows, as a new reference; and the same for people. */
struct json_t *status_position(const struct position *position);
void status_add_position(struct strbuf *text, const struct json_t *position);

/* Its state; "crashed" when the catalog says running, but no process of the run lives. Borrowed
 * from the run. */
const char *status_run_state(const struct run *run, const char *dir);

/* A JSON string of text in any encoding. */
struct json_t *status_json_text(const char *text);

#endif
