/*
 * delay.c - a long line between two ends of this machine: what comes in at one socket goes out at
 * the other a while later, in both directions, as if the servers were far away. For measurements.
 *
 *   delay LISTEN CONNECT MICROSECONDS
 *
 * Both are paths of Unix sockets. The time is one way; a round trip takes twice as long.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { LINES_MOST = 512, PIECE = 65536, WINDOW = 16 << 20 };

struct piece {
    struct piece *next;
    int64_t due_us;
    size_t length, sent;
    char bytes[PIECE];
};

/* One direction of a connection. */
struct way {
    int from, to;
    bool ended; /* nothing more comes */
    size_t held;
    struct piece *first, *last;
};

struct line {
    struct way ways[2];
};

static struct line *lines[LINES_MOST];
static int line_count;
static int64_t delay_us;

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
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

static void take_line(int listener, const char *server)
{
    struct sockaddr_un to = address(server);
    int near = accept(listener, NULL, NULL);
    int far = socket(AF_UNIX, SOCK_STREAM, 0);
    if (near < 0 || far < 0)
        die("accept");
    if (line_count == LINES_MOST || connect(far, (struct sockaddr *)&to, sizeof to) != 0) {
        close(near);
        close(far);
        return;
    }
    struct line *line = calloc(1, sizeof *line);
    if (line == NULL)
        die("calloc");
    line->ways[0] = (struct way){.from = near, .to = far};
    line->ways[1] = (struct way){.from = far, .to = near};
    lines[line_count++] = line;
}

static void take_piece(struct way *way)
{
    struct piece *piece = calloc(1, sizeof *piece);
    if (piece == NULL)
        die("calloc");
    ssize_t got = recv(way->from, piece->bytes, sizeof piece->bytes, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        free(piece);
        return;
    }
    if (got <= 0) {
        way->ended = true;
        free(piece);
        return;
    }
    piece->length = (size_t)got;
    piece->due_us = now_us() + delay_us;
    if (way->last == NULL)
        way->first = piece;
    else
        way->last->next = piece;
    way->last = piece;
    way->held += piece->length;
}

static void drop_first(struct way *way)
{
    struct piece *piece = way->first;
    way->held -= piece->length;
    way->first = piece->next;
    if (way->first == NULL)
        way->last = NULL;
    free(piece);
}

/* *wait_us becomes shorter when the next piece is due earlier. */
static void give_pieces(struct way *way, int64_t *wait_us)
{
    while (way->first != NULL) {
        struct piece *piece = way->first;
        int64_t left = piece->due_us - now_us();
        if (left > 0) {
            *wait_us = left < *wait_us ? left : *wait_us;
            return;
        }
        ssize_t sent = send(way->to, piece->bytes + piece->sent, piece->length - piece->sent,
                            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
            *wait_us = 1000 < *wait_us ? 1000 : *wait_us;
            return;
        }
        piece->sent += sent < 0 ? piece->length : (size_t)sent;
        if (piece->sent >= piece->length)
            drop_first(way);
    }
    if (way->ended)
        shutdown(way->to, SHUT_WR);
}

static bool is_over(const struct line *line)
{
    return line->ways[0].ended && line->ways[0].first == NULL && line->ways[1].ended &&
           line->ways[1].first == NULL;
}

static void drop_line(int place)
{
    close(lines[place]->ways[0].from);
    close(lines[place]->ways[0].to);
    free(lines[place]);
    lines[place] = lines[--line_count];
}

static void serve(int listener, const char *server)
{
    static struct pollfd fds[1 + 2 * LINES_MOST];
    int64_t wait_us = 1000000;
    for (int i = 0; i < line_count; i++)
        for (int w = 0; w < 2; w++)
            give_pieces(&lines[i]->ways[w], &wait_us);
    for (int i = line_count - 1; i >= 0; i--)
        if (is_over(lines[i]))
            drop_line(i);
    fds[0] = (struct pollfd){.fd = listener, .events = POLLIN};
    for (int i = 0; i < line_count; i++)
        for (int w = 0; w < 2; w++) {
            const struct way *way = &lines[i]->ways[w];
            bool wanted = !way->ended && way->held < WINDOW;
            fds[1 + 2 * i + w] = (struct pollfd){.fd = wanted ? way->from : -1, .events = POLLIN};
        }
    struct timespec wait = {.tv_sec = wait_us / 1000000, .tv_nsec = wait_us % 1000000 * 1000};
    int count = line_count;
    if (ppoll(fds, 1 + 2 * (nfds_t)count, &wait, NULL) < 0 && errno != EINTR)
        die("ppoll");
    for (int i = 0; i < count; i++)
        for (int w = 0; w < 2; w++)
            if (fds[1 + 2 * i + w].revents != 0)
                take_piece(&lines[i]->ways[w]);
    if (fds[0].revents != 0)
        take_line(listener, server);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: delay LISTEN CONNECT MICROSECONDS\n");
        return 2;
    }
    struct sockaddr_un at = address(argv[1]);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    delay_us = strtoll(argv[3], NULL, 10);
    unlink(argv[1]);
    if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(listener, 64) != 0)
        die(argv[1]);
    for (;;)
        serve(listener, argv[2]);
}
