#include "services/reconciler/settings.h"

#define AT(field) offsetof(struct reconciler_settings, field)

const struct setting reconciler_settings_table[] = {
    {"STOCKBUS_LOG_LEVEL", SETTING_TEXT, AT(log_level), "info", 0, 0,
     "debug, info, warn or error"},
    {"STOCKBUS_KAFKA_BROKERS", SETTING_TEXT, AT(brokers), NULL, 0, 0, "host:port, comma separated"},
    {"STOCKBUS_KAFKA_PROPERTIES", SETTING_SECRET, AT(kafka_properties), "", 0, 0,
     "properties of librdkafka, name=value a line: TLS, SASL"},
    {"STOCKBUS_TOPIC_PREFIX", SETTING_TEXT, AT(topic_prefix), "stockbus.", 0, 0,
     "first part of every topic's name"},
    {"STOCKBUS_DATABASE_URL", SETTING_SECRET, AT(database_url), NULL, 0, 0,
     "postgresql:// URL of the role stockbus_reconciler"},
    {"STOCKBUS_CHANNELS_FILE", SETTING_TEXT, AT(channels_file), NULL, 0, 0,
     "YAML file of the channels, or a folder of such"},
    {"STOCKBUS_SETTLE_MS", SETTING_NUMBER, AT(settle_ms), "10000", 0, 3600000,
     "how long a difference may be in flight before it is a finding"},
    {0},
};
