#include "../unit.h"

#include "base/scoped.h"
#include "show/metrics.h"
#include "show/serve.h"

#include <jansson.h>

static void says(const char *status, const char *part)
{
    struct json_error_t error;
    scoped(drop_strbuf) struct strbuf text = STRBUF_EMPTY;
    json_t *json = json_loads(status, 0, &error);
    ck_assert_ptr_nonnull(json);
    metrics_add(&text, json);
    json_decref(json);
    ck_assert_msg(strstr(strbuf_text(&text), part) != NULL, "no \"%s\" in:\n%s", part, text.text);
}

START_TEST(labels_are_escaped)
{
    says("{\"name\": \"a \\\"b\\\" \\\\ c\\nd\", \"resumes\": 3}",
         "# HELP pghaul_run_resumes_total How often the run was resumed.\n"
         "# TYPE pghaul_run_resumes_total counter\n"
         "pghaul_run_resumes_total{run=\"a \\\"b\\\" \\\\ c\\nd\"} 3\n");
}
END_TEST

START_TEST(times_are_seconds_and_places_are_bytes)
{
    says("{\"name\": \"r\", \"duration_ms\": 61005}",
         "pghaul_run_duration_seconds{run=\"r\"} 61.005\n");
    says("{\"name\": \"r\", \"started\": \"1970-01-02T00:00:01.000Z\"}",
         "pghaul_run_start_time_seconds{run=\"r\"} 86401\n");
    says("{\"name\": \"r\", \"position\": {\"applied\": \"1/10\", \"lag_ms\": 1}}",
         "pghaul_wal_position_bytes{run=\"r\",place=\"applied\"} 4294967312\n");
    says("{\"name\": \"r\", \"position\": {\"lag_ms\": 1}}",
         "pghaul_lag_seconds{run=\"r\"} 0.001\n");
}
END_TEST

START_TEST(each_database_of_several_has_its_own)
{
    says("{\"name\": \"all\", \"members\": [{\"name\": \"a\", \"run\": {\"resumes\": 1}},"
         " {\"name\": \"b\", \"run\": null}, {\"name\": \"c\", \"run\": {\"resumes\": 2}}]}",
         "TYPE pghaul_run_resumes_total counter\n"
         "pghaul_run_resumes_total{run=\"all\",database=\"a\"} 1\n"
         "pghaul_run_resumes_total{run=\"all\",database=\"c\"} 2\n");
}
END_TEST

START_TEST(addresses_to_listen_on)
{
    static const char *const bad[] = {"",       "x",       "127.0.0.1:",   "127.0.0.1:x",
                                      ":70000", "::1:900", "127.0.0.1:-1", "a:b:9187",
                                      "[::1]"};
    struct fault why;
    char url[URL_SIZE];
    scoped(drop_fd) int fd = -1;
    scoped(drop_fd) int other = -1;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        FAILS(serve_listen(bad[i], "", &fd, url, &why), FAULT_BAD_VALUE);
    FAILS(serve_listen("0.0.0.0:0", "", &fd, url, &why), FAULT_METRICS_TOKEN);
    FAILS(serve_listen("no.such.host.invalid:1", "", &fd, url, &why), FAULT_METRICS_ADDRESS);
    OK(serve_listen("0", NULL, &fd, url, &why));
    ck_assert_ptr_nonnull(strstr(url, "http://127.0.0.1:"));
    char where[64];
    snprintf(where, sizeof where, "127.0.0.1:%s", strrchr(url, ':') + 1);
    *strchr(where, '/') = '\0';
    FAILS(serve_listen(where, "", &other, url, &why), FAULT_METRICS_ADDRESS);
    FAILS(serve_listen("0.0.0.0:0", "15 are too few.", &other, url, &why),
          FAULT_METRICS_TOKEN_WEAK);
    FAILS(serve_listen("0.0.0.0:0", "15-are-too-few.", &other, url, &why),
          FAULT_METRICS_TOKEN_WEAK);
    FAILS(serve_listen("0", "not\n", &other, url, &why), FAULT_METRICS_TOKEN_WEAK);
    OK(serve_listen("0.0.0.0:0", "16-are-enough-...", &other, url, &why));
}
END_TEST

SUITE(metrics, labels_are_escaped, times_are_seconds_and_places_are_bytes,
      each_database_of_several_has_its_own, addresses_to_listen_on)
