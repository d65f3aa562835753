#include "services/ledger/settings.h"

#define AT(field) offsetof(struct ledger_settings, field)

/* clang-format off: a row is one setting */
const struct setting ledger_settings_table[] = {
    {"STOCKBUS_LOG_LEVEL", SETTING_TEXT, AT(log_level), "info", 0, 0,
     "debug, info, warn or error"},
    {"STOCKBUS_KAFKA_BROKERS", SETTING_TEXT, AT(brokers), NULL, 0, 0, "host:port, comma separated"},
    {"STOCKBUS_KAFKA_PROPERTIES", SETTING_SECRET, AT(kafka_properties), "", 0, 0,
     "properties of librdkafka, name=value a line: TLS, SASL"},
    {"STOCKBUS_TOPIC_PREFIX", SETTING_TEXT, AT(topic_prefix), "stockbus.", 0, 0,
     "first part of every topic's name"},
    {"STOCKBUS_DATABASE_URL", SETTING_SECRET, AT(database_url), NULL, 0, 0,
     "postgresql:// URL of the role stockbus_ledger"},
    {"STOCKBUS_ADMIN_ADDRESS", SETTING_TEXT, AT(admin_address), "0.0.0.0:9102", 0, 0,
     "where /healthz, /readyz and /metrics listen"},
    {"STOCKBUS_REPLICA", SETTING_TEXT, AT(replica), "ledger-0", 0, 0,
     "name of this replica, unique; the pod's name"},
    {"STOCKBUS_LEDGER_BATCH_MAX", SETTING_NUMBER, AT(batch_max), "500", 1, 5000,
     "most events in one transaction"},
    {"STOCKBUS_SESSION_TIMEOUT_MS", SETTING_NUMBER, AT(session_timeout_ms), "10000", 6000, 300000,
     "silence after which Kafka gives this replica's partitions to another"},
    {"STOCKBUS_ASSESS_INTERVAL_MS", SETTING_NUMBER, AT(assess_interval_ms), "60000", 0, 3600000,
     "how often velocity and latency are measured; 0: never"},
    {"STOCKBUS_ASSESS_SKUS_MAX", SETTING_NUMBER, AT(assess_skus_max), "200", 1, 10000,
     "most of the fastest SKUs that are measured at a time, and as many of the others in turn"},
    {"STOCKBUS_ASSESS_HOLD_MS", SETTING_NUMBER, AT(assess_hold_ms), "3600000", 0, 604800000,
     "how long a measurement stays before a lower one replaces it"},
    {"STOCKBUS_ASSESS_SURGE_UNITS", SETTING_NUMBER, AT(assess_surge_units), "20", 1, 1000000000,
     "units in the last hour from which its rate counts instead of the week's"},
    {0},
};
/* clang-format on */
