/*
 * test_decoding.h - the lines of PostgreSQL's logical decoding plugin "test_decoding" (9.4 to 18),
 * with the options include-xids and include-timestamp, in a session whose TimeZone is UTC.
 */
#ifndef PGHAUL_WIRE_TEST_DECODING_H
#define PGHAUL_WIRE_TEST_DECODING_H

#include "wire/told.h"

/* One message, as XLogData carries it. False unless it is just one well-formed line, the values of
 * which are all there; of a commit commit_lsn is not told. */
bool test_decoding_parse(const char *bytes, size_t length, struct told_change *ret_change);

#endif
