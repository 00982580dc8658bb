#include "base/fault.h"

#include "base/secret.h"

#include <errno.h>
#include <stdarg.h>

static const struct fault_entry entries[] = {
#define F(name, number, kind, title, remedy) {number, FAULT_KIND_##kind, #name, title, remedy},
    FAULTS(F)
#undef F
        {0, FAULT_KIND_NONE, NULL, NULL, NULL},
};

static const struct {
    const char *word;
    int status;
    const char *meaning;
} kinds[FAULT_KINDS] = {
    [FAULT_KIND_NONE] = {"none", 0, "success"},
    [FAULT_KIND_BUG] = {"bug", 1, "an internal error: please report it"},
    [FAULT_KIND_USAGE] = {"usage", 2, "wrong options or arguments: nothing was done"},
    [FAULT_KIND_STOPPED] = {"stopped", 3, "stopped on request; --resume goes on"},
    [FAULT_KIND_SOURCE] = {"source", 4, "the source server, its data or a privilege on it"},
    [FAULT_KIND_TARGET] = {"target", 5, "the target server, its contents or a privilege on it"},
    [FAULT_KIND_CATALOG] = {"catalog", 6, "the work directory or the catalog in it"},
    [FAULT_KIND_SYSTEM] = {"system", 7, "this machine: a tool is missing or failed, a worker died"},
    [FAULT_KIND_GIVEN_UP] = {"given up", 14,
                             "a cutover was given up: the source takes writes, the run follows on"},
    [FAULT_KIND_DIFFERS] = {"differs", 12, "compared, and not the same"},
    [FAULT_KIND_UNVERIFIED] = {"unverified", 13,
                               "no difference was found, but not all could be compared"},
};

static void set_text(char *to, size_t size, const char *format, va_list args)
{
    vsnprintf(to, size, format, args);
    size_t length = strlen(to);
    while (length > 0 && (to[length - 1] == '\n' || to[length - 1] == ' '))
        to[--length] = '\0';
    secret_hide(to);
}

static void begin(struct fault *why, enum fault_id id)
{
    memset(why, 0, sizeof *why);
    why->id = id;
}

bool fault_set(struct fault *why, enum fault_id id, const char *format, ...)
{
    va_list args;
    begin(why, id);
    va_start(args, format);
    set_text(why->text, sizeof why->text, format, args);
    va_end(args);
    return false;
}

bool fault_errno(struct fault *why, enum fault_id id, const char *format, ...)
{
    int saved = errno;
    va_list args;
    begin(why, id);
    va_start(args, format);
    set_text(why->text, sizeof why->text, format, args);
    va_end(args);
    size_t used = strlen(why->text);
    snprintf(why->text + used, sizeof why->text - used, ": %s", strerror(saved));
    return false;
}

bool fault_detail(struct fault *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_text(why->detail, sizeof why->detail, format, args);
    va_end(args);
    return false;
}

bool fault_hint(struct fault *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set_text(why->hint, sizeof why->hint, format, args);
    va_end(args);
    return false;
}

bool fault_during(struct fault *why, const char *format, ...)
{
    char was[sizeof why->text];
    va_list args;
    strlcpy(was, why->text, sizeof was);
    va_start(args, format);
    set_text(why->text, sizeof why->text, format, args);
    va_end(args);
    strlcat(why->text, ": ", sizeof why->text);
    strlcat(why->text, was, sizeof why->text);
    return false;
}

const struct fault_entry *fault_entries(void)
{
    return entries;
}

const struct fault_entry *fault_entry(int id)
{
    for (const struct fault_entry *entry = entries; entry->id != 0; entry++)
        if (entry->id == id)
            return entry;
    return NULL;
}

enum fault_kind fault_kind_of(const struct fault *why)
{
    const struct fault_entry *entry = fault_entry(why->id);
    return entry == NULL ? FAULT_KIND_BUG : entry->kind;
}

const char *fault_remedy(const struct fault *why)
{
    const struct fault_entry *entry = fault_entry(why->id);
    if (why->hint[0] != '\0' || entry == NULL)
        return why->hint;
    return entry->remedy;
}

int fault_exit_status(enum fault_kind kind)
{
    return kinds[kind].status;
}

const char *fault_kind_word(enum fault_kind kind)
{
    return kinds[kind].word;
}

const char *fault_kind_meaning(enum fault_kind kind)
{
    return kinds[kind].meaning;
}
