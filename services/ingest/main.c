#include <stdio.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "lib/kafka/kafka.h"
#include "services/ingest/ingest.h"
#include "services/ingest/normalize.h"

static int usage(FILE *out, int status)
{
    fputs("usage: ingest [serve]\n"
          "       ingest normalize --kind KIND [--channel NAME] [--header 'Name: value']...\n"
          "                        [--account NAME] [--setting NAME=VALUE]... [--hint HINT]\n"
          "                        [--received RFC3339] < body\n\n"
          "serve      takes notifications (POST /v1/notify/<channel>) and manual facts\n"
          "           (POST /v1/events) and writes them to Kafka.\n"
          "normalize  prints the events of one notification, and its hints, as JSON lines; needs\n"
          "           no settings. With --hint the body is an answer to what that hint reads.\n\n"
          "Exit codes: 0 all is well, 2 arguments or settings, 3 broker away or topic missing,\n"
          "4 body not understood, 70 restart me. Settings, from the environment:\n\n",
          out);
    settings_print_help(ingest_settings_table, out);
    return status;
}

static int fail(int status, const char *text)
{
    fprintf(stderr, "ingest: %s\n", text);
    return status;
}

static int serve(void)
{
    struct ingest_settings settings = {0};
    struct err err = {0};
    enum log_level level = LOG_LEVEL_INFO;

    if (!settings_load(ingest_settings_table, &settings, &err))
        return fail(EXIT_USAGE, err.text);
    if (!log_level_parse(settings.log_level, &level))
        return fail(EXIT_USAGE, "STOCKBUS_LOG_LEVEL: want debug, info, warn or error");
    if (!kafka_properties_set(settings.kafka_properties, &err))
        return fail(EXIT_USAGE, err.text);
    log_setup("ingest", level);
    stop_setup();
    int status = ingest_run(&settings, &err);
    if (status != EXIT_OK)
        return fail(status, err.code != ERR_NONE ? err.text : "stopped by the error logged above");
    log_info("ingest.stopped");
    return EXIT_OK;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return usage(stdout, EXIT_OK);
    if (argc > 1 && strcmp(argv[1], "normalize") == 0)
        return ingest_normalize(argc - 1, argv + 1);
    if (argc > 2 || (argc == 2 && strcmp(argv[1], "serve") != 0))
        return usage(stderr, EXIT_USAGE);
    return serve();
}
