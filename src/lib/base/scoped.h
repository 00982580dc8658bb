/*
 * scoped.h - handles that close themselves.
 *
 * `scoped(drop_fd) int fd = open(...);` calls drop_fd(&fd) when fd goes out of
 * scope, on every way out. Each drop_* function accepts an empty handle (NULL,
 * -1), so a handle may be declared before it is filled. To give a handle away,
 * return it with `give()`, which empties the scoped variable.
 */
#ifndef PGHAUL_BASE_SCOPED_H
#define PGHAUL_BASE_SCOPED_H

#define scoped(drop) __attribute__((cleanup(drop)))

/* The value of a pointer handle, or of a descriptor, which the variable then no longer owns. */
#define give(handle) give_leaving(handle, NULL)
#define give_fd(handle) give_leaving(handle, -1)
#define give_leaving(handle, empty)           \
    __extension__({                           \
        __typeof__(handle) given_ = (handle); \
        (handle) = (empty);                   \
        given_;                               \
    })

/* Closes *fd unless it is negative; keeps errno. */
void drop_fd(int *fd);

/* Frees *pointer, which may be NULL. Declared for any pointer type. */
void drop_memory(void *pointer);

#endif
