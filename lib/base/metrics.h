/*
 * Counters, gauges and histograms in Prometheus text format. A metric is registered once, from a
 * static definition; its labels are few and bounded (channel, topic, outcome, reason; never a SKU).
 * Updating one is thread-safe.
 */
#pragma once

#include <stdint.h>

#include "lib/base/buf.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum { METRIC_LABELS_MAX = 3, METRIC_SERIES_MAX = 512, METRIC_LABEL_LEN_MAX = 128 };

struct metric {
    const char *name; /* stockbus_<component>_<thing>_<unit>[_total] */
    const char *help;
    enum metric_kind kind;
    const char *labels[METRIC_LABELS_MAX]; /* names; the rest NULL */
};

/* Label values come in the order of the definition's names, missing ones as NULL. Series beyond
   METRIC_SERIES_MAX of one metric fall into label value "other"; a value's bytes beyond
   METRIC_LABEL_LEN_MAX are cut. A definition is known by its name: two with the same name must
   agree. A counter's name ends in _total, no other's does: asserted. */
/* Counter (amount >= 0) or gauge. */
void metric_add(const struct metric *metric, double amount, const char *l1, const char *l2,
                const char *l3);
/* Gauge; a counter only to mirror one that is counted elsewhere, as in librdkafka's statistics. */
void metric_set(const struct metric *metric, double value, const char *l1, const char *l2,
                const char *l3);
/* Histogram in seconds, buckets from 1 ms to 60 s. */
void metric_observe(const struct metric *metric, double seconds, const char *l1, const char *l2,
                    const char *l3);

/* Text exposition 0.0.4 of everything that was touched so far, sorted by name. */
void metrics_write(struct buf *out);
/* Forgets all; for tests. */
void metrics_reset(void);
