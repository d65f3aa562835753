/* The publisher's settings: one table, printed by --help. */
#pragma once

#include <stdint.h>

#include "lib/base/settings.h"

struct publisher_settings {
    const char *log_level;
    const char *brokers;
    const char *kafka_properties;
    const char *topic_prefix;
    const char *channels_file;
    const char *channel;
    const char *admin_address;
    const char *replica;
    int64_t session_timeout_ms;
};

extern const struct setting publisher_settings_table[];
