/*
 * tools.c - pg_dump and pg_restore: which of those installed, and how they are called.
 *
 * On Debian /usr/bin/pg_dump is a Perl wrapper that guesses a version; the real
 * programs are in /usr/lib/postgresql/N/bin. Candidates are looked at without
 * being run, and only the chosen one is asked for its version where its path
 * does not tell.
 */
#include "pg/tools.h"

#include "base/scoped.h"
#include "proc/tool.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { CANDIDATES = 32 };

struct candidate {
    char dir[PATH_MAX];
    int version; /* 0: not known yet */
};

struct candidates {
    struct candidate list[CANDIDATES];
    int count;
};

int tools_version_parse(const char *line)
{
    const char *at = strstr(line, "(PostgreSQL) ");
    if (at == NULL)
        return 0;
    at += strlen("(PostgreSQL) ");
    long version = 0;
    while (isdigit((unsigned char)*at) && version < 1000)
        version = version * 10 + (*at++ - '0');
    /* 9.6 is the only version before 10 that is old enough to matter and new enough to work. */
    return version == 9 ? 9 : (int)version;
}

static bool is_executable(const char *dir, const char *name)
{
    char path[PATH_MAX];
    return snprintf(path, sizeof path, "%s/%s", dir, name) < (int)sizeof path &&
           access(path, X_OK) == 0;
}

/* A script in PATH is a wrapper of a distribution: what it wraps is found by itself. */
static bool is_script(const char *dir, const char *name)
{
    char path[PATH_MAX], start[2] = "";
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    size_t got = fread(start, 1, sizeof start, file);
    fclose(file);
    return got == 2 && start[0] == '#' && start[1] == '!';
}

static void add_candidate(struct candidates *all, const char *dir, int version)
{
    if (all->count == CANDIDATES || !is_executable(dir, "pg_dump") ||
        !is_executable(dir, "pg_restore"))
        return;
    struct candidate *candidate = &all->list[all->count++];
    strlcpy(candidate->dir, dir, sizeof candidate->dir);
    candidate->version = version;
}

static void add_from_path(struct candidates *all)
{
    const char *path = getenv("PATH");
    scoped(drop_memory) char *copy = copy_string(path == NULL ? "" : path);
    char *rest = copy;
    for (char *dir; (dir = strsep(&rest, ":")) != NULL;)
        if (*dir != '\0' && !is_script(dir, "pg_dump"))
            add_candidate(all, dir, 0);
}

static void add_from_debian(struct candidates *all)
{
    glob_t found;
    if (glob("/usr/lib/postgresql/*/bin", 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        add_candidate(all, found.gl_pathv[i],
                      (int)strtol(found.gl_pathv[i] + strlen("/usr/lib/postgresql/"), NULL, 10));
    globfree(&found);
}

static bool ask_version(struct candidate *candidate, struct leash *leash, struct fault *why)
{
    char path[PATH_MAX + 16];
    scoped(drop_strbuf) struct strbuf output = STRBUF_EMPTY;
    snprintf(path, sizeof path, "%s/pg_dump", candidate->dir);
    const char *const args[] = {"pg_dump", "--version", NULL};
    struct tool tool = {.program = path, .args = args};
    if (!tool_run(&tool, leash, &output, why))
        return false;
    candidate->version = tools_version_parse(strbuf_text(&output));
    if (candidate->version == 0)
        return fault_set(why, FAULT_TOOL_FAILED, "\"%s --version\" does not name a version", path);
    return true;
}

/* Smaller is better; negative: not usable. */
static int distance(int version, int source, int target)
{
    if (version < source)
        return -1;
    /* Twice the distance, so that of two equally far the later one wins. */
    return version >= target ? 2 * (version - target) : 2 * (target - version) + 1;
}

bool tools_choose(struct tools *tools, const char *bindir, int source_version, int target_version,
                  struct leash *leash, struct fault *why)
{
    scoped(drop_memory) struct candidates *all = new_memory(1, sizeof *all);
    if (bindir != NULL) {
        add_candidate(all, bindir, 0);
    } else {
        add_from_debian(all);
        add_from_path(all);
    }
    if (all->count == 0)
        return fault_set(why, FAULT_TOOL_MISSING, "no pg_dump and pg_restore in %s",
                         bindir != NULL ? bindir : "PATH or /usr/lib/postgresql/*/bin");
    int source = source_version / 10000, target = target_version / 10000;
    int best = -1, newest = 0;
    for (int i = 0; i < all->count; i++) {
        struct candidate *candidate = &all->list[i];
        if (candidate->version == 0 && !ask_version(candidate, leash, why))
            return false;
        newest = candidate->version > newest ? candidate->version : newest;
        int this = distance(candidate->version, source, target);
        if (this >= 0 && (best < 0 || this < distance(all->list[best].version, source, target)))
            best = i;
    }
    if (best < 0)
        return fault_set(
            why, FAULT_TOOL_OLD,
            "the newest pg_dump found has version %d, the server that it is to read has %d", newest,
            source);
    tools->version = all->list[best].version;
    if (snprintf(tools->pg_dump, sizeof tools->pg_dump, "%s/pg_dump", all->list[best].dir) >=
            (int)sizeof tools->pg_dump ||
        snprintf(tools->pg_restore, sizeof tools->pg_restore, "%s/pg_restore",
                 all->list[best].dir) >= (int)sizeof tools->pg_restore)
        return fault_set(why, FAULT_TOOL_MISSING, "the path of pg_dump is too long");
    return true;
}

/* A password of the client key has no environment variable, so it travels in a service file
 * that exists in memory only. -1: there is none. */
static bool secret_service(const struct conninfo *info, int *ret_fd, struct fault *why)
{
    *ret_fd = -1;
    if (info->ssl_password == NULL)
        return true;
    int fd = memfd_create("pghaul", MFD_CLOEXEC);
    if (fd < 0 || dprintf(fd, "[pghaul]\nsslpassword=%s\n", info->ssl_password) < 0)
        return fault_errno(why, FAULT_SYSTEM, "cannot make a service file in memory");
    *ret_fd = fd;
    return true;
}

/* It read in a snapshot, and that went with who held it. */
static bool lost_snapshot(const struct fault *why)
{
    return strstr(why->detail, "uery was: SET TRANSACTION SNAPSHOT") != NULL;
}

/* What libpq says when it cannot connect, or is cut off. The tool may be run again then, which
 * another failure of it is not worth. */
static void name_connection(struct fault *why)
{
    static const char *const lost[] = {
        "server closed the connection", "connection has been closed", "no connection to the server",
        "could not receive data from server", "could not send data to server"};
    if (strstr(why->detail, "error: connection to ") != NULL) {
        why->id = FAULT_SOURCE_CONNECT;
        why->retry = true;
    }
    for (size_t i = 0; i < sizeof lost / sizeof *lost && !why->retry; i++)
        if (strstr(why->detail, lost[i]) != NULL) {
            why->id = FAULT_SOURCE_LOST;
            why->retry = true;
        }
}

bool tools_dump(const struct tools *tools, const struct conninfo *info, const char *const *args,
                struct leash *leash, struct fault *why)
{
    enum { OWN = 3 };
    size_t given = 0;
    while (args[given] != NULL)
        given++;
    scoped(drop_memory) const char **all = new_memory(OWN + given + 1, sizeof *all);
    scoped(drop_strbuf) struct strbuf database = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf password = STRBUF_EMPTY;
    scoped(drop_fd) int service = -1;
    char service_file[64];
    const char *env[4] = {NULL};
    int variables = 0;

    if (!secret_service(info, &service, why))
        return false;
    strbuf_add(&database, strbuf_text(&info->open));
    if (service >= 0) {
        strbuf_add(&database, " service=pghaul");
        snprintf(service_file, sizeof service_file, "PGSERVICEFILE=/proc/self/fd/%d", service);
        env[variables++] = service_file;
    }
    if (info->password != NULL) {
        strbuf_addf(&password, "PGPASSWORD=%s", info->password);
        env[variables++] = password.text;
    }
    all[0] = "pg_dump";
    all[1] = "-d";
    all[2] = strbuf_text(&database);
    memcpy(all + OWN, args, given * sizeof *args);
    env[variables++] = "LC_ALL=C"; /* its complaints are read */
    const int keep[] = {service, -1};
    struct tool tool = {.program = tools->pg_dump, .args = all, .env = env, .keep = keep};
    if (tool_run(&tool, leash, NULL, why))
        return true;
    if (why->id != FAULT_TOOL_FAILED)
        return false;
    if (strstr(why->detail, "due to conflict with recovery") != NULL)
        why->id = FAULT_RECOVERY_CONFLICT;
    else if (lost_snapshot(why))
        why->id = FAULT_SNAPSHOT_GONE;
    else
        name_connection(why);
    return false;
}

bool tools_restore(const struct tools *tools, const char *const *args, struct leash *leash,
                   struct strbuf *output, struct fault *why)
{
    struct tool tool = {.program = tools->pg_restore, .args = args};
    return tool_run(&tool, leash, output, why);
}
