#include "services/publisher/settings.h"

#define AT(field) offsetof(struct publisher_settings, field)

/* clang-format off: a row is one setting */
const struct setting publisher_settings_table[] = {
    {"STOCKBUS_LOG_LEVEL", SETTING_TEXT, AT(log_level), "info", 0, 0,
     "debug, info, warn or error"},
    {"STOCKBUS_KAFKA_BROKERS", SETTING_TEXT, AT(brokers), NULL, 0, 0, "host:port, comma separated"},
    {"STOCKBUS_KAFKA_PROPERTIES", SETTING_SECRET, AT(kafka_properties), "", 0, 0,
     "properties of librdkafka, name=value a line: TLS, SASL"},
    {"STOCKBUS_TOPIC_PREFIX", SETTING_TEXT, AT(topic_prefix), "stockbus.", 0, 0,
     "first part of every topic's name"},
    {"STOCKBUS_CHANNELS_FILE", SETTING_TEXT, AT(channels_file), NULL, 0, 0,
     "YAML file of the channels, or a folder of such"},
    {"STOCKBUS_CHANNEL", SETTING_TEXT, AT(channel), NULL, 0, 0,
     "name of the channel that this publisher pushes to"},
    {"STOCKBUS_ADMIN_ADDRESS", SETTING_TEXT, AT(admin_address), "0.0.0.0:9103", 0, 0,
     "where /healthz, /readyz and /metrics listen"},
    {"STOCKBUS_REPLICA", SETTING_TEXT, AT(replica), "publisher-0", 0, 0,
     "name of this replica, unique; the pod's name"},
    {"STOCKBUS_SESSION_TIMEOUT_MS", SETTING_NUMBER, AT(session_timeout_ms), "10000", 6000, 300000,
     "silence after which Kafka gives this replica's listings to another"},
    {0},
};
/* clang-format on */
