/*
 * replay.c - a stream of changes as fast as it is taken: what a server sent once is sent again,
 * without the decoding that would set the pace. For measurements.
 *
 *   replay LISTEN CONNECT record|replay FILE
 *
 * Both are paths of Unix sockets. Everything goes to the server and back until that begins a stream
 * (CopyBothResponse). Then `record` writes its changes to the file; `replay` sends those instead of
 * the server's, whatever the client says, and ends when the client does.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { PIECE = 1 << 16, HEADER = 5, KEEPALIVE = 17 };

static void die(const char *what)
{
    perror(what);
    _exit(1);
}

static struct sockaddr_un address(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof to.sun_path) {
        errno = ENAMETOOLONG;
        die(path);
    }
    memcpy(to.sun_path, path, strlen(path) + 1);
    return to;
}

static void put(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = write(fd, bytes, length);
        if (sent < 0 && errno != EINTR)
            _exit(0);
        if (sent > 0) {
            bytes += sent;
            length -= (size_t)sent;
        }
    }
}

/* Of the messages of a server: where the next one begins, in pieces as they come. */
struct framing {
    char head[HEADER];
    size_t have; /* of the head */
    size_t left; /* of the message behind it */
    bool streams;
};

/* The bytes up to the end of the stream's first message, or all of them. */
static size_t until_stream(struct framing *f, const char *bytes, size_t length)
{
    size_t at = 0;
    while (at < length && !f->streams) {
        if (f->have < HEADER) {
            f->head[f->have++] = bytes[at++];
            if (f->have < HEADER)
                continue;
            uint32_t size;
            memcpy(&size, f->head + 1, sizeof size);
            f->left = ntohl(size) - sizeof size;
        } else {
            size_t part = f->left < length - at ? f->left : length - at;
            f->left -= part;
            at += part;
        }
        if (f->have == HEADER && f->left == 0) {
            f->streams = f->head[0] == 'W';
            f->have = 0;
        }
    }
    return at;
}

/* What the client says while it is sent changes is dropped. False when it has ended. */
static bool hear(int client, bool *ended)
{
    char bytes[PIECE];
    ssize_t got = recv(client, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got == 0 || (got > 0 && memmem(bytes, (size_t)got, "c\0\0\0\4", HEADER) != NULL))
        *ended = true;
    return !*ended;
}

static void send_all(int client, const char *path)
{
    struct stat info;
    bool ended = false;
    char last[HEADER + 1 + KEEPALIVE] = "d\0\0\0\26k";
    int file = open(path, O_RDONLY);
    if (file < 0 || fstat(file, &info) != 0)
        die(path);
    size_t length = (size_t)info.st_size - sizeof(uint64_t), at = 0;
    const char *bytes =
        mmap(NULL, length + sizeof(uint64_t), PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (bytes == MAP_FAILED)
        die(path);
    while (at < length && hear(client, &ended)) {
        ssize_t sent = send(client, bytes + at, length - at < PIECE ? length - at : PIECE, 0);
        if (sent <= 0)
            return;
        at += (size_t)sent;
    }
    /* All that comes before the end of the last commit is sent: the place stands in the file's last
     * bytes. */
    memcpy(last + HEADER + 1, bytes + length, sizeof(uint64_t));
    put(client, last, sizeof last);
    while (!ended) {
        struct pollfd fd = {.fd = client, .events = POLLIN};
        poll(&fd, 1, -1);
        hear(client, &ended);
    }
}

/* Whole messages with changes, and behind them the last place that one of them is of. */
static void keep(int from, int client, const char *path, const char *rest, size_t length)
{
    FILE *file = fopen(path, "w");
    uint64_t last = 0;
    size_t room = PIECE * 4, have = length;
    char *buffer = malloc(room);
    if (file == NULL || buffer == NULL)
        die(path);
    memcpy(buffer, rest, length);
    for (;;) {
        size_t at = 0;
        while (have - at >= HEADER) {
            uint32_t size;
            memcpy(&size, buffer + at + 1, sizeof size);
            size = ntohl(size) + 1;
            if (have - at < size)
                break;
            if (buffer[at] == 'd' && buffer[at + HEADER] == 'w') {
                uint64_t place;
                memcpy(&place, buffer + at + HEADER + 1, sizeof place);
                last = place != 0 ? place : last;
                fwrite(buffer + at, 1, size, file);
            }
            at += size;
        }
        memmove(buffer, buffer + at, have - at);
        have -= at;
        if (room - have < PIECE && (buffer = realloc(buffer, room *= 2)) == NULL)
            die("realloc");
        struct pollfd fds[2] = {{.fd = from, .events = POLLIN}, {.fd = client, .events = POLLIN}};
        poll(fds, 2, -1);
        if (fds[1].revents != 0) {
            char said[PIECE];
            ssize_t got = read(client, said, sizeof said);
            if (got <= 0)
                break;
            put(from, said, (size_t)got);
        }
        if (fds[0].revents != 0) {
            ssize_t got = read(from, buffer + have, room - have);
            if (got <= 0)
                break;
            put(client, buffer + have, (size_t)got);
            have += (size_t)got;
        }
    }
    fwrite(&last, sizeof last, 1, file);
    fclose(file);
}

static void serve(int client, int server, bool record, const char *path)
{
    char bytes[PIECE];
    struct framing framing = {.streams = false};
    for (;;) {
        struct pollfd fds[2] = {{.fd = server, .events = POLLIN}, {.fd = client, .events = POLLIN}};
        poll(fds, 2, -1);
        if (fds[1].revents != 0) {
            ssize_t got = read(client, bytes, sizeof bytes);
            if (got <= 0)
                return;
            put(server, bytes, (size_t)got);
        }
        if (fds[0].revents == 0)
            continue;
        ssize_t got = read(server, bytes, sizeof bytes);
        if (got <= 0)
            return;
        size_t before = until_stream(&framing, bytes, (size_t)got);
        put(client, bytes, framing.streams && !record ? before : (size_t)got);
        if (framing.streams && record)
            keep(server, client, path, bytes + before, (size_t)got - before);
        else if (framing.streams)
            send_all(client, path);
        if (framing.streams)
            return;
    }
}

int main(int argc, char **argv)
{
    if (argc != 5 || (strcmp(argv[3], "record") != 0 && strcmp(argv[3], "replay") != 0)) {
        fprintf(stderr, "usage: replay LISTEN CONNECT record|replay FILE\n");
        return 2;
    }
    struct sockaddr_un here = address(argv[1]), there = address(argv[2]);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    unlink(argv[1]);
    if (listener < 0 || bind(listener, (struct sockaddr *)&here, sizeof here) != 0 ||
        listen(listener, SOMAXCONN) != 0)
        die(argv[1]);
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0)
            die("accept");
        if (fork() == 0) {
            int server = socket(AF_UNIX, SOCK_STREAM, 0);
            if (connect(server, (struct sockaddr *)&there, sizeof there) == 0)
                serve(client, server, strcmp(argv[3], "record") == 0, argv[4]);
            _exit(0);
        }
        close(client);
    }
}
