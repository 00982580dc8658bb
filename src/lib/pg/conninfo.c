#include "pg/conninfo.h"

#include "base/scoped.h"
#include "base/secret.h"
#include "base/text.h"

#include <libpq-fe.h>

/* A peer that vanishes without a word is noticed after about a minute, unless the user says
 * something else: in the string, in a variable of libpq's or in a service file. */
static const struct {
    const char *keyword;
    const char *value;
    const char *variable;
} defaults[] = {
    {"connect_timeout", "30", "PGCONNECT_TIMEOUT"},
    {"keepalives_idle", "30", NULL},
    {"keepalives_interval", "10", NULL},
    {"keepalives_count", "3", NULL},
};

const char *side_word(enum side side)
{
    return side == SIDE_SOURCE ? "source" : "target";
}

static void drop_options(PQconninfoOption **options)
{
    PQconninfoFree(*options);
}

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++)
        if (strcmp(option->keyword, keyword) == 0)
            return option->val;
    return NULL;
}

static void add_pair(struct strbuf *to, const char *keyword, const char *value)
{
    strbuf_addf(to, "%s%s='", to->length > 0 ? " " : "", keyword);
    for (; *value != '\0'; value++) {
        if (*value == '\'' || *value == '\\')
            strbuf_add_char(to, '\\');
        strbuf_add_char(to, *value);
    }
    strbuf_add_char(to, '\'');
}

static bool is_secret(const char *keyword)
{
    return strcmp(keyword, "password") == 0 || strcmp(keyword, "sslpassword") == 0;
}

static const char *first_set(const char *a, const char *b, const char *c)
{
    if (a != NULL && *a != '\0')
        return a;
    return b != NULL && *b != '\0' ? b : c;
}

/* libpq's environment and defaults fill in what the string leaves out. */
static void show(struct conninfo *info, const PQconninfoOption *given)
{
    scoped(drop_options) PQconninfoOption *usual = PQconndefaults();
    const char *service = first_set(value_of(given, "service"), getenv("PGSERVICE"), "");
    const char *host = first_set(value_of(given, "host"), value_of(given, "hostaddr"),
                                 usual == NULL ? "" : value_of(usual, "host"));
    const char *port =
        first_set(value_of(given, "port"), usual == NULL ? NULL : value_of(usual, "port"), "5432");
    const char *user =
        first_set(value_of(given, "user"), usual == NULL ? NULL : value_of(usual, "user"), "");
    const char *database = first_set(value_of(given, "dbname"),
                                     usual == NULL ? NULL : value_of(usual, "dbname"), user);
    const char *named = value_of(given, "dbname");
    info->names_database = named != NULL || *service == '\0';
    strlcpy(info->database,
            named != NULL      ? named
            : *service != '\0' ? service
                               : database,
            sizeof info->database);
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    if (*service != '\0')
        strbuf_addf(&text, "service=%s", service);
    else
        strbuf_addf(&text, "postgres://%s@%s:%s/%s", user,
                    host == NULL || *host == '\0' ? "local socket" : host, port, database);
    strbuf_add_shown(&info->shown, text.text);
}

/* libpq quotes pieces of the string in its messages; a piece may be the password. */
static void add_without_quotations(struct strbuf *to, const char *message)
{
    bool quoted = false;
    for (; *message != '\0' && *message != '\n'; message++) {
        if (*message == '"') {
            quoted = !quoted;
            strbuf_add(to, quoted ? "\"…" : "\"");
        } else if (!quoted) {
            strbuf_add_char(to, *message);
        }
    }
}

static void add_default(struct conninfo *info, const char *keyword, const char *value)
{
    add_pair(&info->full, keyword, value);
    add_pair(&info->open, keyword, value);
}

/* A database that is read-only by its settings is not so for our sessions, but libpq does not know
 * that: what is meant is the primary server. */
static const char *meant(const char *keyword, const char *value)
{
    bool attributes = strcmp(keyword, "target_session_attrs") == 0;
    return attributes && strcmp(value, "read-write") == 0 ? "primary" : value;
}

static void add_defaults(struct conninfo *info, const PQconninfoOption *given)
{
    bool service = value_of(given, "service") != NULL || getenv("PGSERVICE") != NULL;
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0] && !service; i++) {
        const char *variable = defaults[i].variable;
        if (value_of(given, defaults[i].keyword) == NULL &&
            (variable == NULL || getenv(variable) == NULL))
            add_default(info, defaults[i].keyword, defaults[i].value);
    }
    const char *attributes = getenv("PGTARGETSESSIONATTRS");
    if (attributes != NULL && value_of(given, "target_session_attrs") == NULL)
        add_default(info, "target_session_attrs", meant("target_session_attrs", attributes));
    if (value_of(given, "fallback_application_name") == NULL)
        add_default(info, "fallback_application_name", "pghaul");
}

bool conninfo_read(struct conninfo *info, enum side side, const char *text, struct fault *why)
{
    char *message = NULL;
    scoped(drop_options) PQconninfoOption *options = PQconninfoParse(text, &message);
    if (options == NULL) {
        scoped(drop_strbuf) struct strbuf safe = STRBUF_EMPTY;
        add_without_quotations(&safe, message == NULL ? "out of memory" : message);
        PQfreemem(message);
        return fault_set(why, FAULT_BAD_CONNINFO, "--%s is not a connection string: %s",
                         side_word(side), strbuf_text(&safe));
    }
    *info = (struct conninfo){.side = side};
    for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
        if (option->val == NULL)
            continue;
        const char *value = meant(option->keyword, option->val);
        add_pair(&info->full, option->keyword, value);
        if (!is_secret(option->keyword))
            add_pair(&info->open, option->keyword, value);
    }
    add_defaults(info, options);
    const char *password = value_of(options, "password");
    const char *ssl_password = value_of(options, "sslpassword");
    info->password = password == NULL ? NULL : copy_string(password);
    info->ssl_password = ssl_password == NULL ? NULL : copy_string(ssl_password);
    secret_keep(password);
    secret_keep(ssl_password);
    secret_keep(getenv("PGPASSWORD"));
    show(info, options);
    return true;
}

/* Of two values libpq takes the latter. */
void conninfo_add_other(struct strbuf *to, const struct conninfo *info, const char *database)
{
    strbuf_add(to, info->full.text);
    add_pair(to, "dbname", database);
}

void drop_conninfo(struct conninfo *info)
{
    drop_strbuf(&info->full);
    drop_strbuf(&info->open);
    drop_strbuf(&info->shown);
    drop_memory(&info->password);
    drop_memory(&info->ssl_password);
}
