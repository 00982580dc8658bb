#include "base/failpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

static bool parse_action(const char *word, struct failpoint_wish *wish)
{
    static const char *const words[] = {"kill", "stop", "error"};
    const char *delay = "delay=";
    for (int i = 0; i < 3; i++)
        if (strcmp(word, words[i]) == 0) {
            wish->action = (enum failpoint_action)i;
            return true;
        }
    if (strncmp(word, delay, strlen(delay)) != 0)
        return false;
    wish->action = ACTION_DELAY;
    const char *wrong;
    wish->delay_ms = (long)strtonum(word + strlen(delay), 0, 600000, &wrong);
    return wrong == NULL;
}

bool failpoint_parse(const char **text, struct failpoint_wish *ret_wish)
{
    char word[96];
    const char *from = *text + strspn(*text, " ");
    size_t length = strcspn(from, " ");
    if (length == 0 || length >= sizeof word)
        return false;
    memcpy(word, from, length);
    word[length] = '\0';

    struct failpoint_wish wish = {.nth = 1};
    char *rest = word;
    const char *point = strsep(&rest, ":");
    const char *action = strsep(&rest, ":");
    if (action == NULL || *point == '\0' || !parse_action(action, &wish) ||
        strlcpy(wish.point, point, sizeof wish.point) >= sizeof wish.point)
        return false;
    if (rest != NULL) {
        const char *wrong;
        wish.nth = (long)strtonum(rest, 1, LONG_MAX, &wrong);
        if (wrong != NULL)
            return false;
    }
    *text = from + length;
    *ret_wish = wish;
    return true;
}

#ifdef PGHAUL_FAILPOINTS

enum { WISHES = 8 };

static struct {
    bool read;
    int count;
    struct failpoint_wish wish[WISHES];
    long visits[WISHES];
} plan;

static void read_plan(void)
{
    plan.read = true;
    const char *text = getenv("PGHAUL_TEST_AT");
    if (text == NULL)
        return;
    while (plan.count < WISHES && failpoint_parse(&text, &plan.wish[plan.count]))
        plan.count++;
    if (text[strspn(text, " ")] != '\0')
        dprintf(STDERR_FILENO, "pghaul: PGHAUL_TEST_AT is malformed at \"%s\"\n", text);
}

/* True when this process is the first of all to come here for this wish. */
static bool first_of_all(const struct failpoint_wish *wish)
{
    const char *dir = getenv("PGHAUL_TEST_DIR");
    if (dir == NULL)
        return true;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s.%d", dir, wish->point, (int)wish->action);
    int mark = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (mark < 0)
        return errno != EEXIST;
    close(mark);
    snprintf(path, sizeof path, "%s/fired", dir);
    int log = open(path, O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
    if (log >= 0) {
        dprintf(log, "%s %d\n", wish->point, (int)getpid());
        close(log);
    }
    return true;
}

bool failpoint_visit(const char *name, struct fault *why)
{
    if (!plan.read)
        read_plan();
    for (int i = 0; i < plan.count; i++) {
        const struct failpoint_wish *wish = &plan.wish[i];
        if (strcmp(wish->point, name) != 0 || ++plan.visits[i] != wish->nth || !first_of_all(wish))
            continue;
        switch (wish->action) {
        case ACTION_KILL:
            kill(getpid(), SIGKILL);
            break;
        case ACTION_STOP:
            kill(getpid(), SIGSTOP);
            break;
        case ACTION_DELAY:
            nanosleep(&(struct timespec){wish->delay_ms / 1000, wish->delay_ms % 1000 * 1000000},
                      NULL);
            break;
        case ACTION_ERROR:
            return fault_set(why, FAULT_INJECTED, "failpoint %s", name);
        }
    }
    return true;
}

#endif
