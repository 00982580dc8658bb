/*
 * serve.h - a small HTTP server that shows a run: metrics, JSON, and a page.
 *
 * It is a process of its own, reads the catalog only, and ends with the process that started it.
 */
#ifndef PGHAUL_SHOW_SERVE_H
#define PGHAUL_SHOW_SERVE_H

#include "base/fault.h"
#include "store/db.h"

#include <limits.h>

/* Where it listens: ADDR:PORT, :PORT or PORT; an address that is left out is 127.0.0.1, and the one
 * of IPv6 is in brackets. *ret_socket listens, close-on-exec. `url` (of URL_SIZE) says where, with
 * the port that was chosen for 0. FAULT_BAD_VALUE, FAULT_METRICS_ADDRESS; when it is not a loopback
 * address, FAULT_METRICS_TOKEN without a token ("" or NULL), FAULT_METRICS_TOKEN_WEAK with one of
 * less than TOKEN_LEAST characters; that one also when it has others than visible ASCII. */
enum { URL_SIZE = 300, TOKEN_LEAST = 16 };
bool serve_listen(const char *where, const char *token, int *ret_socket, char *url,
                  struct fault *why);

/* The variable that the token is in. */
#define SERVE_TOKEN "PGHAUL_METRICS_TOKEN"

/* Answers until SIGTERM or SIGINT. `token` "" or NULL: none is asked for, and only requests to a
 * loopback name are answered. */
struct serving {
    struct db *db;
    const char *dir;
    int socket;
    const char *token;
};
bool serve(const struct serving *serving, struct fault *why);

#endif
