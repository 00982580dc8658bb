#include "proc/holders.h"

#include "base/scoped.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool has_open(pid_t pid, const struct stat *file)
{
    char path[32];
    const struct dirent *entry;
    bool has = false;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);
    while (dir != NULL && !has && (entry = readdir(dir)) != NULL) {
        struct stat is;
        has = fstatat(dirfd(dir), entry->d_name, &is, 0) == 0 && is.st_dev == file->st_dev &&
              is.st_ino == file->st_ino;
    }
    if (dir != NULL)
        closedir(dir);
    return has;
}

bool holder_signal(pid_t pid, int file, int number)
{
    struct stat is;
    if (pid <= 0 || pid == getpid() || fstat(file, &is) != 0)
        return false;
    scoped(drop_fd) int process = (int)syscall(SYS_pidfd_open, pid, 0);
    if (!has_open(pid, &is))
        return false;
    /* Where there are no pidfds, the moment since we have looked must do. */
    return process >= 0 ? syscall(SYS_pidfd_send_signal, process, number, NULL, 0) == 0
                        : kill(pid, number) == 0;
}

int holders_signal(int file, int number)
{
    const struct dirent *entry;
    int count = 0;
    DIR *dir = opendir("/proc");
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0]) &&
            holder_signal((pid_t)strtol(entry->d_name, NULL, 10), file, number))
            count++;
    if (dir != NULL)
        closedir(dir);
    return count;
}
