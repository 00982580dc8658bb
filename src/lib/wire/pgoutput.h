/*
 * pgoutput.h - the messages of PostgreSQL's logical decoding plugin "pgoutput",
 * versions 1 to 4 of its protocol (PostgreSQL 10 to 18).
 *
 * One call reads one message: what XLogData carries (wire/walsender.h), or the
 * data column of pg_logical_slot_get_binary_changes(). A message is looked at to
 * its last byte before it is given back, so what hangs on it (the values of a
 * tuple, the columns of a relation, the relations of a TRUNCATE) cannot turn out
 * to be broken later. Whether messages come in an order that makes sense is not
 * looked at: that is for the reader of the stream.
 *
 * Every string, value and list is borrowed from the message's bytes and good for
 * as long as they are. Names and texts are in the client_encoding of the connection
 * that decodes; values of tuples have no NUL at their end.
 *
 * Times are PostgreSQL's: microseconds since 2000-01-01 UTC (PG_EPOCH_US in
 * wire/walsender.h). A commit_lsn is where the commit record begins, an end_lsn
 * is where it ends: what comes before an end_lsn is in, what begins there is not.
 */
#ifndef PGHAUL_WIRE_PGOUTPUT_H
#define PGHAUL_WIRE_PGOUTPUT_H

#include "base/lsn.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each with the member of struct pgoutput_message that it fills. */
enum pgoutput_tag {
    PGOUTPUT_BEGIN = 'B',    /* begin */
    PGOUTPUT_COMMIT = 'C',   /* commit */
    PGOUTPUT_ORIGIN = 'O',   /* origin */
    PGOUTPUT_RELATION = 'R', /* relation */
    PGOUTPUT_TYPE = 'Y',     /* type */
    PGOUTPUT_INSERT = 'I',   /* change */
    PGOUTPUT_UPDATE = 'U',   /* change */
    PGOUTPUT_DELETE = 'D',   /* change */
    PGOUTPUT_TRUNCATE = 'T', /* truncate; since PostgreSQL 11 */
    PGOUTPUT_MESSAGE = 'M',  /* logical; since PostgreSQL 14, with the option "messages" */
    /* Protocol 2, with the option "streaming": transactions that are not yet over. */
    PGOUTPUT_STREAM_START = 'S',  /* stream_start */
    PGOUTPUT_STREAM_STOP = 'E',   /* none */
    PGOUTPUT_STREAM_COMMIT = 'c', /* commit */
    PGOUTPUT_STREAM_ABORT = 'A',  /* stream_abort */
    /* Protocol 3, with a slot for two-phase commit. */
    PGOUTPUT_BEGIN_PREPARE = 'b',     /* prepare */
    PGOUTPUT_PREPARE = 'P',           /* prepare */
    PGOUTPUT_COMMIT_PREPARED = 'K',   /* commit */
    PGOUTPUT_ROLLBACK_PREPARED = 'r', /* rollback */
    PGOUTPUT_STREAM_PREPARE = 'p',    /* prepare */
};

/* How a message is to be read, which its bytes do not say. */
struct pgoutput_mode {
    bool in_stream; /* it came between a Stream Start and its Stream Stop */
    bool parallel;  /* the stream was asked for with streaming=parallel (protocol 4) */
};

enum pgoutput_value_kind {
    PGOUTPUT_NULL = 'n',
    PGOUTPUT_UNCHANGED = 'u', /* a TOASTed value that the UPDATE left alone, and that is not sent */
    PGOUTPUT_TEXT = 't',
    PGOUTPUT_BINARY = 'b', /* only with the option "binary" */
};

struct pgoutput_value {
    enum pgoutput_value_kind kind;
    uint32_t length;
    const uint8_t *bytes; /* NULL unless TEXT or BINARY */
};

/* A row, with a value for each column of its Relation message, in that order. */
struct pgoutput_tuple {
    uint16_t count; /* values still to come */
    size_t length;
    const uint8_t *values;
};

/* What an UPDATE or DELETE says of the row before it. */
enum pgoutput_old {
    PGOUTPUT_OLD_NONE = 0,  /* nothing: an UPDATE that did not touch the replica identity */
    PGOUTPUT_OLD_KEY = 'K', /* the replica identity; all columns outside it are NULL */
    PGOUTPUT_OLD_ROW = 'O', /* all of it: REPLICA IDENTITY FULL */
};

/* An INSERT has no old tuple, a DELETE no new one: that one has no values. */
struct pgoutput_change {
    uint32_t relation;
    enum pgoutput_old old_is;
    struct pgoutput_tuple old_tuple;
    struct pgoutput_tuple new_tuple;
};

enum pgoutput_identity {
    PGOUTPUT_IDENTITY_DEFAULT = 'd',
    PGOUTPUT_IDENTITY_NOTHING = 'n',
    PGOUTPUT_IDENTITY_FULL = 'f',
    PGOUTPUT_IDENTITY_INDEX = 'i',
};

struct pgoutput_column {
    bool key; /* of the replica identity; with REPLICA IDENTITY FULL each column is */
    const char *name;
    uint32_t type;
    int32_t typmod;
};

/* The published columns of a relation, in the order of its tuples. */
struct pgoutput_columns {
    uint16_t count; /* still to come */
    size_t length;
    const uint8_t *columns;
};

/* Comes before the first change of a relation, and again when it may have changed. One in a
 * stream is for that transaction only, until it commits. */
struct pgoutput_relation {
    uint32_t oid;
    const char *namespace; /* "" is pg_catalog */
    const char *name;
    enum pgoutput_identity replica_identity;
    struct pgoutput_columns columns;
};

/* Comes before the first Relation message that has a column of a type not built in. */
struct pgoutput_type {
    uint32_t oid;
    const char *namespace; /* "" is pg_catalog */
    const char *name;
};

struct pgoutput_relations {
    uint32_t count; /* still to come */
    const uint8_t *oids;
};

struct pgoutput_truncate {
    bool cascade;
    bool restart_identity;
    struct pgoutput_relations relations;
};

/* What pg_logical_emit_message() wrote. One that is not transactional stands outside of
 * transactions, and comes when it is decoded. */
struct pgoutput_logical {
    bool transactional;
    lsn_t lsn;
    const char *prefix;
    uint32_t length;
    const uint8_t *content;
};

struct pgoutput_begin {
    lsn_t commit_lsn; /* "final LSN": that of the Commit which ends this transaction */
    int64_t commit_time;
};

struct pgoutput_commit {
    lsn_t commit_lsn;
    lsn_t end_lsn;
    int64_t commit_time;
    const char *gid; /* "" unless COMMIT_PREPARED */
};

struct pgoutput_origin {
    lsn_t commit_lsn; /* on the server that it came from; 0 in a stream: not known yet */
    const char *name;
};

struct pgoutput_stream_start {
    bool first; /* this transaction has not been streamed before */
};

/* Rolled back: what came under the xid `subxid`, and the whole transaction when that is its
 * own. Never within a stream. */
struct pgoutput_stream_abort {
    uint32_t subxid;
    lsn_t abort_lsn;    /* 0 unless the mode is parallel */
    int64_t abort_time; /* the same */
};

struct pgoutput_prepare {
    lsn_t prepare_lsn;
    lsn_t end_lsn;
    int64_t prepare_time;
    const char *gid;
};

struct pgoutput_rollback {
    lsn_t prepare_end_lsn; /* the end_lsn of the PREPARE that is undone */
    lsn_t rollback_end_lsn;
    int64_t prepare_time;
    int64_t rollback_time;
    const char *gid;
};

struct pgoutput_message {
    enum pgoutput_tag tag;
    /* The transaction, of all messages that begin, end or stream one; in a stream, the
     * subtransaction that made the change, or to which the message belongs. 0 when the
     * message names none. */
    uint32_t xid;
    union {
        struct pgoutput_begin begin;
        struct pgoutput_commit commit;
        struct pgoutput_origin origin;
        struct pgoutput_relation relation;
        struct pgoutput_type type;
        struct pgoutput_change change;
        struct pgoutput_truncate truncate;
        struct pgoutput_logical logical;
        struct pgoutput_stream_start stream_start;
        struct pgoutput_stream_abort stream_abort;
        struct pgoutput_prepare prepare;
        struct pgoutput_rollback rollback;
    };
};

/* False unless the bytes are just one well-formed message that may stand where the mode says:
 * an unknown tag, flag or kind of value is refused, so is a byte too many or too few. */
bool pgoutput_parse(const void *bytes, size_t length, struct pgoutput_mode mode,
                    struct pgoutput_message *ret_message);

/* The next of a list, which they make shorter: to see it twice, copy it before. False at its
 * end. The list must come from pgoutput_parse(). */
bool pgoutput_tuple_next(struct pgoutput_tuple *tuple, struct pgoutput_value *ret_value);
bool pgoutput_columns_next(struct pgoutput_columns *columns, struct pgoutput_column *ret_column);
bool pgoutput_relations_next(struct pgoutput_relations *relations, uint32_t *ret_oid);

#endif
