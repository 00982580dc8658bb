/*
 * server_message.h - the bodies of the few server messages that the relay reads.
 */
#ifndef PGHAUL_WIRE_SERVER_MESSAGE_H
#define PGHAUL_WIRE_SERVER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An ErrorResponse or NoticeResponse. All borrowed from the body; "" when absent. */
struct server_error {
    const char *severity;
    const char *sqlstate;
    const char *message;
    const char *detail;
    const char *hint;
    const char *context;
};

/* False when the body is malformed; what could be read is filled. */
bool server_error_parse(const char *body, size_t length, struct server_error *ret_error);

/* The number at the end of a command tag ("COPY 1000"): -1 when there is none. */
int64_t command_tag_count(const char *body, size_t length);

/* The first column of a DataRow into `to`, cut to its size; "" for NULL. False when
 * the body is malformed. */
bool data_row_first(const char *body, size_t length, char *to, size_t size);

#endif
