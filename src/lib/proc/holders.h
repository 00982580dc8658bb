/*
 * holders.h - the processes that have a file open: those of a run have its lock.
 *
 * A number that was read from a file may be another process's by now. So a process is signalled
 * only if it has the file open itself, by a handle that was taken before that was looked at.
 */
#ifndef PGHAUL_PROC_HOLDERS_H
#define PGHAUL_PROC_HOLDERS_H

#include <stdbool.h>
#include <sys/types.h>

/* Signals this process if it has the file open; true when it was. */
bool holder_signal(pid_t pid, int file, int number);

/* Signals all that have it open, but this process; the number of them. */
int holders_signal(int file, int number);

#endif
