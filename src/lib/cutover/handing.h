/*
 * handing.h - a cutover under way, for the files of this room.
 */
#ifndef PGHAUL_CUTOVER_HANDING_H
#define PGHAUL_CUTOVER_HANDING_H

#include "catalog/cutover.h"
#include "cutover/freeze.h"
#include "cutover/hand_over.h"
#include "jobs/late.h"
#include "plan/newcomers.h"

struct handing {
    struct job *job;
    const struct ways *ways;
    struct cutover cutover;
    struct freeze freeze;
    struct newcomers tables;
    struct strbuf marks; /* of the source's schema, before it was frozen */
    struct strbuf note;  /* of the step */
    lsn_t end;
    int64_t transactions; /* applied up to there */
    int64_t guess_ms;     /* how long the source will be frozen, but for what every cutover takes */
};

/* The guard rails: whether a cutover would go now, what a user should know before, and how long the
 * source would be frozen. Fills h->freeze and h->guess_ms. FAULT_CUTOVER_*. */
bool handing_check(struct handing *h, struct fault *why);

/* FAULT_CUTOVER_CHANGED when tables of the source are not followed, unless the run may go on
 * without them. */
bool handing_look_at_tables(struct handing *h, struct fault *why);

/* What is brought at the end; borrows from the job. */
struct late handing_late(const struct handing *h);

#endif
