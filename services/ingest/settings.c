#include "services/ingest/settings.h"

#define AT(field) offsetof(struct ingest_settings, field)

const struct setting ingest_settings_table[] = {
    {"STOCKBUS_LOG_LEVEL", SETTING_TEXT, AT(log_level), "info", 0, 0,
     "debug, info, warn or error"},
    {"STOCKBUS_KAFKA_BROKERS", SETTING_TEXT, AT(brokers), NULL, 0, 0, "host:port, comma separated"},
    {"STOCKBUS_TOPIC_PREFIX", SETTING_TEXT, AT(topic_prefix), "stockbus.", 0, 0,
     "first part of every topic's name"},
    {"STOCKBUS_CHANNELS_FILE", SETTING_TEXT, AT(channels_file), NULL, 0, 0,
     "YAML file of the channels; read again when it or its secrets change"},
    {"STOCKBUS_INGEST_ADDRESS", SETTING_TEXT, AT(address), "0.0.0.0:8080", 0, 0,
     "where notifications and manual facts are taken"},
    {"STOCKBUS_ADMIN_ADDRESS", SETTING_TEXT, AT(admin_address), "0.0.0.0:9101", 0, 0,
     "where /healthz, /readyz and /metrics listen"},
    {"STOCKBUS_ADMIN_TOKEN", SETTING_SECRET, AT(admin_token), "", 0, 0,
     "bearer token of POST /v1/events; empty: that endpoint is closed"},
    {"STOCKBUS_BODY_MAX", SETTING_NUMBER, AT(body_max), "900000", 1024, INGEST_BODY_BYTES_MAX,
     "bytes of one body; more is 413. It goes into one Kafka record"},
    {"STOCKBUS_BODIES_MAX", SETTING_NUMBER, AT(bodies_max), "67108864", 1048576, 4294967296,
     "bytes of all bodies in hand; more is 503"},
    {"STOCKBUS_CONNECTIONS_MAX", SETTING_NUMBER, AT(connections_max), "0", 0, 7936,
     "connections at once; 0: 124 per core, which is also the most"},
    {"STOCKBUS_REQUEST_MS", SETTING_NUMBER, AT(request_ms), "5000", 100, 60000,
     "from a request's first byte to its last; slower ones are cut"},
    {"STOCKBUS_ANSWER_MS", SETTING_NUMBER, AT(answer_ms), "4000", 100, 60000,
     "from the whole request to the answer; then 503"},
    {"STOCKBUS_PRODUCE_MS", SETTING_NUMBER, AT(produce_ms), "3500", 100, 60000,
     "for the broker to have a record; then 503. Below STOCKBUS_ANSWER_MS"},
    {"STOCKBUS_QUEUE_MAX", SETTING_NUMBER, AT(queue_max), "20000", 100, 1000000,
     "records on their way to the broker; more is 503"},
    {0},
};
