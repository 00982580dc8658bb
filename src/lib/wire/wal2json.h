/*
 * wal2json.h - the objects of the logical decoding plugin "wal2json", format version 2, with the
 * options include-xids, include-timestamp, include-lsn, include-type-oids and without include-types
 * (which it does not escape), in a session whose TimeZone is UTC.
 *
 * Columns that an UPDATE left alone and that are stored apart are missing, not TOLD_UNCHANGED. The
 * identity of an UPDATE is always told. Digits of numbers are given as they stand there.
 */
#ifndef PGHAUL_WIRE_WAL2JSON_H
#define PGHAUL_WIRE_WAL2JSON_H

#include "wire/told.h"

/* One message, as XLogData carries it. False unless it is just one object, written as the plugin
 * does, that has what its action needs. Members that we do not know are passed over. */
bool wal2json_parse(const char *bytes, size_t length, struct told_change *ret_change);

#endif
