#include "base/log.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "base/secret.h"
#include "base/strbuf.h"
#include "base/text.h"

#include <fcntl.h>
#include <stdarg.h>

static struct {
    enum log_level level;
    char who[32];
    char run[80]; /* "shop " */
    bool colour;
    int file;
    log_sink *sink;
    void (*hide)(void);
} log_state = {.level = LEVEL_INFO, .file = -1};

static const char *const words[LEVELS] = {"error", "warning", "info", "debug"};
static const char *const colours[LEVELS] = {"\033[01;31m", "\033[01;35m", "", "\033[02m"};

void log_set_level(enum log_level level)
{
    log_state.level = level;
}

enum log_level log_level(void)
{
    return log_state.level;
}

bool log_level_parse(const char *word, enum log_level *ret_level)
{
    for (int level = 0; level < LEVELS; level++)
        if (strcmp(word, words[level]) == 0) {
            *ret_level = (enum log_level)level;
            return true;
        }
    return false;
}

void log_set_who(const char *who)
{
    strlcpy(log_state.who, who, sizeof log_state.who);
}

void log_set_run(const char *name)
{
    snprintf(log_state.run, sizeof log_state.run, "%s ", name);
}

void log_set_colour_from_environment(void)
{
    const char *wish = getenv("PG_COLOR");
    const char *none = getenv("NO_COLOR");
    if (wish != NULL && strcmp(wish, "always") == 0)
        log_state.colour = true;
    else if ((none != NULL && *none != '\0') || (wish != NULL && strcmp(wish, "never") == 0))
        log_state.colour = false;
    else
        log_state.colour = isatty(STDERR_FILENO) == 1;
}

bool log_colour(void)
{
    return log_state.colour;
}

bool log_open_file(const char *path, struct fault *why)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return fault_errno(why, FAULT_DIR_UNUSABLE, "cannot open log file \"%s\"", path);
    if (log_state.file >= 0)
        close(log_state.file);
    log_state.file = fd;
    return true;
}

void log_set_display(void (*hide)(void))
{
    log_state.hide = hide;
}

void log_divert(log_sink *sink)
{
    log_state.sink = sink;
}

/* A log that cannot be written must not stop a migration, so results are dropped. */
static void put(int fd, const struct strbuf *line)
{
    ssize_t ignored = write(fd, line->text, line->length);
    (void)ignored;
}

static void format_line(struct strbuf *line, enum log_level level, const char *who,
                        const char *text, bool colour)
{
    char now[CLOCK_TEXT];
    clock_text(now, clock_utc_us());
    now[10] = ' ';
    const char *on = colour ? colours[level] : "";
    strbuf_addf(line, "%s %s%-7s%s ", now, on, words[level], *on == '\0' ? "" : "\033[0m");
    strbuf_add_shown(line, log_state.run);
    strbuf_addf(line, "%s%s", who, *who == '\0' ? "" : ": ");
    strbuf_add_shown(line, text);
    strbuf_add_char(line, '\n');
}

void log_relayed(enum log_level level, const char *who, const char *text)
{
    if (level <= log_state.level) {
        scoped(drop_strbuf) struct strbuf line = STRBUF_EMPTY;
        format_line(&line, level, who, text, log_state.colour);
        if (log_state.hide != NULL)
            log_state.hide();
        put(STDERR_FILENO, &line);
    }
    if (log_state.file >= 0 && (level <= LEVEL_INFO || level <= log_state.level)) {
        scoped(drop_strbuf) struct strbuf line = STRBUF_EMPTY;
        format_line(&line, level, who, text, false);
        put(log_state.file, &line);
    }
}

static void emit(enum log_level level, char *text)
{
    secret_hide(text);
    if (log_state.sink != NULL && log_state.sink(level, log_state.who, text))
        return;
    log_relayed(level, log_state.who, text);
}

void log_line(enum log_level level, const char *format, ...)
{
    if (level > log_state.level && level > LEVEL_INFO)
        return;
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    emit(level, text);
}

void log_fault_to_file(const struct fault *why)
{
    scoped(drop_strbuf) struct strbuf lines = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    if (log_state.file < 0)
        return;
    strbuf_addf(&text, "PGH-%04d: %s", (int)why->id, why->text);
    format_line(&lines, LEVEL_ERROR, log_state.who, text.text, false);
    if (why->detail[0] != '\0') {
        strbuf_clear(&text);
        strbuf_addf(&text, "detail: %s", why->detail);
        format_line(&lines, LEVEL_ERROR, log_state.who, text.text, false);
    }
    put(log_state.file, &lines);
}
