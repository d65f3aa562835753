#include "tools/stockctl/settings.h"

#include "lib/kafka/kafka.h"

#define AT(field) offsetof(struct stockctl_settings, field)

static const struct setting kafka_table[] = {
    {"STOCKBUS_KAFKA_BROKERS", SETTING_TEXT, AT(brokers), NULL, 0, 0, "host:port, comma separated"},
    {"STOCKBUS_KAFKA_PROPERTIES", SETTING_SECRET, AT(kafka_properties), "", 0, 0,
     "properties of librdkafka, name=value a line: TLS, SASL"},
    {"STOCKBUS_TOPIC_PREFIX", SETTING_TEXT, AT(topic_prefix), "stockbus.", 0, 0,
     "first part of every topic's name"},
    {0},
};
static const struct setting channels_table[] = {
    {"STOCKBUS_CHANNELS_FILE", SETTING_TEXT, AT(channels_file), NULL, 0, 0,
     "YAML file of the channels, or a folder of such"},
    {0},
};
static const struct setting database_table[] = {
    {"STOCKBUS_DATABASE_URL", SETTING_SECRET, AT(database_url), NULL, 0, 0,
     "postgresql:// URL of the role stockbus_audit"},
    {0},
};
static const struct setting ingest_table[] = {
    {"STOCKBUS_INGEST_URL", SETTING_TEXT, AT(ingest_url), "http://127.0.0.1:8080", 0, 0,
     "where ingest takes facts"},
    {0},
};
static const struct setting token_table[] = {
    {"STOCKBUS_ADMIN_TOKEN", SETTING_SECRET, AT(admin_token), NULL, 0, 0,
     "bearer token of ingest's POST /v1/events"},
    {0},
};
static const struct setting shell_table[] = {
    {"USER", SETTING_TEXT, AT(user), "", 0, 0, "actor of facts, with the host's name"},
    {"NO_COLOR", SETTING_TEXT, AT(no_color), "", 0, 0, "not empty: no colours on a terminal"},
    {0},
};

static const struct {
    const struct setting *table;
    const char *of; /* the commands */
} needs[STOCKCTL_NEED_COUNT] = {
    [STOCKCTL_NEED_KAFKA] = {kafka_table, "topics, rejected, verify, rebuild"},
    [STOCKCTL_NEED_CHANNELS] = {channels_table, "topics apply, topics list"},
    [STOCKCTL_NEED_DATABASE] = {database_table, "commands that read, verify, rebuild"},
    [STOCKCTL_NEED_INGEST] = {ingest_table, "commands that write"},
    [STOCKCTL_NEED_TOKEN] = {token_table, "commands that write"},
    [STOCKCTL_NEED_SHELL] = {shell_table, "all"},
};

bool stockctl_settings_load(enum stockctl_need need, struct stockctl_settings *settings,
                            struct err *err)
{
    return settings_load_some(needs[need].table, settings, err) &&
           (need != STOCKCTL_NEED_KAFKA || kafka_properties_set(settings->kafka_properties, err));
}

void stockctl_settings_help(FILE *out)
{
    for (int need = 0; need < STOCKCTL_NEED_COUNT; need++) {
        if (need == 0 || needs[need].of != needs[need - 1].of)
            fprintf(out, " %s:\n", needs[need].of);
        settings_print_help(needs[need].table, out);
    }
}
