/* The spool of received changes: what was written comes back, or a fault does. */
#include "../unit.h"

#include "base/scoped.h"
#include "base/strbuf.h"
#include "cdc/spool_dir.h"
#include "cdc/spool_read.h"
#include "cdc/spool_write.h"

#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { SEGMENT_SIZE = 64 * 1024 * 1024 };

static const char run_uuid[] = "11111111-2222-3333-4444-555555555555";
static struct spool_place place = {.run = run_uuid};
static char top[32], spool_dir[48];

static void make_dir_in(const char *where)
{
    snprintf(top, sizeof top, "%s/pgh-unit-XXXXXX", where);
    ck_assert_ptr_nonnull(mkdtemp(top));
    snprintf(spool_dir, sizeof spool_dir, "%s/spool", top);
    place.dir = spool_dir;
}

static void make_dir(void)
{
    make_dir_in("/tmp");
}

/* For tests that sync thousands of times, and need little space. */
static void make_quick_dir(void)
{
    make_dir_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
    (void)stat, (void)type, (void)ftw;
    return remove(path);
}

static void remove_dir(void)
{
    nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *segment_path(uint64_t number)
{
    static char path[128];
    char name[SEGMENT_NAME];
    snprintf(path, sizeof path, "%s/%s", spool_dir, segment_name(name, number));
    return path;
}

/* ---- records that can be told by their LSN ---- */

enum { LONGEST = 3 * 1024 * 1024, STEP = 16 };

static uint64_t mixed(uint64_t n)
{
    n = (n ^ n >> 31) * 0x9E3779B97F4A7C15u;
    n = (n ^ n >> 29) * 0xBF58476D1CE4E5B9u;
    return n ^ n >> 32;
}

/* Record n: some are empty, some are random, some compress well; one in 512 is larger than a block.
 */
static struct spool_record record_of(uint64_t n, uint8_t *bytes)
{
    uint64_t dice = mixed(n);
    uint32_t length = (uint32_t)(dice % 7 == 0 ? 0 : dice >> 8 & 0x3FF);
    if (dice % 512 == 3)
        length = SPOOL_BLOCK_USUAL - 20 + (uint32_t)(dice >> 9 & 0x7FFF);
    for (uint32_t i = 0; i < length; i++)
        bytes[i] = dice % 3 == 0 ? (uint8_t)mixed(n * 77 + i) : (uint8_t)(n + i / 64);
    return (struct spool_record){
        .kind = SPOOL_CHANGE, .lsn = n * STEP, .bytes = bytes, .length = length};
}

static uint8_t given[LONGEST], wanted[LONGEST];

static void add(struct spool *spool, uint64_t n)
{
    struct fault why;
    struct spool_record record = record_of(n, given);
    OK(spool_add(spool, &record, &why));
}

/* Each record is a transaction of its own. */
static void add_settled(struct spool *spool, uint64_t first, uint64_t last)
{
    for (uint64_t n = first; n <= last; n++) {
        add(spool, n);
        spool_settle(spool, n * STEP + 1, true);
    }
}

static void same_record(const struct spool_record *got)
{
    struct spool_record want = record_of(got->lsn / STEP, wanted);
    ck_assert_int_eq(got->kind, want.kind);
    ck_assert_uint_eq(got->length, want.length);
    ck_assert(got->length == 0 || memcmp(got->bytes, want.bytes, want.length) == 0);
}

/* Reads on: successive changes from *at on, which is moved behind the last one. */
static bool read_on(struct spool_reader *reader, uint64_t *at, struct fault *why)
{
    struct spool_entry entry;
    bool found;
    for (;;) {
        if (!spool_next(reader, &found, &entry, why))
            return false;
        if (!found)
            return true;
        if (entry.record.kind != SPOOL_CHANGE)
            continue;
        same_record(&entry.record);
        ck_assert_uint_eq(entry.record.lsn, *at * STEP);
        (*at)++;
    }
}

/* All that can be read from the beginning: the number of records. */
static uint64_t read_all(bool *ret_good, struct fault *why)
{
    scoped(drop_spool_reader) struct spool_reader *reader = NULL;
    uint64_t at = 1;
    spool_reader_open(&reader, &place, 0);
    *ret_good = read_on(reader, &at, why);
    return at - 1;
}

static void holds(uint64_t count)
{
    struct fault why;
    bool good;
    uint64_t have = read_all(&good, &why);
    OK(good);
    ck_assert_uint_eq(have, count);
}

static lsn_t synced(struct spool *spool)
{
    struct fault why;
    lsn_t durable;
    OK(spool_sync(spool, &durable, &why));
    return durable;
}

static struct spool *opened(int64_t segment_size)
{
    struct fault why;
    struct spool *spool = NULL;
    OK(spool_open(&spool, &place, segment_size, 0, &why));
    return spool;
}

/* ---- changing files ---- */

static long size_of(uint64_t number)
{
    struct stat stat_;
    return stat(segment_path(number), &stat_) == 0 ? (long)stat_.st_size : -1;
}

static void flip(uint64_t number, long offset)
{
    uint8_t byte;
    scoped(drop_fd) int fd = open(segment_path(number), O_RDWR);
    ck_assert_int_eq(pread(fd, &byte, 1, offset), 1);
    byte ^= 0x10;
    ck_assert_int_eq(pwrite(fd, &byte, 1, offset), 1);
}

/* Offsets of the blocks of a segment, and how many records and what settled LSN
 * each ends with; the last is the end of the file. */
struct border {
    uint64_t offset;
    uint64_t records;
    lsn_t settled;
};

static int borders_of(uint64_t number, struct border *borders, int most)
{
    struct fault why;
    scoped(drop_spool_reader) struct spool_reader *reader = NULL;
    struct spool_entry entry;
    bool found;
    int count = 0;
    uint64_t records = 0;
    spool_reader_open(&reader, &place, 0);
    while (spool_next(reader, &found, &entry, &why) && found) {
        if (entry.segment == number && (count == 0 || borders[count - 1].offset != entry.offset)) {
            ck_assert_int_lt(count + 1, most);
            borders[count++] = (struct border){.offset = entry.offset, .records = records};
        }
        records++;
        borders[count] = (struct border){size_of(number), records, entry.settled};
        if (count > 0)
            borders[count - 1].settled = entry.settled;
    }
    /* What was settled before a block: what the one before it says. */
    for (int i = count; i > 0; i--)
        borders[i].settled = borders[i - 1].settled;
    borders[0].settled = 0;
    return count;
}

static uint8_t saved[1024 * 1024];
static size_t saved_length;

static void save(uint64_t number)
{
    scoped(drop_fd) int fd = open(segment_path(number), O_RDONLY);
    saved_length = (size_t)read(fd, saved, sizeof saved);
    ck_assert_uint_lt(saved_length, sizeof saved);
}

static void restore(uint64_t number, size_t length)
{
    scoped(drop_fd) int fd = open(segment_path(number), O_WRONLY | O_TRUNC | O_CREAT, 0600);
    ck_assert_int_eq(write(fd, saved, length), (ssize_t)length);
}

/* ---- tests ---- */

START_TEST(records_come_back_over_several_segments)
{
    struct fault why;
    enum { COUNT = 20000 };
    make_dir();
    scoped(drop_spool) struct spool *spool = opened(1024 * 1024);
    ck_assert_uint_eq(spool_settled(spool), 0);
    add_settled(spool, 1, COUNT);
    ck_assert_uint_eq(synced(spool), COUNT * STEP + 1);
    ck_assert_uint_gt(spool_segment_number(spool), 3);
    holds(COUNT);

    struct stat stat_;
    ck_assert_int_eq(stat(segment_path(1), &stat_), 0);
    ck_assert_int_eq(stat_.st_mode & 0777, 0600);
    int64_t bytes, all = 0;
    OK(spool_size(&place, &bytes, &why));
    for (uint64_t n = 1; n <= spool_segment_number(spool); n++)
        all += size_of(n);
    ck_assert_int_eq(bytes, all);

    /* Opened again, it goes on. */
    drop_spool(&spool);
    spool = opened(1024 * 1024);
    ck_assert_uint_eq(spool_settled(spool), COUNT * STEP + 1);
    add_settled(spool, COUNT + 1, COUNT + 10);
    synced(spool);
    holds(COUNT + 10);
    remove_dir();
}
END_TEST

START_TEST(a_huge_record_has_a_block_of_its_own)
{
    struct fault why;
    struct spool_entry entry;
    bool found;
    enum { HUGE_ONE = 70 * 1024 * 1024 };
    make_dir();
    scoped(drop_memory) uint8_t *bytes = new_memory(HUGE_ONE, 1);
    for (size_t i = 0; i < HUGE_ONE; i++)
        bytes[i] = (uint8_t)(mixed(i / 4) >> i % 4 * 8);
    scoped(drop_spool) struct spool *spool = opened(1024 * 1024);
    add(spool, 1);
    struct spool_record huge = {SPOOL_CHANGE, 2 * STEP, bytes, HUGE_ONE};
    OK(spool_add(spool, &huge, &why));
    add(spool, 3);
    synced(spool);
    scoped(drop_spool_reader) struct spool_reader *reader = NULL;
    spool_reader_open(&reader, &place, 0);
    OK(spool_next(reader, &found, &entry, &why));
    uint64_t first = entry.offset;
    OK(spool_next(reader, &found, &entry, &why));
    ck_assert(found && entry.record.length == HUGE_ONE && entry.offset > first);
    ck_assert_int_eq(memcmp(entry.record.bytes, bytes, HUGE_ONE), 0);
    OK(spool_next(reader, &found, &entry, &why));
    ck_assert(found && entry.segment == 2);
    same_record(&entry.record);

    huge.length = SPOOL_RECORD_MOST + 1;
    FAILS(spool_add(spool, &huge, &why), FAULT_BUG);
    remove_dir();
}
END_TEST

START_TEST(kinds_and_positions_come_back)
{
    struct fault why;
    struct spool_entry entry;
    bool found;
    lsn_t durable;
    make_dir();
    scoped(drop_spool) struct spool *spool = opened(SEGMENT_SIZE);
    struct spool_record start = {SPOOL_CONNECTION, 500, (const uint8_t *)"0/1F4", 5};
    OK(spool_add(spool, &start, &why));
    spool_settle(spool, 600, true);
    spool_settle(spool, 550, true);
    ck_assert_uint_eq(synced(spool), 600);
    /* Nothing new: nothing is written. Only settled: a position. */
    long size = size_of(1);
    ck_assert_uint_eq(synced(spool), 600);
    ck_assert_int_eq(size_of(1), size);
    spool_settle(spool, 700, true);
    OK(spool_sync(spool, &durable, &why));
    ck_assert_uint_eq(durable, 700);
    scoped(drop_spool_reader) struct spool_reader *reader = NULL;
    spool_reader_open(&reader, &place, 0);
    OK(spool_next(reader, &found, &entry, &why));
    ck_assert(found && entry.record.kind == SPOOL_CONNECTION && entry.record.lsn == 500);
    ck_assert(entry.settled == 600 && memcmp(entry.record.bytes, "0/1F4", 5) == 0);
    OK(spool_next(reader, &found, &entry, &why));
    ck_assert(found && entry.record.kind == SPOOL_POSITION && entry.record.lsn == 700);
    OK(spool_next(reader, &found, &entry, &why));
    ck_assert(!found);
    remove_dir();
}
END_TEST

/* Whatever part of the last blocks a crash leaves, whole blocks count. */
START_TEST(a_torn_tail_is_cut_off_at_every_byte)
{
    struct fault why;
    struct border borders[16];
    make_quick_dir();
    scoped(drop_spool) struct spool *spool = opened(1024 * 1024);
    for (uint64_t n = 1; n <= 12; n += 3) {
        add_settled(spool, n, n + 2);
        OK(spool_flush(spool, &why));
    }
    drop_spool(&spool);
    int blocks = borders_of(1, borders, 16);
    ck_assert_int_eq(blocks, 4);
    save(1);
    for (size_t length = 0; length <= saved_length; length++) {
        int whole = 0;
        while (whole < blocks && borders[whole + 1].offset <= length)
            whole++;
        restore(1, length);
        holds(length < SPOOL_SEGMENT_HEADER ? 0 : borders[whole].records);
        spool = opened(1024 * 1024);
        ck_assert_uint_eq(spool_settled(spool), borders[whole].settled);
        ck_assert_int_eq(size_of(1), (long)borders[whole].offset);
        add_settled(spool, borders[whole].records + 1, borders[whole].records + 1);
        synced(spool);
        drop_spool(&spool);
        holds(borders[whole].records + 1);
    }
    remove_dir();
}
END_TEST

START_TEST(a_torn_header_of_a_new_segment_is_made_anew)
{
    struct fault why;
    make_quick_dir();
    scoped(drop_spool) struct spool *spool = opened(2000);
    uint64_t count = 0;
    while (spool_segment_number(spool) < 2) {
        count++;
        add_settled(spool, count, count);
        OK(spool_flush(spool, &why));
    }
    count--; /* it is in the second segment */
    drop_spool(&spool);
    save(2);
    for (size_t length = 0; length < SPOOL_SEGMENT_HEADER; length++) {
        restore(2, length);
        holds(count);
        spool = opened(2000);
        ck_assert_uint_eq(spool_settled(spool), count * STEP + 1);
        ck_assert_int_eq(size_of(2), SPOOL_SEGMENT_HEADER);
        drop_spool(&spool);
    }
    /* The segment before it was on disk as a whole. */
    restore(2, 10);
    ck_assert_int_eq(truncate(segment_path(1), size_of(1) - 1), 0);
    FAILS(spool_open(&spool, &place, 2000, 0, &why), FAULT_SPOOL_DAMAGED);
    ck_assert_int_eq(size_of(2), 10);
    /* A number alone does not tell where to go on. */
    unlink(segment_path(1));
    FAILS(spool_open(&spool, &place, 2000, 0, &why), FAULT_SPOOL_DAMAGED);
    remove_dir();
}
END_TEST

/* Every byte of a segment, changed: never other records than those that were added. */
START_TEST(a_flipped_byte_is_never_good_data)
{
    struct fault why;
    struct border borders[16];
    bool good;
    make_quick_dir();
    scoped(drop_spool) struct spool *spool = opened(1024 * 1024);
    for (uint64_t n = 1; n <= 12; n += 3) {
        add_settled(spool, n, n + 2);
        synced(spool);
    }
    drop_spool(&spool);
    int blocks = borders_of(1, borders, 16);
    save(1);
    for (long offset = 0; offset < (long)saved_length; offset++) {
        int block = 0;
        while (block < blocks && (long)borders[block + 1].offset <= offset)
            block++;
        flip(1, offset);
        uint64_t have = read_all(&good, &why);
        ck_assert_uint_eq(have, offset < SPOOL_SEGMENT_HEADER ? 0 : borders[block].records);
        /* All but the last block are followed by one that says they were on disk. */
        bool tail = block == blocks - 1;
        ck_assert_int_eq(good, tail);
        if (!tail)
            ck_assert_int_eq(why.id, FAULT_SPOOL_DAMAGED);
        good = spool_open(&spool, &place, 1024 * 1024, 0, &why);
        ck_assert_int_eq(good, tail);
        if (good)
            ck_assert_uint_eq(spool_settled(spool), borders[block].settled);
        else
            ck_assert_int_eq(size_of(1), (long)saved_length);
        drop_spool(&spool);
        restore(1, saved_length);
    }
    remove_dir();
}
END_TEST

/* A machine that stops may have written the later of two blocks and not the earlier one. */
START_TEST(what_was_never_synced_may_be_cut_off_and_what_was_promised_not)
{
    struct fault why;
    struct border borders[16];
    make_dir();
    scoped(drop_spool) struct spool *spool = opened(1024 * 1024);
    for (uint64_t n = 1; n <= 12; n += 3) {
        add_settled(spool, n, n + 2);
        OK(spool_flush(spool, &why));
    }
    drop_spool(&spool);
    borders_of(1, borders, 16);
    flip(1, (long)borders[2].offset + 60);
    holds(6);
    FAILS(spool_open(&spool, &place, 1024 * 1024, borders[2].settled + 1, &why),
          FAULT_SPOOL_DAMAGED);
    ck_assert_ptr_nonnull(strstr(why.text, "0000000000000001.seg\" at offset "));
    OK(spool_open(&spool, &place, 1024 * 1024, borders[2].settled, &why));
    ck_assert_uint_eq(spool_settled(spool), borders[2].settled);
    ck_assert_int_eq(size_of(1), (long)borders[2].offset);
    drop_spool(&spool);
    /* A new one begins at what was promised. */
    unlink(segment_path(1));
    OK(spool_open(&spool, &place, 1024 * 1024, 7, &why));
    ck_assert_uint_eq(spool_settled(spool), 7);
    remove_dir();
}
END_TEST

START_TEST(damage_among_segments_is_found)
{
    struct fault why;
    bool good;
    make_dir();
    scoped(drop_spool) struct spool *spool = opened(4000);
    for (uint64_t n = 1; n <= 200; n++) {
        add_settled(spool, n, n);
        if (n % 5 == 0)
            OK(spool_flush(spool, &why));
    }
    synced(spool);
    ck_assert_uint_ge(spool_segment_number(spool), 4);
    drop_spool(&spool);

    /* The last block of a segment that is closed is no tail. */
    save(2);
    flip(2, size_of(2) - 1);
    read_all(&good, &why);
    ck_assert(!good && why.id == FAULT_SPOOL_DAMAGED);
    ck_assert_ptr_nonnull(strstr(why.text, "0000000000000002.seg\" at offset "));
    restore(2, saved_length - 1);
    read_all(&good, &why);
    ck_assert(!good && why.id == FAULT_SPOOL_DAMAGED);
    /* A header. */
    restore(2, saved_length);
    flip(2, 20);
    read_all(&good, &why);
    ck_assert(!good && why.id == FAULT_SPOOL_DAMAGED);
    FAILS(spool_open(&spool, &place, 4000, 0, &why), FAULT_SPOOL_DAMAGED);
    restore(2, 30);
    FAILS(spool_open(&spool, &place, 4000, 0, &why), FAULT_SPOOL_DAMAGED);
    /* A segment under another's name, a missing one. */
    restore(3, saved_length);
    FAILS(spool_open(&spool, &place, 4000, 0, &why), FAULT_SPOOL_DAMAGED);
    unlink(segment_path(3));
    FAILS(spool_open(&spool, &place, 4000, 0, &why), FAULT_SPOOL_DAMAGED);
    read_all(&good, &why);
    ck_assert(!good && why.id == FAULT_SPOOL_DAMAGED);
    remove_dir();
}
END_TEST

START_TEST(a_spool_belongs_to_its_run)
{
    struct fault why;
    make_dir();
    scoped(drop_spool) struct spool *spool = opened(SEGMENT_SIZE);
    drop_spool(&spool);
    place.run = "99999999-2222-3333-4444-555555555555";
    FAILS(spool_open(&spool, &place, SEGMENT_SIZE, 0, &why), FAULT_SPOOL_DAMAGED);
    ck_assert_ptr_nonnull(strstr(why.text, "another run"));
    remove_dir();
}
END_TEST

/* The reader sees each record once, in order, while another process writes. */
START_TEST(a_reader_follows_a_growing_spool)
{
    struct fault why;
    enum { COUNT = 6000 };
    int ends[2];
    make_dir();
    ck_assert_int_eq(pipe(ends), 0);
    scoped(drop_spool_reader) struct spool_reader *reader = NULL;
    uint64_t at = 1;
    spool_reader_open(&reader, &place, 0);
    OK(read_on(reader, &at, &why)); /* before there is a directory */
    pid_t writer = check_fork();
    if (writer == 0) {
        close(ends[0]);
        struct spool *spool = opened(50000);
        for (uint64_t n = 1; n <= COUNT; n++) {
            add_settled(spool, n, n);
            if (mixed(n) % 50 == 0 && !spool_flush(spool, &why))
                _exit(1);
            if (mixed(n) % 50 == 0 && write(ends[1], "", 1) != 1)
                _exit(1);
        }
        synced(spool);
        _exit(0);
    }
    close(ends[1]);
    /* Some looks come as it writes, some while nothing is there. */
    char byte[16];
    do
        OK(read_on(reader, &at, &why));
    while (read(ends[0], byte, sizeof byte) > 0);
    OK(read_on(reader, &at, &why));
    ck_assert_uint_eq(at - 1, COUNT);
    int status;
    waitpid(writer, &status, 0);
    ck_assert_int_eq(status, 0);
    close(ends[0]);
    remove_dir();
}
END_TEST

START_TEST(reading_begins_where_a_position_is_and_older_segments_go)
{
    struct fault why;
    enum { COUNT = 4000 };
    make_dir();
    scoped(drop_spool) struct spool *spool = opened(20000);
    for (uint64_t n = 1; n <= COUNT; n++) {
        add_settled(spool, n, n);
        if (n % 10 == 0)
            OK(spool_flush(spool, &why));
    }
    synced(spool);
    struct spool_span whole, rest = {0};
    OK(spool_span(&place, &whole, &why));
    ck_assert_uint_gt(whole.last, 20);
    uint64_t skipped = 0;
    for (uint64_t from = 0; from <= COUNT; from += 100) {
        /* Every transaction with commit_lsn >= from comes, and not much before it. */
        scoped(drop_spool_reader) struct spool_reader *reader = NULL;
        struct spool_entry entry;
        bool found;
        spool_reader_open(&reader, &place, from * STEP);
        OK(spool_next(reader, &found, &entry, &why));
        ck_assert(found && entry.record.lsn <= (from == 0 ? STEP : from * STEP));
        uint64_t at = entry.record.lsn / STEP + 1;
        OK(read_on(reader, &at, &why));
        ck_assert_uint_eq(at, COUNT + 1);
        skipped = entry.segment;
        OK(spool_remove_before(&place, from * STEP, &why));
        OK(spool_span(&place, &rest, &why));
        ck_assert_uint_eq(rest.first, skipped);
        ck_assert_uint_eq(rest.last, whole.last);
    }
    ck_assert_uint_gt(skipped, 20);
    /* What was removed cannot be asked for; the newest segment stays. */
    OK(spool_remove_before(&place, UINT64_MAX, &why));
    OK(spool_span(&place, &rest, &why));
    ck_assert(rest.first == whole.last && rest.last == whole.last);
    scoped(drop_spool_reader) struct spool_reader *late = NULL;
    struct spool_entry entry;
    bool found;
    spool_reader_open(&late, &place, 5 * STEP);
    FAILS(spool_next(late, &found, &entry, &why), FAULT_SPOOL_GONE);
    drop_spool(&spool);
    spool = opened(20000);
    ck_assert_uint_eq(spool_settled(spool), COUNT * STEP + 1);
    remove_dir();
}
END_TEST

/* A transaction that spans segments keeps the one that it begins in, however far
 * others are settled meanwhile. */
START_TEST(an_open_transaction_keeps_its_segments)
{
    struct fault why;
    uint64_t number, n = 0;
    make_dir();
    scoped(drop_spool) struct spool *spool = opened(5000);
    scoped(drop_fd) int dir = open(spool_dir, O_RDONLY | O_DIRECTORY);
    for (; spool_segment_number(spool) < 4; n++) {
        add_settled(spool, n + 1, n + 1);
        OK(spool_flush(spool, &why));
    }
    uint64_t begun = spool_segment_number(spool);
    for (; spool_segment_number(spool) < 8; n++) {
        add(spool, n + 1);
        spool_settle(spool, (n + 1) * STEP + 1, false);
        OK(spool_flush(spool, &why));
    }
    OK(spool_seek(&place, dir, n * STEP, &number, &why));
    ck_assert_uint_eq(number, begun);
    OK(spool_remove_before(&place, n * STEP, &why));
    ck_assert_int_lt(size_of(begun - 1), 0);
    ck_assert_int_gt(size_of(begun), 0);
    /* A new connection makes it void. */
    struct spool_record again = {.kind = SPOOL_CONNECTION, .lsn = n * STEP};
    OK(spool_add(spool, &again, &why));
    for (; spool_segment_number(spool) < 10; n++) {
        add_settled(spool, n + 1, n + 1);
        OK(spool_flush(spool, &why));
    }
    OK(spool_seek(&place, dir, n * STEP, &number, &why));
    ck_assert_uint_ge(number, 9);
    remove_dir();
}
END_TEST

/* A limit on the size of files ends writes in the middle, as a full disk does. It is
 * lifted before anything is asserted: Check writes to a file, too. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
}

static bool add_limited(struct spool *spool, const struct spool_record *record, rlim_t bytes,
                        struct fault *why)
{
    limit_files(bytes);
    bool good = spool_add(spool, record, why);
    limit_files(RLIM_INFINITY);
    return good;
}

static bool flush_limited(struct spool *spool, rlim_t bytes, struct fault *why)
{
    limit_files(bytes);
    bool good = spool_flush(spool, why);
    limit_files(RLIM_INFINITY);
    return good;
}

/* Up to 3 kB more than there are, or every third time enough. */
static rlim_t some_space(void)
{
    static uint64_t asked;
    if (++asked % 3 == 0)
        return RLIM_INFINITY;
    return (rlim_t)size_of(1) + mixed(asked) % 3000;
}

START_TEST(a_full_disk_loses_nothing)
{
    struct fault why;
    enum { COUNT = 2000 };
    make_dir();
    ck_assert_int_eq(sigaction(SIGXFSZ, &(struct sigaction){.sa_handler = SIG_IGN}, NULL), 0);
    scoped(drop_spool) struct spool *spool = opened(64 * 1024 * 1024);
    int refused = 0;
    for (uint64_t n = 1; n <= COUNT; n++) {
        struct spool_record record = record_of(n, given);
        for (; !add_limited(spool, &record, some_space(), &why); refused++)
            ck_assert(why.id == FAULT_SPOOL_FULL && why.retry);
        spool_settle(spool, n * STEP + 1, true);
        if (n % 9 != 0)
            continue;
        for (; !flush_limited(spool, some_space(), &why); refused++)
            ck_assert(why.id == FAULT_SPOOL_FULL && why.retry);
        if (n % 90 == 0)
            holds(n);
    }
    ck_assert_uint_eq(synced(spool), COUNT * STEP + 1);
    ck_assert_int_gt(refused, 50);
    holds(COUNT);
    remove_dir();
}
END_TEST

/* Not even a new segment's header fits. */
START_TEST(a_new_segment_waits_for_space)
{
    struct fault why;
    make_dir();
    ck_assert_int_eq(sigaction(SIGXFSZ, &(struct sigaction){.sa_handler = SIG_IGN}, NULL), 0);
    scoped(drop_spool) struct spool *spool = opened(100);
    add_settled(spool, 1, 10);
    OK(spool_flush(spool, &why));
    struct spool_record record = record_of(11, given);
    FAILS(add_limited(spool, &record, 70, &why), FAULT_SPOOL_FULL);
    FAILS(add_limited(spool, &record, 0, &why), FAULT_SPOOL_FULL);
    ck_assert_int_lt(size_of(2), 0);
    add_settled(spool, 11, 20);
    ck_assert_uint_eq(synced(spool), 20 * STEP + 1);
    ck_assert_uint_eq(spool_segment_number(spool), 2);
    holds(20);
    remove_dir();
}
END_TEST

/* What the spool must hold, next to the spool itself. */
struct model {
    struct spool *spool;
    uint64_t added;   /* records */
    uint64_t flushed; /* of them, written for certain */
    lsn_t settled;    /* said */
    lsn_t safe;       /* synced */
    int64_t size;     /* of segments */
    uint64_t removed; /* everything up to this record may have been removed */
    uint64_t dice;
};

static void crash_and_open(struct model *m)
{
    struct fault why;
    drop_spool(&m->spool);
    OK(spool_open(&m->spool, &place, m->size, m->safe, &why));
    lsn_t settled = spool_settled(m->spool);
    ck_assert_uint_ge(settled, m->safe);
    ck_assert_uint_le(settled, m->settled);
    /* The source sends everything from there on again: drop what is behind it from the model by
     * reading how many records survived. */
    scoped(drop_spool_reader) struct spool_reader *reader = NULL;
    uint64_t at = 0;
    struct spool_entry entry;
    bool found;
    spool_reader_open(&reader, &place, 0);
    for (;;) {
        OK(spool_next(reader, &found, &entry, &why));
        if (!found)
            break;
        if (entry.record.kind != SPOOL_CHANGE)
            continue;
        same_record(&entry.record);
        ck_assert(at == 0 || entry.record.lsn / STEP == at + 1);
        ck_assert(at != 0 || entry.record.lsn / STEP <= m->removed + 1);
        at = entry.record.lsn / STEP;
    }
    ck_assert(at >= m->flushed || at == 0);
    m->added = at > m->flushed ? at : m->flushed;
    m->settled = settled;
}

static void random_step(struct model *m)
{
    struct fault why;
    m->dice = mixed(m->dice + 1);
    uint64_t what = m->dice >> 20 & 63;
    if (what < 50) {
        add(m->spool, ++m->added);
    } else if (what < 56) {
        m->settled = m->added * STEP + 1;
        spool_settle(m->spool, m->settled, true);
    } else if (what < 60) {
        OK(spool_flush(m->spool, &why));
        m->flushed = m->added;
    } else if (what < 62) {
        m->safe = synced(m->spool);
        ck_assert_uint_eq(m->safe, m->settled);
        m->flushed = m->added;
    } else if (what == 62) {
        OK(spool_remove_before(&place, m->safe, &why));
        m->removed = m->safe / STEP;
    } else {
        crash_and_open(m);
    }
}

START_TEST(any_sequence_of_calls_keeps_what_was_said)
{
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct model m = {.dice = seed, .size = seed % 2 == 0 ? 20000 : 700000};
        make_quick_dir();
        m.spool = opened(m.size);
        for (int i = 0; i < 5000; i++)
            random_step(&m);
        m.safe = synced(m.spool);
        m.flushed = m.added;
        crash_and_open(&m);
        drop_spool(&m.spool);
        remove_dir();
    }
}
END_TEST

SUITE(spool, records_come_back_over_several_segments, a_huge_record_has_a_block_of_its_own,
      kinds_and_positions_come_back, a_torn_tail_is_cut_off_at_every_byte,
      a_torn_header_of_a_new_segment_is_made_anew, a_flipped_byte_is_never_good_data,
      what_was_never_synced_may_be_cut_off_and_what_was_promised_not,
      damage_among_segments_is_found, a_spool_belongs_to_its_run, a_reader_follows_a_growing_spool,
      reading_begins_where_a_position_is_and_older_segments_go,
      an_open_transaction_keeps_its_segments, a_full_disk_loses_nothing,
      a_new_segment_waits_for_space, any_sequence_of_calls_keeps_what_was_said)
