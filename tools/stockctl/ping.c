#include <inttypes.h>
#include <stdio.h>

#include "lib/event/topic.h"
#include "lib/kafka/kafka.h"
#include "sql.h"
#include "tools/stockctl/command.h"
#include "tools/stockctl/database.h"
#include "tools/stockctl/post.h"
#include "tools/stockctl/settings.h"

enum { PING_BROKER_MS = 5000 };

/* Fills ret_text when it is there; else err, and the exit code that this one alone would give. */
typedef int ping_look(struct arena *arena, const char **ret_text, struct err *err);

static int ping_broker(struct arena *arena, const char **ret_text, struct err *err)
{
    struct stockctl_settings settings = {0};
    int partitions = 0;

    if (!stockctl_settings_load(STOCKCTL_NEED_KAFKA, &settings, err))
        return EXIT_USAGE;
    const char *topic = topic_events(arena, settings.topic_prefix);
    if (!kafka_topic_partitions(settings.brokers, topic, PING_BROKER_MS, &partitions, err)) {
        (void)stockctl_command_kafka_failed(settings.brokers, err);
        return EXIT_UNAVAILABLE;
    }
    *ret_text = arena_printf(arena, "topic %s with %d partitions", topic, partitions);
    return EXIT_OK;
}

static int ping_database(struct arena *arena, const char **ret_text, struct err *err)
{
    SCOPED(pg_rows) struct pg_rows *rows = NULL;
    int status = stockctl_database_ask(sql_stockctl_select_ping, NULL, &rows, err);

    if (status != EXIT_OK)
        return status;
    if (!pg_rows_bool(rows, 0, "migrated")) {
        err_set(err, ERR_REJECT, "it lacks the newest views: migrate it");
        return EXIT_UNAVAILABLE;
    }
    *ret_text = arena_printf(arena, "PostgreSQL %s as %s", pg_rows_text(rows, 0, "version"),
                             pg_rows_text(rows, 0, "role"));
    return EXIT_OK;
}

static int ping_ingest(struct arena *arena, const char **ret_text, struct err *err)
{
    struct stockctl_settings settings = {0};

    if (!stockctl_settings_load(STOCKCTL_NEED_INGEST, &settings, err) ||
        !stockctl_settings_load(STOCKCTL_NEED_TOKEN, &settings, err))
        return EXIT_USAGE;
    return stockctl_post_ping(&settings, arena, ret_text, err) ? EXIT_OK
                                                               : stockctl_command_status(err);
}

/* Away outranks a missing setting, which outranks a refusal. */
static int ping_worse(int status, int other)
{
    static const int ranks[] = {EXIT_UNAVAILABLE, EXIT_USAGE, EXIT_REFUSED};

    for (size_t i = 0; i < ARRAY_LEN(ranks); i++) {
        if (status == ranks[i] || other == ranks[i])
            return ranks[i];
    }
    return status == EXIT_OK ? other : status;
}

int stockctl_ping(const struct stockctl_options *options, struct err *err)
{
    static const struct {
        const char *name;
        ping_look *look;
    } parts[] = {{"broker", ping_broker}, {"database", ping_database}, {"ingest", ping_ingest}};
    static const struct stockctl_column columns[] = {
        {"part", COLUMN_TEXT, false},
        {"ok", COLUMN_BOOL, false},
        {"text", COLUMN_TEXT, false},
        {0},
    };
    SCOPED(arena) struct arena *arena = arena_new();
    SCOPED(stockctl_output) struct stockctl_output *output =
        stockctl_output_new(columns, options->json, OPTIONS_LIMIT_MAX);
    int status = EXIT_OK;

    (void)err;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        struct err own = {0};
        const char *text = "";
        int one = parts[i].look(arena, &text, &own);
        const char *const cells[] = {parts[i].name, one == EXIT_OK ? "t" : "f",
                                     one == EXIT_OK ? text : own.text};

        status = ping_worse(status, one);
        stockctl_output_row(output, cells);
    }
    stockctl_output_print(output);
    return status;
}
