#include <stdio.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "lib/kafka/kafka.h"

#include "services/ledger/ledger.h"
#include "services/ledger/settings.h"

static int usage(FILE *out, int status)
{
    fputs(
        "usage: ledger [serve]\n\n"
        "Applies the events topic to PostgreSQL and sends targets.\n"
          "Settings, from the environment:\n\n",
        out);
    settings_print_help(ledger_settings_table, out);
    return status;
}

static int fail(int status, const char *text)
{
    fprintf(stderr, "ledger: %s\n", text);
    return status;
}

static int serve(void)
{
    struct ledger_settings settings = {0};
    struct err err = {0};
    enum log_level level = LOG_LEVEL_INFO;

    if (!settings_load(ledger_settings_table, &settings, &err))
        return fail(EXIT_USAGE, err.text);
    if (!log_level_parse(settings.log_level, &level))
        return fail(EXIT_USAGE, "STOCKBUS_LOG_LEVEL: want debug, info, warn or error");
    if (!kafka_properties_set(settings.kafka_properties, &err))
        return fail(EXIT_USAGE, err.text);
    log_setup("ledger", level);
    stop_setup();
    int status = ledger_run(&settings, &err);
    if (status != EXIT_OK)
        return fail(status, err.code != ERR_NONE ? err.text : "stopped by the error logged above");
    log_info("ledger.stopped");
    return EXIT_OK;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return usage(stdout, EXIT_OK);
    if (argc > 2 || (argc == 2 && strcmp(argv[1], "serve") != 0))
        return usage(stderr, EXIT_USAGE);
    return serve();
}
