#include <stdio.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "lib/kafka/kafka.h"

#include "channels/live.h"
#include "services/reconciler/reconciler.h"
#include "services/reconciler/rows.h"
#include "services/reconciler/settings.h"
#include "services/reconciler/store.h"

static int usage(FILE *out, int status)
{
    fputs("usage: reconciler compare CHANNEL [--snapshot FILE --at TIME [--format F]] [--json]\n"
          "       reconciler rows --kind K [--spec FILE] [--format F] [--location L] < snapshot\n\n"
          "compare: what a channel shows, against what the replayed topic says it should show.\n"
          "The snapshot is fetched, or read from FILE ('-': standard input), which shows the\n"
          "channel at TIME (RFC 3339). Exit code 0: no findings, 1: findings, 2: arguments or\n"
          "settings are wrong, 3: broker, database or channel is away, 4: the channel refuses,\n"
          "or the snapshot is not understood, 70: our bug.\n"
          "rows: prints a snapshot's rows as lines of JSON; needs no settings.\n\n"
          "Settings, from the environment:\n\n",
          out);
    settings_print_help(reconciler_settings_table, out);
    return status;
}

static int fail(int status, const char *text)
{
    fprintf(stderr, "reconciler: %s\n", text);
    return status;
}

static int status_of(const struct err *err)
{
    if (err->code == ERR_RETRY)
        return EXIT_UNAVAILABLE;
    return err->code == ERR_REJECT ? EXIT_REFUSED : EXIT_INTERNAL;
}

static int run(const struct reconciler_settings *settings, const struct reconciler_order *order)
{
    SCOPED(channel_live) struct channel_live *accounts = NULL;
    SCOPED(channel_live_held) struct channel_live_held *held = NULL;
    struct err err = {0};
    int64_t findings = 0;

    accounts = channel_live_new(settings->channels_file, &err);
    if (accounts == NULL) {
        err_wrap(&err, "STOCKBUS_CHANNELS_FILE");
        return fail(EXIT_USAGE, err.text);
    }
    held = channel_live_hold(accounts);
    const struct channel_account *account = channel_live_find(held, order->channel);
    if (account == NULL) {
        err_set(&err, ERR_FATAL, "channel '%s' is not in '%s': name one that is", order->channel,
                settings->channels_file);
        return fail(EXIT_USAGE, err.text);
    }
    if (!reconciler_store_check(settings->database_url, &err))
        return fail(EXIT_USAGE, err.text);
    if (!reconciler_run(settings, accounts, account, order, &findings, &err))
        return fail(status_of(&err), err.text);
    return findings > 0 ? EXIT_FINDINGS : EXIT_OK;
}

static int compare(int argc, char **argv)
{
    struct reconciler_settings settings = {0};
    struct reconciler_order order = {0};
    struct err err = {0};
    enum log_level level = LOG_LEVEL_INFO;

    if (!reconciler_order_parse(argc, argv, &order, &err))
        return fail(EXIT_USAGE, err.text);
    if (!settings_load(reconciler_settings_table, &settings, &err))
        return fail(EXIT_USAGE, err.text);
    if (!log_level_parse(settings.log_level, &level))
        return fail(EXIT_USAGE, "STOCKBUS_LOG_LEVEL: want debug, info, warn or error");
    if (!kafka_properties_set(settings.kafka_properties, &err))
        return fail(EXIT_USAGE, err.text);
    log_setup("reconciler", level);
    stop_setup();
    return run(&settings, &order);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return usage(stdout, EXIT_OK);
    if (argc >= 2 && strcmp(argv[1], "compare") == 0)
        return compare(argc - 2, argv + 2);
    if (argc >= 2 && strcmp(argv[1], "rows") == 0)
        return reconciler_rows_command(argc - 2, argv + 2);
    return usage(stderr, EXIT_USAGE);
}
