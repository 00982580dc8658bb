/*
 * encode.h - rows as a server takes them: arrays of a table's row type, and the data of COPY.
 */
#ifndef PGHAUL_CDC_ENCODE_H
#define PGHAUL_CDC_ENCODE_H

#include "base/strbuf.h"
#include "cdc/destination.h"

enum encoding { ENCODE_BINARY, ENCODE_TEXT };

/* Which of the two the values of a row are in: *encoding is changed by the first one that tells
 * (`*known`). False when they are in both, so that no array can hold them. */
bool encoding_of(const struct destination *to, const struct pgoutput_value *row,
                 enum encoding *encoding, bool *known);

/* Can it be in an array, where columns that are not given are NULL? */
bool encode_array_takes(const struct destination *destination, const struct pgoutput_value *row);

/* An array of the destination's row type, begun with its number of rows. Columns that are not
 * given are NULL in it. */
void encode_array_begin(struct strbuf *to, const struct destination *destination, size_t rows,
                        enum encoding encoding);
void encode_array_row(struct strbuf *to, const struct destination *destination,
                      const struct pgoutput_value *row, enum encoding encoding);
void encode_array_end(struct strbuf *to, enum encoding encoding);

/* An array of int8, in binary, of this many numbers. */
void encode_numbers_begin(struct strbuf *to, size_t count);
void encode_number(struct strbuf *to, int64_t number);

/* The data of COPY for the columns that the mask sets. */
void encode_copy_begin(struct strbuf *to, enum encoding encoding);
void encode_copy_row(struct strbuf *to, const struct destination *destination, const uint8_t *mask,
                     const struct pgoutput_value *row, enum encoding encoding);
void encode_copy_end(struct strbuf *to, enum encoding encoding);

#endif
