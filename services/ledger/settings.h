/* The ledger's settings: one table, printed by --help. */
#pragma once

#include <stdint.h>

#include "lib/base/settings.h"

struct ledger_settings {
    const char *log_level;
    const char *brokers;
    const char *kafka_properties;
    const char *topic_prefix;
    const char *database_url;
    const char *admin_address;
    const char *replica;
    int64_t batch_max;
    int64_t session_timeout_ms;
    int64_t assess_interval_ms;
    int64_t assess_skus_max;
    int64_t assess_hold_ms;
    int64_t assess_surge_units;
};

extern const struct setting ledger_settings_table[];
