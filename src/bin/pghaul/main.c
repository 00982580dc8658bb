/*
 * main.c - the edge of the process: which command, what it says last, how it ends.
 */
#include "commands.h"

#include "base/log.h"
#include "base/scoped.h"
#include "base/secret.h"

#include <bsd/stdlib.h>
#include <bsd/unistd.h>
#include <sys/stat.h>

/* As psql and pg_dump say it. Colours as theirs: PG_COLOR. */
static void say(const char *word, const char *colour, const char *text)
{
    scoped(drop_strbuf) struct strbuf line = STRBUF_EMPTY;
    strbuf_add(&line, "pghaul: ");
    if (*word != '\0')
        strbuf_addf(&line, "%s%s:%s ", log_colour() ? colour : "", word,
                    log_colour() ? "\033[0m" : "");
    strbuf_addf(&line, "%s\n", text);
    ssize_t ignored = write(STDERR_FILENO, line.text, line.length);
    (void)ignored;
}

/* What a worker has to say it has said to its supervisor. */
static bool reported;

static int report(const struct fault *why)
{
    if (reported)
        return fault_exit_status(fault_kind_of(why));
    bool stopped = fault_kind_of(why) == FAULT_KIND_STOPPED;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    if (!stopped)
        strbuf_addf(&text, "PGH-%04d: ", (int)why->id);
    strbuf_add(&text, why->text);
    say(stopped ? "" : "error", "\033[01;31m", text.text);
    if (why->detail[0] != '\0')
        say("detail", "\033[01m", why->detail);
    if (fault_remedy(why)[0] != '\0')
        say("hint", "\033[01m", fault_remedy(why));
    return fault_exit_status(fault_kind_of(why));
}

static bool print_version(struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    strbuf_add(&text, "pghaul " PGHAUL_VERSION "\n");
    return print_text(&text, why);
}

static bool print_general_help(struct fault *why)
{
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    book_add_general_help(&text);
    return print_text(&text, why);
}

static bool is_word(const char *word, const char *letter, const char *name)
{
    return strcmp(word, letter) == 0 || strcmp(word, name) == 0;
}

static bool run(int argc, char **argv, int *ret_status, struct fault *why)
{
    scoped(drop_options) struct options options = {0};
    if (argc < 2) {
        fault_set(why, FAULT_MISSING_OPTION, "no command given");
        return fault_hint(why, "Try pghaul --help.");
    }
    if (is_word(argv[1], "-?", "--help"))
        return print_general_help(why);
    if (is_word(argv[1], "-V", "--version"))
        return print_version(why);
    const struct command *command = book_command(argv[1]);
    if (command == NULL) {
        const char *near = book_nearest_command(argv[1]);
        fault_set(why, FAULT_UNKNOWN_COMMAND, "unknown command \"%s\"", argv[1]);
        if (near != NULL)
            fault_hint(why, "Perhaps pghaul %s is meant; see pghaul --help.", near);
        return false;
    }
    if (!book_parse(&options, command, argc - 2, argv + 2, why))
        return false;
    if (options.version)
        return print_version(why);
    if (options.help) {
        scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
        book_add_help(&text, command);
        return print_text(&text, why);
    }
    reported = (command->id == CMD_WORKER || command->id == CMD_SUPERVISE) && options.channel != 0;
    if (!command->run(&options, why))
        return false;
    *ret_status = options.exit_status;
    return true;
}

/* Connection strings may hold passwords, and ps shows arguments: work on a copy of
 * them, and let the title say only what is safe. */
static char **hide_arguments(int argc, char **argv, char **envp)
{
    char **copy = new_memory((size_t)argc + 1, sizeof *copy);
    for (int i = 0; i < argc; i++)
        copy[i] = copy_string(argv[i]);
    setproctitle_init(argc, argv, envp);
    if (argc > 2 && strcmp(copy[1], "worker") == 0)
        setproctitle("-pghaul worker %s %s", copy[2], argc > 4 ? copy[4] : "");
    else
        setproctitle("-pghaul %s", argc > 1 ? copy[1] : "");
    return copy;
}

int main(int argc, char **argv, char **envp)
{
    struct fault why;
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    umask(077);
    /* A reader of our output that has gone must not stop a migration. */
    sigaction(SIGPIPE, &ignore, NULL);
    log_set_colour_from_environment();
    char **arguments = hide_arguments(argc, argv, envp);
    int status = 0;
    if (!run(argc, arguments, &status, &why))
        status = report(&why);
    for (int i = 0; i < argc; i++)
        free(arguments[i]);
    free(arguments);
    return status;
}
