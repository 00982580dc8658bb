#include "wire/guc_list.h"

#include <string.h>
#include <strings.h>

/* Those whose values the server quotes name by name (GUC_LIST_QUOTE); an extension can have none.
 */
static const char *const lists[] = {
    "local_preload_libraries",  "search_path",      "session_preload_libraries",
    "shared_preload_libraries", "temp_tablespaces", "unix_socket_directories",
};

static const char spaces[] = " \t\n\r\f\v";

bool guc_is_list(const char *setting)
{
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (strcasecmp(setting, lists[i]) == 0)
            return true;
    return false;
}

struct guc_list guc_list_over(const char *value)
{
    const char *at = value + strspn(value, spaces);
    return (struct guc_list){.at = at, .open = *at != '\0'};
}

static bool read_quoted(const char *at, struct guc_name *name, const char **ret_end)
{
    const char *end = at;
    while (*end != '\0' && (*end != '"' || end[1] == '"'))
        end += *end == '"' ? 2 : 1;
    *name = (struct guc_name){at, (size_t)(end - at), true};
    *ret_end = end + 1;
    return *end == '"';
}

static bool read_plain(const char *at, struct guc_name *name, const char **ret_end)
{
    size_t length = strcspn(at, ", \t\n\r\f\v");
    *name = (struct guc_name){at, length, false};
    *ret_end = at + length;
    return length > 0;
}

enum guc_next guc_list_next(struct guc_list *list, struct guc_name *ret_name)
{
    const char *end;
    if (!list->open)
        return GUC_END;
    bool good = *list->at == '"' ? read_quoted(list->at + 1, ret_name, &end)
                                 : read_plain(list->at, ret_name, &end);
    if (!good)
        return GUC_WRONG;
    end += strspn(end, spaces);
    if (*end != ',' && *end != '\0')
        return GUC_WRONG;
    list->open = *end == ',';
    if (list->open)
        end += 1 + strspn(end + 1, spaces);
    list->at = end;
    return GUC_NAME;
}
