#include "check/here.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "base/size.h"
#include "base/strbuf.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    FILES_LEAST = 256,
    SKEW_MOST_US = 5000000,
    WAY_MOST_US = 5000, /* a round trip */
    PROBES = 3,
    PROBE_BYTES = 1 << 20, /* of the line to the source, */
    RATE_LEAST = 10,       /* … and how many of them in a microsecond */
};

static void find(struct findings *findings, int id, enum check_place place, const char *name,
                 const char *detail)
{
    finding_add_object(findings_add(findings, check_of(id), place, ""), NULL, name, detail, NULL,
                       false);
}

/* ---- the work directory ---- */

/* The directory itself, or the nearest one above it that is there. */
static void nearest(char *to, const char *path)
{
    struct stat is;
    char copy[PATH_MAX];
    strlcpy(to, path, PATH_MAX);
    while (stat(to, &is) != 0 && errno == ENOENT && strcmp(to, "/") != 0) {
        strlcpy(copy, to, sizeof copy);
        strlcpy(to, dirname(copy), PATH_MAX);
    }
}

void check_directory(const char *path, struct findings *findings)
{
    struct stat is;
    char there[PATH_MAX], file[PATH_MAX + 16];
    struct fault why;
    nearest(there, path);
    if (stat(there, &is) != 0 || access(there, W_OK | X_OK) != 0) {
        fault_errno(&why, FAULT_DIR_UNUSABLE, "work directory \"%s\"", path);
        findings_add_fault(findings, &why);
        return;
    }
    if (!S_ISDIR(is.st_mode)) {
        fault_set(&why, FAULT_DIR_UNUSABLE, "work directory \"%s\": \"%s\" is no directory", path,
                  there);
        findings_add_fault(findings, &why);
        return;
    }
    snprintf(file, sizeof file, "%s/catalog.db", path);
    if (access(file, F_OK) == 0)
        find(findings, CHECK_DIR_HAS_RUN, CHECK_HERE, path, NULL);
}

static bool disk_of(const char *path, struct statvfs *ret_disk)
{
    char there[PATH_MAX];
    nearest(there, path);
    return statvfs(there, ret_disk) == 0;
}

int64_t check_disk_size(const char *path)
{
    struct statvfs disk;
    return disk_of(path, &disk) ? (int64_t)(disk.f_blocks * disk.f_frsize) : 0;
}

void check_room(const char *path, int64_t reserve, struct findings *findings)
{
    struct statvfs disk;
    char have[32], keep[32], detail[96];
    if (!disk_of(path, &disk))
        return;
    int64_t left = (int64_t)(disk.f_bavail * disk.f_frsize);
    if (left > reserve)
        return;
    snprintf(detail, sizeof detail, "%s are free, and %s are to stay free",
             size_text(have, sizeof have, left), size_text(keep, sizeof keep, reserve));
    find(findings, CHECK_NO_ROOM, CHECK_HERE, path, detail);
}

void check_open_files(struct findings *findings)
{
    char detail[64];
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= FILES_LEAST)
        return;
    snprintf(detail, sizeof detail, "%" PRIu64 ", and %d are sure to do", (uint64_t)limit.rlim_cur,
             FILES_LEAST);
    find(findings, CHECK_OPEN_FILES, CHECK_HERE, "ulimit -n", detail);
}

/* ---- the way to a server ---- */

void check_judge_clock(struct findings *findings, const char *side, int64_t skew_us)
{
    char text[32], detail[64];
    if (skew_us <= SKEW_MOST_US)
        return;
    snprintf(detail, sizeof detail, "%s from this machine's",
             duration_text(text, sizeof text, skew_us / 1000));
    find(findings, CHECK_CLOCKS, CHECK_PAIR, side, detail);
}

void check_judge_line(struct findings *findings, int64_t bytes, int64_t took_us)
{
    char detail[64];
    if (took_us <= 0 || bytes / took_us >= RATE_LEAST)
        return;
    snprintf(detail, sizeof detail, "%.1f MB in a second",
             (double)bytes / (double)took_us * 1000000 / (1 << 20));
    find(findings, CHECK_SLOW_LINE, CHECK_PAIR, side_word(SIDE_SOURCE), detail);
}

static bool probe_line(struct conn *source, int64_t way_us, struct findings *findings,
                       struct fault *why)
{
    scoped(drop_rows) struct rows rows = ROWS_NONE;
    int64_t before = clock_utc_us();
    if (!conn_query(source, "SELECT pg_catalog.repeat('x', 1048576)", &rows, why))
        return false;
    check_judge_line(findings, PROBE_BYTES, clock_utc_us() - before - way_us);
    return true;
}

/* The quickest of some: a machine that is busy for a moment is not far away. */
static bool measure_way(struct conn *conn, int64_t *ret_way_us, int64_t *ret_skew_us,
                        struct fault *why)
{
    *ret_way_us = *ret_skew_us = INT64_MAX;
    for (int i = 0; i < PROBES; i++) {
        scoped(drop_rows) struct rows rows = ROWS_NONE;
        int64_t before = clock_utc_us();
        if (!conn_query(conn,
                        "SELECT (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())"
                        " * 1000000)::pg_catalog.int8",
                        &rows, why))
            return false;
        int64_t after = clock_utc_us();
        int64_t skew = check_skew(before, rows_int(&rows, 0, 0), after);
        *ret_way_us = after - before < *ret_way_us ? after - before : *ret_way_us;
        *ret_skew_us = skew < *ret_skew_us ? skew : *ret_skew_us;
    }
    return true;
}

bool check_way(struct conn *conn, struct findings *findings, struct fault *why)
{
    char detail[64];
    int64_t way, skew;
    const char *side = side_word(conn_side(conn));
    if (!measure_way(conn, &way, &skew, why))
        return false;
    check_judge_clock(findings, side, skew);
    if (way > WAY_MOST_US) {
        snprintf(detail, sizeof detail, "%.1f ms there and back", (double)way / 1000);
        find(findings, CHECK_LONG_WAY, CHECK_PAIR, side, detail);
    }
    return conn_side(conn) != SIDE_SOURCE || probe_line(conn, way, findings, why);
}

bool check_target_disk(struct conn *source, struct conn *target, struct findings *findings,
                       struct fault *why)
{
    char have[32], needs[32], detail[128];
    struct statvfs disk;
    scoped(drop_rows) struct rows size = ROWS_NONE;
    scoped(drop_rows) struct rows where = ROWS_NONE;
    if (!conn_query(source, "SELECT pg_catalog.pg_database_size(pg_catalog.current_database())",
                    &size, why) ||
        !conn_query(target,
                    "SELECT s.setting FROM pg_catalog.pg_settings s WHERE s.name ="
                    " 'data_directory' AND pg_catalog.inet_server_addr() IS NULL",
                    &where, why))
        return false;
    if (rows_count(&where) == 0 || statvfs(rows_text(&where, 0, 0), &disk) != 0)
        return true;
    int64_t left = (int64_t)(disk.f_bavail * disk.f_frsize);
    int64_t needed = rows_int(&size, 0, 0) / 4 * 5;
    if (left >= needed)
        return true;
    snprintf(detail, sizeof detail, "%s are free, and the copy needs about %s",
             size_text(have, sizeof have, left), size_text(needs, sizeof needs, needed));
    find(findings, CHECK_TARGET_DISK, CHECK_TARGET, rows_text(&where, 0, 0), detail);
    return true;
}
