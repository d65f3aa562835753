#include <stdio.h>

#include "lib/kafka/internal.h"

enum { CONFIG_CLIENT_ID_LEN = 64 }; /* 2.0.2 overruns a buffer with long ones */

/* Warnings and worse go to client.c. Reconnecting soon is what bounds our outages after a broker's
   restart; connections that a broker closes for idleness are no news. */
static const struct kafka_setting config_common[] = {
    {"socket.nagle.disable",     "true" },
    {"log_level",                "4"    }, /* LOG_WARNING */
    {"log.connection.close",     "false"},
    {"reconnect.backoff.ms",     "50"   },
    {"reconnect.backoff.max.ms", "1000" },
};

bool kafka_config_set(rd_kafka_conf_t *conf, const char *name, const char *value, struct err *err)
{
    char why[256];

    if (rd_kafka_conf_set(conf, name, value, why, sizeof(why)) == RD_KAFKA_CONF_OK)
        return true;
    return err_set(err, ERR_FATAL, "kafka: %s", why);
}

bool kafka_config_int(rd_kafka_conf_t *conf, const char *name, int value, struct err *err)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", value);
    return kafka_config_set(conf, name, text, err);
}

static bool config_set_all(rd_kafka_conf_t *conf, const struct kafka_setting *settings,
                           size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!kafka_config_set(conf, settings[i].name, settings[i].value, err))
            return false;
    }
    return true;
}

rd_kafka_conf_t *kafka_config_with(const char *properties, const char *brokers,
                                   const char *client_id, const struct kafka_setting *settings,
                                   size_t count, struct err *err)
{
    SCOPED(kafka_conf) rd_kafka_conf_t *conf = NULL;
    char id[CONFIG_CLIENT_ID_LEN];

    if (brokers == NULL || brokers[0] == '\0') {
        err_set(err, ERR_FATAL, "kafka: no brokers are given");
        return NULL;
    }
    snprintf(id, sizeof(id), "%s", client_id == NULL ? "stockbus" : client_id);
    conf = rd_kafka_conf_new();
    if (!kafka_properties_apply(conf, properties, err) ||
        !kafka_config_set(conf, "bootstrap.servers", brokers, err) ||
        !kafka_config_set(conf, "client.id", id, err) ||
        !config_set_all(conf, config_common, ARRAY_LEN(config_common), err) ||
        !config_set_all(conf, settings, count, err))
        return NULL;
    return STEAL(conf);
}

rd_kafka_conf_t *kafka_config_new(const char *brokers, const char *client_id,
                                  const struct kafka_setting *settings, size_t count,
                                  struct err *err)
{
    SCOPED(mem) char *source = NULL;
    SCOPED(mem) char *text = NULL;
    uint64_t digest = 0;

    kafka_properties_now(&source, &text, &digest);
    return kafka_config_with(text, brokers, client_id, settings, count, err);
}
