/*
 * The settings of stockctl, in tables by what a command talks to: it loads only what it needs, so
 * an operator who may read the database alone sets that alone.
 */
#pragma once

#include "lib/base/settings.h"

enum stockctl_need {
    STOCKCTL_NEED_KAFKA,
    STOCKCTL_NEED_CHANNELS,
    STOCKCTL_NEED_DATABASE,
    STOCKCTL_NEED_INGEST,
    STOCKCTL_NEED_TOKEN,
    STOCKCTL_NEED_SHELL, /* USER and NO_COLOR; never missing */
    STOCKCTL_NEED_COUNT,
};

struct stockctl_settings {
    const char *brokers;
    const char *kafka_properties;
    const char *topic_prefix;
    const char *channels_file;
    const char *database_url;
    const char *ingest_url;
    const char *admin_token;
    const char *user;
    const char *no_color;
};

/* Fills the fields of one table. ERR_FATAL names the variable that is missing. */
bool stockctl_settings_load(enum stockctl_need need, struct stockctl_settings *settings,
                            struct err *err) MUST_CHECK;
void stockctl_settings_help(FILE *out);
