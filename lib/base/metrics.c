#include "lib/base/metrics.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/map.h"
#include "lib/base/mem.h"
#include "lib/base/utf8.h"

static const double bucket_bounds[] = {0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                       0.5,   1,     2.5,   5,    10,    30,   60};

struct metric_series {
    double value; /* a histogram's sum */
    uint64_t count;
    uint64_t buckets[ARRAY_LEN(bucket_bounds)]; /* each observation in one of them, or in none */
};

struct metric_family {
    const struct metric *metric;
    struct map *series; /* by label text: a="1",b="2" */
};

/* Families by name. One lock: an update holds it for two look-ups. */
static struct {
    pthread_mutex_t lock;
    struct map *families;
} metrics_state = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void metrics_escaped(struct buf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\\' || text[i] == '"')
            buf_char(out, '\\');
        if (text[i] == '\n')
            buf_text(out, "\\n");
        else
            buf_char(out, text[i]);
    }
}

/* One bad byte would make Prometheus refuse the whole page: '?' instead. */
static void metrics_label_value(struct buf *out, const char *value)
{
    size_t len = strlen(value);
    size_t step = 0;

    for (size_t i = 0; i < len; i += step == 0 ? 1 : step) {
        step = utf8_char_len(value + i, len - i);
        if (i + step > METRIC_LABEL_LEN_MAX)
            return;
        if (step == 0)
            buf_char(out, '?');
        else
            metrics_escaped(out, value + i, step);
    }
}

static void metrics_labels(struct buf *out, const struct metric *metric, const char *const *values)
{
    for (size_t i = 0; i < METRIC_LABELS_MAX; i++) {
        assert(metric->labels[i] != NULL || values[i] == NULL);
        if (metric->labels[i] == NULL)
            continue;
        buf_printf(out, "%s%s=\"", i == 0 ? "" : ",", metric->labels[i]);
        metrics_label_value(out, values[i] == NULL ? "" : values[i]);
        buf_char(out, '"');
    }
}

static void metrics_check(const struct metric *metric)
{
    static const char total[] = "_total";
    size_t len = strlen(metric->name);
    bool is_total = len > strlen(total) && strcmp(metric->name + len - strlen(total), total) == 0;

    assert(is_total == (metric->kind == METRIC_COUNTER));
    assert(metric->help != NULL && metric->help[0] != '\0');
}

static struct metric_family *metrics_family(const struct metric *metric)
{
    if (metrics_state.families == NULL)
        metrics_state.families = map_new();
    struct metric_family *family = map_get(metrics_state.families, metric->name);
    if (family == NULL) {
        metrics_check(metric);
        family = mem_calloc(1, sizeof(*family));
        family->metric = metric;
        family->series = map_new();
        map_set(metrics_state.families, metric->name, family);
    }
    assert(family->metric->kind == metric->kind);
    return family;
}

static struct metric_series *metrics_series(const struct metric *metric, const char *labels)
{
    static const char *const others[METRIC_LABELS_MAX] = {"other", "other", "other"};
    SCOPED(buf) struct buf other = {0};
    struct metric_family *family = metrics_family(metric);
    struct metric_series *series = map_get(family->series, labels);

    if (series == NULL && map_len(family->series) >= METRIC_SERIES_MAX) {
        const char *values[METRIC_LABELS_MAX] = {0};

        for (size_t i = 0; i < METRIC_LABELS_MAX; i++)
            values[i] = metric->labels[i] == NULL ? NULL : others[i];
        metrics_labels(&other, metric, values);
        labels = buf_str(&other);
        series = map_get(family->series, labels);
    }
    if (series == NULL) {
        series = mem_calloc(1, sizeof(*series));
        map_set(family->series, labels, series);
    }
    return series;
}

static void metrics_observe(struct metric_series *series, double seconds)
{
    series->value += seconds;
    series->count += 1;
    for (size_t i = 0; i < ARRAY_LEN(bucket_bounds); i++) {
        if (seconds <= bucket_bounds[i]) {
            series->buckets[i] += 1;
            return;
        }
    }
}

enum metrics_change { METRICS_ADD, METRICS_SET, METRICS_OBSERVE };

static void metrics_update(const struct metric *metric, enum metrics_change change, double value,
                           const char *const *values)
{
    SCOPED(buf) struct buf labels = {0};

    metrics_labels(&labels, metric, values);
    pthread_mutex_lock(&metrics_state.lock);
    struct metric_series *series = metrics_series(metric, buf_str(&labels));
    if (change == METRICS_OBSERVE)
        metrics_observe(series, value);
    else
        series->value = change == METRICS_ADD ? series->value + value : value;
    pthread_mutex_unlock(&metrics_state.lock);
}

void metric_add(const struct metric *metric, double amount, const char *l1, const char *l2,
                const char *l3)
{
    assert(metric->kind == METRIC_GAUGE || (metric->kind == METRIC_COUNTER && amount >= 0));
    metrics_update(metric, METRICS_ADD, amount, (const char *const[]){l1, l2, l3});
}

void metric_set(const struct metric *metric, double value, const char *l1, const char *l2,
                const char *l3)
{
    assert(metric->kind != METRIC_HISTOGRAM);
    metrics_update(metric, METRICS_SET, value, (const char *const[]){l1, l2, l3});
}

void metric_observe(const struct metric *metric, double seconds, const char *l1, const char *l2,
                    const char *l3)
{
    assert(metric->kind == METRIC_HISTOGRAM);
    /* Two wall clocks may disagree: a message from the future took no time. */
    double taken = seconds > 0 ? seconds : 0;
    metrics_update(metric, METRICS_OBSERVE, taken, (const char *const[]){l1, l2, l3});
}

static void metrics_value(struct buf *out, double value)
{
    if (isfinite(value))
        buf_double(out, value);
    else if (isnan(value))
        buf_text(out, "NaN");
    else
        buf_text(out, value > 0 ? "+Inf" : "-Inf");
    buf_char(out, '\n');
}

static void metrics_write_sample(struct buf *out, const char *name, const char *suffix,
                                 const char *labels, double value)
{
    buf_printf(out, labels[0] == '\0' ? "%s%s%s " : "%s%s{%s} ", name, suffix, labels);
    metrics_value(out, value);
}

static void metrics_write_histogram(struct buf *out, const char *name, const char *labels,
                                    const struct metric_series *series)
{
    const char *comma = labels[0] == '\0' ? "" : ",";
    uint64_t below = 0;

    for (size_t i = 0; i < ARRAY_LEN(bucket_bounds); i++) {
        below += series->buckets[i];
        buf_printf(out, "%s_bucket{%s%sle=\"", name, labels, comma);
        buf_double(out, bucket_bounds[i]);
        buf_text(out, "\"} ");
        metrics_value(out, (double)below);
    }
    buf_printf(out, "%s_bucket{%s%sle=\"+Inf\"} ", name, labels, comma);
    metrics_value(out, (double)series->count);
    metrics_write_sample(out, name, "_sum", labels, series->value);
    metrics_write_sample(out, name, "_count", labels, (double)series->count);
}

static void metrics_write_family(struct buf *out, const struct metric_family *family)
{
    static const char *const kind_names[] = {"counter", "gauge", "histogram"};
    const struct metric *metric = family->metric;
    const struct metric_series *series = NULL;
    const char *labels = NULL;

    buf_printf(out, "# HELP %s ", metric->name);
    for (const char *at = metric->help; *at != '\0'; at++) {
        /* Help escapes the backslash and the line end, but not the quote. */
        if (*at == '"')
            buf_char(out, '"');
        else
            metrics_escaped(out, at, 1);
    }
    buf_printf(out, "\n# TYPE %s %s\n", metric->name, kind_names[metric->kind]);
    for (size_t i = 0; (series = map_next(family->series, &i, &labels)) != NULL;) {
        if (metric->kind == METRIC_HISTOGRAM)
            metrics_write_histogram(out, metric->name, labels, series);
        else
            metrics_write_sample(out, metric->name, "", labels, series->value);
    }
}

static int metrics_by_name(const void *left, const void *right)
{
    const struct metric_family *const *a = left;
    const struct metric_family *const *b = right;

    return strcmp((*a)->metric->name, (*b)->metric->name);
}

static void metrics_write_families(struct buf *out, const struct map *map)
{
    SCOPED(mem)
    const struct metric_family **families = mem_calloc(map_len(map) + 1, sizeof(*families));
    size_t len = 0;

    for (size_t i = 0; (families[len] = map_next(map, &i, NULL)) != NULL;)
        len += 1;
    qsort(families, len, sizeof(*families), metrics_by_name);
    for (size_t i = 0; i < len; i++)
        metrics_write_family(out, families[i]);
}

void metrics_write(struct buf *out)
{
    pthread_mutex_lock(&metrics_state.lock);
    if (metrics_state.families != NULL)
        metrics_write_families(out, metrics_state.families);
    pthread_mutex_unlock(&metrics_state.lock);
}

static void metrics_family_free(struct metric_family *family)
{
    struct metric_series *series = NULL;

    for (size_t i = 0; (series = map_next(family->series, &i, NULL)) != NULL;)
        mem_free(series);
    map_free(family->series);
    mem_free(family);
}

void metrics_reset(void)
{
    struct metric_family *family = NULL;

    pthread_mutex_lock(&metrics_state.lock);
    for (size_t i = 0; metrics_state.families != NULL &&
                       (family = map_next(metrics_state.families, &i, NULL)) != NULL;)
        metrics_family_free(family);
    map_free(metrics_state.families);
    metrics_state.families = NULL;
    pthread_mutex_unlock(&metrics_state.lock);
}
