/*
 * file.h - small things about files and directories.
 */
#ifndef PGHAUL_BASE_FILE_H
#define PGHAUL_BASE_FILE_H

#include "base/fault.h"
#include "base/strbuf.h"

#include <sys/types.h>

/* Makes a directory (mode 0700) and the ones above it. */
bool make_directories(const char *path, struct fault *why);

/* Gives a file that is written and synced its name, durably. */
bool put_file(const char *draft, const char *path, struct fault *why);

/* Writes a file (mode 0600) under another name, then renames it, so that nobody
 * ever sees half of it. */
bool write_file(const char *path, const char *text, size_t length, struct fault *why);

/* Adds what a file holds to `text`; "-" is standard input. */
bool read_file(const char *path, struct strbuf *text, struct fault *why);

/* pread and pwrite that go on after a signal or a short transfer. full_read ends at the end of
 * the file; -1 and errno on failure. */
ssize_t full_read(int fd, void *to, size_t length, uint64_t offset);
bool full_write(int fd, const void *from, size_t length, uint64_t offset);

#endif
