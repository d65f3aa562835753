#include <stdio.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "lib/kafka/kafka.h"

#include "services/publisher/preview.h"
#include "services/publisher/publisher.h"
#include "services/publisher/settings.h"

static int usage(FILE *out, int status)
{
    fputs("usage: publisher [serve]\n"
          "       publisher preview --kind K < targets.jsonl\n\n"
          "Pushes one channel's targets to its API. Settings, from the environment:\n\n",
          out);
    settings_print_help(publisher_settings_table, out);
    return status;
}

static int fail(int status, const char *text)
{
    fprintf(stderr, "publisher: %s\n", text);
    return status;
}

static int serve(void)
{
    struct publisher_settings settings = {0};
    struct err err = {0};
    enum log_level level = LOG_LEVEL_INFO;

    if (!settings_load(publisher_settings_table, &settings, &err))
        return fail(EXIT_USAGE, err.text);
    if (!log_level_parse(settings.log_level, &level))
        return fail(EXIT_USAGE, "STOCKBUS_LOG_LEVEL: want debug, info, warn or error");
    if (!kafka_properties_set(settings.kafka_properties, &err))
        return fail(EXIT_USAGE, err.text);
    log_setup("publisher", level);
    stop_setup();
    int status = publisher_run(&settings, &err);
    if (status != EXIT_OK)
        return fail(status, err.code != ERR_NONE ? err.text : "stopped by the error logged above");
    log_info("publisher.stopped");
    return EXIT_OK;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return usage(stdout, EXIT_OK);
    if (argc >= 2 && strcmp(argv[1], "preview") == 0)
        return publisher_preview(argc - 2, argv + 2);
    if (argc > 2 || (argc == 2 && strcmp(argv[1], "serve") != 0))
        return usage(stderr, EXIT_USAGE);
    return serve();
}
