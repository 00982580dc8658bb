#include "../unit.h"

#include "base/scoped.h"
#include "base/text.h"
#include "show/screen.h"

#include <jansson.h>

/* The rows of the picture, without what moves the cursor; how many there are. */
static int rows_of(struct strbuf *out, char *rows[], int most)
{
    int count = 0;
    char *at = out->text + strlen("\033[H");
    char *end = strstr(at, "\033[J");
    ck_assert_ptr_nonnull(end);
    *end = '\0';
    for (char *next; (next = strstr(at, "\033[K\r\n")) != NULL && count < most;
         at = next + strlen("\033[K\r\n")) {
        *next = '\0';
        rows[count++] = at;
    }
    ck_assert_str_eq(at, "");
    return count;
}

static json_t *example(void)
{
    struct json_error_t error;
    json_t *status = json_loads(
        "{\"name\": \"naïve \\u001b[31m run\", \"mode\": \"follow\", \"state\": \"running\","
        " \"phase\": \"copy\", \"sentence\": \"copying data and building indexes\","
        " \"source\": \"postgres://a-source-with-a-long-name/app\", \"target\": \"postgres://t/app\","
        " \"duration_ms\": 61000, \"progress\": {\"tables\": 3, \"bytes\": 100, \"bytes_moved\": 50,"
        " \"indexes\": 4, \"indexes_done\": 4}, \"tables\": {\"total\": 3, \"done\": 1, \"failed\": 1},"
        " \"events\": [{\"at\": \"2026-01-01T10:11:12.000Z\", \"level\": \"warning\","
        " \"text\": \"a rather long text that does not fit into a narrow terminal at all\"}]}",
        0, &error);
    ck_assert_ptr_nonnull(status);
    return status;
}

START_TEST(a_picture_fits_into_its_terminal)
{
    json_t *status = example();
    for (int columns = 20; columns <= 200; columns += 9)
        for (int height = 3; height <= 30; height += 3) {
            scoped(drop_strbuf) struct strbuf out = STRBUF_EMPTY;
            const struct screen_size size = {.columns = columns, .rows = height};
            char *rows[64];
            screen_compose(&out, status, &size);
            int count = rows_of(&out, rows, 64);
            ck_assert_int_lt(count, height);
            for (int i = 0; i < count; i++) {
                ck_assert_int_le(text_width(rows[i]), columns);
                ck_assert_ptr_null(strchr(rows[i], '\033'));
            }
        }
    json_decref(status);
}
END_TEST

START_TEST(what_a_picture_says)
{
    json_t *status = example();
    scoped(drop_strbuf) struct strbuf out = STRBUF_EMPTY;
    scoped(drop_strbuf) struct strbuf line = STRBUF_EMPTY;
    const struct screen_size size = {.columns = 100, .rows = 40};
    char *rows[64];
    screen_compose(&out, status, &size);
    ck_assert_int_eq(rows_of(&out, rows, 64), 7);
    ck_assert_str_eq(rows[0], "run         naïve \\x1b[31m run  follow  running  1 min 01 s");
    ck_assert_str_eq(rows[3],
                     "rows        [############.............]   50 %  50 bytes of 100 bytes  "
                     "0 of about 0 rows");
    ck_assert_str_eq(rows[4],
                     "tables      [########.................]   33 %  1 of 3  0 queued  0 copying  "
                     "1 failed");
    ck_assert_str_eq(rows[5], "indexes     [#########################]  100 %  4 of 4");
    screen_add_line(&line, status);
    ck_assert_str_eq(line.text,
                     "running, copying data and building indexes: 50 bytes of 100 bytes, tables "
                     "0/3, indexes 4/4");
    json_decref(status);
}
END_TEST

SUITE(screen, a_picture_fits_into_its_terminal, what_a_picture_says)
