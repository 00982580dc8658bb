#include "base/scoped.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

void drop_fd(int *fd)
{
    if (*fd < 0)
        return;
    int saved = errno;
    close(*fd);
    errno = saved;
    *fd = -1;
}

void drop_memory(void *pointer)
{
    void **held = pointer;
    free(*held);
    *held = NULL;
}
