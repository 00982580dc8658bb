#include "run/budget.h"

#include "base/scoped.h"

#include <errno.h>
#include <fcntl.h>

enum { NO_PLACE = 0, NOT_SHARED = -1 };

bool budget_open(struct budget *budget, const char *path, const struct settings *settings,
                 struct fault *why)
{
    budget->settings = settings;
    budget->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return budget->file >= 0 || fault_errno(why, FAULT_DIR_UNUSABLE, "cannot open \"%s\"", path);
}

void drop_budget(struct budget *budget)
{
    drop_fd(&budget->file);
}

static bool set_lock(const struct budget *budget, int place, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = place, .l_len = 1};
    return fcntl(budget->file, F_OFD_SETLK, &lock) == 0;
}

static int first_place(enum role role)
{
    return role == ROLE_COPY ? 1 : 1 + BUDGET_JOBS;
}

bool budget_is_within(enum role role, int place, int jobs)
{
    return place <= NO_PLACE || place < first_place(role) + jobs;
}

bool budget_take(struct budget *budget, enum role role, int *ret_place, struct fault *why)
{
    *ret_place = NOT_SHARED;
    if (budget == NULL || (role != ROLE_COPY && role != ROLE_BUILD))
        return true;
    bool copy = role == ROLE_COPY;
    int first = first_place(role);
    int most = (int)(copy ? budget->settings->table_jobs : budget->settings->index_jobs);
    for (int place = first; place < first + most; place++) {
        if (budget->ours[place])
            continue;
        if (set_lock(budget, place, F_WRLCK)) {
            budget->ours[place] = true;
            *ret_place = place;
            return true;
        }
        if (errno != EAGAIN && errno != EACCES)
            return fault_errno(why, FAULT_SYSTEM, "cannot lock a place of the budget");
    }
    *ret_place = NO_PLACE;
    return true;
}

void budget_give(struct budget *budget, int place)
{
    if (place <= NO_PLACE)
        return;
    budget->ours[place] = false;
    set_lock(budget, place, F_UNLCK);
}
