/* The reconciler's settings: one table, printed by --help. */
#pragma once

#include <stdint.h>

#include "lib/base/settings.h"

struct reconciler_settings {
    const char *log_level;
    const char *brokers;
    const char *kafka_properties;
    const char *topic_prefix;
    const char *database_url;
    const char *channels_file;
    int64_t settle_ms;
};

extern const struct setting reconciler_settings_table[];
