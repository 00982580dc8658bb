/*
 * cmd_set.c - settings of a run, shown, or changed while it goes on.
 */
#include "commands.h"
#include "steer.h"

#include "base/log.h"
#include "base/scoped.h"

struct setting_given {
    char name[64];
    const char *value;
    char before[128];
};

struct setting_run {
    struct options *options;
    struct steer steer;
    struct setting_given given[ARGUMENTS_MOST];
};

static void drop_setting(struct setting_run **held)
{
    drop_steer(&(*held)->steer);
    drop_memory(held);
}

/* ---- showing ---- */

static bool add_line(void *arg, const char *name, const char *value, struct fault *why)
{
    (void)why;
    strbuf_addf(arg, "%-16s %s\n", name, value);
    return true;
}

static bool add_member(void *arg, const char *name, const char *value, struct fault *why)
{
    (void)why;
    json_object_set_new(arg, name, json_string(value));
    return true;
}

static bool show(struct setting_run *s, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    if (!steer_open(&s->steer, s->options, DB_READ_ONLY, why) ||
        !book_renew(s->options, s->steer.db, why))
        return false;
    if (s->options->json) {
        json_t *json = json_object();
        book_each_live(s->options, add_member, json, why);
        add_json(&text, json);
        json_decref(json);
    } else {
        book_each_live(s->options, add_line, &text, why);
    }
    return print_text(&text, why);
}

/* ---- changing ---- */

static bool find_before(void *arg, const char *name, const char *value, struct fault *why)
{
    struct setting_given *given = arg;
    (void)why;
    if (strcmp(name, given->name) == 0)
        strlcpy(given->before, value, sizeof given->before);
    return true;
}

static bool take(struct setting_run *s, int place, struct fault *why)
{
    const char *argument = s->options->arguments[place];
    struct setting_given *given = &s->given[place];
    size_t length = strcspn(argument, "=");
    if (argument[length] != '=' || length == 0 || length >= sizeof given->name)
        return fault_set(why, FAULT_BAD_VALUE,
                         "pghaul set takes NAME=VALUE, such as table-jobs=8, not \"%s\"", argument);
    memcpy(given->name, argument, length);
    given->value = argument + length + 1;
    for (int i = 0; i < place; i++)
        if (strcmp(s->given[i].name, given->name) == 0)
            return fault_set(why, FAULT_BAD_VALUE, "%s is given twice", given->name);
    return book_each_live(s->options, find_before, given, why) &&
           book_check_live(s->options, given->name, given->value, why);
}

/* All of them, or none. */
static bool change_in_write(struct db *db, void *arg, struct fault *why)
{
    const struct setting_run *s = arg;
    for (int i = 0; i < s->options->argument_count; i++)
        if (!setting_put(db, s->given[i].name, s->given[i].value, why))
            return false;
    return steering_changed(db, why);
}

static bool change(struct setting_run *s, struct fault *why)
{
    bool taken;
    if (s->options->json)
        return fault_set(why, FAULT_CONFLICTING_OPTIONS,
                         "--json goes with pghaul set alone, which shows the values");
    if (!steer_open(&s->steer, s->options, DB_EXISTING, why) ||
        !book_renew(s->options, s->steer.db, why))
        return false;
    for (int i = 0; i < s->options->argument_count; i++)
        if (!take(s, i, why))
            return false;
    if (!steer_check_running(&s->steer, why) || !steer_change(&s->steer, change_in_write, s, why) ||
        !steer_await(&s->steer, &taken, why))
        return false;
    for (int i = 0; i < s->options->argument_count; i++)
        log_info("%s is %s now (it was %s)", s->given[i].name, s->given[i].value,
                 s->given[i].before);
    if (!taken)
        log_warning("run \"%s\" is busy with its catalog: it takes this as soon as it can",
                    s->steer.run.name);
    return true;
}

bool cmd_set(struct options *options, struct fault *why)
{
    scoped(drop_setting) struct setting_run *s = new_memory(1, sizeof *s);
    s->options = options;
    if (!set_up_log(options, "set", why))
        return false;
    return options->argument_count == 0 ? show(s, why) : change(s, why);
}
