#include "../unit.h"

#include "base/scoped.h"
#include "base/strbuf.h"
#include "show/notices.h"

#include <jansson.h>

struct told {
    struct notices seen;
    struct strbuf events;
    struct strbuf text; /* of the last one */
};

static void on_event(void *arg, const char *event, const char *text)
{
    struct told *told = arg;
    strbuf_addf(&told->events, "%s ", event);
    strbuf_clear(&told->text);
    strbuf_add(&told->text, text);
}

static void drop_told(struct told *told)
{
    drop_strbuf(&told->events);
    drop_strbuf(&told->text);
}

/* What is told of a status, after those before. */
static const char *look(struct told *told, int64_t seconds, const char *fields)
{
    const struct notice_bounds bounds = {.stall_ms = 60000, .lag_ms = 10000};
    struct json_error_t error;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    strbuf_addf(&text, "{\"name\": \"r\", %s}", fields);
    json_t *status = json_loads(text.text, 0, &error);
    ck_assert_msg(status != NULL, "%s: %s", error.text, text.text);
    strbuf_clear(&told->events);
    notices_look(&told->seen, status, &bounds, seconds * 1000, on_event, told);
    json_decref(status);
    return strbuf_text(&told->events);
}

#define COPY "\"state\": \"running\", \"phase\": \"copy\", \"sentence\": \"copying\""
#define FOLLOW "\"state\": \"running\", \"phase\": \"follow\", \"sentence\": \"applying\""

START_TEST(a_beginning_phases_and_an_end)
{
    scoped(drop_told) struct told t = {.events = STRBUF_EMPTY};
    ck_assert_str_eq(look(&t, 0, COPY), "begun ");
    ck_assert_str_eq(t.text.text, "run r has begun: copying");
    ck_assert_str_eq(look(&t, 1, COPY), "");
    ck_assert_str_eq(look(&t, 2, FOLLOW), "phase ");
    ck_assert_str_eq(t.text.text, "run r: applying");
    ck_assert_str_eq(look(&t, 3,
                          "\"state\": \"failed\", \"phase\": \"follow\", \"duration_ms\": 5000,"
                          " \"fault\": {\"text\": \"the cause\"}"),
                     "ended ");
    ck_assert_str_eq(t.text.text, "run r has failed, after 5.0 s: the cause");
    ck_assert_str_eq(look(&t, 4, "\"state\": \"failed\", \"phase\": \"follow\""), "");
}
END_TEST

START_TEST(a_stall_is_told_once_and_ends)
{
    scoped(drop_told) struct told t = {.events = STRBUF_EMPTY};
    look(&t, 0, COPY);
    ck_assert_str_eq(look(&t, 59, COPY), "");
    ck_assert_str_eq(look(&t, 60, COPY ", \"waits_for\": {\"sentence\": \"a lock\"}"), "stall ");
    ck_assert_str_eq(t.text.text,
                     "run r has not moved for 1 min 00 s while copying; it waits for a lock");
    ck_assert_str_eq(look(&t, 500, COPY), "");
    ck_assert_str_eq(look(&t, 501, COPY ", \"running\": [{\"note\": \"building index 3 %\"}]"),
                     "moves ");
    ck_assert_str_eq(look(&t, 550, COPY ", \"running\": [{\"note\": \"building index 3 %\"}]"), "");
    ck_assert_str_eq(look(&t, 562, COPY ", \"running\": [{\"note\": \"building index 3 %\"}]"),
                     "stall ");
    ck_assert_str_eq(look(&t, 563, COPY ", \"progress\": {\"bytes_moved\": 1}"), "moves ");
    /* However many work: what the last one does is seen, too. */
#define MANY ", \"running\": [" TEN "," TEN "," TEN ", {\"note\": \""
#define TEN ONE "," ONE "," ONE "," ONE "," ONE "," ONE "," ONE "," ONE "," ONE "," ONE
#define ONE "{\"note\": \"a statement that does not move\"}"
    ck_assert_str_eq(look(&t, 564, COPY MANY "1 %\"}]"), "");
    ck_assert_str_eq(look(&t, 620, COPY MANY "2 %\"}]"), "");
    ck_assert_str_eq(look(&t, 640, COPY MANY "2 %\"}]"), "");
    ck_assert_str_eq(look(&t, 680, COPY MANY "2 %\"}]"), "stall ");
    ck_assert_str_eq(look(&t, 681, COPY MANY "3 %\"}]"), "moves ");
    /* Who has applied all may rest. */
    look(&t, 700, FOLLOW);
    ck_assert_str_eq(look(&t, 10000, FOLLOW ", \"substate\": \"caught_up\""), "");
    ck_assert_str_eq(look(&t, 10059, FOLLOW ", \"substate\": \"catching_up\""), "");
    ck_assert_str_eq(look(&t, 10061, FOLLOW ", \"substate\": \"catching_up\""), "stall ");
}
END_TEST

/* Looks, a second apart, and what each of them tells. */
struct step {
    const char *fields;
    const char *events;
};

static void walk(struct told *told, const struct step *steps)
{
    for (int i = 0; steps[i].fields != NULL; i++)
        ck_assert_str_eq(look(told, i, steps[i].fields), steps[i].events);
}

START_TEST(lag_above_its_bound)
{
#define LAG(ms) FOLLOW ", \"position\": {\"lag_ms\": " ms "}"
    static const struct step up[] = {
        {COPY ", \"position\": {\"lag_ms\": 999999}", "begun "},
        {FOLLOW, "phase "},
        {LAG("10000"), ""},
        {LAG("10001"), "lag "},
        {NULL},
    };
    static const struct step down[] = {{LAG("9000"), ""},
                                       {LAG("11000"), ""},
                                       {LAG("4000"), "caught_up "},
                                       {LAG("null"), ""},
                                       {NULL}};
    scoped(drop_told) struct told t = {.events = STRBUF_EMPTY};
    walk(&t, up);
    ck_assert_str_eq(t.text.text, "run r is 10.0 s behind (0 bytes of WAL)");
    walk(&t, down);
}
END_TEST

START_TEST(a_slot_in_danger)
{
#define SLOT(state, keeps, safe)                                                                 \
    FOLLOW ", \"position\": {\"slot\": \"s\", \"slot_state\": " state ", \"slot_keeps\": " keeps \
           ", \"slot_safe\": " safe "}"
    static const struct step up[] = {
        {SLOT("null", "0", "null"), "begun "},
        {SLOT("\"reserved\"", "100", "null"), ""},
        {SLOT("\"extended\"", "700", "300"), ""},
        {SLOT("\"extended\"", "800", "200"), "slot_danger "},
        {NULL},
    };
    static const struct step down[] = {
        {SLOT("\"unreserved\"", "1000", "0"), ""},
        {SLOT("\"reserved\"", "10", "990"), "slot_safe "},
        {NULL},
    };
    scoped(drop_told) struct told t = {.events = STRBUF_EMPTY};
    walk(&t, up);
    ck_assert_str_eq(t.text.text,
                     "run r: slot s is in danger (extended): the source keeps 800 bytes "
                     "for it");
    walk(&t, down);
}
END_TEST

START_TEST(what_is_a_url)
{
    ck_assert(notify_is_url("https://hooks.example/x"));
    ck_assert(notify_is_url("HTTP://localhost:1/"));
    ck_assert(!notify_is_url("mail -s x somebody"));
    ck_assert(!notify_is_url("curl http://x/"));
}
END_TEST

SUITE(notices, a_beginning_phases_and_an_end, a_stall_is_told_once_and_ends, lag_above_its_bound,
      a_slot_in_danger, what_is_a_url)
