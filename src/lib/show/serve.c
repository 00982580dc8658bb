#include "show/serve.h"

#include "base/clock.h"
#include "base/scoped.h"
#include "base/strbuf.h"
#include "proc/signals.h"
#include "show/fields.h"
#include "show/metrics.h"
#include "show/status.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <poll.h>

enum {
    BACKLOG = 16,
    CONNECTIONS_MOST = 32,
    IDLE_SECONDS = 15,
    FRESH_MS = 900, /* what was read so lately is answered again */
    HOST_SIZE = 256,
};

static const char page[] =
#include "gen/page.inc"
    ;

/* ---- listening ---- */

static bool split_address(const char *where, char host[HOST_SIZE], const char **ret_port,
                          struct fault *why)
{
    const char *colon = strrchr(where, ':');
    size_t length = colon == NULL ? 0 : (size_t)(colon - where);
    const char *from = where;
    *ret_port = colon == NULL ? where : colon + 1;
    if (length > 1 && where[0] == '[' && where[length - 1] == ']') {
        from++;
        length -= 2;
    } else if (memchr(where, ':', length) != NULL) {
        length = HOST_SIZE; /* IPv6 without brackets */
    }
    const char *wrong;
    strtonum(*ret_port, 0, 65535, &wrong);
    if (wrong != NULL || length >= HOST_SIZE)
        return fault_set(why, FAULT_BAD_VALUE,
                         "--metrics \"%s\" is not ADDR:PORT, as 127.0.0.1:9187 or [::1]:9187",
                         where);
    memcpy(host, length == 0 ? "127.0.0.1" : from, length == 0 ? sizeof "127.0.0.1" : length);
    host[length == 0 ? strlen("127.0.0.1") : length] = '\0';
    return true;
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)address;
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *v6 = (const void *)address;
    return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static bool name_it(int fd, const char *host, char *url, struct fault *why)
{
    struct sockaddr_storage bound;
    socklen_t length = sizeof bound;
    char port[16];
    if (getsockname(fd, (struct sockaddr *)&bound, &length) != 0 ||
        getnameinfo((struct sockaddr *)&bound, length, NULL, 0, port, sizeof port,
                    NI_NUMERICSERV) != 0)
        return fault_errno(why, FAULT_SYSTEM, "cannot find the address of a socket");
    bool v6 = strchr(host, ':') != NULL;
    snprintf(url, URL_SIZE, "http://%s%s%s:%s/", v6 ? "[" : "", host, v6 ? "]" : "", port);
    return true;
}

static bool bind_it(const struct addrinfo *found, const char *where, int *ret_socket,
                    struct fault *why)
{
    int yes = 1;
    scoped(drop_fd) int fd =
        socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
        bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0)
        return fault_errno(why, FAULT_METRICS_ADDRESS, "cannot listen on %s", where);
    *ret_socket = give_fd(fd);
    return true;
}

/* What is not visible ASCII, browsers and scrapers send as they please. */
static bool check_token(const char *where, const char *token, bool loopback, struct fault *why)
{
    for (const char *c = token; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~')
            return fault_set(why, FAULT_METRICS_TOKEN_WEAK,
                             "the token has a blank, or a character that is not ASCII");
    if (loopback)
        return true;
    if (*token == '\0')
        return fault_set(why, FAULT_METRICS_TOKEN,
                         "%s is no loopback address: others could read there, without a token",
                         where);
    return strlen(token) >= TOKEN_LEAST ||
           fault_set(why, FAULT_METRICS_TOKEN_WEAK,
                     "%s is no loopback address, and the token for it has %zu characters: at least "
                     "%d are needed",
                     where, strlen(token), TOKEN_LEAST);
}

bool serve_listen(const char *where, const char *token, int *ret_socket, char *url,
                  struct fault *why)
{
    char host[HOST_SIZE];
    const char *port;
    struct addrinfo *found;
    const struct addrinfo hints = {.ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    if (!split_address(where, host, &port, why))
        return false;
    int error = getaddrinfo(host, port, &hints, &found);
    if (error != 0)
        return fault_set(why, FAULT_METRICS_ADDRESS, "cannot listen on %s: %s", where,
                         gai_strerror(error));
    scoped(drop_fd) int fd = -1;
    bool good = check_token(where, token == NULL ? "" : token, is_loopback(found->ai_addr), why) &&
                bind_it(found, where, &fd, why);
    freeaddrinfo(found);
    if (!good || !name_it(fd, host, url, why))
        return false;
    *ret_socket = give_fd(fd);
    return true;
}

/* ---- answering ---- */

struct server {
    const struct serving *what;
    json_t *status; /* as it was read last */
    int64_t read_ms;
};

static void drop_server(struct server *server)
{
    json_decref(server->status);
}

/* In a time that does not say how much of it is right. */
static bool is_token(const struct server *server, const char *given, size_t length)
{
    const char *token = server->what->token;
    unsigned char different = 0;
    if (length != strlen(token))
        return false;
    for (size_t i = 0; i < length; i++)
        different |= (unsigned char)(given[i] ^ token[i]);
    return different == 0;
}

/* As a bearer token, or as the password of any user: then a browser asks for it. */
static bool is_authorized(const struct server *server, struct MHD_Connection *connection)
{
    static const char bearer[] = "Bearer ";
    const char *header = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
    if (header == NULL)
        return false;
    if (strncasecmp(header, bearer, strlen(bearer)) == 0) {
        header += strlen(bearer);
        return is_token(server, header, strlen(header));
    }
    char *password = NULL;
    char *user = MHD_basic_auth_get_username_password(connection, &password);
    bool good = password != NULL && is_token(server, password, strlen(password));
    MHD_free(user);
    MHD_free(password);
    return good;
}

/* A page of somebody else, whose name was made to lead here, must not read it in the user's
 * browser. */
static bool is_meant(struct MHD_Connection *connection)
{
    static const char *const names[] = {"localhost", "127.", "[::1]"};
    const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
    for (size_t i = 0; host != NULL && i < sizeof names / sizeof names[0]; i++) {
        size_t length = strlen(names[i]);
        if (strncasecmp(host, names[i], length) == 0 &&
            (i == 1 ? host[length + strspn(host + length, "0123456789.")] == ':' ||
                          host[length + strspn(host + length, "0123456789.")] == '\0'
                    : host[length] == ':' || host[length] == '\0'))
            return true;
    }
    return host == NULL;
}

static const struct {
    const char *name, *value;
} headers[] = {
    {"Cache-Control", "no-store"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src "
                                "'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'"},
};

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type,
                              const char *text)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", type);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        MHD_add_response_header(response, headers[i].name, headers[i].value);
    if (status == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, "WWW-Authenticate", "Basic realm=\"pghaul\"");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, "Allow", "GET, HEAD");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static bool read_status(struct server *server, struct fault *why)
{
    json_t *status;
    if (server->status != NULL && clock_ms() - server->read_ms < FRESH_MS)
        return true;
    if (!status_collect(server->what->db, server->what->dir, &status, why))
        return false;
    json_decref(server->status);
    server->status = status;
    server->read_ms = clock_ms();
    return true;
}

static enum MHD_Result answer_status(struct server *server, struct MHD_Connection *connection,
                                     bool metrics)
{
    struct fault why;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    if (!read_status(server, &why))
        return answer(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "text/plain; charset=utf-8",
                      why.text);
    if (metrics) {
        metrics_add(&text, server->status);
        return answer(connection, MHD_HTTP_OK, METRICS_TYPE, strbuf_text(&text));
    }
    scoped(drop_memory) char *dump =
        json_dumps(server->status, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    return answer(connection, MHD_HTTP_OK, "application/json", dump);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **request)
{
    static const char plain[] = "text/plain; charset=utf-8";
    struct server *server = arg;
    bool token = server->what->token != NULL && *server->what->token != '\0';
    bool more = *size != 0;
    (void)version;
    (void)data;
    *size = 0;
    /* At first only the headers are there; before a body is read nothing can be answered. */
    if (*request == NULL || more) {
        *request = server;
        return MHD_YES;
    }
    if (token ? !is_authorized(server, connection) : !is_meant(connection))
        return answer(connection, token ? MHD_HTTP_UNAUTHORIZED : MHD_HTTP_FORBIDDEN, plain,
                      token ? "a token is needed\n" : "this server is only for localhost\n");
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, plain, "GET only\n");
    if (strcmp(url, "/") == 0)
        return answer(connection, MHD_HTTP_OK, "text/html; charset=utf-8", page);
    if (strcmp(url, "/metrics") == 0 || strcmp(url, "/status.json") == 0)
        return answer_status(server, connection, url[1] == 'm');
    return answer(connection, MHD_HTTP_NOT_FOUND, plain,
                  "there are /, /metrics and /status.json\n");
}

/* ---- the loop ---- */

static void stop_daemon(struct MHD_Daemon **daemon)
{
    if (*daemon != NULL)
        MHD_stop_daemon(*daemon);
}

static bool is_told_to_end(int signals)
{
    for (int number; (number = signals_take(signals)) != 0;)
        if (number != SIGUSR1 && number != SIGWINCH)
            return true;
    return false;
}

static int timeout_of(struct MHD_Daemon *daemon)
{
    MHD_UNSIGNED_LONG_LONG ms;
    if (MHD_get_timeout(daemon, &ms) != MHD_YES)
        return -1;
    return ms > 60000 ? 60000 : (int)ms;
}

bool serve(const struct serving *serving, struct fault *why)
{
    scoped(drop_server) struct server server = {.what = serving};
    scoped(drop_fd) int signals = -1;
    if (!signals_open(&signals, why))
        return false;
    scoped(stop_daemon) struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, on_request, &server, MHD_OPTION_LISTEN_SOCKET,
        serving->socket, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MOST,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        daemon == NULL ? NULL : MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL)
        return fault_errno(why, FAULT_SYSTEM, "cannot start the HTTP server");
    for (;;) {
        struct pollfd fds[] = {{.fd = signals, .events = POLLIN},
                               {.fd = info->epoll_fd, .events = POLLIN}};
        if (poll(fds, 2, timeout_of(daemon)) < 0 && errno != EINTR)
            return fault_errno(why, FAULT_SYSTEM, "poll failed");
        if (is_told_to_end(signals))
            return true;
        if (MHD_run(daemon) != MHD_YES)
            return fault_set(why, FAULT_SYSTEM, "the HTTP server does not go on");
    }
}
