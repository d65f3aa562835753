/* The settings of ingest: one table, printed by --help. */
#pragma once

#include <stdint.h>

#include "lib/base/settings.h"

/* What fits with an event around it into Kafka's default message.max.bytes, 1000000 in librdkafka:
   a body that could be taken but never written would be sent again for ever. */
enum { INGEST_BODY_BYTES_MAX = 900000 };

struct ingest_settings {
    const char *log_level;
    const char *brokers;
    const char *kafka_properties;
    const char *topic_prefix;
    const char *channels_file;
    const char *address;
    const char *admin_address;
    const char *admin_token;
    int64_t body_max;
    int64_t bodies_max;
    int64_t connections_max;
    int64_t request_ms;
    int64_t answer_ms;
    int64_t produce_ms;
    int64_t queue_max;
    int64_t poll_overlap_ms;
    int64_t poll_first_ms;
    int64_t read_percent;
};

extern const struct setting ingest_settings_table[];
