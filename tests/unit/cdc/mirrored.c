/* Which changes of pghaul.progress say that a transaction is an echo. */
#include "../unit.h"

#include "cdc/mirrored.h"

#include <string.h>

#define RUN "92a55d5e-dbf8-4c89-ab52-1e75500806b4"
#define OTHER "c990c1fc-8a3e-4d4b-8d12-be120725610f"

static char a[] = "a", b[] = "b", run_name[] = "run", applied_name[] = "applied";
static struct relation_column columns[] = {{.name = run_name}, {.name = applied_name}};
static char schema[] = "pghaul", name[] = "progress";
static struct relation progress = {
    .nspname = schema, .relname = name, .count = 2, .columns = columns};

/* A message with these values; NULL: the row is not given. */
static struct pgoutput_message message_of(uint8_t *bytes, char tag, const char *run)
{
    static const uint8_t head[] = {0, 0, 0, 7};
    size_t length = 0, size = strlen(run);
    struct pgoutput_message message;
    const struct pgoutput_mode mode = {.in_stream = false};
    bytes[length++] = (uint8_t)tag;
    memcpy(bytes + length, head, sizeof head);
    length += sizeof head;
    bytes[length++] = tag == 'D' ? 'K' : 'N';
    memcpy(bytes + length, "\0\2t\0\0\0", 6);
    length += 6;
    bytes[length++] = (uint8_t)size;
    memcpy(bytes + length, run, size);
    length += size;
    bytes[length++] = 'n';
    ck_assert(pgoutput_parse(bytes, length, mode, &message));
    return message;
}

static bool is_of(char tag, const char *run)
{
    uint8_t bytes[128];
    struct fault why;
    bool is;
    const struct pgoutput_message message = message_of(bytes, tag, run);
    OK(mirrored_is_of(&progress, &message.change, RUN, &is, &why));
    return is;
}

START_TEST(the_table_is_known)
{
    struct relation other = progress;
    ck_assert(mirrored_tells(&progress));
    other.nspname = b;
    ck_assert(!mirrored_tells(&other));
    other = progress;
    other.relname = a;
    ck_assert(!mirrored_tells(&other));
}
END_TEST

START_TEST(the_rows_of_the_run_are)
{
    for (const char *tag = "IUD"; *tag != '\0'; tag++) {
        ck_assert(is_of(*tag, RUN));
        ck_assert(is_of(*tag, RUN " repair"));
        ck_assert(!is_of(*tag, OTHER));
        ck_assert(!is_of(*tag, ""));
    }
}
END_TEST

START_TEST(what_does_not_tell_is_refused)
{
    uint8_t bytes[128];
    struct fault why;
    bool is;
    struct relation other = progress;
    const struct pgoutput_message message = message_of(bytes, 'U', RUN);
    other.count = 1;
    FAILS(mirrored_is_of(&other, &message.change, RUN, &is, &why), FAULT_STREAM_UNKNOWN);
    struct relation_column unnamed[] = {{.name = a}, {.name = b}};
    other = progress;
    other.columns = unnamed;
    FAILS(mirrored_is_of(&other, &message.change, RUN, &is, &why), FAULT_STREAM_UNKNOWN);
}
END_TEST

SUITE(mirrored, the_table_is_known, the_rows_of_the_run_are, what_does_not_tell_is_refused)
