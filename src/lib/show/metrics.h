/*
 * metrics.h - a run in the words of Prometheus' text format.
 */
#ifndef PGHAUL_SHOW_METRICS_H
#define PGHAUL_SHOW_METRICS_H

#include "base/strbuf.h"

struct json_t;

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Adds all families of a status (status.h), each with HELP and TYPE before its samples; pure. Of a
 * run over several databases each has samples of its own. What is not known has none. */
void metrics_add(struct strbuf *text, const struct json_t *status);

#endif
