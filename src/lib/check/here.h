/*
 * here.h - the checks of this machine, and of the way to the servers.
 */
#ifndef PGHAUL_CHECK_HERE_H
#define PGHAUL_CHECK_HERE_H

#include "check/check.h"
#include "pg/conn.h"
#include "pg/conninfo.h"

/* The work directory that a run would have, which need not be there; FAULT_DIR_UNUSABLE becomes a
 * finding. */
void check_directory(const char *path, struct findings *findings);

/* Has its disk more than `reserve` bytes left? The second one gives the size of that disk, 0: not
 * known. */
void check_room(const char *path, int64_t reserve, struct findings *findings);
int64_t check_disk_size(const char *path);

void check_open_files(struct findings *findings);

/* How long is the way to the server, and what does its clock say? Of the source, how fast is the
 * line as well. */
bool check_way(struct conn *conn, struct findings *findings, struct fault *why);

/* What that comes to: a finding if it is worth one. Microseconds; bytes came in so many of them. */
void check_judge_clock(struct findings *findings, const char *side, int64_t skew_us);
void check_judge_line(struct findings *findings, int64_t bytes, int64_t took_us);

/* Is there room for the source's database on the disk of a target on this machine? Of others that
 * cannot be seen. */
bool check_target_disk(struct conn *source, struct conn *target, struct findings *findings,
                       struct fault *why);

#endif
