/*
 * pgoutput_write.h - messages of pgoutput's protocol 1, written: what wire/pgoutput.h reads.
 *
 * Into memory of the caller, who knows how much is needed. A message is one put of its own, then
 * those of its parts, as many as it has announced: columns of a Relation, oids of a Truncate, a
 * tuple's values.
 */
#ifndef PGHAUL_WIRE_PGOUTPUT_WRITE_H
#define PGHAUL_WIRE_PGOUTPUT_WRITE_H

#include "wire/pgoutput.h"

/* Room that any message needs beside its texts, columns, values and oids; each of these needs its
 * own bytes and as many as this at most, too. */
enum { PGOUTPUT_ROOM = 32 };

struct pgoutput_writer {
    uint8_t *at;
    const uint8_t *end;
    bool short_; /* there was no room: what was written is no message */
};

struct pgoutput_writer pgoutput_writer_over(void *to, size_t room);

void pgoutput_put_begin(struct pgoutput_writer *writer, uint32_t xid,
                        const struct pgoutput_begin *begin);
void pgoutput_put_commit(struct pgoutput_writer *writer, const struct pgoutput_commit *commit);
void pgoutput_put_type(struct pgoutput_writer *writer, const struct pgoutput_type *type);

/* With relation->columns.count columns to follow. */
void pgoutput_put_relation(struct pgoutput_writer *writer,
                           const struct pgoutput_relation *relation);
void pgoutput_put_column(struct pgoutput_writer *writer, const struct pgoutput_column *column);

/* An INSERT, UPDATE or DELETE, with its tuples to follow: the old one, if any, then the new one. */
void pgoutput_put_change(struct pgoutput_writer *writer, enum pgoutput_tag tag, uint32_t relation);
void pgoutput_put_old(struct pgoutput_writer *writer, enum pgoutput_old old_is, uint16_t count);
void pgoutput_put_new(struct pgoutput_writer *writer, uint16_t count);
void pgoutput_put_value(struct pgoutput_writer *writer, const struct pgoutput_value *value);

/* The value is what the caller writes to the `most` bytes that this gives (NULL: no room), and then
 * tells the length of. */
char *pgoutput_begin_text(struct pgoutput_writer *writer, size_t most);
void pgoutput_end_text(struct pgoutput_writer *writer, size_t length);

/* With truncate->relations.count oids to follow. */
void pgoutput_put_truncate(struct pgoutput_writer *writer,
                           const struct pgoutput_truncate *truncate);
void pgoutput_put_oid(struct pgoutput_writer *writer, uint32_t oid);

void pgoutput_put_message(struct pgoutput_writer *writer, const struct pgoutput_logical *logical);

#endif
