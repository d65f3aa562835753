#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/metrics.h"

static const struct metric events = {
    .name = "stockbus_test_events_total",
    .help = "Events by channel and outcome.",
    .kind = METRIC_COUNTER,
    .labels = {"channel", "outcome"},
};
static const struct metric depth = {
    .name = "stockbus_test_depth",
    .help = "Messages waiting.",
    .kind = METRIC_GAUGE,
};
static const struct metric seconds = {
    .name = "stockbus_test_apply_seconds",
    .help = "Time to apply.",
    .kind = METRIC_HISTOGRAM,
    .labels = {"topic"},
};

static int forget(void **state)
{
    (void)state;
    metrics_reset();
    return 0;
}

static void assert_page(const char *expected)
{
    SCOPED(buf) struct buf page = {0};

    metrics_write(&page);
    assert_string_equal(buf_str(&page), expected);
}

static void assert_on_page(const char *line)
{
    SCOPED(buf) struct buf page = {0};
    SCOPED(buf) struct buf whole_line = {0};

    metrics_write(&page);
    buf_printf(&whole_line, "\n%s\n", line);
    if (strstr(buf_str(&page), buf_str(&whole_line)) == NULL)
        fail_msg("no line %s in:\n%s", line, buf_str(&page));
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;

    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        count += 1;
    return count;
}

static void nothing_touched_is_an_empty_page(void **state)
{
    (void)state;
    assert_page("");
}

static void families_are_sorted_and_series_keep_their_sums(void **state)
{
    (void)state;
    metric_add(&events, 1, "shopify", "posted", NULL);
    metric_add(&events, 2, "shopify", "posted", NULL);
    metric_add(&events, 1, "ebay", NULL, NULL);
    metric_set(&depth, 7, NULL, NULL, NULL);
    metric_add(&depth, -2.5, NULL, NULL, NULL);

    assert_page("# HELP stockbus_test_depth Messages waiting.\n"
                "# TYPE stockbus_test_depth gauge\n"
                "stockbus_test_depth 4.5\n"
                "# HELP stockbus_test_events_total Events by channel and outcome.\n"
                "# TYPE stockbus_test_events_total counter\n"
                "stockbus_test_events_total{channel=\"shopify\",outcome=\"posted\"} 3\n"
                "stockbus_test_events_total{channel=\"ebay\",outcome=\"\"} 1\n");
}

static void a_histogram_counts_each_value_in_every_bucket_above_it(void **state)
{
    (void)state;
    metric_observe(&seconds, 0.001, "orders", NULL, NULL);
    metric_observe(&seconds, 0.003, "orders", NULL, NULL);
    metric_observe(&seconds, 2.5, "orders", NULL, NULL);
    metric_observe(&seconds, 61, "orders", NULL, NULL);

    assert_page("# HELP stockbus_test_apply_seconds Time to apply.\n"
                "# TYPE stockbus_test_apply_seconds histogram\n"
                "stockbus_test_apply_seconds_bucket{topic=\"orders\",le=\"0.001\"} 1\n"
                "stockbus_test_apply_seconds_bucket{topic=\"orders\",le=\"0.002\"} 1\n"
                "stockbus_test_apply_seconds_bucket{topic=\"orders\",le=\"0.005\"} 2\n"
                "stockbus_test_apply_seconds_bucket{topic=\"orders\",le=\"0.01\"} 2\n"
                "stockbus_test_apply_seconds_bucket{topic=\"orders\",le=\"0.025\"} 2\n"
                "stockbus_test_apply_seconds_bucket{topic=\"orders\",le=\"0.05\"} 2\n"
                "stockbus_test_apply_seconds_bucket{topic=\"orders\",le=\"0.1\"} 2\n"
                "stockbus_test_apply_seconds_bucket{topic=\"orders\",le=\"0.25\"} 2\n"
                "stockbus_test_apply_seconds_bucket{topic=\"orders\",le=\"0.5\"} 2\n"
                "stockbus_test_apply_seconds_bucket{topic=\"orders\",le=\"1\"} 2\n"
                "stockbus_test_apply_seconds_bucket{topic=\"orders\",le=\"2.5\"} 3\n"
                "stockbus_test_apply_seconds_bucket{topic=\"orders\",le=\"5\"} 3\n"
                "stockbus_test_apply_seconds_bucket{topic=\"orders\",le=\"10\"} 3\n"
                "stockbus_test_apply_seconds_bucket{topic=\"orders\",le=\"30\"} 3\n"
                "stockbus_test_apply_seconds_bucket{topic=\"orders\",le=\"60\"} 3\n"
                "stockbus_test_apply_seconds_bucket{topic=\"orders\",le=\"+Inf\"} 4\n"
                "stockbus_test_apply_seconds_sum{topic=\"orders\"} 63.504\n"
                "stockbus_test_apply_seconds_count{topic=\"orders\"} 4\n");
}

static void a_negative_time_counts_as_none(void **state)
{
    (void)state;
    metric_observe(&seconds, -3, "orders", NULL, NULL);
    metric_observe(&seconds, NAN, "orders", NULL, NULL);
    assert_on_page("stockbus_test_apply_seconds_bucket{topic=\"orders\",le=\"0.001\"} 2");
    assert_on_page("stockbus_test_apply_seconds_sum{topic=\"orders\"} 0");
}

static void labels_and_help_are_escaped(void **state)
{
    (void)state;
    static const struct metric odd = {
        .name = "stockbus_test_odd",
        .help = "A \"quoted\" \\ back\nslash.",
        .kind = METRIC_GAUGE,
        .labels = {"reason"},
    };

    metric_set(&odd, 1, "a\"b\\c\nd", NULL, NULL);
    metric_set(&odd, 2, "\xC3\xA9\xFF\xE2\x82", NULL, NULL);
    assert_page("# HELP stockbus_test_odd A \"quoted\" \\\\ back\\nslash.\n"
                "# TYPE stockbus_test_odd gauge\n"
                "stockbus_test_odd{reason=\"a\\\"b\\\\c\\nd\"} 1\n"
                "stockbus_test_odd{reason=\"\xC3\xA9???\"} 2\n");
}

static void values_that_look_alike_when_joined_stay_apart(void **state)
{
    (void)state;
    metric_add(&events, 1, "a\",outcome=\"b", "", NULL);
    metric_add(&events, 2, "a", "b", NULL);
    assert_on_page("stockbus_test_events_total{channel=\"a\\\",outcome=\\\"b\",outcome=\"\"} 1");
    assert_on_page("stockbus_test_events_total{channel=\"a\",outcome=\"b\"} 2");
}

static void values_without_an_end_are_written_as_prometheus_reads_them(void **state)
{
    (void)state;
    metric_set(&depth, INFINITY, NULL, NULL, NULL);
    assert_on_page("stockbus_test_depth +Inf");
    metric_set(&depth, -INFINITY, NULL, NULL, NULL);
    assert_on_page("stockbus_test_depth -Inf");
    metric_set(&depth, NAN, NULL, NULL, NULL);
    assert_on_page("stockbus_test_depth NaN");
    metric_set(&depth, 900719925474099, NULL, NULL, NULL);
    assert_on_page("stockbus_test_depth 900719925474099");
}

static void series_beyond_the_limit_fall_together(void **state)
{
    (void)state;
    SCOPED(buf) struct buf page = {0};
    char value[16];

    for (int i = 0; i < METRIC_SERIES_MAX + 100; i++) {
        snprintf(value, sizeof(value), "v%d", i);
        metric_add(&events, 1, value, "posted", NULL);
    }
    metric_add(&events, 1, "v0", "posted", NULL);

    assert_on_page("stockbus_test_events_total{channel=\"v0\",outcome=\"posted\"} 2");
    assert_on_page("stockbus_test_events_total{channel=\"other\",outcome=\"other\"} 100");
    metrics_write(&page);
    assert_int_equal(count_of(buf_str(&page), "outcome="), METRIC_SERIES_MAX + 1);
}

static void a_long_label_value_is_cut_between_characters(void **state)
{
    (void)state;
    SCOPED(buf) struct buf page = {0};
    SCOPED(buf) struct buf value = {0};

    buf_text(&value, "x");
    for (int i = 0; i < 100; i++)
        buf_text(&value, "\xE2\x82\xAC");
    metric_observe(&seconds, 1, buf_str(&value), NULL, NULL);
    metrics_write(&page);
    assert_int_equal(count_of(buf_str(&page), "\xE2\x82\xAC"), (METRIC_LABEL_LEN_MAX - 1) / 3 * 18);
}

static void *add_many(void *opaque)
{
    for (int i = 0; i < 20000; i++)
        metric_add(&events, 1, opaque, "posted", NULL);
    return NULL;
}

static void updates_from_threads_are_all_counted(void **state)
{
    (void)state;
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, add_many, i % 2 == 0 ? "a" : "b");
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_on_page("stockbus_test_events_total{channel=\"a\",outcome=\"posted\"} 40000");
    assert_on_page("stockbus_test_events_total{channel=\"b\",outcome=\"posted\"} 40000");
}

#define fact(name) cmocka_unit_test_setup_teardown(name, forget, forget)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fact(nothing_touched_is_an_empty_page),
        fact(families_are_sorted_and_series_keep_their_sums),
        fact(a_histogram_counts_each_value_in_every_bucket_above_it),
        fact(a_negative_time_counts_as_none),
        fact(labels_and_help_are_escaped),
        fact(values_that_look_alike_when_joined_stay_apart),
        fact(values_without_an_end_are_written_as_prometheus_reads_them),
        fact(series_beyond_the_limit_fall_together),
        fact(a_long_label_value_is_cut_between_characters),
        fact(updates_from_threads_are_all_counted),
    };

    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
