/*
 * guc_list.h - the value of a setting that is a list of names, as servers keep it.
 *
 * `"$user", public`: names between commas, in double quotes where they need them. It must be
 * written out name by name, since the whole in quotes would be one name.
 */
#ifndef PGHAUL_WIRE_GUC_LIST_H
#define PGHAUL_WIRE_GUC_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Is a setting of this name such a list? */
bool guc_is_list(const char *setting);

struct guc_list {
    const char *at;
    bool open; /* another name must follow */
};
struct guc_list guc_list_over(const char *value);

/* A name, without its quotes; inside of quotes, "" stands for one. Borrowed from the value. */
struct guc_name {
    const char *text;
    size_t length;
    bool quoted;
};

enum guc_next { GUC_NAME, GUC_END, GUC_WRONG };
enum guc_next guc_list_next(struct guc_list *list, struct guc_name *ret_name);

#endif
