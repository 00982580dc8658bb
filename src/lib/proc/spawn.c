#include "proc/spawn.h"

#include "base/scoped.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int open_pidfd(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* Where there are no pidfds (before Linux 5.3, in some containers and tools), the child holds the
 * writing end of a pipe instead: the reading end hangs up when it has ended. */
static bool open_life(int *ret_read, int *ret_write, struct fault *why)
{
    int ends[2];
    scoped(drop_fd) int probe = open_pidfd(getpid());
    if (probe >= 0)
        return true;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return fault_errno(why, FAULT_SYSTEM, "cannot make a pipe");
    *ret_read = ends[0];
    *ret_write = ends[1];
    return true;
}

static const char *const secrets[] = {"PGHAUL_METRICS_TOKEN", "PGHAUL_NOTIFY"};

/* Runs in the child between fork and exec: async-signal-safe calls only. */
static void become(const struct spawn *what, pid_t parent, int error_pipe, int life)
{
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &usual, NULL);
    sigemptyset(&none);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    setpgid(0, 0);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (getppid() != parent)
        _exit(127);

    int null = open("/dev/null", O_RDWR);
    const int wanted[] = {what->in, what->out, what->error};
    for (int fd = 0; fd < 3; fd++)
        if (wanted[fd] != -2)
            dup2(wanted[fd] == -1 ? null : wanted[fd], fd);
    if (null > 2)
        close(null);
    for (const int *keep = what->keep; keep != NULL && *keep >= 0; keep++)
        fcntl(*keep, F_SETFD, 0);
    if (life >= 0)
        fcntl(life, F_SETFD, 0);
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        unsetenv(secrets[i]);
    for (const char *const *pair = what->env; pair != NULL && *pair != NULL; pair++)
        putenv((char *)(uintptr_t)*pair);
    execv(what->program, (char *const *)(uintptr_t)what->args);
    int problem = errno;
    ssize_t ignored = write(error_pipe, &problem, sizeof problem);
    (void)ignored;
    _exit(127);
}

/* Under valgrind the link names valgrind, so a test may say which program is meant. */
const char *own_program(void)
{
#ifdef PGHAUL_FAILPOINTS
    const char *program = getenv("PGHAUL_TEST_PROGRAM");
    if (program != NULL)
        return program;
#endif
    return "/proc/self/exe";
}

bool spawn(const struct spawn *what, struct child *ret_child, struct fault *why)
{
    int ends[2];
    sigset_t all, before;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return fault_errno(why, FAULT_SYSTEM, "cannot make a pipe");
    scoped(drop_fd) int read_end = ends[0];
    scoped(drop_fd) int write_end = ends[1];
    scoped(drop_fd) int life_read = -1;
    scoped(drop_fd) int life_write = -1;
    if (!open_life(&life_read, &life_write, why))
        return false;
    pid_t parent = getpid();

    /* No signal may be handled in the child as if it were the parent. */
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        become(what, parent, write_end, life_write);
    int problem = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = problem;
    if (pid < 0)
        return fault_errno(why, FAULT_SYSTEM, "cannot fork");

    drop_fd(&write_end);
    ssize_t got;
    do
        got = read(read_end, &problem, sizeof problem);
    while (got < 0 && errno == EINTR);
    if (got > 0) {
        waitpid(pid, NULL, 0);
        errno = problem;
        return fault_errno(why, FAULT_SYSTEM, "cannot execute \"%s\"", what->program);
    }
    *ret_child = (struct child){
        .pid = pid,
        .pidfd = life_read >= 0 ? give_fd(life_read) : open_pidfd(pid),
    };
    if (ret_child->pidfd < 0) {
        fault_errno(why, FAULT_SYSTEM, "cannot open a pidfd");
        drop_child(ret_child);
        return false;
    }
    fcntl(ret_child->pidfd, F_SETFD, FD_CLOEXEC);
    return true;
}

bool child_reap(struct child *child, int *ret_status, struct fault *why)
{
    pid_t got;
    do
        got = waitpid(child->pid, ret_status, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return fault_errno(why, FAULT_SYSTEM, "cannot wait for process %d", (int)child->pid);
    drop_fd(&child->pidfd);
    child->pid = 0;
    return true;
}

void child_signal(const struct child *child, int number)
{
    if (child->pid > 0 && kill(-child->pid, number) != 0)
        kill(child->pid, number);
}

void drop_child(struct child *child)
{
    struct fault ignored;
    int status;
    if (child->pid <= 0)
        return;
    child_signal(child, SIGKILL);
    child_reap(child, &status, &ignored);
}

const char *status_text(char *to, size_t size, int status)
{
    if (WIFSIGNALED(status))
        snprintf(to, size, "was killed by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(to, size, "exited with status %d", WEXITSTATUS(status));
    return to;
}

bool process_is_alive(pid_t pid)
{
    char path[32], state = '?';
    if (kill(pid, 0) != 0 && errno == ESRCH)
        return false;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *stat = fopen(path, "re");
    if (stat == NULL)
        return true;
    bool known = fscanf(stat, "%*d (%*[^)]) %c", &state) == 1;
    fclose(stat);
    return !known || state != 'Z';
}
