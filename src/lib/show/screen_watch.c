/*
 * screen_watch.c - the terminal: its size, its keys, and how it was before.
 */
#include "show/screen.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "proc/signals.h"
#include "show/fields.h"
#include "show/status.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>

enum {
    REDRAW_MS = 1000,
    LINE_MS = 5000,
    COLUMNS_USUAL = 80,
    ROWS_USUAL = 24,
    COLUMNS_LEAST = 20,
    ROWS_LEAST = 3,
    REDRAW_KEY = 12, /* ^L */
};

struct terminal {
    bool drawn_on; /* else lines */
    bool keys;     /* standard input is a terminal, and its settings were changed */
    bool ended;    /* by q */
    struct termios before;
    int signals;
};

static bool write_out(const struct strbuf *text, struct fault *why)
{
    for (size_t at = 0; at < text->length;) {
        ssize_t written = write(STDOUT_FILENO, text->text + at, text->length - at);
        if (written < 0 && errno != EINTR)
            return fault_errno(why, FAULT_SYSTEM, "cannot write to standard output");
        at += written > 0 ? (size_t)written : 0;
    }
    return true;
}

static bool write_text(const char *text, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf out = STRBUF_EMPTY;
    strbuf_add(&out, text);
    return write_out(&out, why);
}

/* For scoped(): as it was before. */
static void leave(struct terminal *t)
{
    struct fault ignored;
    if (t->drawn_on)
        write_text("\033[0m\033[?25h\033[?1049l", &ignored);
    if (t->keys)
        tcsetattr(STDIN_FILENO, TCSANOW, &t->before);
    drop_fd(&t->signals);
}

static bool can_be_drawn_on(void)
{
    const char *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) == 1 && terminal != NULL && *terminal != '\0' &&
           strcmp(terminal, "dumb") != 0;
}

static bool enter(struct terminal *t, struct fault *why)
{
    t->drawn_on = can_be_drawn_on();
    if (!signals_open(&t->signals, why))
        return false;
    if (t->drawn_on && tcgetattr(STDIN_FILENO, &t->before) == 0) {
        struct termios raw = t->before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        /* Stopped, it would leave the terminal like this. */
        raw.c_cc[VSUSP] = _POSIX_VDISABLE;
        t->keys = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
    }
    return !t->drawn_on || write_text("\033[?1049h\033[?25l\033[2J", why);
}

static struct screen_size size_now(void)
{
    struct winsize size;
    struct screen_size found = {
        .columns = COLUMNS_USUAL, .rows = ROWS_USUAL, .colour = getenv("NO_COLOR") == NULL};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        found.columns = size.ws_col < COLUMNS_LEAST ? COLUMNS_LEAST : size.ws_col;
        found.rows = size.ws_row < ROWS_LEAST ? ROWS_LEAST : size.ws_row;
    }
    return found;
}

static bool draw(const json_t *status, struct fault *why)
{
    scoped(drop_strbuf) struct strbuf out = STRBUF_EMPTY;
    struct screen_size size = size_now();
    screen_compose(&out, status, &size);
    return write_out(&out, why);
}

static bool print_line(const json_t *status, struct fault *why)
{
    char now[CLOCK_TEXT];
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    strbuf_addf(&text, "%s %s: ", clock_text(now, clock_utc_us()), field_text(status, "name"));
    screen_add_line(&text, status);
    strbuf_add(&text, "\n");
    return write_out(&text, why);
}

/* Another size draws at once. */
static bool take_signals(struct terminal *t)
{
    bool redraw = false;
    for (int number; (number = signals_take(t->signals)) != 0;) {
        redraw = redraw || number == SIGWINCH || number == SIGUSR1;
        t->ended = t->ended || (number != SIGWINCH && number != SIGUSR1);
    }
    return redraw;
}

static bool take_keys(struct terminal *t)
{
    char keys[64];
    bool redraw = false;
    ssize_t got = read(STDIN_FILENO, keys, sizeof keys);
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
        t->ended = true; /* the terminal is gone */
    for (ssize_t i = 0; i < got; i++) {
        t->ended = t->ended || keys[i] == 'q' || keys[i] == 'Q';
        redraw = redraw || keys[i] == REDRAW_KEY;
    }
    return redraw;
}

/* Until the time is over, something is to be drawn anew, or the end. */
static bool wait_for(struct terminal *t, int64_t until_ms, struct fault *why)
{
    bool redraw = false;
    while (!redraw && !t->ended) {
        int64_t left = until_ms - clock_ms();
        struct pollfd fds[] = {{.fd = t->signals, .events = POLLIN},
                               {.fd = t->keys ? STDIN_FILENO : -1, .events = POLLIN}};
        if (left <= 0)
            return true;
        if (poll(fds, 2, (int)left) < 0 && errno != EINTR)
            return fault_errno(why, FAULT_SYSTEM, "poll failed");
        redraw = (fds[0].revents != 0 && take_signals(t)) || redraw;
        redraw = (fds[1].revents != 0 && take_keys(t)) || redraw;
    }
    return true;
}

static bool is_over(const json_t *status)
{
    return strcmp(field_text(status, "state"), "running") != 0;
}

bool screen_watch(struct db *db, const char *dir, struct fault *why)
{
    scoped(leave) struct terminal terminal = {.signals = -1};
    if (!enter(&terminal, why))
        return false;
    while (!terminal.ended) {
        scoped(drop_json) json_t *status = NULL;
        int64_t begun = clock_ms();
        if (!status_collect(db, dir, &status, why) ||
            !(terminal.drawn_on ? draw(status, why) : print_line(status, why)))
            return false;
        if (!terminal.drawn_on && is_over(status))
            return true;
        if (!wait_for(&terminal, begun + (terminal.drawn_on ? REDRAW_MS : LINE_MS), why))
            return false;
    }
    return true;
}
